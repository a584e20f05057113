/**
 * How a cluster's namespace differs from the mesh's. What the owner's field manager owns on the cluster is as it was
 * declared there, overrides among it; what it owns on the mesh and not on the cluster was changed there by somebody else.
 */

import { competingLabels, MODE_LABELS } from "../../provider/model/injection";
import { ownValue, pick, type StringMap } from "../../provider/model/json";
import type { Namespace } from "../../provider/model/namespace";
import { fieldManagerOf, ownerOf } from "../../provider/model/owner";
import { injectionLabelsOf } from "../../provider/model/sync-conflict";

export interface Difference {
  readonly label: string;
  /** Absent where it should not be there. */
  readonly wanted?: string;
  /** Absent where it is not there. */
  readonly found?: string;
  /** Who set what is there. */
  readonly managers: readonly string[];
}

/** Of a namespace that a GlobalNamespace declares. */
export function differencesFromDeclared(owner: string, mesh: Namespace, here: Namespace): Difference[] {
  const declared = ownLabels(mesh, owner);
  const own = ownLabels(here, owner);
  const decidesInjection = MODE_LABELS.some((key) => Object.hasOwn(own, key));
  const drifted = Object.keys(declared).filter((key) => {
    if (Object.hasOwn(own, key) || here.labels[key] === declared[key]) return false;
    // An override of the injection leaves out the mode that it replaces.
    return !(decidesInjection && MODE_LABELS.includes(key));
  });
  const competing = Object.keys(competingLabels(own, here.labels)).filter((key) => !Object.hasOwn(own, key));
  return [
    ...drifted.map((key) => differenceOf(here, key, declared[key])),
    ...competing.filter((key) => !drifted.includes(key)).map((key) => differenceOf(here, key, undefined)),
  ];
}

/** Of a namespace that only a NamespaceSync has recorded: the mesh has the source's injection labels. */
export function differencesFromSource(mesh: Namespace, here: Namespace): Difference[] {
  const onMesh = injectionLabelsOf(mesh);
  const inSource = injectionLabelsOf(here);
  return [...new Set([...Object.keys(onMesh), ...Object.keys(inSource)])]
    .filter((key) => ownValue(onMesh, key) !== ownValue(inSource, key))
    .map((key) => differenceOf(here, key, ownValue(onMesh, key)));
}

/**
 * Labels that somebody has changed on the mesh: the owner holds them on every cluster, all with one value, and on the mesh
 * no longer. One cluster alone that has a label which the mesh lacks may have it by an override.
 */
export function driftOnMesh(owner: string, mesh: Namespace, members: readonly Namespace[]): Difference[] {
  const declared = ownLabels(mesh, owner);
  const [first = {}, ...others] = members.map((member) => ownLabels(member, owner));
  return Object.entries(first)
    .filter(([key, value]) => !Object.hasOwn(declared, key) && mesh.labels[key] !== value)
    .filter(([key, value]) => others.every((labels) => labels[key] === value))
    .filter(([key]) => others.length > 0 || Object.hasOwn(mesh.labels, key))
    .map(([key, value]) => differenceOf(mesh, key, value));
}

/** `team is "b", set by kubectl-label; the mesh has "a"`. */
export function describeDifference({ label, wanted, found, managers }: Difference, rightful: string): string {
  const by = managers.length === 0 ? "" : `, set by ${managers.join(" and ")}`;
  const is = found === undefined ? `${label} is not set` : `${label} is ${JSON.stringify(found)}${by}`;
  return `${is}; ${rightful} ${wanted === undefined ? "has none" : `has ${JSON.stringify(wanted)}`}`;
}

function differenceOf(here: Namespace, label: string, wanted: string | undefined): Difference {
  const found = ownValue(here.labels, label);
  const entries = here.fieldManagers.filter((entry) => entry.labels.includes(label));
  return {
    label,
    ...(wanted !== undefined && { wanted }),
    ...(found !== undefined && { found }),
    managers: [...new Set(entries.map(({ manager }) => manager))].sort(),
  };
}

function ownLabels(namespace: Namespace, owner: string): StringMap {
  // Another owner's namespace holds nothing of this one's.
  if (ownerOf(namespace) !== owner) return {};
  const manager = fieldManagerOf(owner);
  const entries = namespace.fieldManagers.filter((entry) => entry.manager === manager);
  return pick(
    namespace.labels,
    entries.flatMap((entry) => entry.labels),
  );
}
