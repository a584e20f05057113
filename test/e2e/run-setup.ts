/**
 * The folder of a run of end-to-end tests: their projects, and a node_modules as npm makes one from the packed tarball and
 * its peers.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Goes when the run ends, with all that is in it. */
    runDir: string;
  }
}

const root = join(import.meta.dirname, "..", "..");
let runDir: string | undefined;

/** Vitest's global setup. */
export function setup(project: TestProject): void {
  runDir = mkdtempSync(join(tmpdir(), "global-namespace-run-"));
  installPackages(runDir);
  project.provide("runDir", runDir);
}

export function teardown(): void {
  if (runDir !== undefined) rmSync(runDir, { recursive: true, force: true });
}

/**
 * The tarball is unpacked among copies of what it depends on, and not linked to the sources: a file that the package
 * forgets to ship is missing here as well. The dependencies themselves are the ones this repository has installed.
 */
export function installPackages(dir: string): void {
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", dir], { cwd: root });
  const tarball = readdirSync(dir).find((file) => file.endsWith(".tgz")) as string;
  const modules = join(dir, "node_modules");
  mkdirSync(modules);
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (entry === "pulumi-global-namespace" || entry === ".bin" || entry === ".cache") continue;
    symlinkSync(join(root, "node_modules", entry), join(modules, entry));
  }
  execFileSync("tar", ["-xzf", join(dir, tarball), "-C", dir]);
  cpSync(join(dir, "package"), join(modules, "pulumi-global-namespace"), { recursive: true });
  linkCommands(modules);
}

/** As npm does for each package's `bin`. */
function linkCommands(modules: string): void {
  const folder = "pulumi-global-namespace";
  const { bin } = JSON.parse(readFileSync(join(modules, folder, "package.json"), "utf8"));
  mkdirSync(join(modules, ".bin"));
  for (const [name, file] of Object.entries<string>(bin)) {
    const command = join(folder, file);
    chmodSync(join(modules, command), 0o755);
    symlinkSync(join("..", command), join(modules, ".bin", name));
  }
  const others = join(root, "node_modules", ".bin");
  for (const name of readdirSync(others)) {
    if (!(name in bin)) symlinkSync(join(others, name), join(modules, ".bin", name));
  }
}
