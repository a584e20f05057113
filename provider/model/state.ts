/** What the engine keeps of a GlobalNamespace: its outputs, and with them all that a later run knows. */

import { competingLabels } from "./injection";
import { isRecord, mapValues, pick, type StringMap, sameJson } from "./json";
import type { Namespace } from "./namespace";
import { fieldManagerOf, fieldsOf, OWNER_ANNOTATION } from "./owner";
import { foreignLabels } from "./propagation";
import { ARGS } from "./spec";
import type { Origin, Target } from "./targets";

/** Raised when the shape changes in a way that an older reader would misread; `parseState` reads every earlier one. */
export const SCHEMA_VERSION = 1;

export type MemberState =
  /** Carries what it shall carry. */
  | "Ready"
  /** Refused, or not to be read: `error` says why. */
  | "Failed"
  /** Could not be reached; the rest is what was last known. */
  | "Unreachable"
  /** Was not written yet: a wave before its own failed, or the operation was cancelled. The rest is what was last known. */
  | "Pending"
  /** Is being deleted there; nothing is written until it is gone. */
  | "Terminating"
  /** Was there and is gone, or another namespace of that name has taken its place. */
  | "Missing";

export interface MemberStatus {
  readonly state: MemberState;
  /** Whether this resource made the namespace on this cluster or found it. Absent where it was never written. */
  readonly origin?: Origin;
  readonly uid?: string;
  /** The live values of the labels that this resource decides on. */
  readonly labels: StringMap;
  readonly annotations?: StringMap;
  /** On the mesh's control plane: labels that others set, see `propagate`. Absent where there are none. */
  readonly unmanagedLabels?: StringMap;
  /** First characters of the uid of the cluster's kube-system: tells that a name stands for another cluster now. */
  readonly cluster?: string;
  readonly error?: string;
  /** The answer to the last write was lost: it may have been done, whatever `labels` says. */
  readonly unconfirmed?: true;
  /** Workloads with pods from before a change of injection, by `Deployment/api`, and what those pods have. Absent where none. */
  readonly restarts?: StringMap;
  /** Why it could not be told which workloads wait. */
  readonly restartsUnknown?: string;
  /** Which wait could not be told for now, and those that do were to be restarted. */
  readonly restartsDue?: true;
  /** On the mesh's control plane: a run could not begin, and the inputs that the engine has recorded were not done. */
  readonly unbegun?: true;
}

