/**
 * Labs for all tests of a run that ask for one: mesh, east, west, north, where the members have the injection webhooks of
 * a default revision and of `canary`. One for each file that runs at the same time as others: see lab-of-file.ts.
 */

import type { TestProject } from "vitest/node";
import { installOnMembers } from "./istio-webhooks.ts";
import { type Lab, startLab } from "./lab.ts";
import { offer } from "./lab-of-file.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The labs' folders. */
    labDirs: readonly string[];
  }
}

/** Each project loads this file for itself; the process is what they have in common. */
const shared = globalThis as typeof globalThis & { sharedLabs?: Promise<Lab>[] };

/** Vitest's global setup. The labs end with the process anyway; the teardown is for watch mode. */
export async function setup(project: TestProject): Promise<void> {
  shared.sharedLabs ??= [];
  const wanted = project.config.maxWorkers;
  while (shared.sharedLabs.length < wanted) shared.sharedLabs.push(start());
  const labs = await Promise.all(shared.sharedLabs);
  project.provide(
    "labDirs",
    labs.slice(0, wanted).map(({ dir }) => dir),
  );
}

async function start(): Promise<Lab> {
  const lab = await startLab({ log: (line) => process.stdout.write(`lab: ${line}\n`) });
  await installOnMembers(lab);
  offer(lab);
  return lab;
}

export async function teardown(): Promise<void> {
  const labs = await Promise.all(shared.sharedLabs ?? []);
  delete shared.sharedLabs;
  await Promise.all(labs.map((lab) => lab.stop()));
}
