/**
 * Workloads after a change of injection: which of them wait for a restart on each cluster, and the restarts themselves,
 * cluster after cluster. Asks only the clusters it is given; one that does not let its pods be listed is told, not failed.
 */

import { findWorkloads, listPods } from "../kube/workloads";
import { isClusterError } from "../model/cluster-error";
import { enumerate } from "../model/contents";
import { injectedBy } from "../model/injection";
import type { StringMap } from "../model/json";
import { describePlace } from "../model/place";
import {
  isPending,
  NOT_AVAILABLE,
  notAvailable,
  ON_DELETE,
  restartsOf,
  STILL_SO,
  shownRestarts,
  withRemark,
} from "../model/restarts";
import type { Policies } from "../model/spec";
import type { MemberStatus } from "../model/state";
import { RESTARTABLE, type Waiting, waitingPods } from "../model/workload";
import type { Fleet } from "./fleet";
import type { Clock } from "./place";
import { type RestartOutcome, restart } from "./rollout";

/** What is recorded of a member's workloads. */
export type Told = Pick<MemberStatus, "restarts" | "restartsUnknown" | "restartsDue">;

export interface AskedMember {
  readonly cluster: string;
  /** What the last run recorded, as far as it still holds. */
  readonly before: StringMap;
}

export interface RestartTask {
  readonly name: string;
  readonly owner: string;
  readonly policies: Pick<Policies, "restart" | "restartTimeoutSeconds" | "restartsAtOnce">;
  /** In the order in which they are restarted. */
  readonly members: readonly AskedMember[];
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

export interface Restarted {
  readonly told: Readonly<Record<string, Told>>;
  readonly failures: readonly string[];
}

/** Tells what waits, and with `restart: "rollout"` restarts it until a workload does not come up. */
export async function settleRestarts(task: RestartTask): Promise<Restarted> {
  const { name, members, fleet, policies, say } = task;
  const told: Record<string, Told> = {};
  const failures: string[] = [];
  let goesOn = policies.restart === "rollout";
  // A cluster that is restarted is looked at when it is its turn: until then others may have restarted something there.
  const looks = goesOn ? [] : await Promise.all(members.map(({ cluster }) => look(fleet, cluster, name)));
  for (const [index, { cluster, before }] of members.entries()) {
    const found = looks[index] ?? (await look(fleet, cluster, name));
    if ("unknown" in found) {
      // What may not be read will not be read by the next run either.
      const isDue = policies.restart === "rollout" && !found.isForbidden;
      told[cluster] = { ...toldUnknown(before, found.unknown), ...(isDue && { restartsDue: true }) };
      const what = `which workloads wait for a restart on ${describePlace(cluster)} is not known: ${found.unknown}`;
      if (isDue) failures.push(`namespace ${JSON.stringify(name)}: ${what}`);
      else say(`${name}: ${what}`);
      continue;
    }
    const waiting = restartsOf(found.waiting, before);
    const restarts = policies.restart === "rollout" ? { ...notAvailable(before), ...waiting } : waiting;
    if (goesOn) {
      const rolled = await rollOut(task, cluster, restarts);
      told[cluster] = rolled.told;
      failures.push(...rolled.failures);
      goesOn = rolled.goesOn;
      continue;
    }
    told[cluster] = toldOf(restarts);
    const keys = Object.keys(restarts);
    if (keys.length > 0) say(`${name}: on ${describePlace(cluster)} a restart is waited for by ${enumerate(keys)}`);
  }
  return { told, failures };
}

/** What waits now, for a read: nothing is restarted, and what a restart has left unfinished stays recorded. */
export async function readRestarts(fleet: Fleet, name: string, { cluster, before }: AskedMember): Promise<Told> {
  const found = await look(fleet, cluster, name);
  if ("unknown" in found) return toldUnknown(before, found.unknown);
  return toldOf({ ...notAvailable(before), ...restartsOf(found.waiting, before) });
}

/** A member's status with what is known of its workloads now. */
export function withTold(
  { restarts: _, restartsUnknown: __, restartsDue: ___, ...status }: MemberStatus,
  told: Told,
): MemberStatus {
  return { ...status, ...told };
}

function toldOf(restarts: StringMap): Told {
  const shown = shownRestarts(restarts);
  return shown === undefined ? {} : { restarts: shown };
}

function toldUnknown(before: StringMap, restartsUnknown: string): Told {
  return { ...(Object.keys(before).length > 0 && { restarts: before }), restartsUnknown };
}

type Look = { readonly waiting: readonly Waiting[] } | { readonly unknown: string; readonly isForbidden: boolean };

/** One request where there are no pods; the webhooks are read once a process. */
async function look(fleet: Fleet, place: string, name: string): Promise<Look> {
  try {
    const api = fleet.api(place);
    const pods = await listPods(api.server, name);
    const namespace = pods.length === 0 ? undefined : ((await fleet.recall(place, name)) ?? (await api.get(name)));
    if (namespace === undefined) return { waiting: [] };
    const webhooks = await fleet.webhooks(place);
    const waiting = waitingPods(pods, (pod) => injectedBy(namespace, pod, webhooks));
    return { waiting: waiting.length === 0 ? [] : await findWorkloads(api.server, name, waiting) };
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return { unknown: error.message, isForbidden: error.code === "forbidden" };
  }
}

interface RolledOut {
  readonly told: Told;
  readonly failures: readonly string[];
  /** Whether the next cluster may be restarted. */
  readonly goesOn: boolean;
}

/** `restarts` are all that waits there; those that a rollout can do are done, a few at once, until one fails. */
async function rollOut(task: RestartTask, cluster: string, restarts: StringMap): Promise<RolledOut> {
  const { name, say } = task;
  const place = describePlace(cluster);
  const pending = Object.keys(restarts).filter((key) => isPending(key, restarts[key] ?? ""));
  const left = Object.keys(restarts).filter((key) => !RESTARTABLE.some((kind) => key.startsWith(`${kind}/`)));
  if (left.length > 0) {
    const advice = "no Deployment, StatefulSet or DaemonSet makes them anew; delete them, or let them end";
    say(`${name}: on ${place} these are not restarted: ${enumerate(left)}: ${advice}`);
  }
  if (pending.length === 0) return { told: toldOf(restarts), failures: [], goesOn: true };

  const outcomes = await restartInTurn(task, cluster, pending, restarts);
  const found = await look(task.fleet, cluster, name);
  const isKnown = !("unknown" in found);
  const now = isKnown ? restartsOf(found.waiting, restarts) : withoutDone(restarts, outcomes);
  const failures: string[] = [];
  let goesOn = true;
  const fail = (key: string, why: string) =>
    failures.push(`cannot restart ${key} of namespace ${JSON.stringify(name)} on ${place}: ${why}`);
  for (const [key, outcome] of outcomes) {
    const has = now[key];
    switch (outcome.kind) {
      case "gone":
        break;
      case "done":
        if (has === undefined || !isKnown) break;
        now[key] = withRemark(has, STILL_SO);
        fail(key, `it was restarted, and pods of it still have ${has}; it is not restarted again`);
        goesOn = false;
        break;
      case "OnDelete":
        if (has !== undefined) now[key] = withRemark(has, ON_DELETE);
        say(`${name}: ${key} on ${place} has the update strategy OnDelete: delete its pods to restart it`);
        break;
      case "paused":
        fail(key, 'it is paused; resume it ("kubectl rollout resume"), and run "pulumi up" again');
        break;
      case "failed":
        if (has === undefined && outcome.restarted) now[key] = NOT_AVAILABLE;
        fail(key, `${outcome.why}; nothing further is restarted`);
        goesOn = false;
    }
  }
  const told = { ...toldOf(now), ...("unknown" in found && { restartsUnknown: found.unknown }) };
  return { told, failures: failures.sort(), goesOn };
}

function withoutDone(restarts: StringMap, outcomes: ReadonlyMap<string, RestartOutcome>): Record<string, string> {
  const isDone = (key: string) => ["done", "gone"].includes(outcomes.get(key)?.kind ?? "");
  return Object.fromEntries(Object.entries(restarts).filter(([key]) => !isDone(key)));
}

/** No new restart is begun after one that failed; those that were begun are waited for. */
async function restartInTurn(
  task: RestartTask,
  cluster: string,
  pending: readonly string[],
  restarts: StringMap,
): Promise<ReadonlyMap<string, RestartOutcome>> {
  const queue = [...pending];
  const outcomes = new Map<string, RestartOutcome>();
  let stopped = false;
  const work = async () => {
    while (!stopped) {
      const key = queue.shift();
      if (key === undefined) return;
      const outcome = await restart(task, cluster, { key, waitOnly: restarts[key] === NOT_AVAILABLE });
      outcomes.set(key, outcome);
      stopped ||= outcome.kind === "failed";
    }
  };
  await Promise.all(Array.from({ length: Math.min(task.policies.restartsAtOnce, queue.length) }, work));
  return outcomes;
}
