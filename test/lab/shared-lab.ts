/**
 * One lab for all tests of a run that ask for it: mesh, east, west, north, where the members have the injection webhooks of
 * a default revision and of `canary`. A test gets it with `openLab(inject("labDir"))`, and leaves it as it found it.
 */

import type { TestProject } from "vitest/node";
import { installOnMembers } from "./istio-webhooks.ts";
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
  shared.sharedLab ??= start();
  project.provide("labDir", (await shared.sharedLab).dir);
}

async function start(): Promise<Lab> {
  const lab = await startLab({ log: (line) => process.stdout.write(`lab: ${line}\n`) });
  await installOnMembers(lab);
  return lab;
}

export async function teardown(): Promise<void> {
  const lab = await shared.sharedLab;
  delete shared.sharedLab;
  await lab?.stop();
}
