/** What a run that was cut off has left on clusters that nothing is recorded of. */

import type { Namespace } from "./namespace";
import { clustersOf, ownerOf } from "./owner";
import type { MemberStatus } from "./state";

/**
 * Clusters of the mesh to which the mesh's namespace says that it belongs, beside those that are known: the mesh is written first, so
 * whatever was written to a member is told there.
 */
export function unrecordedMembers(
  onMesh: Namespace | undefined,
  owner: string,
  known: Readonly<Record<string, unknown>>,
  meshClusters: Readonly<Record<string, unknown>>,
): Record<string, MemberStatus> {
  if (onMesh === undefined || ownerOf(onMesh) !== owner) return {};
  const clusters = (clustersOf(onMesh) ?? []).filter(
    (cluster) => !Object.hasOwn(known, cluster) && Object.hasOwn(meshClusters, cluster),
  );
  return Object.fromEntries(clusters.map((cluster) => [cluster, { state: "Unreachable", labels: {} }]));
}
