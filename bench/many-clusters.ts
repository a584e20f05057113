/** One namespace on all clusters: the first of a process, and another one when the connections are open. */

import { createRequire } from "node:module";
import { answer } from "./child.ts";

type Properties = Record<string, unknown>;

interface Provider {
  configure(request: { readonly config: unknown }): Promise<void>;
  check(olds: Properties, news: Properties): Promise<{ readonly inputs: Properties; readonly failures: unknown[] }>;
  create(inputs: Properties): Promise<{ readonly outs: { readonly members: object } }>;
}

await answer<{ readonly from: string; readonly clusters: readonly string[] }>(async ({ from, clusters }) => {
  const require = createRequire(from);
  const { provider } = require("pulumi-global-namespace/provider") as { readonly provider: Provider };
  const contexts = Object.fromEntries(clusters.map((context) => [context, { context }]));
  const rawConfig = {
    owner: "organization/bench/bench/mesh",
    controlPlane: clusters[0],
    clusters: contexts,
    requestTimeoutSeconds: 120,
  };
  const make = async (name: string) => {
    const started = performance.now();
    await provider.configure({ config: { rawConfig } });
    const { inputs, failures } = await provider.check({}, { name, resource: name, labels: { team: "a" }, clusters });
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    const { outs } = await provider.create(inputs);
    const ready = Object.values(outs.members).filter(({ state }) => state === "Ready").length;
    if (ready !== clusters.length) throw new Error(`${ready} of ${clusters.length} are ready`);
    return (performance.now() - started) / 1000;
  };
  const cpu = process.cpuUsage();
  const cold = await make("bench-cold");
  const { user, system } = process.cpuUsage(cpu);
  return { cold, coldCpuSeconds: (user + system) / 1e6, warm: await make("bench-warm") };
});
