/**
 * The life of a GlobalNamespace over all its clusters: create and update are one reconcile, read looks and writes
 * nothing, remove ends it. Knows nothing of Pulumi's loaders or wires: `provider/index` is one adapter of it.
 */

import type { Mesh } from "../model/mesh";
import type { State } from "../model/state";
import type { Fleet } from "./fleet";
import type { Clock } from "./place";
import type { Progress } from "./progress";

export { read, statusOf } from "./read";
export { ControlPlaneError, reconcile } from "./reconcile";
export { remove } from "./remove";

export interface Reconciled {
  readonly state: State;
  /** One sentence a place that could not be done. */
  readonly failures: readonly string[];
}

export interface World {
  readonly mesh: Mesh;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly say: (line: string) => void;
  /** What the engine grants a delete (`customTimeouts`): no wait for a namespace to go is longer than this. */
  readonly timeoutSeconds?: number;
  /** Which resource of the program that runs declares which name, in words. */
  readonly claims: ReadonlyMap<string, string>;
}
