/** Who is waited for: while an operation takes long, the user is told which clusters hold it up, for which namespaces. */

import { enumerate } from "../model/contents";
import { describePlace } from "../model/place";
import type { PlaceOutcome, Timer } from "./place";

/** Between two lines. A third of the time that a request may take by default. */
const SLOW_MS = 5_000;

/** One for all resources of a process, so that a slow cluster is one line and not one for each of its namespaces. */
export interface Progress {
  /** Work of a namespace on a cluster has begun; what it returns is called at its end. */
  begin(name: string, place: string): () => void;
}

export interface Telling {
  readonly clock: Timer;
  readonly say: (line: string) => void;
}

export function createProgress({ clock, say }: Telling): Progress {
  /** By cluster, the work that is under way, with its begin. */
  const waiting = new Map<string, Map<symbol, { readonly name: string; readonly since: number }>>();
  let stop: (() => void) | undefined;

  const tell = () => {
    const now = clock.now();
    for (const [place, works] of [...waiting].sort()) {
      const slow = [...works.values()].filter(({ since }) => now - since >= SLOW_MS);
      const first = slow[0];
      if (first === undefined) continue;
      const seconds = Math.round((now - first.since) / 1000);
      say(`${enumerate(slow.map(({ name }) => name))}: waiting for ${describePlace(place)} since ${seconds} s`);
    }
  };

  return {
    begin: (name, place) => {
      const key = Symbol(name);
      const works = waiting.get(place) ?? new Map();
      waiting.set(place, works.set(key, { name, since: clock.now() }));
      stop ??= clock.every(SLOW_MS, tell);
      return () => {
        works.delete(key);
        if (works.size === 0 && waiting.get(place) === works) waiting.delete(place);
        if (waiting.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
  };
}

/** Works on all places at once and ends when all have; a cluster's failure is in its outcome and stops no other. */
export function onEach(
  name: string,
  places: readonly string[],
  work: (place: string) => Promise<PlaceOutcome>,
  progress: Progress,
): Promise<readonly PlaceOutcome[]> {
  return Promise.all(
    places.map(async (place) => {
      const end = progress.begin(name, place);
      try {
        return await work(place);
      } finally {
        end();
      }
    }),
  );
}
