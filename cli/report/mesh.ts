/** What a preview says of the mesh that a resource belongs to. */

import { ownValue } from "../../provider/model/json";
import { isDeletable } from "../../provider/model/name";
import { CONTROL_PLANE } from "../../provider/model/place";
import { type Preview, recordOf, type Step, textOf } from "./preview";

/** The column of the mesh's control plane. No cluster has this name. */
export const MESH: string = CONTROL_PLANE;

export interface PreviewMesh {
  /** The column of the control plane: a member's, where a member is the control plane. */
  readonly controlPlane: string;
  /** Whether the mesh still has a cluster; a preview without the mesh's own step does not say. */
  has(cluster: string): boolean;
  /** Whether the mesh has a cluster again that it did not have; without the mesh's own step nothing says so. */
  hasAgain(cluster: string): boolean;
  /** Whether a namespace of that name may be deleted at all. */
  isDeletable(namespace: string): boolean;
}

export function meshOf(step: Step, { steps }: Preview): PreviewMesh {
  const provider = steps.find((each) => step.provider.startsWith(`${each.urn}::`));
  const inputs = recordOf((provider?.new ?? provider?.old)?.inputs);
  const clusters = provider === undefined ? undefined : recordOf(inputs.clusters);
  const member = textOf(inputs.controlPlane);
  const alsoProtected = Array.isArray(inputs.protectedNamespaces) ? inputs.protectedNamespaces : [];
  return {
    controlPlane: member === "" ? MESH : member,
    has: (cluster) => clusters === undefined || ownValue(clusters, cluster) !== undefined,
    hasAgain: (cluster) => clusters !== undefined && ownValue(clusters, cluster) !== undefined,
    isDeletable: (namespace) => isDeletable(namespace, alsoProtected),
  };
}

export function describeColumn(place: string): string {
  return place === MESH ? "mesh" : place;
}

/** Columns in their order: the mesh first. */
export function sortPlaces(places: Iterable<string>): string[] {
  const names = new Set(places);
  const hasMesh = names.delete(MESH);
  return [...(hasMesh ? [MESH] : []), ...[...names].sort()];
}

/** `the mesh's control plane, east and west`. */
export function describePlaces(places: readonly string[]): string {
  const names = sortPlaces(places).map((place) => (place === MESH ? "the mesh's control plane" : place));
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
