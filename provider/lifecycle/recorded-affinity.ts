/** Reads from the mesh what NamespaceSyncs have recorded, for a GlobalNamespace that leaves `clusters` out. */

import type { Affinity } from "../model/affinity";
import { isClusterError } from "../model/cluster-error";
import { type CheckFailure, describeList } from "../model/failure";
import { isRecord, type StringMap } from "../model/json";
import type { Mesh } from "../model/mesh";
import { ownerOf, syncRecordsOf } from "../model/owner";
import { describePlace } from "../model/place";
import { recordedAffinity } from "../model/recorded-affinity";
import type { Spec } from "../model/spec";
import { isUnknown, type Known } from "../model/unknown";
import type { CheckContext } from "./check";

export type CheckedAffinity =
  | { readonly clusters: Known<Affinity>; readonly recordedBy?: StringMap }
  | { readonly failure: CheckFailure };

type Inputs = Readonly<Record<string, unknown>>;

/** What the program says of the clusters; where it says nothing, what is recorded. */
export async function affinityOf(
  { name, clusters }: Spec,
  olds: Inputs,
  news: Inputs,
  mesh: Mesh,
  context: CheckContext,
): Promise<CheckedAffinity> {
  const isLeftOut = news.clusters === undefined || news.clusters === null;
  if (!isLeftOut || isUnknown(name)) return { clusters };
  const isSame = olds.owner !== undefined && olds.name === name;
  return followRecords(name, isSame ? olds : undefined, mesh, context);
}

/** `olds` are the inputs of the last run for the same name; without any, there was none. */
async function followRecords(
  name: string,
  olds: Inputs | undefined,
  mesh: Mesh,
  { fleet, expectations, say }: CheckContext,
): Promise<CheckedAffinity> {
  const before = isRecord(olds?.recordedBy) ? (olds.recordedBy as StringMap) : undefined;
  const follow = (records: StringMap | undefined): CheckedAffinity => {
    const { affinity, recordedBy } = recordedAffinity(records, before, Object.keys(mesh.clusters));
    const isLost = Object.keys(before ?? {}).length > 0 && Object.keys(recordedBy ?? {}).length === 0;
    if (isLost) {
      say(
        `${name}: no NamespaceSync records it any more, so it belongs to no cluster; clusters can name them, or be "all"`,
      );
    }
    return recordedBy === undefined ? { clusters: affinity } : { clusters: affinity, recordedBy };
  };

  const place = mesh.controlPlane;
  const fail = (why: string): CheckedAffinity => ({
    failure: { property: "clusters", reason: `is left out, and ${why}` },
  });
  if (mesh.connections[place]?.pending === true) return follow(undefined);
  try {
    const seen = expectations.of(name, await fleet().observe(place, name));
    const records = seen === undefined ? {} : syncRecordsOf(seen);
    const isAnother = seen === undefined || ownerOf(seen) !== olds?.owner;
    const isLost = Object.keys(before ?? {}).length > 0 && Object.keys(records).length === 0 && isAnother;
    if (!isLost) return follow(records);
    // Its records went with it, and nobody has taken them back.
    const syncs = [...new Set(Object.values(before ?? {}))];
    return fail(
      `the namespace ${JSON.stringify(name)} of the mesh is gone, or made anew by somebody else, on which the NamespaceSync ${describeList(syncs)} had recorded its clusters; where that is declared run "pulumi up --refresh", which records them again (in one program with dependsOn), or name the clusters`,
    );
  } catch (error) {
    if (!isClusterError(error)) throw error;
    // A connection at fault is said of the Mesh, with all other places that are asked.
    if (olds !== undefined || error.code === "connection") return follow(undefined);
    return fail(
      `whether a NamespaceSync has recorded ${JSON.stringify(name)} cannot be read from ${describePlace(place)}: ${error.message}`,
    );
  }
}
