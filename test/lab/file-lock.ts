/** A lock between processes: a file that its holder keeps touching. */

import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const TOUCH_MS = 2_000;

/** A holder that was killed, or whose machine slept, has not touched the file for this long. */
const STALE_MS = 20_000;

const POLL_MS = 250;

/** What to do with the lock held, and whom to tell (once) that it is another's. */
export interface Locked<Result> {
  readonly run: () => Promise<Result>;
  readonly waiting: () => void;
}

/** Runs with the lock file held, waiting for as long as a living process holds it. */
export async function withFileLock<Result>(path: string, { run, waiting }: Locked<Result>): Promise<Result> {
  let told = false;
  while (!take(path)) {
    if (isStale(path)) {
      fs.rmSync(path, { force: true });
      continue;
    }
    if (!told) waiting();
    told = true;
    await sleep(POLL_MS);
  }
  const touch = setInterval(() => fs.utimes(path, new Date(), new Date(), () => {}), TOUCH_MS);
  try {
    return await run();
  } finally {
    clearInterval(touch);
    fs.rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  try {
    fs.writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function isStale(path: string): boolean {
  try {
    if (Date.now() - fs.statSync(path).mtimeMs > STALE_MS) return true;
    const holder = Number(fs.readFileSync(path, "utf8"));
    return holder > 0 && !isAlive(holder);
  } catch {
    // It was released between two looks.
    return false;
  }
}

/** Whether there is a process of that id, whoever runs it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
