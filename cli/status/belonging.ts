/** Which of a mesh's namespaces are global, and to which clusters each belongs, read from the marks on the mesh. */

import type { Namespace } from "../../provider/model/namespace";
import { clustersOf, ownerOf, syncRecordsOf } from "../../provider/model/owner";

export interface Belonging {
  /** The GlobalNamespace that declares it: organization/project/stack/mesh/resource. */
  readonly owner?: string;
  /** By cluster: the NamespaceSync that has recorded it. */
  readonly syncs: Readonly<Record<string, string>>;
  /** Of the owner's word, and where there is no owner of the NamespaceSyncs'. */
  readonly clusters: readonly string[];
}

/** `undefined` for a namespace that is the mesh's own affair. */
export function belongingOf(namespace: Namespace): Belonging | undefined {
  const owner = ownerOf(namespace);
  const syncs = syncRecordsOf(namespace);
  if (owner === undefined && Object.keys(syncs).length === 0) return undefined;
  const clusters = clustersOf(namespace) ?? Object.keys(syncs);
  return { ...(owner !== undefined && { owner }), syncs, clusters };
}

/** Every cluster that a namespace of the mesh names. */
export function clustersNamed(namespaces: readonly Namespace[]): string[] {
  const named = namespaces.flatMap((namespace) => {
    const belonging = belongingOf(namespace);
    return belonging === undefined ? [] : [...belonging.clusters, ...Object.keys(belonging.syncs)];
  });
  return [...new Set(named)].sort();
}
