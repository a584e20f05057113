/** Work on several clusters at once, which tells whom it waits for when it takes long. */

import { describePlace } from "../model/mesh";
import type { PlaceOutcome, Timer } from "./place";

/** Between two lines. A third of the time that a request may take by default. */
const SLOW_MS = 5_000;

export interface Telling {
  readonly clock: Timer;
  readonly say: (line: string) => void;
}

/** Ends when all have; a cluster's failure is in its outcome and stops no other. */
export async function onEach(
  name: string,
  places: readonly string[],
  work: (place: string) => Promise<PlaceOutcome>,
  { clock, say }: Telling,
): Promise<readonly PlaceOutcome[]> {
  const waiting = new Set(places);
  const failed: string[] = [];
  const started = clock.now();
  const stop = clock.every(SLOW_MS, () => {
    const seconds = Math.round((clock.now() - started) / 1000);
    const soFar = failed.length > 0 ? `; failed on ${failed.map(describePlace).join(", ")}` : "";
    say(`${name}: after ${seconds} s still waiting for ${[...waiting].map(describePlace).join(", ")}${soFar}`);
  });
  const once = async (place: string) => {
    const outcome = await work(place);
    waiting.delete(place);
    if (outcome.failure !== undefined) failed.push(place);
    return outcome;
  };
  try {
    return await Promise.all(places.map(once));
  } finally {
    stop();
  }
}
