/** What was measured, as it is kept. */

import type { Key } from "./contestants.ts";
import type { Details } from "./details.ts";
import type { Run } from "./engine-run.ts";
import type { Fleet } from "./fleet-alone.ts";
import { type FarSize, isSameSize, type Size } from "./options.ts";
import type { ProviderAlone } from "./provider-alone.ts";
import type { Alone } from "./raw-floor.ts";

export interface CaseRun {
  readonly byEngine: Readonly<Partial<Record<Key, Run>>>;
  readonly raw: Alone;
  readonly alone: ProviderAlone;
  /** Open to one cluster at the same time at most. */
  readonly connections: number;
}

export interface Case extends FarSize {
  readonly runs: CaseRun[];
}

/** Many namespaces as one resource. */
export interface FleetRun {
  readonly raw: Alone;
  /** The provider without the engine. */
  readonly alone: Fleet;
  readonly plural: Run;
  /** A resource for each: the first up alone, since it takes minutes. */
  readonly single: Run;
}

export interface FleetCase extends Size {
  readonly runs: FleetRun[];
}

export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly cases: Case[];
  readonly fleets: FleetCase[];
  details?: Details;
}

export function newResults(machine: Results["machine"]): Results {
  return { machine, cases: [], fleets: [] };
}

/** The runs of a size, to add to. */
export function runsOf<S extends Size & Partial<FarSize>, Run>(
  cases: (S & { readonly runs: Run[] })[],
  size: S,
): Run[] {
  const found = cases.find((one) => isSameSize(one, size) && one.roundTripMs === size.roundTripMs);
  if (found !== undefined) return found.runs;
  const runs: Run[] = [];
  cases.push({ ...size, runs });
  return runs;
}

/** What others did on the machine before the first run; a later one sees what the run before it has left. */
const LOAD = "load at the beginning";

/** Facts that may differ between runs whose figures stand in one table. */
const MAY_DIFFER = ["date", LOAD];

export function resultsToAddTo(earlier: Results | undefined, machine: Results["machine"]): Results {
  if (earlier === undefined) return newResults(machine);
  for (const [name, value] of Object.entries(machine)) {
    if (MAY_DIFFER.includes(name) || earlier.machine[name] === value) continue;
    throw new Error(
      `what was measured before has another ${name} (${earlier.machine[name]}, now ${value}): leave out --add`,
    );
  }
  return { ...earlier, machine: { ...machine, [LOAD]: earlier.machine[LOAD] ?? "not known" } };
}
