/**
 * The plugin of @pulumi/kubernetes, for the tests that use it. Its build takes as long as those of all that the other
 * tests need, so it is made for `npm run test:long` alone; what `npm test` leaves out without it, it says.
 */

import { findPrograms, isThere } from "../lab/programs.ts";
import { IS_LONG } from "./engine/seed.ts";

export const KUBERNETES_PLUGIN = "pulumi-resource-kubernetes";

export const hasKubernetesPlugin = (): boolean => isThere(KUBERNETES_PLUGIN);

const say = (line: string) => process.stdout.write(`lab: ${line}\n`);

/** Vitest's global setup. */
export async function setup(): Promise<void> {
  if (IS_LONG) await findPrograms([KUBERNETES_PLUGIN], say);
  else if (!hasKubernetesPlugin()) {
    say(
      "NOT TESTED: examples/workloads, and the bench's loop of @pulumi/kubernetes. Their plugin is not there; npm run test:long builds it",
    );
  }
}
