import { describe, expect, test } from "vitest";
import type { NamespaceApi } from "../../../provider/kube/namespace-api.ts";
import { createRetry, withRetry } from "../../../provider/kube/retry.ts";
import type { ClusterError } from "../../../provider/model/cluster-error.ts";
import { aNamespace, anError, aWorld, rejection } from "./builders.ts";

/** A call that fails with these errors in turn and then gives "done". */
function failing(...errors: readonly ClusterError[]) {
  const state = { calls: 0 };
  const call = async (): Promise<string> => {
    const error = errors[state.calls++];
    if (error !== undefined) throw error;
    return "done";
  };
  return { state, call };
}

const many = (error: ClusterError): ClusterError[] => Array.from({ length: 50 }, () => error);
const unreachable = anError("unreachable", { retryable: true });
const unavailable = anError("unavailable", { retryable: true });

describe("a failed call", () => {
  test("is repeated where it may pass by itself", async () => {
    const { state, call } = failing(unavailable, unavailable);
    expect(await createRetry(aWorld())(call)).toBe("done");
    expect(state.calls).toBe(3);
  });

  for (const code of ["tls", "unauthorized", "forbidden", "conflict", "changed", "rejected", "protocol"] as const) {
    test(`is not repeated when it is ${code}`, async () => {
      const { state, call } = failing(...many(anError(code)));
      await rejection(createRetry(aWorld())(call));
      expect(state.calls).toBe(1);
    });
  }

  test("is not repeated when it is a fault of our own", async () => {
    const bug = new TypeError("bug");
    expect(await rejection(createRetry(aWorld())(() => Promise.reject(bug)))).toBe(bug);
  });

  test("waits twice as long before each further try, up to a limit", async () => {
    const world = aWorld();
    const budgets = { unavailable: { tries: 9, totalMs: 1_000_000 } };
    await rejection(createRetry(world, budgets)(failing(...many(unavailable)).call));
    expect(world.slept).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test("waits a random part of that", async () => {
    const world = aWorld({ random: () => 0.5 });
    await createRetry(world)(failing(unavailable, unavailable).call);
    expect(world.slept).toEqual([125, 250]);
  });

  test("waits at least as long as Retry-After says, and a little more", async () => {
    const world = aWorld({ random: () => 0.25 });
    await createRetry(world)(failing(anError("throttled", { retryable: true, retryAfterMs: 32_000 })).call);
    expect(world.slept).toEqual([32_250]);
  });

  test("is given up at once when Retry-After goes beyond the budget", async () => {
    const world = aWorld();
    const { state, call } = failing(...many(anError("throttled", { retryable: true, retryAfterMs: 120_000 })));
    expect((await rejection(createRetry(world)(call))).code).toBe("throttled");
    expect(state.calls).toBe(1);
    expect(world.slept).toEqual([]);
  });

  test("to a refused connection is given up after three tries", async () => {
    const { state, call } = failing(...many(unreachable));
    expect(await rejection(createRetry(aWorld())(call))).toBe(unreachable);
    expect(state.calls).toBe(3);
  });

  /** How often it is tried when each try lasts so long. */
  async function triesOf(error: ClusterError, milliseconds: number): Promise<number> {
    const world = aWorld();
    let calls = 0;
    const call = async () => {
      calls++;
      world.pass(milliseconds);
      throw error;
    };
    await rejection(createRetry(world)(call));
    return calls;
  }

  test("into a black hole is given up after one connect limit", async () => {
    expect(await triesOf(unreachable, 5000)).toBe(1);
  });

  /** A cluster that has answered once, and from now on refuses for so long. */
  async function refusingFor(milliseconds: number, answer: () => Promise<unknown> = async () => "answer") {
    const world = aWorld();
    const retry = createRetry(world);
    await retry(answer).catch(() => undefined);
    const begun = world.elapsed();
    const call = async () => {
      if (world.elapsed() - begun < milliseconds) throw unreachable;
      return "done";
    };
    return { world, outcome: retry(call) };
  }

  test("to a cluster that has answered before outlasts a refusal of some seconds", async () => {
    const { outcome } = await refusingFor(10_000);
    expect(await outcome).toBe("done");
  });

  test("to a cluster of which the answer before was a refusal outlasts the same", async () => {
    const { outcome } = await refusingFor(10_000, () => Promise.reject(anError("forbidden", { status: 403 })));
    expect(await outcome).toBe("done");
  });

  test("to a cluster that has answered before is given up within 20 s", async () => {
    const { world, outcome } = await refusingFor(3_600_000);
    expect(await rejection(outcome)).toBe(unreachable);
    expect(world.slept.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(20_000);
  });

  test("to a cluster that has answered before, and of which nothing comes back now, is not tried again", async () => {
    const world = aWorld();
    const retry = createRetry(world);
    await retry(async () => "done");
    let tries = 0;
    const call = async () => {
      tries += 1;
      await world.sleep(5_000);
      throw unreachable;
    };
    expect(await rejection(retry(call))).toBe(unreachable);
    expect(tries).toBe(1);
  });

  test("to a cluster that has not come back in that time is given up soon, until it answers", async () => {
    const world = aWorld();
    const retry = createRetry(world);
    await retry(async () => "done");
    await rejection(retry(failing(...many(unreachable)).call));
    const { state, call } = failing(...many(unreachable));
    await rejection(retry(call));
    expect(state.calls).toBe(3);
  });

  test("over a connection that broke is tried again however long the first try took", async () => {
    expect(await triesOf(anError("unreachable", { retryable: true, isBroken: true }), 5000)).toBe(3);
  });

  test("that never gets an answer is tried twice", async () => {
    expect(await triesOf(anError("timeout", { retryable: true }), 15_000)).toBe(2);
  });

  test("of another kind than the one before has its own time and its own tries", async () => {
    const world = aWorld();
    const busy = anError("throttled", { retryable: true, retryAfterMs: 5_000 });
    const { state, call } = failing(busy, busy, busy, unreachable, unreachable);
    expect(await createRetry(world)(call)).toBe("done");
    expect(state.calls).toBe(6);
  });

  test("of two kinds by turns is tried as often as each of them may be", async () => {
    const { state, call } = failing(...many(unreachable).flatMap((error) => [error, unavailable]));
    await rejection(createRetry(aWorld())(call));
    expect(state.calls).toBe(5);
  });

  test("of ever another kind ends within a minute", async () => {
    const world = aWorld();
    const busy = anError("throttled", { retryable: true, retryAfterMs: 20_000 });
    const { state, call } = failing(busy, busy, unreachable, ...many(busy));
    await rejection(createRetry(world)(call));
    expect(world.slept.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(60_000);
    expect(state.calls).toBe(4);
  });

  test("to a busy server ends within a minute", async () => {
    const world = aWorld();
    await rejection(createRetry(world)(failing(...many(anError("throttled", { retryable: true }))).call));
    expect(world.slept.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(60_000);
  });

  test("that must not be done twice is not repeated when nobody knows whether it was done", async () => {
    const { state, call } = failing(unavailable);
    await rejection(createRetry(aWorld())(call, { repeatable: false }));
    expect(state.calls).toBe(1);
  });

  test("that must not be done twice is repeated when it was throttled", async () => {
    const { call } = failing(anError("throttled", { retryable: true }));
    expect(await createRetry(aWorld())(call, { repeatable: false })).toBe("done");
  });
});

/** A NamespaceApi of which a test gives the methods it is about; each other one is a fault. */
function anApi(methods: Partial<NamespaceApi>): NamespaceApi {
  const fault = async (): Promise<never> => {
    throw new Error("not expected");
  };
  const api = { get: fault, list: fault, create: fault, apply: fault, removeLabels: fault, remove: fault };
  return withRetry({ ...api, ...methods }, createRetry(aWorld()));
}

/** Rejects with each error in turn. */
function inTurn(...errors: readonly ClusterError[]) {
  let calls = 0;
  return async (): Promise<never> => {
    throw errors[calls++] ?? new Error("called too often");
  };
}

describe("a create whose answer was lost", () => {
  const body = { name: "payments", labels: { team: "a" }, annotations: {} };
  const mine = aNamespace({
    labels: { team: "a", "kubernetes.io/metadata.name": "payments" },
    fieldManagers: [{ manager: "us", operation: "Update", labels: ["team"], annotations: [] }],
  });
  const taken = anError("already-exists", { status: 409 });

  test("gives the namespace that it made", async () => {
    const api = anApi({ create: inTurn(unreachable, taken), get: async () => mine });
    expect(await api.create(body, "us")).toBe(mine);
  });

  test("does not take another's namespace for its own", async () => {
    const theirs = { ...mine, fieldManagers: [] };
    const api = anApi({ create: inTurn(unreachable, taken), get: async () => theirs });
    expect(await rejection(api.create(body, "us"))).toBe(taken);
  });

  test("does not take a namespace with other labels for its own", async () => {
    const api = anApi({ create: inTurn(unreachable, taken), get: async () => ({ ...mine, labels: {} }) });
    expect(await rejection(api.create(body, "us"))).toBe(taken);
  });

  test("does not take a namespace that is going for its own", async () => {
    const going = { ...mine, deletionTimestamp: "2026-11-24T00:00:00Z" };
    const api = anApi({ create: inTurn(unreachable, taken), get: async () => going });
    expect(await rejection(api.create(body, "us"))).toBe(taken);
  });

  test("is not looked for when the first answer is that the name is taken", async () => {
    expect(await rejection(anApi({ create: inTurn(taken) }).create(body, "us"))).toBe(taken);
  });

  test("is not looked for when the first try was throttled, so not done", async () => {
    const api = anApi({ create: inTurn(anError("throttled", { retryable: true }), taken) });
    expect(await rejection(api.create(body, "us"))).toBe(taken);
  });
});

describe("a removal of labels whose answer was lost", () => {
  const before = { name: "payments", uid: "uid-1", resourceVersion: "7" };
  const changed = anError("changed", { status: 409 });

  test("gives the namespace without them", async () => {
    const after = aNamespace({ resourceVersion: "8" });
    const api = anApi({ removeLabels: inTurn(unreachable, changed), get: async () => after });
    expect(await api.removeLabels(before, ["a"], "us")).toBe(after);
  });

  test("is refused when the labels are still there", async () => {
    const api = anApi({
      removeLabels: inTurn(unreachable, changed),
      get: async () => aNamespace({ labels: { a: "1" } }),
    });
    expect(await rejection(api.removeLabels(before, ["a"], "us"))).toBe(changed);
  });

  test("is refused when it is another namespace by now", async () => {
    const api = anApi({ removeLabels: inTurn(unreachable, changed), get: async () => aNamespace({ uid: "uid-2" }) });
    expect(await rejection(api.removeLabels(before, ["a"], "us"))).toBe(changed);
  });
});
