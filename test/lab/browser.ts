/** A real browser for the tests of pages: the machine's Chromium, installed once where that can be done. */

import { aptInstall, canInstall } from "./apt.ts";
import { type Log, onPath } from "./programs.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The browser's path. `isRoot` is whether packages of the system can be installed. */
export async function findBrowser(
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
  isRoot: boolean = process.getuid?.() === 0,
): Promise<string> {
  const find = () => NAMES.map((name) => onPath(name, env)).find((path) => path !== undefined);
  const found = find();
  if (found !== undefined) return found;
  if (!canInstall(env, isRoot)) {
    throw new Error(
      `there is no browser for the tests of pages: ${NAMES.join(", ")} are not on PATH, and it cannot be installed ` +
        'here without asking; install one, on Debian with "apt-get install chromium"',
    );
  }
  log("chromium: installing it once with apt-get (the tests' browser, about 1 minute)");
  await aptInstall(["chromium"], env);
  const installed = find();
  if (installed === undefined) throw new Error("apt-get installed chromium, and it is not on PATH");
  log("chromium: installed");
  return installed;
}
