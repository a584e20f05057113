/** Bounds how many calls one cluster has to serve at once; the others wait in the order in which they came. */

import type { Around } from "./around";

/**
 * Calls at once to one cluster. Half of what the API server's priority and fairness gives a global-default user at
 * once on a small control plane, and far below its 100 HTTP/2 streams a connection.
 */
export const CALLS_AT_ONCE = 32;

export function createLimit(atOnce: number = CALLS_AT_ONCE): Around {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (call) => {
    // A call that ends hands its place on, so one that comes meanwhile cannot take it from those that wait.
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
