import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ApiServer } from "../../../provider/kube/api-server.ts";
import { listItems } from "../../../provider/kube/list-pages.ts";
import { rejection } from "./builders.ts";

interface Page {
  readonly items: readonly unknown[];
  readonly mark: string;
  readonly size?: number;
}

/** More than any list may have. */
const FOR_EVER = 20_000;

/** A server whose lists go on for as long as it is asked. */
function anEndless(pageOf: (nth: number) => Page) {
  const state = { pages: 0 };
  const server: ApiServer = {
    async request() {
      if (state.pages === FOR_EVER) throw new Error("it is asked for ever");
      const { items, mark, ...rest } = pageOf(++state.pages);
      return { kind: "found", status: 200, json: { kind: "XList", metadata: { continue: mark }, items }, ...rest };
    },
  };
  return { state, list: () => listItems(server, "/apis/x/v1/xs", "XList") };
}

const refused = { code: "protocol", message: "the server answered with a XList that does not end" };

describe("a list that does not end", () => {
  test("is refused when a page leads to itself", async () => {
    const { state, list } = anEndless(() => ({ items: [1], mark: "again" }));
    expect(await rejection(list())).toMatchObject(refused);
    expect(state.pages).toBe(2);
  });

  test("is refused after a million objects", async () => {
    const items = Array.from({ length: 1000 }, () => 1);
    const { state, list } = anEndless((nth) => ({ items, mark: String(nth) }));
    expect(await rejection(list())).toMatchObject(refused);
    expect(state.pages).toBe(1001);
  });

  test("is refused after ten thousand pages of nothing", async () => {
    const { state, list } = anEndless((nth) => ({ items: [], mark: String(nth) }));
    expect(await rejection(list())).toMatchObject(refused);
    expect(state.pages).toBe(10_000);
  });

  test("is refused after a quarter of a gigabyte", async () => {
    const size = 64 * 1024 * 1024;
    const { state, list } = anEndless((nth) => ({ items: [1], mark: String(nth), size }));
    const message = "the server answered with a XList that is larger than 256 MiB";
    expect(await rejection(list())).toMatchObject({ code: "protocol", message });
    expect(state.pages).toBe(5);
  });

  test("is refused after ten minutes", async () => {
    const time = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(time.signal);
    onTestFinished(() => {
      timeout.mockRestore();
    });
    const { state, list } = anEndless((nth) => {
      if (nth === 3) time.abort();
      return { items: [1], mark: String(nth) };
    });
    expect(await rejection(list())).toMatchObject(refused);
    expect(state.pages).toBe(3);
    expect(timeout).toHaveBeenCalledWith(600_000);
  });
});
