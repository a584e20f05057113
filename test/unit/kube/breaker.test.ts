import { describe, expect, test } from "vitest";
import { createBreaker } from "../../../provider/kube/breaker.ts";
import { anError, aWorld, rejection } from "./builders.ts";

const dead = anError("unreachable");
const fails = () => Promise.reject(dead);
const works = () => Promise.resolve("done");

describe("after a call that did not reach its cluster", () => {
  test("further calls fail at once with the same error", async () => {
    const breaker = createBreaker(aWorld());
    await rejection(breaker(fails));
    let called = false;
    const next = breaker(async () => {
      called = true;
    });
    expect(await rejection(next)).toBe(dead);
    expect(called).toBe(false);
  });

  test("one call goes through after ten seconds, and the others wait for what it finds", async () => {
    const world = aWorld();
    const breaker = createBreaker(world);
    await rejection(breaker(fails));
    world.pass(10_000);
    let finish = (_: string): void => undefined;
    const probe = breaker(() => new Promise<string>((resolve) => (finish = resolve)));
    expect(await rejection(breaker(works))).toBe(dead);
    finish("alive");
    expect(await probe).toBe("alive");
    expect(await breaker(works)).toBe("done");
  });

  test("a probe that fails too closes the way for another ten seconds", async () => {
    const world = aWorld();
    const breaker = createBreaker(world);
    await rejection(breaker(fails));
    world.pass(10_000);
    await rejection(breaker(fails));
    world.pass(9_999);
    expect(await rejection(breaker(works))).toBe(dead);
    world.pass(1);
    expect(await breaker(works)).toBe("done");
  });
});

test("a clock that is set back does not keep the way closed", async () => {
  const world = aWorld();
  const breaker = createBreaker(world);
  await rejection(breaker(fails));
  world.setClock(-3_600_000);
  world.pass(10_000);
  expect(await breaker(works)).toBe("done");
});

test("a timeout counts as not reached", async () => {
  const breaker = createBreaker(aWorld());
  await rejection(breaker(() => Promise.reject(anError("timeout"))));
  expect((await rejection(breaker(works))).code).toBe("timeout");
});

for (const code of ["forbidden", "conflict", "throttled", "unavailable", "unauthorized", "tls"] as const) {
  test(`an answer of ${code} does not close the way`, async () => {
    const breaker = createBreaker(aWorld());
    await rejection(breaker(() => Promise.reject(anError(code))));
    expect(await breaker(works)).toBe("done");
  });
}

test("one slow call does not close the way while others get through", async () => {
  const world = aWorld();
  const breaker = createBreaker(world);
  let fail = (): void => undefined;
  const slow = breaker(() => new Promise((_, reject) => (fail = () => reject(anError("timeout")))));
  world.pass(10);
  await breaker(works);
  world.pass(10);
  fail();
  await rejection(slow);
  expect(await breaker(works)).toBe("done");
});

test("a fault of our own does not close the way", async () => {
  const breaker = createBreaker(aWorld());
  await rejection(breaker(() => Promise.reject(new TypeError("bug"))));
  expect(await breaker(works)).toBe("done");
});
