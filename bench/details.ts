/** What does not grow with the namespaces. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inChild } from "./child.ts";
import { NOTHING_PROVIDER } from "./contestants.ts";
import { startDelayProxy } from "./delay-proxy.ts";
import type { FirstCheckGiven } from "./first-check.ts";
import { median } from "./statistics.ts";
import { kubeconfigOfStubs, startStubs } from "./stub-clusters.ts";

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
  const stubs = await startStubs(Array.from({ length: MANY }, () => ({ answerMs: 0 })));
  const proxy = await startDelayProxy(FAR, stubs.ports);
  try {
    const kubeconfig = join(dir, "stubs.kubeconfig");
    writeFileSync(kubeconfig, kubeconfigOfStubs(proxy.ports, stubs.authority));
    const clusters = proxy.ports.map((_, index) => `stub-${index}`);
    return await inChild(file("many-clusters"), { from, clusters }, { ...process.env, KUBECONFIG: kubeconfig });
  } finally {
    proxy.stop();
    stubs.stop();
  }
}

function file(name: string): string {
  return join(import.meta.dirname, `${name}.ts`);
}
