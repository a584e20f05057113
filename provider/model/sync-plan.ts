/** What a NamespaceSync brings from its source cluster to the mesh, decided from a look at both. */

import type { CheckFailure } from "./failure";
import { matchesGlob } from "./glob";
import { competingLabels } from "./injection";
import { ownValue, pick, type StringMap, sameJson } from "./json";
import { problemOfNamespaceName } from "./name";
import type { Namespace, NamespaceApply } from "./namespace";
import { fieldsOf, ownerOf, syncedAnnotation, syncFieldManagerOf, syncRecordsOf, wasMadeBy } from "./owner";
import { decideConflict, describeLabels, differenceFromDeclared, injectionLabelsOf } from "./sync-conflict";
import type { SyncSpec } from "./sync-spec";

/** What a NamespaceSync has recorded of one namespace on the mesh. */
export interface SyncedNamespace {
  /** Whether the sync made the namespace on the mesh or found it there. */
  readonly origin: "created" | "joined";
  /** The injection labels that it sets there. */
  readonly labels: StringMap;
}

export type Namespaces = ReadonlyMap<string, Namespace>;

/** What the sync says of the mesh: the part of its inputs that `check` computes. */
export interface Synced {
  readonly namespaces: Readonly<Record<string, SyncedNamespace>>;
  /** Of GlobalNamespaces whose injection labels are others than the source's: who declares it, and the difference. */
  readonly declared: StringMap;
  /** Recorded without labels, or not recorded: why. */
  readonly kept: StringMap;
}

export interface SyncScene {
  readonly spec: SyncSpec;
  readonly owner: string;
  readonly protectedNamespaces: readonly string[];
  readonly source: Namespaces;
  readonly mesh: Namespaces;
  /** What was recorded by the last run, and from where. */
  readonly before: (Synced & { readonly cluster: string }) | undefined;
}

export interface SyncPlan extends Synced {
  readonly failures: readonly CheckFailure[];
  /** What happens, in words; what the engine's own diff says is left out. */
  readonly lines: readonly string[];
  /** Labels that others set and that are taken away, by namespace. */
  readonly removals: Readonly<Record<string, readonly string[]>>;
}

export function planSync(scene: SyncScene): SyncPlan {
  const { spec, owner, source, mesh, before } = scene;
  const place = `cluster ${JSON.stringify(spec.cluster)}`;
  const namespaces: Record<string, SyncedNamespace> = {};
  const declared: Record<string, string> = {};
  const kept: Record<string, string> = {};
  const removals: Record<string, readonly string[]> = {};
  const failures: CheckFailure[] = [];
  const lines: string[] = [];

  for (const name of [...source.keys()].filter((each) => isSelected(each, scene)).sort()) {
    const there = source.get(name) as Namespace;
    const here = mesh.get(name);
    const recorded = ownValue(before?.namespaces ?? {}, name);
    const record = here === undefined ? undefined : ownValue(syncRecordsOf(here), spec.cluster);
    if (record !== undefined && record !== owner) {
      failures.push({ property: "cluster", reason: describeRecorded(name, spec.cluster, record, owner) });
    } else if (here !== undefined && ownerOf(here) !== undefined) {
      if (record === owner) namespaces[name] = recorded ?? recordedOn(here, owner);
      const difference = differenceFromDeclared(there, here);
      if (difference !== undefined) declared[name] = `${ownerOf(here)}; ${place} has ${difference}`;
    } else if (here?.deletionTimestamp !== undefined) {
      kept[name] = "it is being deleted on the mesh; nothing is written until it is gone";
    } else take(name, there, here, recorded);
  }
  lines.push(
    ...describeReports("declared", declared, before?.declared),
    ...describeReports("kept", kept, before?.kept),
  );
  for (const name of Object.keys(before?.namespaces ?? {}).sort()) {
    if (!Object.hasOwn(namespaces, name)) lines.push(`${name}: leaves ${describeLeaving(name, scene)}`);
  }
  return { namespaces, declared, kept, failures, lines, removals };

  function take(
    name: string,
    there: Namespace,
    here: Namespace | undefined,
    recorded: SyncedNamespace | undefined,
  ): void {
    const wanted = injectionLabelsOf(there);
    const claim = { owner, cluster: spec.cluster, conflicts: spec.conflicts, wanted };
    const verdict = decideConflict(claim, here);
    if (verdict.kind === "refused") {
      const reason = `namespace ${JSON.stringify(name)}: ${verdict.reason}; make them the same, or choose with conflicts: "cluster" or "mesh"`;
      failures.push({ property: "conflicts", reason });
      return;
    }
    const labels = verdict.kind === "set" ? wanted : {};
    namespaces[name] = { origin: recorded?.origin ?? originOf(here, owner), labels };
    if (verdict.kind === "kept") kept[name] = verdict.reason;
    else removals[name] = verdict.remove;
    const isNew = recorded === undefined || before?.cluster !== spec.cluster;
    const words = isNew ? describeArrival(labels, here, scene) : [];
    const overrides = verdict.kind === "set" ? verdict.overrides : undefined;
    if (overrides !== undefined && (isNew || !sameJson(recorded.labels, labels))) {
      words.push(`${describeLabels(labels)} replaces ${overrides}`);
    }
    if (words.length > 0) lines.push(`${name}: ${words.join("; ")}`);
  }
}

