import childProcess, { type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { createWorld, PROGRAMS_AT_ONCE } from "../../../provider/kube/world.ts";

/** Programs that were started; each runs until a test ends it. */
function startedPrograms() {
  const started: EventEmitter[] = [];
  const spawn = vi.spyOn(childProcess, "spawn").mockImplementation(() => {
    const child = Object.assign(new EventEmitter(), { unref: () => undefined });
    started.push(child);
    return child as unknown as ChildProcess;
  });
  onTestFinished(() => {
    spawn.mockRestore();
  });
  const end = async (nth: number): Promise<void> => {
    started[nth]?.emit("close", 0, null);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { started, end };
}

/** Time limits end when the test says so. */
function stopTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

const program = { command: "aws", args: [], env: {}, timeLimitMs: 30_000, maxBytes: 100 };
const done = { kind: "exited", code: 0, stdout: "" };

test("of the exec plugins of many clusters only some are begun at once, and the others follow", async () => {
  const { started, end } = startedPrograms();
  const results = Array.from({ length: 3 * PROGRAMS_AT_ONCE }, () => createWorld({}).run(program));
  expect(started).toHaveLength(PROGRAMS_AT_ONCE);
  for (let nth = 0; nth < results.length; nth++) await end(nth);
  expect(await Promise.all(results)).toEqual(results.map(() => done));
});

test("a program that hangs keeps nobody waiting until its time limit", async () => {
  stopTimers();
  const { started, end } = startedPrograms();
  const world = createWorld({});
  const hanging = Array.from({ length: PROGRAMS_AT_ONCE }, () => world.run(program));
  const next = world.run(program);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(started).toHaveLength(PROGRAMS_AT_ONCE + 1);
  await end(PROGRAMS_AT_ONCE);
  expect(await next).toEqual(done);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(await Promise.all(hanging)).toEqual(hanging.map(() => ({ kind: "timed-out" })));
});

test("the time limit of a program does not run while it waits for its turn", async () => {
  stopTimers();
  const { started, end } = startedPrograms();
  const world = createWorld({});
  const first = Array.from({ length: PROGRAMS_AT_ONCE }, () => world.run(program));
  const last = world.run(program);
  vi.advanceTimersByTime(30_000);
  expect(await Promise.all(first)).toEqual(Array(PROGRAMS_AT_ONCE).fill({ kind: "timed-out" }));
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toHaveLength(PROGRAMS_AT_ONCE + 1);
  vi.advanceTimersByTime(29_999);
  await end(PROGRAMS_AT_ONCE);
  expect(await last).toEqual(done);
});

test("a clock that is set does not change how long something lasts", () => {
  const world = createWorld({});
  const before = world.elapsed();
  const clock = vi.spyOn(Date, "now").mockReturnValue(0);
  onTestFinished(() => {
    clock.mockRestore();
  });
  expect(world.now()).toBe(0);
  expect(world.elapsed()).toBeGreaterThanOrEqual(before);
});
