/**
 * Who a namespace belongs to: one `GlobalNamespace` of one stack. The owner stands in an annotation, so that a second
 * claim conflicts on the server, and names the field manager that owns our labels.
 */

import { ownValue, pick, type StringMap } from "./json";
import { OWN_PREFIX } from "./labels";
import type { Namespace, NamespaceApply } from "./namespace";

/** Held by the control plane's namespace and by every member's. */
export const OWNER_ANNOTATION: string = `${OWN_PREFIX}/owner`;
/** Followed by a cluster's name; on the control plane's namespace alone. One key a cluster: two writers never share a value. */
const AFFINITY_PREFIX: string = `${OWN_PREFIX}/cluster.`;

/** Which GlobalNamespace had it before, where `force` took it over. It stays that one's field: so nobody takes the namespace for ours. */
const FORMER_ANNOTATION: string = `${OWN_PREFIX}/former-owner`;

/** Followed by a cluster's name, on the control plane's namespace alone: which NamespaceSync says that it belongs to that cluster. */
const SYNCED_PREFIX: string = `${OWN_PREFIX}/synced.`;
/** No owner begins like this: an organization's name has no colon. */
const SYNC_MANAGER_PREFIX: string = `${OWN_PREFIX}/sync:`;

/** k8s.io/apimachinery/pkg/apis/meta/v1/validation, FieldManagerMaxLength, characters. */
const MAX_FIELD_MANAGER_LENGTH = 128;

export function affinityAnnotations(clusters: readonly string[]): Record<string, string> {
  return Object.fromEntries(clusters.map((cluster) => [`${AFFINITY_PREFIX}${cluster}`, "true"]));
}

/** The clusters that a GlobalNamespace has written on the mesh's namespace; `undefined` where none declares it. */
export function clustersOf({ annotations }: Pick<Namespace, "annotations">): string[] | undefined {
  if (!Object.hasOwn(annotations, OWNER_ANNOTATION)) return undefined;
  const marks = Object.keys(annotations).filter((key) => key.startsWith(AFFINITY_PREFIX));
  return marks.map((key) => key.slice(AFFINITY_PREFIX.length)).sort();
}

/** The record of a NamespaceSync that a namespace of the mesh belongs to a cluster. */
export function syncedAnnotation(cluster: string): string {
  return `${SYNCED_PREFIX}${cluster}`;
}

/** By cluster: the NamespaceSync that recorded it on the mesh's namespace. */
export function syncRecordsOf({ annotations }: Pick<Namespace, "annotations">): Record<string, string> {
  const records = Object.entries(annotations).filter(([key]) => key.startsWith(SYNCED_PREFIX));
  return Object.fromEntries(records.map(([key, owner]) => [key.slice(SYNCED_PREFIX.length), owner] as const).sort());
}

/** A GlobalNamespace as a field manager. */
export function fieldManagerOf(owner: string): string {
  return managerOf(`${OWN_PREFIX}/`, owner);
}

/** A NamespaceSync as a field manager. */
export function syncFieldManagerOf(owner: string): string {
  return managerOf(SYNC_MANAGER_PREFIX, owner);
}

/** Whether a field manager is a NamespaceSync, of whichever stack. */
export function isSyncFieldManager(manager: string): boolean {
  return manager.startsWith(SYNC_MANAGER_PREFIX);
}

/** Too long an owner keeps its end, which differs most, behind a digest of the whole. */
function managerOf(prefix: string, owner: string): string {
  const manager = prefix + owner.replace(/[^\x20-\x7e]/g, "_");
  if (manager.length <= MAX_FIELD_MANAGER_LENGTH) return manager;
  const head = `${prefix}${fnv1a(owner)}~`;
  return head + manager.slice(manager.length - (MAX_FIELD_MANAGER_LENGTH - head.length));
}

/** Keys that a field manager owns on a namespace, Kubernetes' own label apart. */
export function fieldsOf(
  manager: string,
  { fieldManagers }: Pick<Namespace, "fieldManagers">,
): { readonly labels: readonly string[]; readonly annotations: readonly string[] } {
  const entries = fieldManagers.filter((entry) => entry.manager === manager);
  return {
    labels: entries.flatMap((entry) => entry.labels).filter((key) => key !== NAME_LABEL),
    annotations: entries.flatMap((entry) => entry.annotations),
  };
}

