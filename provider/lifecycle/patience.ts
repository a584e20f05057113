/**
 * How long the looks before a write wait for a cluster that does not answer: no longer, once the others have. The write
 * itself then meets that cluster alone, while the others are being written.
 */

import type { Mesh } from "../model/mesh";
import type { Timer } from "./place";

export interface Patience {
  /** What was answered in time, by place; who is late is left out. */
  inTime<T>(asked: ReadonlyMap<string, Promise<T>>): Promise<ReadonlyMap<string, T>>;
}

/** Every place is waited for. */
export const ENDLESS: Patience = {
  async inTime(asked) {
    const answers = [...asked].map(async ([place, answer]) => [place, await answer] as const);
    return new Map(await Promise.all(answers));
  },
};

/**
 * For the looks of one check. It ends a third of the time that a request may take after the last answer: who allows slow
 * clusters more time gets more patience with them. While nobody has answered there is nobody who is held up.
 */
export function createPatience({ requestTimeoutSeconds }: Mesh, clock: Pick<Timer, "every">): Patience {
  const waiting = new Set<() => void>();
  let stop = () => {};
  const restart = () => {
    stop();
    stop = () => {};
    if (waiting.size > 0) stop = clock.every((requestTimeoutSeconds * 1000) / 3, giveUp);
  };
  const giveUp = () => {
    for (const end of waiting) end();
    restart();
  };

  return {
    inTime<T>(asked: ReadonlyMap<string, Promise<T>>): Promise<ReadonlyMap<string, T>> {
      const answers = new Map<string, T>();
      if (asked.size === 0) return Promise.resolve(answers);
      return new Promise((resolve, reject) => {
        const end = () => {
          waiting.delete(end);
          resolve(new Map(answers));
        };
        waiting.add(end);
        for (const [place, answer] of asked) {
          answer.then(
            (value) => {
              answers.set(place, value);
              if (answers.size === asked.size) end();
              restart();
            },
            (error) => {
              waiting.delete(end);
              restart();
              reject(error);
            },
          );
        }
      });
    },
  };
}
