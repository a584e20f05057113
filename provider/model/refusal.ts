/** What stands on a cluster already and speaks against a write: known before it, or in the server's answer to it. */

import type { FieldConflict } from "./cluster-error";
import { describeList, describePath, describeValue } from "./failure";
import { competingLabels } from "./injection";
import { ownValue, type StringMap } from "./json";
import type { Namespace } from "./namespace";
import {
  fieldManagerOf,
  isSyncFieldManager,
  managersOf,
  OWNER_ANNOTATION,
  ownerOf,
  ownerOfFieldManager,
} from "./owner";
import type { Policies } from "./spec";
import type { Target } from "./targets";

/** Characters of an owner that a message repeats: whoever may annotate the namespace has written it. */
const LONGEST_OWNER = 400;

/** Where the field of a label stands. */
const LABELS = ".metadata.labels.";

export interface Claim {
  readonly owner: string;
  readonly labels: StringMap;
  readonly policies: Pick<Policies, "adopt" | "force">;
  /** Whether this resource has written the namespace on this cluster before. */
  readonly known: boolean;
  /** Labels that this resource has declared there before: what became of them is drift, which is put right. */
  readonly written: StringMap;
}

export interface Refusal {
  /** The input that would have to change: of a map an entry, since the engine prints a property's whole value. */
  readonly property: string;
  readonly reason: string;
}

/** Whether an existing namespace may be taken, told from a look at it. */
export function refusalOf(existing: Namespace, claim: Claim): Refusal | undefined {
  const { adopt, force } = claim.policies;
  const [first] = force ? [] : claimsOfOthers(existing, claim);
  const isRefused = adopt === "never" && ownerOf(existing) !== claim.owner && !claim.known;
  if (isRefused && first?.property !== "name") return { property: "adopt", reason: describeExisting() };
  return first;
}

/** What `force` takes from others on an existing namespace, one sentence each. */
export function describeTakeovers(existing: Namespace, claim: Claim): string[] {
  if (!claim.policies.force) return [];
  return claimsOfOthers(existing, claim).map(({ reason }) => reason.slice(0, reason.lastIndexOf("; ")));
}

/** What others have made theirs on an existing namespace, the weightiest first. `force` takes it all. */
function claimsOfOthers(existing: Namespace, claim: Claim): Refusal[] {
  const claims: Refusal[] = [];
  const owner = ownerOf(existing);
  if (owner !== undefined && owner !== claim.owner) {
    claims.push({ property: "name", reason: describeOwner(owner, claim.owner) });
  }
  const competing = competingLabels(claim.labels, existing.labels);
  const foreign = Object.keys(competing).filter((key) => !givesWay(existing, key, claim));
  if (foreign.length > 0) {
    claims.push({ property: "injection", reason: describeCompetitors(existing, competing, foreign) });
  }
  const conflicts = conflictsOf(existing, claim);
  const [first] = conflicts;
  if (first !== undefined) {
    const property = describePath(["labels", first.field.slice(LABELS.length)]);
    claims.push({ property, reason: describeConflicts(conflicts, claim.owner) });
  }
  return claims;
}

/** The labels over which the cluster would refuse an apply: another manager has set another value. */
function conflictsOf(existing: Namespace, { owner, labels, written }: Claim): FieldConflict[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const live = ownValue(existing.labels, key);
    if (live === undefined || live === value || Object.hasOwn(written, key)) return [];
    const others = managersOf(existing, key).filter((manager) => !isOurs(manager, owner));
    return others.map((manager) => ({ field: `${LABELS}${key}`, manager }));
  });
}

export function describeExisting(): string {
  return 'it exists there already and adopt is "never"; adopt: "labels" takes it and manages only what is declared';
}

