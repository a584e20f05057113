/** The plugin of @pulumi/kubernetes, before the tests that use it: the first time it takes longer than a test may. */

import { findPrograms } from "./programs.ts";

/** Vitest's global setup. */
export async function setup(): Promise<void> {
  await findPrograms(["pulumi-resource-kubernetes"], (line) => process.stdout.write(`lab: ${line}\n`));
}
