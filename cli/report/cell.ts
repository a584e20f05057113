/** What happens to one namespace on one cluster. */

import {
  AMBIENT,
  DATAPLANE_MODE_LABEL,
  INJECTION_LABEL,
  MODE_LABELS,
  REVISION_LABEL,
} from "../../provider/model/injection";
import { isRecord, ownValue, pick, type StringMap, sameJson } from "../../provider/model/json";
import { describeDue } from "../../provider/model/restarts";
import type { LeavePolicy } from "../../provider/model/spec";
import { isUnknown } from "../../provider/model/unknown";
import { recordOf, textOf, type Values } from "./preview";

export type CellKind =
  /** The namespace is made there. */
  | "create"
  /** It is there already and is taken. */
  | "adopt"
  /** It joins a cluster that could not be asked whether it is there already. */
  | "join"
  /** Labels or annotations change. */
  | "change"
  /** What an earlier run left undone is done. */
  | "repair"
  /** The cluster could not be reached when last asked; what an earlier run left undone is tried again. */
  | "unreachable"
  /** What stands on the cluster already speaks against it: the preview fails. */
  | "conflict"
  /** Workloads that wait since an earlier run are restarted; the namespace stays as it is. */
  | "restart"
  /** Our labels are taken back, the namespace stays. */
  | "release"
  /** We let go of it and write nothing. */
  | "retain"
  | "delete"
  | "same";

export interface KeyChange {
  readonly key: string;
  /** Absent where the key is new. */
  readonly from?: string;
  /** Absent where the key is removed. */
  readonly to?: string;
}

/** Who injects pods that are made there, before and after. */
export interface InjectionMove {
  readonly from?: string;
  readonly to?: string;
}

export interface Cell {
  readonly kind: CellKind;
  readonly labels: readonly KeyChange[];
  readonly annotations: readonly KeyChange[];
  /** Absent where it does not change. */
  readonly injection?: InjectionMove;
  /** Why, in words: the last error, a cluster that is made by the same program. */
  readonly remark?: string;
  /** Workloads with pods from before a change of injection, as last seen: `Deployment/api`, and what its pods have. */
  readonly waiting?: StringMap;
  /** Others wait, and which could not be told; they were to be restarted. */
  readonly isDue?: true;
}

export const RETAINED: Cell = { kind: "retain", labels: [], annotations: [] };

/** What is known of a namespace on a cluster at one time. */
export interface Seen {
  /** What it shall carry: an entry of the input `targets`. Absent where it does not belong there. */
  readonly target: unknown;
  /** What it is there: an entry of the output `members`. */
  readonly status: unknown;
}

export function cellOfTarget({ target, status }: Seen, wanted: unknown): Cell {
  const known = recordOf(status);
  const after = recordOf(wanted);
  const state = textOf(known.state);
  const isWell = state === "" || state === "Ready";
  const declared = recordOf(target);
  const before = target === undefined || isWell ? declared : asItStands(declared, known);
  const injectedBy = injectedByOf(before, after);
  // Who injected before may not be known either, and then nobody knows that another does now.
  const wasKnown = before.injectedBy !== undefined || !asksForInjection(before.labels);
  const isKnown = injectedBy !== NOT_KNOWN || before.injectedBy !== undefined;
  const cell = {
    ...changesOf(before, after),
    ...(wasKnown &&
      isKnown &&
      before.injectedBy !== injectedBy && { injection: moveOf(before.injectedBy, injectedBy) }),
    ...waitingOf(known),
  };
  const pending = after.pending === true ? { remark: "its kubeconfig is known after the update" } : {};
  if (target === undefined) return { ...cell, ...pending, kind: arrivalOf(after.origin) };
  const trouble = isWell ? pending : { remark: textOf(known.error) || TROUBLE[state] || state };
  const { labels, annotations } = changesOf(declared, after);
  if (labels.length > 0 || annotations.length > 0) return { ...cell, ...trouble, kind: "change" };
  if (isWell) return { ...cell, ...pending, kind: "same" };
  return { ...cell, ...trouble, kind: state === "Unreachable" ? "unreachable" : "repair" };
}

/** A run that failed there has recorded what it was to bring; the cluster still carries what it carried before. */
function asItStands(declared: Values, { uid, labels, annotations }: Values): Values {
  if (uid === undefined || !isRecord(labels)) return declared;
  const injectedBy = sameModes(labels, declared.labels) ? declared.injectedBy : injectorOf(labels);
  return { labels, annotations, ...(injectedBy !== undefined && { injectedBy }) };
}

