/** What does not grow with the namespaces. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeKubeconfig } from "../test/lab/kubeconfig.ts";
import { inChild } from "./child.ts";
import { NOTHING_PROVIDER } from "./contestants.ts";
import { startDelayProxy } from "./delay-proxy.ts";
import type { FirstCheckGiven } from "./first-check.ts";
import { median } from "./statistics.ts";
import type { StubClusters } from "./stub-clusters.ts";

const RUNS = 5;

const MANY = 100;

/** Milliseconds of a round trip to each of the many. */
const FAR = 50;

export interface Details {
  /** Milliseconds, medians. */
  readonly firstCheck: { readonly package: number; readonly nothing: number };
  readonly sdkImport: { readonly pulumi: number; readonly more: number };
  readonly manyClusters: { readonly cold: number; readonly coldCpuSeconds: number; readonly warm: number };
}

/** `dir` has node_modules with the package in it; `kubeconfigPath` a context for each of the clusters. */
export async function measureDetails(
  dir: string,
  kubeconfigPath: string,
  clusters: readonly string[],
): Promise<Details> {
  const from = join(dir, "index.js");
  writeFileSync(join(dir, "nothing-provider.js"), NOTHING_PROVIDER);
  const env = { ...process.env, KUBECONFIG: kubeconfigPath };
  const firstCheck = async (module: string) => {
    const given: FirstCheckGiven = { from, module, clusters };
    const { milliseconds } = await inChild<FirstCheckGiven, { milliseconds: number }>(file("first-check"), given, env);
    return milliseconds;
  };
  const ours: number[] = [];
  const nothing: number[] = [];
  const imports: { readonly pulumi: number; readonly more: number }[] = [];
  const many: Details["manyClusters"][] = [];
  for (let run = 0; run < RUNS; run++) {
    ours.push(await firstCheck("pulumi-global-namespace/provider"));
    nothing.push(await firstCheck("./nothing-provider"));
    imports.push(await inChild(file("sdk-import"), { from }));
    many.push(await toManyClusters(dir, from));
  }
  return {
    firstCheck: { package: median(ours), nothing: median(nothing) },
    sdkImport: { pulumi: median(imports.map((each) => each.pulumi)), more: median(imports.map((each) => each.more)) },
    manyClusters: {
      cold: median(many.map(({ cold }) => cold)),
      coldCpuSeconds: median(many.map(({ coldCpuSeconds }) => coldCpuSeconds)),
      warm: median(many.map(({ warm }) => warm)),
    },
  };
}

async function toManyClusters(dir: string, from: string): Promise<Details["manyClusters"]> {
  const stubs = spawn(process.execPath, [file("stub-clusters"), String(MANY)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: stubs.stdout }), "line");
  const { ports, authority } = JSON.parse(String(line)) as StubClusters;
  const proxy = await startDelayProxy(FAR, ports);
  try {
    const accesses = proxy.ports.map((port, index) => {
      const cluster = `stub-${index}`;
      return { cluster, server: `https://127.0.0.1:${port}`, authority, user: "bench", token: "stub" };
    });
    const kubeconfig = join(dir, "stubs.kubeconfig");
    writeFileSync(kubeconfig, writeKubeconfig(accesses));
    const clusters = accesses.map(({ cluster }) => cluster);
    return await inChild(file("many-clusters"), { from, clusters }, { ...process.env, KUBECONFIG: kubeconfig });
  } finally {
    proxy.stop();
    stubs.kill();
  }
}

function file(name: string): string {
  return join(import.meta.dirname, `${name}.ts`);
}
