/** What the figures were measured on. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Facts by name, in the order in which a reader wants them. */
export function describeMachine(env: NodeJS.ProcessEnv): Record<string, string> {
  const processors = cpus();
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    processors: `${processors.length} × ${processors[0]?.model ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    // The kernel's version without what a distribution calls its build.
    system: `${platform()} ${/^\d+\.\d+/.exec(release())?.[0] ?? release()} ${arch()}`,
    "Node.js": process.versions.node,
    Pulumi: execFileSync("pulumi", ["version"], { env, encoding: "utf8" }).trim(),
    "@pulumi/pulumi": manifest.devDependencies["@pulumi/pulumi"],
    "pulumi-global-namespace": manifest.version,
    // Everything shares the processors, the API servers too; above 1 a processor somebody else did as well.
    "load at the beginning": (loadavg()[0] ?? 0).toFixed(1),
  };
}
