/**
 * One lab for all tests of a run that ask for it: mesh, east, west, north. A test gets it with
 * `openLab(inject("labDir"))`, and leaves it as it found it.
 */

import type { TestProject } from "vitest/node";
import { type Lab, startLab } from "./lab.ts";

declare module "vitest" {
  export interface ProvidedContext {
    labDir: string;
  }
}

/** Each project loads this file for itself; the process is what they have in common. */
const shared = globalThis as typeof globalThis & { sharedLab?: Promise<Lab> };

/** Vitest's global setup. The lab ends with the process anyway; the teardown is for watch mode. */
export async function setup(project: TestProject): Promise<void> {
  shared.sharedLab ??= startLab({ log: (line) => process.stdout.write(`lab: ${line}\n`) });
  project.provide("labDir", (await shared.sharedLab).dir);
}

export async function teardown(): Promise<void> {
  const lab = await shared.sharedLab;
  delete shared.sharedLab;
  await lab?.stop();
}
