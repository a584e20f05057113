/** All namespaces on all clusters as one resource: the calls that the engine makes of the provider, without the engine. */

import { createRequire } from "node:module";
import type { Access } from "../test/lab/kubeconfig.ts";
import { answer, type Cost, costOf } from "./child.ts";
import type { Properties, Provider } from "./provider.ts";
import { settled } from "./settled.ts";

export interface FleetGiven {
  /** A file in a folder where the package is installed. */
  readonly from: string;
  readonly clusters: readonly string[];
  /** To those that have controllers. */
  readonly accesses: readonly Access[];
  readonly namespaces: number;
}

export interface Fleet {
  readonly "first up": Cost;
  readonly "preview, no change": Cost;
  readonly "one label on all": Cost;
  readonly refresh: Cost;
  readonly peakMiB: number;
  /** Inputs and outputs as JSON. */
  readonly stateBytes: number;
}

/** The server puts it into what the provider answers. */
const LOADER = { __provider: "" };

await answer<FleetGiven>(async ({ from, clusters, accesses, namespaces }): Promise<Fleet> => {
  const { globalNamespaces: provider } = createRequire(from)("pulumi-global-namespace/provider") as {
    readonly globalNamespaces: Provider;
  };
  const contexts = Object.fromEntries(clusters.map((context) => [context, { context }]));
  const mesh = { owner: "organization/bench/bench/mesh", controlPlane: clusters[0], clusters: contexts };
  /** As in the process of another command: nothing is known, no connection is open. */
  const configure = (requestTimeoutSeconds: number) =>
    provider.configure({ config: { rawConfig: { ...mesh, requestTimeoutSeconds } } });
  const names = Array.from({ length: namespaces }, (_, index) => `bench-${index}`);
  const check = async (team: string, olds: Properties) => {
    const each = { labels: { team }, clusters };
    const given = { resource: "bench", namespaces: Object.fromEntries(names.map((name) => [name, each])) };
    const { inputs, failures } = await provider.check(olds, given);
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    return inputs;
  };
  let inputs: Properties = {};
  let state: Properties = {};
  const measure = async (requestTimeoutSeconds: number, work: () => Promise<unknown>) => {
    await configure(requestTimeoutSeconds);
    return costOf(async () => {
      await work();
      return clusters.length * namespaces;
    });
  };
  const created = await measure(301, async () => {
    inputs = await check("a", {});
    state = { ...(await provider.create(inputs)).outs, ...LOADER };
  });
  await settled(accesses);
  return {
    "first up": created,
    "preview, no change": await measure(302, async () => {
      inputs = await check("a", inputs);
      const { changes } = await provider.diff("bench", state, inputs);
      if (changes) throw new Error("something changes");
    }),
    "one label on all": await measure(303, async () => {
      inputs = await check("b", inputs);
      await provider.diff("bench", state, inputs);
      state = { ...(await provider.update("bench", state, inputs)).outs, ...LOADER };
    }),
    refresh: await measure(304, async () => {
      const { props } = await provider.read("bench", state);
      const { changes } = await provider.diff("bench", { ...props, ...LOADER }, inputs);
      if (changes) throw new Error("a refresh has found drift");
    }),
    peakMiB: process.resourceUsage().maxRSS / 1024,
    stateBytes: JSON.stringify(inputs).length + JSON.stringify(state).length,
  };
});
