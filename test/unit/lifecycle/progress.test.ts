import { expect, test } from "vitest";
import type { PlaceOutcome, Timer } from "../../../provider/lifecycle/place.ts";
import { onEach } from "../../../provider/lifecycle/progress.ts";

/** A clock whose ticks the test makes. */
function aTimer() {
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
  const tick = () => {
    for (const [act, milliseconds] of ticks) {
      now += milliseconds;
      act();
    }
  };
  return { clock, tick, isQuiet: () => ticks.size === 0 };
}

test("work that takes long says which clusters are waited for and which have failed, until it ends", async () => {
  const { clock, tick, isQuiet } = aTimer();
  const said: string[] = [];
  const ends = new Map<string, (outcome: PlaceOutcome) => void>();
  const work = (place: string) => new Promise<PlaceOutcome>((resolve) => ends.set(place, resolve));
  const all = onEach("payments", ["east", "north", "west"], work, { clock, say: (line) => said.push(line) });
  ends.get("east")?.({});
  ends.get("north")?.({ failure: "no" });
  await Promise.resolve();
  await Promise.resolve();
  tick();
  expect(said).toEqual(['payments: after 5 s still waiting for cluster "west"; failed on cluster "north"']);
  ends.get("west")?.({ failure: "neither" });
  expect(await all).toEqual([{}, { failure: "no" }, { failure: "neither" }]);
  expect(isQuiet()).toBe(true);
});

test("work that ends at once says nothing", async () => {
  const { clock, tick } = aTimer();
  const said: string[] = [];
  await onEach("payments", ["east"], async () => ({}), { clock, say: (line) => said.push(line) });
  tick();
  expect(said).toEqual([]);
});
