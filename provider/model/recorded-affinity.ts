/**
 * The clusters of a namespace whose `clusters` is left out: those for which a NamespaceSync has recorded it on the mesh,
 * else all. A record once followed is followed for good: that it is gone never means "everywhere".
 */

import type { Affinity } from "./affinity";
import { pick, type StringMap } from "./json";

export interface Recorded {
  /** By cluster, the NamespaceSync whose record decides. Absent where no record ever did. */
  readonly recordedBy?: StringMap;
  readonly affinity: Affinity;
}

/**
 * `records` are those on the mesh's namespace, `undefined` where they are not known now; `before` is what decided at the
 * last run. Clusters that the mesh does not have (any more) count for nothing.
 */
export function recordedAffinity(
  records: StringMap | undefined,
  before: StringMap | undefined,
  clusters: readonly string[],
): Recorded {
  const found = pick(records ?? before ?? {}, [...clusters].sort());
  if (Object.keys(found).length === 0 && before === undefined) return { affinity: { kind: "all" } };
  return { recordedBy: found, affinity: { kind: "names", names: Object.keys(found) } };
}
