/** A real browser for the tests of pages: the machine's Chromium, installed once where that can be done. */

import { spawn } from "node:child_process";
import { type Log, onPath } from "./programs.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Seconds that apt waits for another apt. */
const APT_WAIT = 600;

/** The browser's path. `isRoot` is whether packages of the system can be installed. */
export async function findBrowser(
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
  isRoot: boolean = process.getuid?.() === 0,
): Promise<string> {
  const find = () => NAMES.map((name) => onPath(name, env)).find((path) => path !== undefined);
  const found = find();
  if (found !== undefined) return found;
  const apt = onPath("apt-get", env);
  if (apt === undefined || !isRoot) {
    throw new Error(
      `there is no browser for the tests of pages: ${NAMES.join(", ")} are not on PATH, and it cannot be installed ` +
        'here without asking; install one, on Debian with "apt-get install chromium"',
    );
  }
  log("chromium: installing it once with apt-get (the tests' browser, about 1 minute)");
  await run(apt, ["update"], env);
  await run(apt, ["install", "--yes", "-o", `DPkg::Lock::Timeout=${APT_WAIT}`, "chromium"], env);
  const installed = find();
  if (installed === undefined) throw new Error("apt-get installed chromium, and it is not on PATH");
  log("chromium: installed");
  return installed;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(program, args, {
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
      reject(new Error(`cannot install chromium: apt-get ${args[0]} ended with ${code}.\n${tail}`));
    });
  });
}
