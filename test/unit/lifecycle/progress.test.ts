import { describe, expect, test } from "vitest";
import type { Timer } from "../../../provider/lifecycle/place.ts";
import { createProgress } from "../../../provider/lifecycle/progress.ts";

/** A progress whose time the test lets pass. */
function aProgress() {
  let now = 0;
  const ticks = new Map<() => void, number>();
  const clock: Timer = {
    now: () => now,
    sleep: async () => {},
    every: (milliseconds, act) => {
      ticks.set(act, milliseconds);
      return () => ticks.delete(act);
    },
  };
  const said: string[] = [];
  const pass = () => {
    for (const [act, milliseconds] of ticks) {
      now += milliseconds;
      act();
    }
    return said.splice(0);
  };
  const progress = createProgress({ clock, say: (line) => said.push(line) });
  return { progress, pass, isQuiet: () => ticks.size === 0 };
}

describe("work that takes long", () => {
  test("says which cluster is waited for, and since when, until it ends", () => {
    const { progress, pass, isQuiet } = aProgress();
    const endEast = progress.begin("payments", "east");
    const endWest = progress.begin("payments", "west");
    endEast();
    expect(pass()).toEqual(['payments: waiting for cluster "west" since 5 s']);
    expect(pass()).toEqual(['payments: waiting for cluster "west" since 10 s']);
    endWest();
    expect(isQuiet()).toBe(true);
  });

  test("is one line a cluster, however many namespaces wait for it", () => {
    const { progress, pass } = aProgress();
    for (let index = 0; index < 12; index += 1) progress.begin(`team-${index}`, "west");
    expect(pass()).toEqual([expect.stringMatching(/^team-0, .* and \d+ more: waiting for cluster "west" since 5 s$/)]);
  });

  test("names only what has waited for a while", () => {
    const { progress, pass } = aProgress();
    progress.begin("payments", "west");
    pass();
    progress.begin("orders", "west");
    expect(pass()).toEqual(['payments and orders: waiting for cluster "west" since 10 s']);
  });

  test("says nothing where it ends in time", () => {
    const { progress, pass } = aProgress();
    progress.begin("payments", "west")();
    expect(pass()).toEqual([]);
  });
});
