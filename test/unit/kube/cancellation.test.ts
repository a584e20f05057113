import { describe, expect, test } from "vitest";
import { untilCancelled } from "../../../provider/kube/cancellation.ts";

describe("a call until it is cancelled", () => {
  test("ends with its own answer, or its own failure", async () => {
    const around = untilCancelled(new AbortController().signal);
    expect(await around(async () => 1)).toBe(1);
    await expect(around(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  test("that waits ends with the cancellation, and is not retried", async () => {
    const controller = new AbortController();
    const waiting = untilCancelled(controller.signal)(() => new Promise<never>(() => {}));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled", retryable: false });
  });

  test("does not begin after it", async () => {
    const controller = new AbortController();
    controller.abort();
    let begun = false;
    const late = untilCancelled(controller.signal)(async () => {
      begun = true;
    });
    await expect(late).rejects.toMatchObject({ code: "cancelled" });
    expect(begun).toBe(false);
  });

  test("without anything that cancels is itself", async () => {
    expect(await untilCancelled(undefined)(async () => 1)).toBe(1);
  });
});