export interface State {
  readonly name: string;
  readonly owner: string;
  readonly targets: Readonly<Record<string, Target>>;
  readonly controlPlaneTarget: Target;
  readonly members: Readonly<Record<string, MemberStatus>>;
  readonly controlPlane: MemberStatus;
  /** Members whose cluster the mesh no longer has. */
  readonly orphaned: Readonly<Record<string, MemberStatus>>;
  /** The inputs as they were, for `read`, which is not handed them. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

const NOTHING: MemberStatus = { state: "Missing", labels: {} };

/** The inputs of `check`'s making and the program's, without the loader's and the outputs. */
export const INPUTS: readonly string[] = [
  ...ARGS,
  "owner",
  "recordedBy",
  "propagated",
  "targets",
  "controlPlaneTarget",
];

/** Outputs of any version so far. Refuses what it does not understand, and says what to do. */
export function parseState(outputs: unknown): State {
  const broken = (why: string) =>
    new Error(
      `the recorded state of this GlobalNamespace cannot be read: ${why}. Restore it from an earlier "pulumi stack export", ` +
        'or take it out with "pulumi state delete" and declare it again: namespaces that are there are adopted',
    );
  if (!isRecord(outputs)) throw broken("it is empty");
  if (typeof outputs.schemaVersion === "number" && outputs.schemaVersion > SCHEMA_VERSION) {
    throw new Error(
      `the recorded state has version ${outputs.schemaVersion}, this package knows ${SCHEMA_VERSION}: update pulumi-global-namespace`,
    );
  }
  if (typeof outputs.name !== "string" || typeof outputs.owner !== "string") throw broken("it has no name or owner");
  if (!isRecord(outputs.members) || !isRecord(outputs.controlPlane)) throw broken("it has no members or controlPlane");
  return {
    name: outputs.name,
    owner: outputs.owner,
    targets: isRecord(outputs.targets) ? mapValues(outputs.targets, parseTarget) : {},
    controlPlaneTarget: parseTarget(outputs.controlPlaneTarget),
    members: parseStatuses(outputs.members),
    controlPlane: parseStatus(outputs.controlPlane),
    orphaned: parseStatuses(outputs.orphaned),
    inputs: pick(outputs, INPUTS),
  };
}

/** Members, with those whose cluster was not in the mesh and is again. */
export function recordedMembers(
  { members, orphaned }: Pick<State, "members" | "orphaned">,
  meshClusters: Readonly<Record<string, unknown>>,
): Readonly<Record<string, MemberStatus>> {
  const back = Object.keys(orphaned).filter((cluster) => Object.hasOwn(meshClusters, cluster));
  return { ...pick(orphaned, back), ...members };
}

function parseStatuses(value: unknown): Record<string, MemberStatus> {
  return isRecord(value) ? mapValues(value, parseStatus) : {};
}

function parseStatus(value: unknown): MemberStatus {
  if (!isRecord(value)) return NOTHING;
  return { ...(value as unknown as MemberStatus), labels: isRecord(value.labels) ? (value.labels as StringMap) : {} };
}

function parseTarget(value: unknown): Target {
  if (!isRecord(value)) return { labels: {} };
  return { ...(value as unknown as Target), labels: isRecord(value.labels) ? (value.labels as StringMap) : {} };
}

/**
 * A state as the engine keeps it. A refresh shows drift in the inputs; the outputs keep what was declared, which the next
 * diff holds them to.
 */
export function outputsOf(state: State): Record<string, unknown> {
  const { targets, controlPlaneTarget } = state;
  return {
    ...state.inputs,
    targets,
    controlPlaneTarget,
    schemaVersion: SCHEMA_VERSION,
    members: state.members,
    controlPlane: state.controlPlane,
    ...(Object.keys(state.orphaned).length > 0 && { orphaned: state.orphaned }),
  };
}

/**
 * The labels and annotations of a live namespace that this owner decides on: those it declares, those its field manager
 * still owns, and those that compete with the declared injection. Everything else on the namespace is somebody else's.
 */
export function ownPart(namespace: Namespace, target: Target, owner: string): Target {
  const owned = fieldsOf(fieldManagerOf(owner), namespace);
  const labelKeys = [...Object.keys(target.labels), ...owned.labels];
  const annotationKeys = [...Object.keys(target.annotations ?? {}), ...owned.annotations];
  const annotations = pick(
    namespace.annotations,
    annotationKeys.filter((key) => !key.startsWith("global-namespace.dev/")).sort(),
  );
  const labels = { ...pick(namespace.labels, labelKeys), ...competingLabels(target.labels, namespace.labels) };
  const sorted = pick(labels, Object.keys(labels).sort());
  return Object.keys(annotations).length > 0 ? { labels: sorted, annotations } : { labels: sorted };
}

/**
 * Whether this owner's field manager has set just this target on a live namespace, and these of the package's own
 * annotations: an apply would change nothing.
 */
export function isCarriedBy(namespace: Namespace, target: Target, marks: StringMap, owner: string): boolean {
  const { labels, annotations } = fieldsOf(fieldManagerOf(owner), namespace);
  const own = ownPart(namespace, target, owner);
  const wanted: StringMap = { ...target.annotations, ...marks, [OWNER_ANNOTATION]: owner };
  return (
    namespace.deletionTimestamp === undefined &&
    sameJson(own.labels, target.labels) &&
    sameJson([...labels].sort(), Object.keys(target.labels).sort()) &&
    sameJson(pick(namespace.annotations, annotations), wanted)
  );
}

/** What a live namespace shows of itself in the outputs; the mesh's own also what others set on it. */
export function describeLive(
  namespace: Namespace,
  target: Target,
  { owner, isControlPlane }: { readonly owner: string; readonly isControlPlane: boolean },
): Pick<MemberStatus, "labels" | "annotations" | "unmanagedLabels"> {
  const own = ownPart(namespace, target, owner);
  const unmanagedLabels = isControlPlane
    ? foreignLabels(namespace, { owner, labels: target.labels, podSecurityLabels: true })
    : {};
  return Object.keys(unmanagedLabels).length > 0 ? { ...own, unmanagedLabels } : own;
}
