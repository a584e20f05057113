/** One workload, restarted as `kubectl rollout restart` does and waited for as `kubectl rollout status` does. */

import { getWorkload, restartWorkload } from "../kube/workloads";
import { isClusterError } from "../model/cluster-error";
import { fieldManagerOf } from "../model/owner";
import { describePlace } from "../model/place";
import { obstacleOf, rolloutOf } from "../model/rollout";
import { parseKey } from "../model/workload";
import type { RestartTask } from "./restarts";

export type RestartOutcome =
  | { readonly kind: "done" }
  /** The workload is no longer there. */
  | { readonly kind: "gone" }
  | { readonly kind: "paused" }
  | { readonly kind: "OnDelete" }
  /** `restarted`: its pods are being replaced all the same. */
  | { readonly kind: "failed"; readonly why: string; readonly restarted: boolean };

/** Waiting between two looks at a rollout: milliseconds, growing. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
const WAIT_GROWTH = 1.5;
/** Between two lines that say what is waited for. */
const TELL_MS = 15_000;

/** `waitOnly`: it was restarted by an earlier run. */
export async function restart(
  task: RestartTask,
  cluster: string,
  { key, waitOnly }: { readonly key: string; readonly waitOnly: boolean },
): Promise<RestartOutcome> {
  const { name, fleet, clock, say } = task;
  const workload = parseKey(key);
  const { server } = fleet.api(cluster);
  let restarted = waitOnly;
  try {
    let object = await getWorkload(server, name, workload);
    if (object === undefined) return { kind: "gone" };
    if (!waitOnly) {
      const obstacle = obstacleOf(workload.kind, object);
      if (obstacle !== undefined) return { kind: obstacle };
      say(`${name}: restarts ${key} on ${describePlace(cluster)}`);
      object = await restartWorkload(server, name, workload, {
        at: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
        fieldManager: fieldManagerOf(task.owner),
      });
      restarted = true;
    }
    const seconds = task.policies.restartTimeoutSeconds;
    const deadline = clock.now() + seconds * 1000;
    let tellAt = clock.now() + TELL_MS;
    for (let wait = FIRST_WAIT_MS; object !== undefined; wait = Math.min(wait * WAIT_GROWTH, LONGEST_WAIT_MS)) {
      const rollout = rolloutOf(workload.kind, object);
      if (rollout.kind === "done") return { kind: "done" };
      if (rollout.kind === "failed") return { kind: "failed", why: rollout.what, restarted };
      if (clock.now() >= deadline) {
        const why = `it did not become available within ${seconds} s (restartTimeoutSeconds): ${rollout.what}`;
        return { kind: "failed", why, restarted };
      }
      if (clock.now() >= tellAt) {
        say(`${name}: waits for ${key} on ${describePlace(cluster)}: ${rollout.what}`);
        tellAt = clock.now() + TELL_MS;
      }
      await clock.sleep(wait);
      object = await getWorkload(server, name, workload);
    }
    return { kind: "gone" };
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return { kind: "failed", why: error.message, restarted };
  }
}
