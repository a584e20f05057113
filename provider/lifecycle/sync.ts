/**
 * The life of a NamespaceSync on the mesh: what `check` planned is written, one apply a namespace. The source is only
 * ever read, and nothing is deleted anywhere.
 */

import { ClusterError } from "../model/cluster-error";
import { ownValue, pick, type StringMap, sameJson } from "../model/json";
import type { Namespace } from "../model/namespace";
import { syncedAnnotation, syncFieldManagerOf, syncRecordsOf } from "../model/owner";
import { describePlace } from "../model/place";
import { decideConflict, type SyncVerdict } from "../model/sync-conflict";
import { leaveBody, liveOf, recordBody, type SyncedNamespace, writesOf } from "../model/sync-plan";
import type { Conflicts } from "../model/sync-spec";
import { describeStranger, type SyncState, syncedOf } from "../model/sync-state";
import { clusterErrorOf, type Fleet } from "./fleet";
import type { World } from "./lifecycle";

type Inputs = Readonly<Record<string, unknown>>;

export interface SyncReconciled {
  readonly state: SyncState;
  /** One sentence a cause. */
  readonly failures: readonly string[];
  /** Whether anything of it was done. */
  readonly isPartial: boolean;
}

interface Sync {
  readonly owner: string;
  readonly cluster: string;
  readonly conflicts: Conflicts;
}

/** Brings the mesh to what the checked inputs say; of what is recorded as said, nothing is written. */
export async function reconcileSync(
  inputs: Inputs,
  remembered: SyncState | undefined,
  { mesh, fleet, say }: World,
): Promise<SyncReconciled> {
  const { namespaces: wanted, declared, kept } = syncedOf(inputs);
  const conflicts = (inputs.conflicts ?? "cluster") as Conflicts;
  const sync: Sync = { owner: String(inputs.owner), cluster: String(inputs.cluster), conflicts };
  const place = mesh.controlPlane;
  const known = remembered?.cluster === sync.cluster ? remembered.namespaces : {};
  const writes = writesOf({ namespaces: wanted }, { ...sync, mesh: await listOf(fleet, place) });

  const namespaces: Record<string, SyncedNamespace> = { ...wanted };
  const failed: Record<string, string> = {};
  const settle = async (name: string, rest: SyncedNamespace | undefined, write: () => Promise<void>) => {
    try {
      await write();
    } catch (thrown) {
      failed[name] = clusterErrorOf(thrown).message;
      if (rest === undefined) delete namespaces[name];
      else namespaces[name] = rest;
    }
  };
  const records = writes.records
    .filter((name) => !sameJson(ownValue(known, name), ownValue(wanted, name)))
    .map((name) =>
      settle(name, ownValue(known, name), async () => {
        const entry = ownValue(wanted, name) ?? { origin: "joined", labels: {} };
        const labels = await record(fleet, place, { ...sync, name, wanted: entry.labels });
        if (sameJson(labels, entry.labels)) return;
        namespaces[name] = { ...entry, labels };
        say(`${name}: its injection labels on the mesh were set by somebody else meanwhile, and stay`);
      }),
    );
  const leaves = writes.leaves.map((here) => {
    const rest = ownValue(remembered?.namespaces ?? {}, here.name) ?? { origin: "joined" as const, labels: {} };
    return settle(here.name, rest, () => leave(fleet, place, here, sync.owner));
  });
  await Promise.all([...records, ...leaves]);

  const { owner, cluster } = sync;
  const sorted = pick(namespaces, Object.keys(namespaces).sort());
  return {
    state: {
      owner,
      cluster,
      namespaces: sorted,
      declared,
      kept,
      failed: pick(failed, Object.keys(failed).sort()),
      inputs,
    },
    failures: describeFailures(failed, describePlace(place)),
    isPartial: Object.keys(failed).length < records.length + leaves.length,
  };
}

/** What the mesh holds of it now. A mesh that cannot be read is unknown, not empty. */
export async function readSync(state: SyncState, { mesh, fleet, say }: World): Promise<SyncState> {
  if (mesh.connections[mesh.controlPlane]?.pending === true) return state;
  try {
    const listed = await fleet.list(mesh.controlPlane);
    const stranger = describeStranger(await fleet.identity(mesh.controlPlane), state.inputs.meshUid);
    if (stranger !== undefined) {
      say(`${stranger}; what is recorded stays as it is`);
      return state;
    }
    const live = liveOf({ before: state, cluster: state.cluster, owner: state.owner }, listed);
    return { ...state, namespaces: live, failed: {} };
  } catch (thrown) {
    const place = describePlace(mesh.controlPlane);
    say(`cannot list the namespaces of ${place}: ${clusterErrorOf(thrown).message}; what is recorded stays as it is`);
    return state;
  }
}