export function describeOwner(owner: string, claimant: string): string {
  const stack = (text: string) => text.slice(0, text.lastIndexOf("/"));
  const resource = describeValue(owner.slice(owner.lastIndexOf("/") + 1), LONGEST_OWNER);
  if (stack(owner) === stack(claimant)) {
    return `it belongs to the GlobalNamespace ${resource} of this stack; to rename that resource give the new one aliases: [{ name: ${resource} }]`;
  }
  return `it belongs to ${describeValue(owner, LONGEST_OWNER)}; take it out of that stack, or force: true takes it over`;
}

/** Labels that would change the meaning of the declared injection, and who set them. */
export function describeCompetitors(existing: Namespace, competing: StringMap, keys: readonly string[]): string {
  const texts = keys.map((key) => {
    const managers = managersOf(existing, key);
    return `label ${key}=${JSON.stringify(competing[key])} is owned by ${describeList(managers, "nobody")}`;
  });
  return `${texts.join(", ")}, and competes with the declared injection; remove it there, or force: true removes it`;
}

/** What the answer to a write shows to be other than was written, or `undefined`: something on the cluster changed it. */
export function describeOverruled(namespace: Namespace, target: Target): string | undefined {
  const differences = (kind: string, wanted: StringMap, have: StringMap) =>
    Object.entries(wanted)
      .filter(([key, value]) => ownValue(have, key) !== value)
      .map(([key, value]) => {
        const now = ownValue(have, key);
        const became = now === undefined ? "removed" : `made ${describeValue(now)}`;
        return `${kind} ${JSON.stringify(key)} was written as ${describeValue(value)} and ${became}`;
      });
  const texts = [
    ...differences("label", target.labels, namespace.labels),
    ...differences("annotation", target.annotations ?? {}, namespace.annotations),
  ];
  if (texts.length === 0) return undefined;
  return `${texts.join(", ")} in the same moment; an admission webhook or policy of the cluster does that, change it there or declare what it wants`;
}

/** This owner, or a NamespaceSync, which leaves a namespace to its declaration. */
function isOurs(manager: string, owner: string): boolean {
  return manager === fieldManagerOf(owner) || isSyncFieldManager(manager);
}

/** Whether a label stands in nobody's way: set by this owner, or by NamespaceSyncs, which leave it to a declaration. */
export function givesWay(existing: Namespace, key: string, { owner }: Pick<Claim, "owner">): boolean {
  const managers = managersOf(existing, key);
  return managers.length > 0 && managers.every((manager) => isOurs(manager, owner));
}

/**
 * Whether all conflicts are to be put right, and no one's claim: drift of what we wrote before, and labels of
 * NamespaceSyncs. The owner annotation is never drift: who sets that means it.
 */
export function isOursToSettle(
  conflicts: readonly FieldConflict[],
  written: { readonly labels: StringMap; readonly annotations?: StringMap },
): boolean {
  return (
    conflicts.length > 0 &&
    conflicts.every(({ field, manager }) => {
      const label = keyOf(field, LABELS);
      if (label !== undefined && isSyncFieldManager(manager)) return true;
      const annotation = keyOf(field, ".metadata.annotations.");
      if (label !== undefined) return Object.hasOwn(written.labels, label);
      return annotation !== undefined && Object.hasOwn(written.annotations ?? {}, annotation);
    })
  );
}

/** A server-side apply conflict in words. */
export function describeConflicts(conflicts: readonly FieldConflict[], claimant: string): string {
  const ofOwner = conflicts.find(({ field }) => keyOf(field, ".metadata.annotations.") === OWNER_ANNOTATION);
  if (ofOwner !== undefined) return describeOwner(ownerOfFieldManager(ofOwner.manager) ?? ofOwner.manager, claimant);
  const texts = conflicts.map(({ field, manager }) => {
    const label = keyOf(field, LABELS);
    const what = label === undefined ? field : `label ${JSON.stringify(label)}`;
    return `${what} is owned by ${JSON.stringify(manager)}`;
  });
  return `${texts.join(", ")}; take it out there or here, or force: true takes it over`;
}

function keyOf(field: string, prefix: string): string | undefined {
  return field.startsWith(prefix) ? field.slice(prefix.length) : undefined;
}
