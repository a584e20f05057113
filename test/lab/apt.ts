/** Debian's packages, for what the tests need of the machine. */

import { spawn } from "node:child_process";
import { onPath } from "./programs.ts";

/** Seconds that apt waits for another apt. */
const APT_WAIT = 600;

/** Whether packages can be installed without asking. */
export function canInstall(env: NodeJS.ProcessEnv = process.env, isRoot: boolean = process.getuid?.() === 0): boolean {
  return isRoot && onPath("apt-get", env) !== undefined;
}

export async function aptInstall(packages: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  await apt(["update"], packages, env);
  await apt(["install", "--yes", "-o", `DPkg::Lock::Timeout=${APT_WAIT}`, ...packages], packages, env);
}

function apt(args: readonly string[], packages: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn("apt-get", args, {
    env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) return resolve();
      const tail = output.trimEnd().split("\n").slice(-10).join("\n");
      reject(new Error(`cannot install ${packages.join(" ")}: apt-get ${args[0]} ended with ${code}.\n${tail}`));
    });
  });
}
