/** Bounds how many calls run at once, of one cluster or of a kind; the others wait in the order in which they came. */

import type { Around } from "./around";

export function createLimit(atOnce: number): Around {
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