function isSelected(name: string, { spec, source, protectedNamespaces }: SyncScene): boolean {
  return (
    source.get(name)?.deletionTimestamp === undefined &&
    problemOfNamespaceName(name, protectedNamespaces) === undefined &&
    spec.include.some((glob) => matchesGlob(glob, name)) &&
    !spec.exclude.some((glob) => matchesGlob(glob, name))
  );
}

function originOf(here: Namespace | undefined, owner: string): SyncedNamespace["origin"] {
  if (here === undefined) return "created";
  const isOurs = Object.values(syncRecordsOf(here)).includes(owner);
  return isOurs && wasMadeBy(syncFieldManagerOf(owner), here) ? "created" : "joined";
}

/** What a namespace of the mesh holds of ours, told from it alone. */
function recordedOn(here: Namespace, owner: string): SyncedNamespace {
  return { origin: originOf(here, owner), labels: pick(injectionLabelsOf(here), ownLabelKeys(here, owner)) };
}

function ownLabelKeys(here: Namespace, owner: string): readonly string[] {
  return fieldsOf(syncFieldManagerOf(owner), here).labels;
}

function describeRecorded(name: string, cluster: string, record: string, owner: string): string {
  const isSameStack = record.slice(0, record.lastIndexOf("/")) === owner.slice(0, owner.lastIndexOf("/"));
  const resource = JSON.stringify(record.slice(record.lastIndexOf("/") + 1));
  const advice = isSameStack
    ? `to rename that resource give the new one aliases: [{ name: ${resource} }]`
    : `destroy that one, or let their include and exclude not overlap; if it is gone, remove the annotation ${syncedAnnotation(cluster)}`;
  return `namespace ${JSON.stringify(name)} on the mesh is recorded for cluster ${JSON.stringify(cluster)} by the NamespaceSync ${JSON.stringify(record)} already; ${advice}`;
}

function describeArrival(labels: StringMap, here: Namespace | undefined, { spec, owner }: SyncScene): string[] {
  const place = `cluster ${JSON.stringify(spec.cluster)}`;
  if (here === undefined) return [`created on the mesh, as ${place} has it, with ${describeLabels(labels)}`];
  if (ownValue(syncRecordsOf(here), spec.cluster) === owner) return [];
  const set = Object.entries(labels).filter(([key, value]) => here.labels[key] !== value);
  const changes = set.map(([key, value]) => {
    const old = here.labels[key];
    return `${key} ${old === undefined ? "(not set)" : JSON.stringify(old)} => ${JSON.stringify(value)}`;
  });
  return [[`joins ${place}`, ...changes].join(", ")];
}

