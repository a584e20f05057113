/** What the engine keeps of a NamespaceSync: its outputs, and with them all that a later run knows. */

import { isRecord, mapValues, pick, type StringMap, sameJson, withoutUndefined } from "./json";
import type { Synced, SyncedNamespace } from "./sync-plan";
import { SYNC_ARGS } from "./sync-spec";
import { hasUnknown } from "./unknown";

/** Raised when the shape changes in a way that an older reader would misread. */
const SYNC_SCHEMA_VERSION = 1;

const FIXED_INPUTS: readonly string[] = [...SYNC_ARGS, "owner", "clusterUid", "meshUid"];
/** The program's inputs and those of `check`'s making. */
export const SYNC_INPUTS: readonly string[] = [...FIXED_INPUTS, "namespaces", "declared", "kept"];

type Values = Readonly<Record<string, unknown>>;

export interface SyncState extends Synced {
  readonly owner: string;
  readonly cluster: string;
  /** What could not be written, by namespace. */
  readonly failed: StringMap;
  /** The other inputs as they were, for `read`, which is not handed them. */
  readonly inputs: Values;
}

/** The computed part of inputs or outputs as the plan has it. */
export function syncedOf(values: Values): Synced {
  const map = <T>(value: unknown) => (isRecord(value) ? (value as Readonly<Record<string, T>>) : {});
  return {
    namespaces: mapValues(map<SyncedNamespace>(values.namespaces), parseSynced),
    declared: map<string>(values.declared),
    kept: map<string>(values.kept),
  };
}

function parseSynced(entry: unknown): SyncedNamespace {
  const { origin, labels } = isRecord(entry) ? entry : {};
  return {
    origin: origin === "created" ? "created" : "joined",
    labels: isRecord(labels) ? (labels as StringMap) : {},
  };
}

/** The computed part of the inputs, without what would only say that there is nothing. */
export function syncedInputs({ namespaces, declared, kept }: Synced): Record<string, unknown> {
  const filled = (map: StringMap) => (Object.keys(map).length > 0 ? map : undefined);
  return withoutUndefined({ namespaces, declared: filled(declared), kept: filled(kept) });
}

export function parseSyncState(given: unknown): SyncState {
  const outputs = isRecord(given) ? given : {};
  if (typeof outputs.schemaVersion === "number" && outputs.schemaVersion > SYNC_SCHEMA_VERSION) {
    throw new Error(
      `the recorded state has version ${outputs.schemaVersion}, this package knows ${SYNC_SCHEMA_VERSION}: update pulumi-global-namespace`,
    );
  }
  if (typeof outputs.owner !== "string" || typeof outputs.cluster !== "string") {
    throw new Error(
      "the recorded state of this NamespaceSync cannot be read: it has no owner or cluster. Restore it from an earlier " +
        '"pulumi stack export", or take it out with "pulumi state delete" and declare it again: what it recorded on the mesh is found there',
    );
  }
  return {
    ...syncedOf(outputs),
    owner: outputs.owner,
    cluster: outputs.cluster,
    failed: isRecord(outputs.failed) ? (outputs.failed as StringMap) : {},
    inputs: pick(outputs, FIXED_INPUTS),
  };
}

/** The inputs that would have led to this state: a refresh shows drift in them. */
export function inputsOfSync(state: SyncState): Record<string, unknown> {
  return { ...pick(state.inputs, FIXED_INPUTS), ...syncedInputs(state) };
}

/** A state as the engine keeps it. */
export function outputsOfSync(state: SyncState): Record<string, unknown> {
  const { failed } = state;
  return {
    ...inputsOfSync(state),
    schemaVersion: SYNC_SCHEMA_VERSION,
    ...(Object.keys(failed).length > 0 && { failed }),
  };
}

/** Where the control plane is not the one on which it has recorded: what is missing there was not taken back. */
export function describeStranger(now: string | undefined, then: unknown): string | undefined {
  if (typeof then !== "string" || now === undefined || now === then) return undefined;
  return `the control plane is another cluster than before (kube-system ${then} then, ${now} now); let the Mesh lead to that one, or take the NamespaceSync out of the state ("pulumi state delete") and declare it again`;
}

export interface SyncDiff {
  readonly changes: boolean;
  /** What the last run left undone, in words: the engine's own diff does not show it. */
  readonly unfinished: readonly string[];
}

export function diffSync(state: SyncState, inputs: Values): SyncDiff {
  const recorded = inputsOfSync(state);
  const changes = SYNC_INPUTS.some((key) => hasUnknown(inputs[key]) || !sameJson(recorded[key], inputs[key]));
  const unfinished = Object.entries(state.failed).map(([name, why]) => `${name} is written again: ${why}`);
  return { changes, unfinished: changes ? unfinished : [] };
}
