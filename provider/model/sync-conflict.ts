/**
 * What the injection labels of a source cluster meet on the mesh's namespace, and who gives way. Labels are taken or left
 * together: half a mode means something that nobody asked for.
 */

import { describeList } from "./failure";
import { competingLabels, MODE_LABELS } from "./injection";
import { pick, type StringMap, sameJson } from "./json";
import type { Namespace } from "./namespace";
import { fieldManagerOf, ownerOf, syncFieldManagerOf, syncRecordsOf } from "./owner";
import type { Conflicts } from "./sync-spec";

export interface SyncClaim {
  readonly owner: string;
  /** The source's name in the mesh. */
  readonly cluster: string;
  readonly conflicts: Conflicts;
  /** The injection labels of the source's namespace. */
  readonly wanted: StringMap;
}

export type SyncVerdict =
  /** The source's labels go onto the mesh, by force where need be, and `remove` away from it. */
  | { readonly kind: "set"; readonly remove: readonly string[]; readonly overrides?: string }
  /** The mesh's labels stay as they are. */
  | { readonly kind: "kept"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

/** All that ever flows from a cluster to the mesh: a member is not trusted with more. */
export function injectionLabelsOf({ labels }: Pick<Namespace, "labels">): Record<string, string> {
  return pick(labels, MODE_LABELS);
}

/** What another NamespaceSync has set is never taken from it or added to, so that two of them cannot fight. */
export function decideConflict(claim: SyncClaim, existing: Namespace | undefined): SyncVerdict {
  if (existing === undefined) return { kind: "set", remove: [] };
  const declaredBy = ownerOf(existing);
  if (declaredBy !== undefined) return { kind: "kept", reason: `it is declared by ${JSON.stringify(declaredBy)}` };
  const { wanted } = claim;
  const difference = (theirs: StringMap, by: string) =>
    `cluster ${JSON.stringify(claim.cluster)} has ${describeLabels(wanted)}, the mesh has ${describeLabels(theirs)}, set by ${by}`;

  const earlier = earlierSync(claim.owner, existing);
  if (earlier !== undefined && Object.keys(wanted).length > 0 && !sameJson(earlier.labels, wanted)) {
    const reason = difference(earlier.labels, `the NamespaceSync ${JSON.stringify(earlier.owner)}`);
    return claim.conflicts === "fail"
      ? { kind: "refused", reason }
      : { kind: "kept", reason: `${reason}, which came first` };
  }

  const obstacles = obstaclesOf(claim, existing);
  if (obstacles.length === 0) return { kind: "set", remove: [] };
  const keys = obstacles.map(({ key }) => key);
  const theirs = pick(existing.labels, keys);
  const managers = [...new Set(obstacles.flatMap((obstacle) => obstacle.managers))];
  const by = describeList(managers, "nobody");
  if (claim.conflicts === "fail") return { kind: "refused", reason: difference(theirs, by) };
  if (claim.conflicts === "mesh") return { kind: "kept", reason: difference(theirs, by) };
  const remove = keys.filter((key) => !Object.hasOwn(wanted, key));
  return { kind: "set", remove, overrides: `${describeLabels(theirs)}, set by ${by}` };
}

/** Another NamespaceSync that records the namespace and sets injection labels on it. One that has left holds nothing. */
function earlierSync(owner: string, existing: Namespace): { owner: string; labels: StringMap } | undefined {
  for (const other of new Set(Object.values(syncRecordsOf(existing)))) {
    const manager = syncFieldManagerOf(other);
    const entries = existing.fieldManagers.filter((entry) => entry.manager === manager);
    const labels = pick(
      injectionLabelsOf(existing),
      entries.flatMap((entry) => entry.labels),
    );
    if (other !== owner && Object.keys(labels).length > 0) return { owner: other, labels };
  }
  return undefined;
}

export function describeLabels(labels: StringMap): string {
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return texts.length === 0 ? "no injection label" : texts.join(" and ");
}

interface Obstacle {
  readonly key: string;
  /** Who set it, without us. */
  readonly managers: readonly string[];
}

/** Labels of the mesh with another value, or in competition with ours, that others set. Our own give way by themselves. */
function obstaclesOf({ owner, wanted }: SyncClaim, { labels, fieldManagers }: Namespace): Obstacle[] {
  const ours = syncFieldManagerOf(owner);
  const differing = Object.keys(wanted).filter((key) => Object.hasOwn(labels, key) && labels[key] !== wanted[key]);
  const competing = Object.keys(competingLabels(wanted, labels));
  return [...differing, ...competing].flatMap((key) => {
    const all = fieldManagers.filter((entry) => entry.labels.includes(key)).map(({ manager }) => manager);
    const managers = all.filter((manager) => manager !== ours);
    return managers.length === 0 && all.length > 0 ? [] : [{ key, managers }];
  });
}

/**
 * How the injection labels of a source differ from those of a mesh's namespace that a GlobalNamespace declares, in words;
 * `undefined` where they do not. What that GlobalNamespace itself set in the source (an override) is no difference.
 */
export function differenceFromDeclared(source: Namespace, mesh: Namespace): string | undefined {
  const declaredBy = ownerOf(mesh);
  const declarer = declaredBy === undefined ? undefined : fieldManagerOf(declaredBy);
  const [there, here] = [injectionLabelsOf(source), injectionLabelsOf(mesh)];
  const differs = MODE_LABELS.some((key) => {
    if (there[key] === here[key]) return false;
    if (there[key] === undefined) return ownerOf(source) !== declaredBy;
    const managers = source.fieldManagers.filter((entry) => entry.labels.includes(key));
    return managers.length === 0 || managers.some(({ manager }) => manager !== declarer);
  });
  return differs ? `${describeLabels(there)}, the mesh has ${describeLabels(here)}` : undefined;
}