/** Those that are new or say something else than before. */
function describeReports(kind: "declared" | "kept", reports: StringMap, before: StringMap = {}): string[] {
  const fresh = Object.entries(reports).filter(([name, text]) => ownValue(before, name) !== text);
  const verb = kind === "declared" ? "left to the GlobalNamespace" : "left as it is on the mesh:";
  return fresh.map(([name, text]) => `${name}: ${verb} ${text}`);
}

function describeLeaving(name: string, scene: SyncScene): string {
  const { spec, source, before } = scene;
  const place = `cluster ${JSON.stringify(before?.cluster)}`;
  const stays = "its labels and the namespace stay on the mesh";
  if (before?.cluster !== spec.cluster) return `${place}; ${stays}`;
  const there = source.get(name);
  if (there === undefined) return `${place}, which no longer has it; ${stays}`;
  if (there.deletionTimestamp !== undefined) return `${place}, where it is being deleted; ${stays}`;
  return isSelected(name, scene) ? place : `${place}, where it is no longer selected; ${stays}`;
}

/** What is to be written on the mesh so that it holds what is planned. Nothing, once it does. */
export interface SyncWrites {
  /** Names whose record and labels are to be applied. */
  readonly records: readonly string[];
  /** Namespaces whose record is to be taken away. */
  readonly leaves: readonly Namespace[];
}

export function writesOf(
  { namespaces }: Pick<Synced, "namespaces">,
  { owner, cluster, mesh }: { readonly owner: string; readonly cluster: string; readonly mesh: Namespaces },
): SyncWrites {
  const records = Object.entries(namespaces).filter(([name, entry]) => !isRecorded(mesh.get(name), entry));
  const leaves = [...mesh.values()].filter((here) => isOurs(here) && !Object.hasOwn(namespaces, here.name));
  return { records: records.map(([name]) => name), leaves };

  function isOurs(here: Namespace): boolean {
    return here.deletionTimestamp === undefined && Object.values(syncRecordsOf(here)).includes(owner);
  }

  function isRecorded(here: Namespace | undefined, { labels }: SyncedNamespace): boolean {
    if (here === undefined) return false;
    const ours = Object.entries(syncRecordsOf(here)).filter(([, by]) => by === owner);
    if (!sameJson(Object.fromEntries(ours), { [cluster]: owner })) return false;
    // Once a GlobalNamespace declares it, the labels are that one's.
    return ownerOf(here) !== undefined || sameJson(pick(here.labels, ownLabelKeys(here, owner)), labels);
  }
}

/** The one apply that records a namespace. */
export function recordBody(name: string, labels: StringMap, cluster: string, owner: string): NamespaceApply {
  return { name, labels, annotations: { [syncedAnnotation(cluster)]: owner } };
}

/** The apply that takes the record away and nothing else. Made for this very object: it never creates. */
export function leaveBody(here: Namespace, owner: string): NamespaceApply {
  return { name: here.name, uid: here.uid, labels: pick(here.labels, ownLabelKeys(here, owner)), annotations: {} };
}

/** What the mesh holds of the sync now. A namespace that a GlobalNamespace declares shows no drift here: it is that one's. */
export function liveOf(
  { before, cluster, owner }: { readonly before: Synced; readonly cluster: string; readonly owner: string },
  mesh: Namespaces,
): Record<string, SyncedNamespace> {
  const live: Record<string, SyncedNamespace> = {};
  for (const name of [...mesh.keys()].sort()) {
    const here = mesh.get(name) as Namespace;
    if (here.deletionTimestamp !== undefined || ownValue(syncRecordsOf(here), cluster) !== owner) continue;
    const known = ownValue(before.namespaces, name);
    const seen = recordedOn(here, owner);
    if (known === undefined) live[name] = seen;
    else if (ownerOf(here) !== undefined) live[name] = known;
    else {
      const labels = { ...pick(here.labels, Object.keys(known.labels)), ...seen.labels };
      live[name] = { origin: known.origin, labels: { ...labels, ...competingLabels(known.labels, here.labels) } };
    }
  }
  return live;
}
