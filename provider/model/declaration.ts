/** From a namespace that the mesh holds to the arguments of the GlobalNamespace that would leave it as it is. Pure. */

import {
  competingLabels,
  type Injection,
  labelsOfInjection,
  MODE_LABELS,
  REVISION_LABEL,
  WAYPOINT_LABEL,
  WAYPOINT_NAMESPACE_LABEL,
} from "./injection";
import { ownValue, pick, type StringMap, sameJson, withoutUndefined } from "./json";
import { OWN_PREFIX, problemOfKey } from "./labels";
import { problemOfNamespaceName } from "./name";
import type { Namespace } from "./namespace";
import { clustersOf, fieldManagerOf, fieldsOf, ownerOf, syncRecordsOf } from "./owner";
import { foreignLabels, propagatedLabels } from "./propagation";

/** As a program writes it. */
export type InjectionValue =
  | "enabled"
  | "disabled"
  | "ambient"
  | { readonly revision: string }
  | { readonly ambient: { readonly waypoint?: string; readonly waypointNamespace?: string } };

/** What a program gives a GlobalNamespace. */
export interface Args {
  readonly labels?: StringMap | undefined;
  readonly annotations?: StringMap | undefined;
  readonly injection?: InjectionValue | undefined;
  readonly clusters: readonly string[];
  readonly propagate?: "all" | undefined;
  readonly overrides?: Readonly<Record<string, Partial<Args>>> | undefined;
}

export interface Declaration extends Args {
  readonly resource: string;
  readonly name: string;
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
  if (owner !== undefined) return ownersDeclaration(owner, namespace, members);
  const mode = modeOf(namespace.labels);
  const isDeclared = (key: string) =>
    problemOfKey(key, { podSecurityLabels: false }) === undefined && !Object.hasOwn(mode?.labels ?? {}, key);
  const labels = pick(namespace.labels, Object.keys(namespace.labels).filter(isDeclared).sort());
  const carried = { ...labels, ...mode?.labels };
  if (name === "default" && Object.keys(carried).length === 0) return undefined;
  const membership = membershipOf(namespace, carried, members);
  return {
    resource: name,
    name,
    ...withoutUndefined({ labels: filled(labels) }),
    ...(mode !== undefined && { injection: mode.value }),
    clusters: membership.clusters,
    remarks: [...(mode === undefined ? remarksOnModes(namespace.labels) : []), ...membership.remarks],
  };
}

/** As its owner declared it, on all clusters that it has written: one that is left out would be left. */
function ownersDeclaration(owner: string, namespace: Namespace, members: Members): Declaration {
  return {
    ...argsDeclaredBy(owner, namespace, members),
    resource: owner.slice(owner.lastIndexOf("/") + 1),
    name: namespace.name,
    clusters: clustersOf(namespace) ?? [],
    remarks: [`Belongs to ${owner}: only that stack can go on with it, or force: true.`],
  };
}

/** Those that take a namespace of nobody's as it is; `undefined` where none may. */
export function adoptedArgs(namespace: Namespace, members: Members): Args | undefined {
  const declaration = declarationOf(namespace, members);
  if (declaration === undefined) return undefined;
  const { labels, injection, clusters } = declaration;
  return withoutUndefined({ labels, injection, clusters });
}

/**
 * Those that the owner gave, told from what its field manager owns: on the mesh for all clusters, on a member what
 * differs there.
 */
export function argsDeclaredBy(owner: string, namespace: Namespace, members: Members): Args | undefined {
  if (namespace.deletionTimestamp !== undefined) return undefined;
  const clusters = (clustersOf(namespace) ?? []).filter((cluster) => Object.hasOwn(members, cluster));
  const base = ownDeclaration(owner, namespace);
  const elsewhere = clusters.flatMap((cluster) => {
    const there = ownValue(members, cluster)?.get(namespace.name);
    return there === undefined || there.uid === namespace.uid ? [] : [[cluster, there] as const];
  });
  const propagated = labelsPropagated(
    owner,
    namespace,
    elsewhere.map(([, there]) => there),
  );
  const overrides: Record<string, Partial<Args>> = {};
  for (const [cluster, there] of elsewhere) {
    const own = ownDeclaration(owner, there, propagated);
    const override = {
      labels: filled(differing(own.labels, base.labels)),
      annotations: filled(differing(own.annotations, base.annotations)),
      injection: sameJson(own.injection, base.injection) ? undefined : own.injection,
    };
    const given = withoutUndefined(override);
    if (Object.keys(given).length > 0) overrides[cluster] = given;
  }
  const { labels, annotations, injection } = base;
  return withoutUndefined({
    labels: filled(labels),
    annotations: filled(annotations),
    injection,
    clusters,
    propagate: Object.keys(propagated).length > 0 ? ("all" as const) : undefined,
    overrides: filled(overrides),
  });
}

