/** From a namespace that the mesh holds to the arguments of the GlobalNamespace that would leave it as it is. Pure. */

import {
  DATAPLANE_MODE_LABEL,
  INJECTION_LABEL,
  MODE_LABELS,
  REVISION_LABEL,
  WAYPOINT_LABEL,
  WAYPOINT_NAMESPACE_LABEL,
} from "../../provider/model/injection";
import { ownValue, pick, type StringMap } from "../../provider/model/json";
import { problemOfKey } from "../../provider/model/labels";
import { problemOfNamespaceName } from "../../provider/model/name";
import type { Namespace } from "../../provider/model/namespace";
import { clustersOf, ownerOf, syncRecordsOf } from "../../provider/model/owner";

/** As a program writes it. */
export type InjectionValue =
  | "enabled"
  | "disabled"
  | "ambient"
  | { readonly revision: string }
  | { readonly ambient: { readonly waypoint?: string; readonly waypointNamespace?: string } };

export interface Declaration {
  readonly resource: string;
  readonly name: string;
  readonly labels: StringMap;
  readonly injection?: InjectionValue;
  readonly clusters: readonly string[];
  /** Sentences for comments: what the arguments do not say. */
  readonly remarks: readonly string[];
}

/** By cluster, the namespaces that it holds. */
export type Members = Readonly<Record<string, ReadonlyMap<string, Namespace>>>;

/** `undefined` for a namespace that no GlobalNamespace may declare, and for a `default` of which nothing is to be said. */
export function declarationOf(namespace: Namespace, members: Members): Declaration | undefined {
  const { name, deletionTimestamp } = namespace;
  if (problemOfNamespaceName(name, []) !== undefined || deletionTimestamp !== undefined) return undefined;
  const owner = ownerOf(namespace);
  const { injection, remark } = injectionOf(namespace.labels);
  const inInjection = injection === undefined ? [] : [WAYPOINT_LABEL, WAYPOINT_NAMESPACE_LABEL];
  const isDeclared = (key: string) =>
    problemOfKey(key, { podSecurityLabels: false }) === undefined && !inInjection.includes(key);
  const labels = pick(namespace.labels, Object.keys(namespace.labels).filter(isDeclared).sort());
  const carried = {
    ...labels,
    ...(injection === undefined ? {} : pick(namespace.labels, [...MODE_LABELS, ...inInjection])),
  };
  if (name === "default" && Object.keys(carried).length === 0) return undefined;
  const membership = membershipOf(namespace, carried, members);
  return {
    resource: owner === undefined ? name : owner.slice(owner.lastIndexOf("/") + 1),
    name,
    labels,
    ...(injection !== undefined && { injection }),
    clusters: membership.clusters,
    remarks: [
      ...(owner === undefined ? [] : [`Belongs to ${owner}: only that stack can go on with it, or force: true.`]),
      ...(remark === undefined ? [] : [remark]),
      ...membership.remarks,
    ],
  };
}

/** Labels that do not add up to one mode are left alone: to declare one of them would take away the other. */
function injectionOf(labels: StringMap): { readonly injection?: InjectionValue; readonly remark?: string } {
  const set = MODE_LABELS.filter((key) => Object.hasOwn(labels, key));
  if (set.length === 0) return {};
  if (set.length > 1)
    return { remark: `Has ${set.join(" and ")}; declare one as injection, which removes the others.` };
  const mode = ownValue(labels, INJECTION_LABEL);
  if (mode === "enabled" || mode === "disabled") return { injection: mode };
  const revision = ownValue(labels, REVISION_LABEL);
  if (revision !== undefined && revision !== "") return { injection: { revision } };
  if (ownValue(labels, DATAPLANE_MODE_LABEL) === "ambient") return { injection: ambientOf(labels) };
  const key = set[0] ?? "";
  return { remark: `Has ${key}: ${JSON.stringify(ownValue(labels, key))}, which is no mode of injection.` };
}

function ambientOf(labels: StringMap): InjectionValue {
  const waypoint = ownValue(labels, WAYPOINT_LABEL);
  const waypointNamespace = ownValue(labels, WAYPOINT_NAMESPACE_LABEL);
  if (waypoint === undefined && waypointNamespace === undefined) return "ambient";
  const ambient = {
    ...(waypoint !== undefined && { waypoint }),
    ...(waypointNamespace !== undefined && { waypointNamespace }),
  };
  return { ambient };
}

interface Membership {
  readonly clusters: readonly string[];
  readonly remarks: readonly string[];
}

/** What is written on the mesh decides; where nothing is, the clusters that hold it with the same labels. */
function membershipOf(namespace: Namespace, carried: StringMap, members: Members): Membership {
  const { name } = namespace;
  const records = Object.keys(syncRecordsOf(namespace));
  const written = clustersOf(namespace) ?? (records.length > 0 ? records : undefined);
  const holders = Object.keys(members).filter((cluster) => members[cluster]?.has(name) === true);
  const differs = (cluster: string) => differencesOf(carried, members[cluster]?.get(name)?.labels ?? {});
  const clusters = written ?? holders.filter((cluster) => differs(cluster).length === 0).sort();
  const remarks = Object.keys(members).flatMap((cluster) => {
    const isMember = clusters.includes(cluster);
    if (!holders.includes(cluster)) return isMember ? [`${cluster} does not have it: the first up creates it.`] : [];
    const differences = differs(cluster);
    if (differences.length === 0) return [];
    const change = `${differences.join(", ")} on ${cluster}`;
    return [
      isMember ? `The first up sets ${change}.` : `Not on ${cluster} by this program: joining would set ${change}.`,
    ];
  });
  return { clusters, remarks: remarks.sort() };
}

function differencesOf(carried: StringMap, there: StringMap): string[] {
  return Object.entries(carried).flatMap(([key, value]) => (ownValue(there, key) === value ? [] : [`${key}=${value}`]));
}
