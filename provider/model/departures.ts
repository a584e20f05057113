/** What a change means for the clusters that a namespace leaves, in words: the engine's diff shows only that it leaves. */

import { isRecord } from "./json";
import type { Mesh } from "./mesh";
import { parsePolicies } from "./spec";
import { isUnknown } from "./unknown";

export interface Departure {
  readonly name: string;
  /** Inputs or outputs: what it was called, and by `targets` where it belonged. */
  readonly olds: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly targets: Readonly<Record<string, unknown>>;
  readonly mesh: Mesh;
}

/** One line a cluster, in the order of {@link clustersLeft}. */
export function describeDepartures(departure: Departure): string[] {
  const { name, inputs, mesh } = departure;
  const { onLeave, deleteNonEmpty } = parsePolicies(inputs);
  const contents = describeContents(deleteNonEmpty);
  const deciding = isUnknown(inputs.onLeave) || onLeave === "delete" ? ["onLeave", "deleteNonEmpty"] : [];
  const unknown = deciding.filter((policy) => isUnknown(inputs[policy]));
  return clustersLeft(departure).map((cluster) => {
    if (!Object.hasOwn(mesh.clusters, cluster)) {
      return `${name}: ${cluster} is no longer in the mesh; its namespace stays as it is, and is listed in the output "orphaned"`;
    }
    if (unknown.length > 0) {
      return `${name}: leaves ${cluster}: whether the namespace is DELETED there is known after the update, with ${unknown.join(" and ")}`;
    }
    const what = {
      release: "its labels are taken back, the namespace stays",
      retain: "the namespace and its labels stay as they are",
      delete: `the namespace is DELETED there ${contents}, if this resource created it, and else released`,
    }[onLeave];
    return `${name}: leaves ${cluster}: ${what} (onLeave: "${onLeave}")`;
  });
}

/** A namespace that is no longer declared among many: the engine's diff shows that it goes, not what becomes of it. */
export function describeRemoval(name: string, recorded: Readonly<Record<string, unknown>>): string {
  const { onDelete, deleteNonEmpty } = parsePolicies(recorded);
  const contents = describeContents(deleteNonEmpty);
  return `${name}: is no longer declared: on the mesh it is DELETED ${contents}, if this resource created it; on its clusters: onDelete: "${onDelete}"`;
}

/** What a deletion means for what the namespace holds. */
export function describeContents(deleteNonEmpty: boolean): string {
  return deleteNonEmpty ? "with everything in it" : "unless it holds something";
}

/** The control plane keeps the namespace, whether it is a member or not. */
export function clustersLeft({ name, olds, targets, mesh }: Departure): string[] {
  const before = isRecord(olds.targets) && olds.name === name ? Object.keys(olds.targets) : [];
  return before.filter((cluster) => !Object.hasOwn(targets, cluster) && cluster !== mesh.controlPlane);
}
