/** Processes of a lab: found by the ids in its folder, and ended when their keeper was killed. */

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { until } from "./condition.ts";
import { type LabFolder, readIfThere } from "./lab-folder.ts";

const GONE_TIMEOUT_MS = 60_000;

/** Ends the lab's processes at once. Returns how many there were. */
export async function killLeftovers(folder: LabFolder): Promise<number> {
  const pids = labProcesses(folder);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself meanwhile.
    }
  }
  await gone(pids, folder, GONE_TIMEOUT_MS);
  return pids.length;
}

/**
 * Waits until these processes of the lab have ended. By their ids: a keeper removes the file that has them before it ends
 * itself.
 */
export async function gone(pids: readonly number[], folder: LabFolder, timeoutMs: number): Promise<void> {
  await until(() => alive(pids, folder).length === 0, { what: `ending the lab in ${folder.dir}`, timeoutMs });
}

/** The ids of the lab's processes that are alive. */
export function labProcesses(folder: LabFolder): number[] {
  const noted = (readIfThere(folder.processes) ?? "").split("\n").filter(Boolean).map(Number);
  return alive([...new Set(noted)], folder);
}

/** An id may be somebody else's by now, so the process must have the lab's folder among its arguments. */
function alive(pids: readonly number[], folder: LabFolder): number[] {
  return pids.filter((pid) => argumentsOf(pid).some((argument) => argument.includes(folder.dir)));
}

function argumentsOf(pid: number): string[] {
  if (process.platform === "linux") {
    try {
      // Empty for one that has ended and whose parent has not yet taken notice.
      return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    } catch {
      return [];
    }
  }
  return spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout.split(" ");
}
