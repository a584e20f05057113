/** The provider without the engine: the calls that the engine makes of it, one after the other where the engine does so. */

import { createRequire } from "node:module";
import { join } from "node:path";
import type { Access } from "../test/lab/kubeconfig.ts";
import { answer, costOf } from "./child.ts";
import type { Properties, Provider } from "./provider.ts";
import type { Alone } from "./raw-floor.ts";
import { settled } from "./settled.ts";

export interface ProviderGiven {
  /** Where the package is installed. */
  readonly dir: string;
  /** Contexts of the kubeconfig; the first is the control plane. */
  readonly clusters: readonly string[];
  readonly accesses: readonly Access[];
  readonly namespaces: number;
}

export interface ProviderAlone extends Alone {
  readonly peakMiB: number;
  /** Of one namespace with as many clusters: inputs and outputs as JSON. */
  readonly stateBytes: number;
}

await answer<ProviderGiven>(async ({ dir, clusters, accesses, namespaces }): Promise<ProviderAlone> => {
  const require = createRequire(join(dir, "index.js"));
  const { provider } = require("pulumi-global-namespace/provider") as { readonly provider: Provider };
  const contexts = Object.fromEntries(clusters.map((context) => [context, { context }]));
  const mesh = { owner: "organization/bench/bench/mesh", controlPlane: clusters[0], clusters: contexts };
  /** What was looked at is forgotten, and connections are opened anew, as in the process of another command. */
  const configure = (requestTimeoutSeconds: number) =>
    provider.configure({ config: { rawConfig: { ...mesh, requestTimeoutSeconds } } });
  await configure(15);

  const names = Array.from({ length: namespaces }, (_, index) => `bench-${index}`);
  const checkAll = async (team: string, olds: ReadonlyMap<string, Properties>) => {
    const all = new Map<string, Properties>();
    for (const name of names) {
      const given = { name, resource: name, labels: { team }, clusters };
      const { inputs, failures } = await provider.check(olds.get(name) ?? {}, given);
      if (failures.length > 0) throw new Error(JSON.stringify(failures));
      all.set(name, inputs);
      const old = states.get(name);
      if (old !== undefined) await provider.diff(name, old, inputs);
    }
    return all;
  };
  const states = new Map<string, Properties>();
  let inputs = new Map<string, Properties>();
  const requests = clusters.length * (namespaces + 1);
  const of = (map: ReadonlyMap<string, Properties>, name: string) => map.get(name) ?? {};

  const created = await costOf(async () => {
    inputs = await checkAll("a", inputs);
    await Promise.all(
      names.map(async (name) => {
        states.set(name, (await provider.create(of(inputs, name))).outs);
      }),
    );
    return requests;
  });
  await settled(accesses);
  await configure(17);
  const relabelled = await costOf(async () => {
    inputs = await checkAll("b", inputs);
    await Promise.all(
      names.map(async (name) => {
        states.set(name, (await provider.update(name, of(states, name), of(inputs, name))).outs);
      }),
    );
    return requests;
  });
  await configure(16);
  const refreshed = await costOf(async () => {
    await Promise.all(names.map((name) => provider.read(name, of(states, name))));
    return clusters.length;
  });
  const name = "bench-0";
  return {
    "first up": created,
    "one label on all": relabelled,
    refresh: refreshed,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    stateBytes: JSON.stringify(of(inputs, name)).length + JSON.stringify(of(states, name)).length,
  };
});
