/**
 * Labels of the mesh's namespace that somebody else set: kubectl, a NamespaceSync, another controller. They are shown,
 * and reach the members where the program says `propagate: "all"`.
 */

import { MODE_LABELS, WAYPOINT_LABEL, WAYPOINT_NAMESPACE_LABEL } from "./injection";
import { pick, type StringMap } from "./json";
import { problemOfKey } from "./labels";
import type { Namespace } from "./namespace";
import { fieldManagerOf } from "./owner";

export interface Declared {
  readonly owner: string;
  /** What the program declares for the mesh's namespace, its injection labels among it. */
  readonly labels: StringMap;
  readonly podSecurityLabels: boolean;
}

/** Sorted; without keys that belong to one cluster or another controller, and without those that this owner decides on. */
export function foreignLabels(existing: Namespace, declared: Declared): Record<string, string> {
  const manager = fieldManagerOf(declared.owner);
  const isForeign = (key: string): boolean => {
    if (Object.hasOwn(declared.labels, key)) return false;
    const managers = existing.fieldManagers.filter((entry) => entry.labels.includes(key));
    return managers.length === 0 || managers.some((entry) => entry.manager !== manager);
  };
  const isSpread = (key: string): boolean => MODE_LABELS.includes(key) || problemOfKey(key, declared) === undefined;
  return pick(existing.labels, Object.keys(existing.labels).filter(isForeign).filter(isSpread).sort());
}

/** Of the labels of others those that the members shall carry: a declared injection leaves no room for a second one. */
export function propagatedLabels(foreign: StringMap, declaresInjection: boolean): Record<string, string> {
  const decided = declaresInjection ? [...MODE_LABELS, WAYPOINT_LABEL, WAYPOINT_NAMESPACE_LABEL] : [];
  return pick(
    foreign,
    Object.keys(foreign).filter((key) => !decided.includes(key)),
  );
}
