/** Istio's programs, before the tests that use them: the first time they take longer than a test may. */

import { findPrograms, istioPrograms } from "./programs.ts";

/** Vitest's global setup. */
export async function setup(): Promise<void> {
  await findPrograms(istioPrograms, (line) => process.stdout.write(`lab: ${line}\n`));
}
