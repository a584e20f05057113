import { expect, test } from "vitest";
import { createLimit } from "../../../provider/kube/concurrency.ts";
import { rejection } from "./builders.ts";

/** Calls that last until they are told to end. */
function held(limit: ReturnType<typeof createLimit>) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string): Promise<void> =>
    limit(() => {
      begun.push(name);
      return new Promise((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, start, end };
}

test("no more calls than allowed run at once, and the others follow in their order", async () => {
  const { begun, start, end } = held(createLimit(2));
  const all = ["a", "b", "c", "d"].map(start);
  await end("");
  expect(begun).toEqual(["a", "b"]);
  await end("b");
  expect(begun).toEqual(["a", "b", "c"]);
  await end("a");
  expect(begun).toEqual(["a", "b", "c", "d"]);
  await end("c");
  await end("d");
  await Promise.all(all);
});

test("a call that comes while another ends does not overtake those that wait", async () => {
  const { begun, start, end } = held(createLimit(1));
  const all = [start("a"), start("b")];
  const ending = end("a");
  all.push(start("c"));
  await ending;
  expect(begun).toEqual(["a", "b"]);
  await end("b");
  await end("c");
  await Promise.all(all);
});

test("a call that fails gives its place free", async () => {
  const limit = createLimit(1);
  await rejection(limit(() => Promise.reject(new Error("no"))));
  expect(await limit(async () => "done")).toBe("done");
});
