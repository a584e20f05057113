/** How long a new process takes to answer its first `check`: Node.js, the provider, and what it loads for that. */

import { createRequire } from "node:module";
import { answer } from "./child.ts";

export interface FirstCheckGiven {
  /** The folder of a project, and what is loaded from there. */
  readonly from: string;
  readonly module: string;
  readonly clusters: readonly string[];
}

interface Provider {
  configure?(request: { readonly config: unknown }): Promise<void>;
  check(olds: object, news: object): Promise<{ readonly failures: unknown[] }>;
}

await answer<FirstCheckGiven>(async ({ from, module, clusters }) => {
  const started = performance.now();
  const { provider } = createRequire(from)(module) as { readonly provider: Provider };
  const contexts = Object.fromEntries(clusters.map((context) => [context, { context }]));
  const rawConfig = { owner: "organization/bench/bench/mesh", controlPlane: clusters[0], clusters: contexts };
  await provider.configure?.({ config: { rawConfig } });
  const given = { name: "bench-first", resource: "bench-first", labels: { team: "a" }, clusters };
  const { failures } = await provider.check({}, given);
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  return { milliseconds: performance.now() - started };
});