/** What others have set on the mesh, where all members have it from this owner: it was not declared for each of them. */
function labelsPropagated(owner: string, onMesh: Namespace, elsewhere: readonly Namespace[]): StringMap {
  const labels = ownLabels(owner, onMesh);
  const foreign = foreignLabels(onMesh, { owner, labels, podSecurityLabels: false });
  const spread = propagatedLabels(foreign, modeOf(labels) !== undefined);
  const isSpread = elsewhere.every((there) => Object.keys(differing(spread, ownLabels(owner, there))).length === 0);
  return elsewhere.length > 0 && isSpread ? spread : {};
}

function ownLabels(owner: string, namespace: Namespace): StringMap {
  return pick(namespace.labels, [...fieldsOf(fieldManagerOf(owner), namespace).labels].sort());
}

/** Without what is propagated to it. */
function ownDeclaration(owner: string, namespace: Namespace, propagated: StringMap = {}) {
  const owned = fieldsOf(fieldManagerOf(owner), namespace);
  const labels = differing(ownLabels(owner, namespace), propagated);
  const mode = modeOf(labels);
  const isOwn = (key: string) => !key.startsWith(`${OWN_PREFIX}/`);
  return {
    labels: without(labels, Object.keys(mode?.labels ?? {})),
    annotations: pick(namespace.annotations, owned.annotations.filter(isOwn).sort()),
    injection: mode?.value,
  };
}

function without(map: StringMap, keys: readonly string[]): StringMap {
  return pick(
    map,
    Object.keys(map).filter((key) => !keys.includes(key)),
  );
}

function differing(map: StringMap, base: StringMap): StringMap {
  return pick(
    map,
    Object.keys(map).filter((key) => ownValue(base, key) !== map[key]),
  );
}

function filled<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined;
}

interface Mode {
  readonly value: InjectionValue;
  /** What a GlobalNamespace with this injection sets. */
  readonly labels: StringMap;
}

/** The injection that has these labels and leaves them as they are, if there is one. */
function modeOf(labels: StringMap): Mode | undefined {
  const revision = ownValue(labels, REVISION_LABEL) ?? "";
  const ambient = ambientOf(labels);
  const modes: [Injection, InjectionValue][] = [
    [{ kind: "enabled" }, "enabled"],
    [{ kind: "disabled" }, "disabled"],
    [{ kind: "ambient", ...(typeof ambient === "object" && "ambient" in ambient && ambient.ambient) }, ambient],
  ];
  if (revision !== "") modes.push([{ kind: "revision", value: revision }, { revision }]);
  for (const [injection, value] of modes) {
    const set = labelsOfInjection(injection);
    const isSet = Object.keys(set).every((key) => ownValue(labels, key) === set[key]);
    if (isSet && Object.keys(competingLabels(set, labels)).length === 0) return { value, labels: set };
  }
  return undefined;
}

/** Labels that are no one mode are left alone: to declare one of them would take away the other. */
function remarksOnModes(labels: StringMap): string[] {
  const set = MODE_LABELS.filter((key) => Object.hasOwn(labels, key));
  if (set.length > 1) return [`Has ${set.join(" and ")}; declare one as injection, which removes the others.`];
  return set.map((key) => `Has ${key}: ${JSON.stringify(ownValue(labels, key))}, which is no mode of injection.`);
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

/**
 * What is written on the mesh decides; where nothing is, the clusters that hold it. Those that hold it with other labels
 * are left out, so that the first up changes nothing there. A cluster that was not looked at is taken as it is written.
 */
function membershipOf(namespace: Namespace, carried: StringMap, members: Members): Membership {
  const { name } = namespace;
  const records = Object.keys(syncRecordsOf(namespace));
  const written = clustersOf(namespace) ?? (records.length > 0 ? records : undefined);
  const candidates = written ?? Object.keys(members).filter((cluster) => members[cluster]?.has(name) === true);
  const obstacles = candidates.map((cluster) => {
    const held = ownValue(members, cluster);
    return [cluster, held === undefined ? undefined : obstacleOf(carried, held.get(name))] as const;
  });
  const remarks = obstacles.flatMap(([cluster, obstacle]) =>
    obstacle === undefined ? [] : [`Not on ${cluster} by this program, which ${obstacle}.`],
  );
  const clusters = obstacles.filter(([, obstacle]) => obstacle === undefined).map(([cluster]) => cluster);
  return { clusters: clusters.sort(), remarks: remarks.sort() };
}

/** Why a GlobalNamespace would change something on a cluster, or stumble there. */
function obstacleOf(carried: StringMap, there: Namespace | undefined): string | undefined {
  if (there === undefined) return "is written on the mesh and does not have it";
  if (there.deletionTimestamp !== undefined) return "is deleting it";
  const missing = Object.entries(carried).filter(([key, value]) => ownValue(there.labels, key) !== value);
  const competing = Object.entries(competingLabels(carried, there.labels));
  const list = (labels: readonly (readonly [string, string])[]) =>
    labels.map(([key, value]) => `${key}=${value}`).join(", ");
  if (missing.length > 0) return `does not have ${list(missing)}`;
  return competing.length > 0 ? `has ${list(competing)} besides` : undefined;
}
