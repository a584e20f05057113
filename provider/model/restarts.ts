/** What the outputs say of workloads that wait for a restart: a small map, and which of its entries still ask for one. */

import { enumerate } from "./contents";
import { MODE_LABELS, saysInjection } from "./injection";
import { ownValue, pick, type StringMap, sameJson } from "./json";
import type { MemberState } from "./state";
import type { Origin } from "./targets";
import { keyOf, RESTARTABLE, type Waiting } from "./workload";

/** Entries that stand in the state of one cluster; the others are counted. */
const SHOWN = 20;

/** Said of a workload whose restart was done and changed nothing: the next run does not try again. */
export const STILL_SO = "still so after a restart";
/** Said of a StatefulSet or DaemonSet with the update strategy OnDelete: its pods are for others to delete. */
export const ON_DELETE = "replaced only when its pods are deleted (OnDelete)";
/** Stands for a workload that was restarted and did not come up; its pods wait for nothing else. */
export const NOT_AVAILABLE = "restarted, and not available yet";

/** A remark keeps a workload listed and out of later rollouts. */
export function withRemark(has: string, remark: string): string {
  return `${has}; ${remark}`;
}

function hasRemark(value: string): boolean {
  return value.endsWith(`; ${STILL_SO}`) || value.endsWith(`; ${ON_DELETE}`);
}

/**
 * The entries of the workloads that wait, with the remarks that were made on them before as far as they still have the
 * same. `before` are the entries of the last run.
 */
export function restartsOf(waiting: readonly Waiting[], before: StringMap = {}): Record<string, string> {
  return Object.fromEntries(
    waiting.map((workload) => {
      const key = keyOf(workload);
      const old = ownValue(before, key);
      const isSame = old !== undefined && hasRemark(old) && old.startsWith(`${workload.has}; `);
      return [key, isSame ? old : workload.has];
    }),
  );
}

/** As the state keeps them: sorted, and no more than a few; `undefined` where there are none. */
export function shownRestarts(restarts: StringMap): StringMap | undefined {
  const keys = Object.keys(restarts).sort();
  // Those that a rollout still has to do come first, so that a shortened list does not hide that there are any.
  const pending = keys.filter((key) => isPending(key, restarts[key] ?? ""));
  const shown = [...pending, ...keys.filter((key) => !pending.includes(key))].slice(0, SHOWN).sort();
  const entries = shown.map((key) => [key, restarts[key] ?? ""] as const);
  const rest = keys.length - shown.length;
  if (rest > 0) entries.push([`and ${rest} more`, "wait as well"]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Whether a rollout would restart the workload, or wait for it. Bare pods and those of Jobs are for others to make anew. */
export function isPending(key: string, value: string): boolean {
  return RESTARTABLE.some((kind) => key.startsWith(`${kind}/`)) && !hasRemark(value);
}

/** A member before and after a write or a look, as far as it tells whether its pods follow. */
export interface Restartable {
  readonly uid?: string;
  readonly state?: MemberState;
  readonly origin?: Origin;
  readonly labels: StringMap;
  /** Absent where nobody knows. */
  readonly injectedBy?: string | undefined;
  readonly restarts?: StringMap;
  readonly restartsUnknown?: string;
}

/**
 * The entries of the last run with which a member's workloads are asked for, or `undefined` where nobody needs to ask:
 * pods wait only since their namespace's injection changed, or were waiting before. Not for a namespace that was just made.
 */
export function entriesToAsk(before: Restartable | undefined, after: Restartable): StringMap | undefined {
  if (after.uid === undefined || (after.state !== "Ready" && after.state !== "Unreachable")) return undefined;
  // Nothing is recorded of it, and it may have pods: it was adopted, or was another resource's.
  if (before?.uid !== after.uid) return saysInjection(after.labels) ? {} : undefined;
  // Remarks were made on what the old injection asked for.
  if (!sameInjection(before, after)) return notAvailable(before.restarts);
  return before.restarts ?? (before.restartsUnknown === undefined ? undefined : {});
}

/** What a change of injection means for pods that are there, in words: the engine's own diff shows labels. */
export function describeInjectionMove(
  name: string,
  { before, after }: { readonly before: Readonly<Record<string, Restartable>>; readonly after: typeof before },
  restart: "report" | "rollout",
): string[] {
  const moved = Object.keys(after).filter((cluster) => {
    const [was, is] = [ownValue(before, cluster), ownValue(after, cluster)];
    if (is === undefined) return false;
    // One that is adopted may have pods already: only a rollout does something about them.
    if (was === undefined) return restart === "rollout" && is.origin === "adopted" && saysInjection(is.labels);
    return !sameInjection(was, is);
  });
  if (moved.length === 0) return [];
  const what = {
    report: "pods that run keep what they have until they are restarted",
    rollout: "workloads whose pods would get something else now are RESTARTED",
  }[restart];
  return [`${name}: on ${enumerate(moved.sort())} ${what} (restart: "${restart}")`];
}

/** Whether a pod made under the one gets what a pod made under the other got, as far as it is known. */
function sameInjection(a: Restartable, b: Restartable): boolean {
  const isSameMode = sameJson(pick(a.labels, MODE_LABELS), pick(b.labels, MODE_LABELS));
  const isKnown = a.injectedBy !== undefined && b.injectedBy !== undefined;
  return isSameMode && (!isKnown || a.injectedBy === b.injectedBy);
}

/** The entries of workloads that were restarted and did not come up. */
export function notAvailable(restarts: StringMap = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(restarts).filter(([, value]) => value === NOT_AVAILABLE));
}

/** What a rollout has still to do, also where it could not be told which workloads wait; `undefined` for nothing. */
export function describeDue(told: {
  readonly restarts?: StringMap | undefined;
  readonly restartsDue?: true | undefined;
}): string | undefined {
  return describePending(told.restarts) ?? (told.restartsDue && "workloads (which ones could not be told)");
}

/** `Deployment/api, StatefulSet/db and 3 more`, of those that a rollout has still to do; `undefined` for none. */
export function describePending(restarts: StringMap = {}): string | undefined {
  const keys = Object.keys(restarts).filter((key) => isPending(key, restarts[key] ?? ""));
  return keys.length === 0 ? undefined : enumerate(keys);
}
