/** The package managers that users install with, fetched once into the cache folder. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../scripts/cache.mjs";

export type PackageManager = "npm" | "pnpm" | "yarn";

/** Both keep what they download in the cache folder, so that a second run downloads nothing. */
const PACKAGES = ["pnpm@10.34.9", "@yarnpkg/cli-dist@4.18.1"];

export interface Installer {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files that the project has for it. */
  readonly files: Readonly<Record<string, string>>;
}

/** How a project's dependencies are installed. No scripts of theirs run: none is needed, for `pulumi up` either. */
export async function installerOf(manager: PackageManager): Promise<Installer> {
  if (manager === "npm") {
    const args = ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    return { program: "npm", args, env: {}, files: {} };
  }
  const modules = join(await fetchManagers(), "node_modules");
  if (manager === "pnpm") {
    return {
      program: "node",
      args: [join(modules, "pnpm", "bin", "pnpm.cjs"), "install", "--prefer-offline", "--ignore-scripts"],
      env: { npm_config_store_dir: join(cacheFolder(), "pnpm-store"), CI: "" },
      files: {},
    };
  }
  return {
    program: "node",
    args: [join(modules, "@yarnpkg", "cli-dist", "bin", "yarn.js"), "install"],
    env: {
      YARN_GLOBAL_FOLDER: join(cacheFolder(), "yarn"),
      YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
      ...(await registryForYarn()),
    },
    // Pulumi reads node_modules: Plug'n'Play, Yarn's default, has none. An empty lock file makes the folder a project.
    files: {
      ".yarnrc.yml": "nodeLinker: node-modules\nenableScripts: false\nenableTelemetry: false\n",
      "yarn.lock": "",
    },
  };
}

/** Yarn does not read npm's settings, where a company names its registry and who signs for it. */
async function registryForYarn(): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)("npm", ["config", "list", "--json"]);
  const { registry, cafile } = JSON.parse(stdout) as { registry: string; cafile: string | null };
  return {
    YARN_NPM_REGISTRY_SERVER: registry,
    ...(cafile !== null && { YARN_HTTPS_CA_FILE_PATH: cafile }),
  };
}

async function fetchManagers(): Promise<string> {
  const target = join(cacheFolder(), `managers-${PACKAGES.join("-").replace(/[^\w.-]+/g, "-")}`);
  if (existsSync(target)) return target;
  const unfinished = mkdtempSync(`${target}-`);
  try {
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await promisify(execFile)("npm", ["install", "--prefix", unfinished, ...flags, ...PACKAGES]);
    // Somebody else may have been faster.
    if (!existsSync(target)) renameSync(unfinished, target);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return target;
}