/** In the labels' own words: which revision stands behind a tag was not kept. */
function injectorOf(labels: Values): unknown {
  const sidecars = ownValue(labels, INJECTION_LABEL);
  if (sidecars === "enabled") return "default";
  const revision = ownValue(labels, REVISION_LABEL);
  if (sidecars === undefined && revision !== undefined) return revision;
  return ownValue(labels, DATAPLANE_MODE_LABEL) === "ambient" ? AMBIENT : undefined;
}

function changesOf(before: Values, after: Values): Pick<Cell, "labels" | "annotations"> {
  return {
    labels: keyChanges(before.labels, after.labels),
    annotations: keyChanges(before.annotations, after.annotations),
  };
}

const NOT_KNOWN = "not known";

/** With the same labels it is who it was, as long as nobody says another. */
function injectedByOf(before: Values, after: Values): unknown {
  if (after.injectedBy !== undefined || !asksForInjection(after.labels)) return after.injectedBy;
  return (sameModes(before.labels, after.labels) ? before.injectedBy : undefined) ?? NOT_KNOWN;
}

function sameModes(a: unknown, b: unknown): boolean {
  return sameJson(pick(recordOf(a), MODE_LABELS), pick(recordOf(b), MODE_LABELS));
}

/** Whether somebody injects by these labels, though it is not told who, or may do so. */
function asksForInjection(labels: unknown): boolean {
  if (isUnknown(labels)) return true;
  const modes = pick(recordOf(labels), MODE_LABELS);
  const sidecars = modes[INJECTION_LABEL];
  const isBlocked = sidecars !== undefined && sidecars !== "enabled" && !isUnknown(sidecars);
  return isBlocked ? Object.hasOwn(modes, DATAPLANE_MODE_LABEL) : Object.keys(modes).length > 0;
}

/** Where a state has no error of its own. */
const TROUBLE: Readonly<Record<string, string>> = {
  Missing: "it is gone there, and made again",
  Terminating: "it is being deleted there",
};

function arrivalOf(origin: unknown): CellKind {
  if (origin === "created") return "create";
  return origin === "adopted" ? "adopt" : "join";
}

/** `isDeletable`: whether a namespace of this name may be deleted at all. */
export function cellOfLeaving(policy: LeavePolicy, { target, status }: Seen, isDeletable: boolean): Cell {
  if (policy === "retain") return RETAINED;
  const { labels, annotations, injectedBy } = recordOf(target);
  // A write whose answer was lost has left no origin.
  const isOurs = (recordOf(status).origin ?? recordOf(target).origin) === "created";
  return {
    kind: policy === "delete" && isOurs && isDeletable ? "delete" : "release",
    labels: keyChanges(labels, undefined),
    annotations: keyChanges(annotations, undefined),
    ...(injectedBy !== undefined && { injection: moveOf(injectedBy, undefined) }),
  };
}

export function keyChanges(before: unknown, after: unknown): KeyChange[] {
  if (isUnknown(after)) return [{ key: "all of them", to: show(after) }];
  const from = recordOf(before);
  const to = recordOf(after);
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .map((key) => ({ key, ...moveOf(ownValue(from, key), ownValue(to, key)) }))
    .filter((change) => change.from !== change.to);
}

function moveOf(from: unknown, to: unknown): InjectionMove {
  return { ...(from !== undefined && { from: show(from) }), ...(to !== undefined && { to: show(to) }) };
}

function show(value: unknown): string {
  if (isUnknown(value)) return "known after the update";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function waitingOf({ restarts, restartsDue }: Values): Pick<Cell, "waiting" | "isDue"> {
  return {
    ...(isRecord(restarts) && { waiting: restarts as StringMap }),
    ...(restartsDue === true && { isDue: true }),
  };
}

/** Under `restart: "rollout"`, what waits is done by the next run, also where it has nothing else to do. */
export function withRollout(cell: Cell): Cell {
  return cell.kind === "same" && describeRollout(cell) !== undefined ? { ...cell, kind: "restart" } : cell;
}

/** What a rollout has still to restart. */
export function describeRollout({ waiting, isDue }: Cell): string | undefined {
  return describeDue({ restarts: waiting, restartsDue: isDue });
}
