/** Waiting for something to become true, with a limit. */

import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;

/** What is waited for (for the message when it does not come), and for how long at most: by default five minutes. */
export interface Patience {
  readonly what: string;
  readonly timeoutMs?: number;
  /** What went wrong meanwhile; added to the message. */
  readonly detail?: () => string;
}

/** Polls until `look` returns something other than undefined or false, and returns that. */
export async function until<Value>(
  look: () => Promise<Value | undefined | false> | Value | undefined | false,
  { what, timeoutMs = 300_000, detail }: Patience,
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs / 1000} s${detail === undefined ? "" : `\n${detail()}`}`);
    }
    await sleep(POLL_MS);
  }
}