/** The owner that a GlobalNamespace's field manager stands for, or `undefined` for a stranger's. */
export function ownerOfFieldManager(manager: string): string | undefined {
  const isOurs = manager.startsWith(`${OWN_PREFIX}/`) && !isSyncFieldManager(manager);
  return isOurs ? manager.slice(OWN_PREFIX.length + 1) : undefined;
}

/**
 * What other GlobalNamespaces still own together with this one, as applies of theirs that give it up. The server takes no
 * field from anybody whose value is the same, and what two own stays when one of them no longer sets it. `before` is the
 * owner that the namespace named before it was taken.
 */
export function withdrawalsFrom(
  namespace: Namespace,
  owner: string,
  set: Pick<NamespaceApply, "labels" | "annotations">,
  before?: string,
): { readonly fieldManager: string; readonly body: NamespaceApply }[] {
  const { name, uid, labels, annotations } = namespace;
  const formers = new Map<string, string>();
  for (const { manager } of namespace.fieldManagers) {
    const former = ownerOfFieldManager(manager);
    if (former !== undefined) formers.set(manager, former);
  }
  if (before !== undefined) formers.set(fieldManagerOf(before), before);
  formers.delete(fieldManagerOf(owner));
  const isKept = (key: string, own: StringMap) => !Object.hasOwn(own, key) && !key.startsWith(AFFINITY_PREFIX);
  // Of several the first: one is enough to tell that the namespace is not ours.
  let isMarked = Object.hasOwn(annotations, FORMER_ANNOTATION);
  return [...formers].flatMap(([fieldManager, former]) => {
    const owned = fieldsOf(fieldManager, namespace);
    const keptLabels = owned.labels.filter((key) => isKept(key, set.labels));
    const keptAnnotations = owned.annotations.filter((key) => isKept(key, set.annotations));
    const isShared = keptLabels.length + keptAnnotations.length < owned.labels.length + owned.annotations.length;
    if (!isShared && (isMarked || former !== before)) return [];
    const mark = isMarked ? {} : { [FORMER_ANNOTATION]: former };
    isMarked = true;
    const kept = { labels: pick(labels, keptLabels), annotations: { ...pick(annotations, keptAnnotations), ...mark } };
    return [{ fieldManager, body: { name, uid, ...kept } }];
  });
}

/** FNV-1a, 32 bits, hexadecimal: tells names apart, protects nothing. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

/** The owner that the namespace names, if any. */
export function ownerOf(namespace: Namespace): string | undefined {
  return ownValue(namespace.annotations, OWNER_ANNOTATION);
}

/**
 * Whether this owner made the namespace, told from the object alone. Used where the answer that said so (201) was lost
 * with the process that got it. Our entry is no younger than the object only if our apply made it and changed nothing
 * since, and whoever else creates a namespace leaves an entry at least as old. On doubt: no. What a write of ours hides is
 * still told by `before`, the same object as it was seen before that write.
 */
export function wasCreatedBy(owner: string, namespace: Namespace, before?: Namespace): boolean {
  const seen = before?.uid === namespace.uid ? [before, namespace] : [namespace];
  return seen.some((each) => wasMadeBy(fieldManagerOf(owner), each));
}

/** The same, of a field manager of this package. */
export function wasMadeBy(manager: string, namespace: Namespace): boolean {
  // A server takes an entry's time first and the object's a little later: the second may have changed between them.
  const first = namespace.fieldManagers.filter(
    (entry) => entry.subresource === undefined && (entry.time ?? "") <= namespace.creationTimestamp,
  );
  return first.some((entry) => entry.time !== undefined) && first.every((entry) => entry.manager === manager);
}

/** A plain create makes its manager own this label, which every namespace has; an apply leaves it to nobody. */
const NAME_LABEL = "kubernetes.io/metadata.name";

/**
 * Whether this owner made the namespace, told from the object alone however much was written to it since: its manager
 * sent the plain create, or the only apply that there is. On doubt: no.
 */
export function isCreatorOf(owner: string, namespace: Namespace): boolean {
  const manager = fieldManagerOf(owner);
  const entries = namespace.fieldManagers.filter((entry) => entry.subresource === undefined);
  const creators = entries.filter((entry) => entry.labels.includes(NAME_LABEL));
  const candidates = creators.length > 0 ? creators : entries.filter((entry) => entry.operation === "Apply");
  return candidates.length > 0 && candidates.every((entry) => entry.manager === manager);
}

/** Who has set a label, by field manager: several where it was set to the same value. */
export function managersOf(existing: Namespace, label: string): string[] {
  return existing.fieldManagers.filter(({ labels }) => labels.includes(label)).map(({ manager }) => manager);
}
