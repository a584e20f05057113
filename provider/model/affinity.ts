/** Which clusters of the mesh a namespace belongs to. */

import { describeList } from "./failure";
import type { StringMap } from "./json";
import { type LabelSelector, selects } from "./label-selector";

export type Affinity =
  | { readonly kind: "all" }
  | { readonly kind: "names"; readonly names: readonly string[] }
  | (LabelSelector & { readonly kind: "selector"; readonly except: readonly string[] });

/** What affinity looks at of a cluster. */
export interface Candidate {
  readonly labels: StringMap;
  /** A draining cluster is targeted by nobody; its namespaces leave by their `onLeave`. */
  readonly draining: boolean;
}

export type AffinityResult =
  | { readonly clusters: readonly string[] }
  /** `path` is relative to the `clusters` property. */
  | { readonly problem: string; readonly path: readonly (string | number)[] };

/** The clusters of an affinity, sorted; names that the mesh does not have and selectors that match nothing are problems. */
export function resolveAffinity(affinity: Affinity, candidates: Readonly<Record<string, Candidate>>): AffinityResult {
  const known = Object.keys(candidates);
  const stranger = (name: string) => `the mesh has no cluster ${JSON.stringify(name)}; it has ${describeList(known)}`;
  const named = affinity.kind === "names" ? affinity.names : affinity.kind === "selector" ? affinity.except : [];
  const unknownAt = named.findIndex((name) => !Object.hasOwn(candidates, name));
  if (unknownAt >= 0) {
    const path = affinity.kind === "names" ? [unknownAt] : ["except", unknownAt];
    return { problem: stranger(named[unknownAt] ?? ""), path };
  }

  const chosen = known.filter((name) => {
    if (affinity.kind === "all") return true;
    if (affinity.kind === "names") return affinity.names.includes(name);
    return selects(affinity, candidates[name]?.labels ?? {}) && !affinity.except.includes(name);
  });
  if (affinity.kind === "selector" && chosen.length === 0 && known.length > 0) {
    return {
      problem:
        "matches no cluster of the mesh, which would make the namespace leave every cluster; write clusters: [] to mean none. " +
        `The clusters' labels: ${known.map((name) => `${name} ${JSON.stringify(candidates[name]?.labels ?? {})}`).join(", ")}`,
      path: [],
    };
  }
  return { clusters: chosen.filter((name) => candidates[name]?.draining !== true).sort() };
}