/** Takes back every record of this owner, of whatever cluster. Labels and namespaces stay. */
export async function removeSync({ owner, inputs }: SyncState, { mesh, fleet }: World): Promise<readonly string[]> {
  const place = mesh.controlPlane;
  const listed = await listOf(fleet, place);
  const stranger = describeStranger(await fleet.identity(place), inputs.meshUid);
  if (stranger !== undefined) return [stranger];
  const failed: Record<string, string> = {};
  const { leaves } = writesOf({ namespaces: {} }, { owner, cluster: "", mesh: listed });
  await Promise.all(
    leaves.map(async (here) => {
      try {
        await leave(fleet, place, here, owner);
      } catch (thrown) {
        failed[here.name] = clusterErrorOf(thrown).message;
      }
    }),
  );
  return describeFailures(failed, describePlace(place));
}

async function listOf(fleet: Fleet, place: string): Promise<ReadonlyMap<string, Namespace>> {
  try {
    return await fleet.list(place);
  } catch (thrown) {
    const error = clusterErrorOf(thrown);
    const message = `cannot list the namespaces of ${describePlace(place)}: ${error.message}; nothing was written`;
    throw new Error(message, { cause: error });
  }
}

interface Recording extends Sync {
  readonly name: string;
  readonly wanted: StringMap;
}

/** The labels that are on the mesh afterwards: none where somebody has set others since the plan, who may. */
async function record(fleet: Fleet, place: string, sync: Recording): Promise<StringMap> {
  const api = fleet.api(place);
  const fieldManager = syncFieldManagerOf(sync.owner);
  const apply = async (labels: StringMap, force: boolean) => {
    const body = recordBody(sync.name, labels, sync.cluster, sync.owner);
    return (await api.apply(body, { fieldManager, force })).namespace;
  };
  let labels = sync.wanted;
  const attempt = async (): Promise<Namespace> => {
    try {
      return await apply(labels, false);
    } catch (thrown) {
      if (clusterErrorOf(thrown).code !== "conflict") throw thrown;
    }
    const verdict = decide(sync, await api.get(sync.name));
    if (verdict.kind === "kept") labels = {};
    return apply(labels, verdict.kind === "set");
  };

  let namespace = await attempt();
  const verdict = decide(sync, namespace);
  if (verdict.kind === "kept" && Object.keys(labels).length > 0) {
    labels = {};
    namespace = await apply(labels, false);
  } else if (verdict.kind === "set" && verdict.remove.length > 0) {
    namespace = await api.removeLabels(namespace, verdict.remove, fieldManager);
  }
  fleet.note(place, sync.name, namespace);
  return labels;
}

/** As in the plan, on what is there now. Throws where the namespace cannot be ours. */
function decide(sync: Recording, now: Namespace | undefined): Exclude<SyncVerdict, { readonly kind: "refused" }> {
  if (now?.deletionTimestamp !== undefined) {
    throw new ClusterError("conflict", 'it is being deleted there; run "pulumi up" again when it is gone');
  }
  const recordedBy = now === undefined ? undefined : ownValue(syncRecordsOf(now), sync.cluster);
  if (recordedBy !== undefined && recordedBy !== sync.owner) {
    const reason = `the NamespaceSync ${JSON.stringify(recordedBy)} has recorded it for cluster ${JSON.stringify(sync.cluster)} (${syncedAnnotation(sync.cluster)})`;
    throw new ClusterError("conflict", reason);
  }
  const verdict = decideConflict(sync, now);
  if (verdict.kind === "refused") throw new ClusterError("conflict", verdict.reason);
  return verdict;
}

async function leave(fleet: Fleet, place: string, here: Namespace, owner: string): Promise<void> {
  const api = fleet.api(place);
  const options = { fieldManager: syncFieldManagerOf(owner), force: false };
  const apply = async (now: Namespace) => {
    try {
      const { namespace } = await api.apply(leaveBody(now, owner), options);
      fleet.note(place, here.name, namespace);
    } catch (thrown) {
      // Gone, or another namespace by now: there is no record of ours on it.
      if (clusterErrorOf(thrown).code !== "changed") throw thrown;
    }
  };
  try {
    await apply(here);
  } catch (thrown) {
    if (clusterErrorOf(thrown).code !== "conflict") throw thrown;
    // One of our labels has another value since the look: it is no longer ours.
    const now = await api.get(here.name);
    if (now !== undefined) await apply(now);
  }
}

/** Namespaces that a message names before it counts the rest. */
const NAMED = 5;

/** A mesh that is down fails each namespace for the same reason: one sentence a reason. */
function describeFailures(failed: StringMap, place: string): string[] {
  const names = new Map<string, string[]>();
  for (const [name, why] of Object.entries(failed).sort()) names.set(why, [...(names.get(why) ?? []), name]);
  return [...names].map(([why, all]) => {
    const named = all
      .slice(0, NAMED)
      .map((name) => JSON.stringify(name))
      .join(", ");
    const rest = all.length > NAMED ? ` and ${all.length - NAMED} more` : "";
    return `cannot sync namespace${all.length > 1 ? "s" : ""} ${named}${rest} to ${place}: ${why}`;
  });
}
