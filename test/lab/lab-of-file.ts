/** The shared lab that the test file at hand has to itself while it runs. */

import * as fs from "node:fs";
import { join } from "node:path";
import { until } from "./condition.ts";
import { isAlive } from "./file-lock.ts";
import { type Lab, openLab } from "./lab.ts";

/** Longer than any file takes. */
const TIMEOUT_MS = 1_800_000;

const FREE = "free";
const TAKEN_BY = "taken-by-";

let taken: Promise<Lab> | undefined;

/** From now on test files may take this lab. */
export function offer(lab: Lab): void {
  fs.writeFileSync(join(lab.dir, FREE), "");
}

/** A file is a process of Vitest's, and a lab is free again when the process that took it has ended. */
export function labOfFile(labDirs: readonly string[]): Promise<Lab> {
  taken ??= until(() => labDirs.find(take), { what: "a shared lab to be free", timeoutMs: TIMEOUT_MS }).then(openLab);
  return taken;
}

/** Whoever renames the one file has the lab: a rename has one winner. */
function take(labDir: string): boolean {
  const mine = `${TAKEN_BY}${process.pid}`;
  const names = fs.readdirSync(labDir).filter((name) => name.startsWith(TAKEN_BY));
  if (names.includes(mine)) return true;
  for (const name of names) {
    if (!isAlive(Number(name.slice(TAKEN_BY.length)))) rename(labDir, name, FREE);
  }
  return rename(labDir, FREE, mine);
}

function rename(folder: string, from: string, to: string): boolean {
  try {
    fs.renameSync(join(folder, from), join(folder, to));
    return true;
  } catch {
    return false;
  }
}
