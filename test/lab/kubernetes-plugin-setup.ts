/**
 * The plugin of @pulumi/kubernetes, for the tests that use it. Its build takes as long as those of all that the other
 * tests need, so it is made for `npm run test:long` alone; what `npm test` leaves out without it, it says.
 */

import { IS_LONG } from "../e2e/engine/seed.ts";
import { findPrograms, isThere } from "./programs.ts";

const say = (line: string) => process.stdout.write(`lab: ${line}\n`);

/** Vitest's global setup. */
export async function setup(): Promise<void> {
  if (IS_LONG) await findPrograms(["pulumi-resource-kubernetes"], say);
  else if (!isThere("pulumi-resource-kubernetes")) {
    say(
      "NOT TESTED: examples/workloads, and the bench's loop of @pulumi/kubernetes. Their plugin is not there; npm run test:long builds it",
    );
  }
}
