/** Processes of a lab whose keeper was killed: found by the ids in its folder, and ended. */

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { until } from "./condition.ts";
import type { LabFolder } from "./lab-folder.ts";

const GONE_TIMEOUT_MS = 10_000;

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
  await until(() => labProcesses(folder).length === 0, {
    what: `ending the processes of the lab in ${folder.dir}`,
    timeoutMs: GONE_TIMEOUT_MS,
  });
  return pids.length;
}

/**
 * The ids of the lab's processes that are alive. An id may be somebody else's by now, so the process must have the lab's
 * folder among its arguments.
 */
export function labProcesses(folder: LabFolder): number[] {
  if (!fs.existsSync(folder.processes)) return [];
  const noted = fs.readFileSync(folder.processes, "utf8").split("\n").filter(Boolean).map(Number);
  return [...new Set(noted)].filter((pid) => argumentsOf(pid).some((argument) => argument.includes(folder.dir)));
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
