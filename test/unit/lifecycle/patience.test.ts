import { describe, expect, test } from "vitest";
import { check } from "../../../provider/lifecycle/check.ts";
import { createExpectations } from "../../../provider/lifecycle/expectations.ts";
import { createPatience } from "../../../provider/lifecycle/patience.ts";
import { aFakeMesh } from "./fake-mesh.ts";

/** A clock whose time the test lets pass. */
function aClock() {
  const waiting = new Map<() => void, number>();
  const every = (milliseconds: number, act: () => void) => {
    waiting.set(act, milliseconds);
    return () => waiting.delete(act);
  };
  const pass = () => {
    for (const act of [...waiting.keys()]) act();
  };
  return { every, pass, waits: () => [...waiting.values()] };
}

/** An answer that the test gives when it wants to. */
function later<T>() {
  let answer: (value: T) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  return { promise, answer, fail };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function aScene() {
  const clock = aClock();
  const { mesh } = aFakeMesh({ requestTimeoutSeconds: 15 });
  const patience = createPatience(mesh, clock);
  const ask = (...places: readonly string[]) => {
    const answers = new Map(places.map((place) => [place, later<string>()]));
    const result: { value?: ReadonlyMap<string, string>; error?: Error } = {};
    patience.inTime(new Map([...answers].map(([place, { promise }]) => [place, promise]))).then(
      (value) => Object.assign(result, { value }),
      (error) => Object.assign(result, { error }),
    );
    return { answers, result };
  };
  return { clock, ask };
}

describe("a place that does not answer", () => {
  test("is left out a third of a request's time after the last of the others has answered", async () => {
    const { clock, ask } = aScene();
    const { answers, result } = ask("east", "west", "north");
    answers.get("east")?.answer("e");
    await settled();
    expect(clock.waits()).toEqual([5000]);
    answers.get("north")?.answer("n");
    await settled();
    expect(clock.waits()).toEqual([5000]);
    expect(result).toEqual({});
    clock.pass();
    await settled();
    expect(result.value).toEqual(new Map(Object.entries({ east: "e", north: "n" })));
    expect(clock.waits()).toEqual([]);
    // What comes afterwards changes nothing any more.
    answers.get("west")?.answer("w");
    await settled();
    expect(result.value?.size).toBe(2);
  });

  test("is waited for as long as nobody has answered", async () => {
    const { clock, ask } = aScene();
    const { answers, result } = ask("east", "west");
    await settled();
    expect(clock.waits()).toEqual([]);
    for (const { answer } of answers.values()) answer("x");
    await settled();
    expect(result.value?.size).toBe(2);
    expect(clock.waits()).toEqual([]);
  });

  test("is given up in every question of a check once one of them was answered", async () => {
    const { clock, ask } = aScene();
    const whole = ask("east", "west");
    const alone = ask("west");
    whole.answers.get("east")?.answer("e");
    await settled();
    clock.pass();
    await settled();
    expect(whole.result.value).toEqual(new Map([["east", "e"]]));
    expect(alone.result.value).toEqual(new Map());
  });

  test("is no cover for an error of our own", async () => {
    const { ask } = aScene();
    const { answers, result } = ask("east", "west");
    answers.get("east")?.fail(new Error("a bug"));
    await settled();
    expect(result.error?.message).toBe("a bug");
  });
});

test("a check does not wait for one silent cluster when the others have answered, and says nothing against it", async () => {
  const fake = aFakeMesh();
  const clock = aClock();
  const { fleet } = fake.world;
  const silent = new Promise<never>(() => {});
  const said: string[] = [];
  const checked = check(
    {},
    { name: "payments", resource: "payments", labels: { team: "a" }, injection: "enabled", revisionCheck: "warn" },
    {
      mesh: { mesh: fake.mesh },
      fleet: () => ({
        ...fleet,
        webhooks: (place) => (place === "west" ? silent : Promise.resolve([])),
        observe: (place, name) => (place === "west" ? silent : fleet.observe(place, name)),
      }),
      claims: new Map(),
      removals: new Map(),
      expectations: createExpectations(),
      clock,
      say: (line) => said.push(line),
    },
  );
  while (clock.waits().length === 0) await settled();
  await settled();
  clock.pass();
  const { inputs, failures } = await checked;
  expect(failures).toEqual([]);
  expect(inputs.targets).toMatchObject({ east: { origin: "created" }, north: { origin: "created" } });
  expect((inputs.targets as Record<string, object>).west).not.toHaveProperty("origin");
  expect(said).toContain('payments: who injects on cluster "west" is not known: it has not answered yet');
});
