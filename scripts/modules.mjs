import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "./program.mjs";
import { withProgress } from "./progress.mjs";
import { root } from "./root.mjs";

/** Installs what package-lock.json names, when something of it is missing in node_modules or has another version. */
export async function installModules(env, say) {
  if (areInstalled()) return;
  // Not `npm ci`: that refuses a lock file which lacks the packages for other systems, and those are lacking when it was
  // written on a machine that could not get them. This follows the lock file too, and leaves it as it is.
  // The dependencies' install scripts are not needed, and the project's own is run by hand where it is.
  const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await withProgress("node_modules: npm install (as package-lock.json says, about 20 s)", say, () =>
    runProgram("npm", args, env, { stdio: ["ignore", 2, 2] }),
  );
}

function areInstalled() {
  // npm writes this one last, so it is missing when an installation was cut off.
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json"));
  return Object.entries(packagesOf(join(root, "package-lock.json"))).every(
    ([path, wanted]) => path === "" || wanted.optional || installed[path]?.version === wanted.version,
  );
}

function packagesOf(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, "utf8")).packages : {};
}
