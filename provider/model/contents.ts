/**
 * What a namespace holds, as its deletion sees it. Whatever Kubernetes and Istio put into every namespace, and what they
 * derive from other objects, does not count; everything else does, custom resources included: with an AuthorizationPolicy
 * goes the protection it gave.
 */

import { isRecord } from "./json";
import type { ObjectMetadata } from "./object";

/** A kind of object that a namespace can hold, where the API serves it. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in the path: `deployments`. */
  readonly resource: string;
  readonly kind: string;
}

export interface Discovery {
  readonly types: readonly ResourceType[];
  /** Group versions whose API service does not answer: what they serve is not known. */
  readonly broken: readonly string[];
}

/** The objects of one type, as far as they were read. */
export interface Listing {
  readonly type: ResourceType;
  readonly objects: readonly ObjectMetadata[];
  /** Further objects that were not read. */
  readonly remaining: number;
}

export interface ContentObject {
  readonly kind: string;
  readonly name: string;
  readonly finalizers: readonly string[];
}

export interface Contents {
  readonly objects: readonly ContentObject[];
  /** How many further ones there are. */
  readonly more: number;
  /** What could not be looked at, and why: one phrase each. */
  readonly unknown: readonly string[];
}

/** Objects that a message names. */
const NAMED = 5;

/**
 * Derived from other objects, or bookkeeping of controllers that nobody misses: by group and resource.
 * A ControllerRevision is a StatefulSet's or DaemonSet's history; Endpoints and EndpointSlices follow their Service.
 */
const DERIVED: readonly string[] = [
  "/endpoints",
  "/events",
  "apps/controllerrevisions",
  "coordination.k8s.io/leases",
  "discovery.k8s.io/endpointslices",
  "events.k8s.io/events",
];

/**
 * ConfigMaps that controllers write into every namespace: Kubernetes' root certificate, and istiod's root certificate and
 * revocation list (istio pilot/pkg/features, `PILOT_CA_CERT_CONFIGMAP`, `PILOT_CRL_CONFIGMAP`).
 */
const COMMON_CONFIG_MAPS: readonly string[] = ["kube-root-ca.crt", "istio-ca-root-cert", "istio-ca-crl"];

/** Before Kubernetes 1.24 every ServiceAccount had a Secret; this annotation names its ServiceAccount. */
const SERVICE_ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name";

/**
 * Conditions of a namespace that say what stops its deletion; the others count what is left.
 * https://pkg.go.dev/k8s.io/api/core/v1#NamespaceConditionType
 */
const FAILURE = /^NamespaceDeletion(Discovery|GroupVersionParsing|Content)Failure$/;
/** A failure that is only another word for "not yet". */
const ITEMS_REMAIN = "unexpected items still remain";

/**
 * The types that the deletion of a namespace would empty: namespaced, and with the verb `delete` (as the namespace
 * controller chooses them), each in the version its server prefers. `documents` are answers of the aggregated discovery.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
 *
 * `undefined` where one of them is something else.
 */
export function parseDiscovery(documents: readonly unknown[]): Discovery | undefined {
  const types = new Map<string, ResourceType>();
  const broken: string[] = [];
  for (const document of documents) {
    if (!isRecord(document) || document.kind !== "APIGroupDiscoveryList") return undefined;
    for (const item of records(document.items)) {
      const group = isRecord(item.metadata) ? textOf(item.metadata.name) : "";
      for (const version of records(item.versions)) {
        const name = textOf(version.version);
        if (version.freshness === "Stale") broken.push(group === "" ? name : `${group}/${name}`);
        for (const served of records(version.resources)) {
          const type = typeOf(group, name, served);
          const key = `${group}/${type?.resource}`;
          if (type !== undefined && !types.has(key)) types.set(key, type);
        }
      }
    }
  }
  return { types: [...types.values()], broken };
}

function typeOf(group: string, version: string, served: Readonly<Record<string, unknown>>): ResourceType | undefined {
  const verbs = Array.isArray(served.verbs) ? served.verbs : [];
  if (served.scope !== "Namespaced" || !verbs.includes("list") || !verbs.includes("delete")) return undefined;
  const kind = isRecord(served.responseKind) ? textOf(served.responseKind.kind) : "";
  const resource = textOf(served.resource);
  return { group, version, resource, kind: kind === "" ? resource : kind };
}

/** Whether the objects of a type are looked at at all. */
export function counts({ group, resource }: ResourceType): boolean {
  return !DERIVED.includes(`${group}/${resource}`);
}

/** Whether the object is one that every namespace has. */
export function isCommon({ group, resource }: ResourceType, { name, annotations }: ObjectMetadata): boolean {
  if (group !== "") return false;
  switch (resource) {
    case "configmaps":
      return COMMON_CONFIG_MAPS.includes(name);
    case "serviceaccounts":
      return name === "default";
    case "secrets":
      return name.startsWith("default-token-") && annotations[SERVICE_ACCOUNT_ANNOTATION] === "default";
    default:
      return false;
  }
}

interface Found extends ObjectMetadata {
  readonly type: ResourceType;
}

/**
 * What a deletion would take, without what belongs to another object that is there, as the Pods of a Deployment do. What
 * is being deleted already does not count, nor what goes with it: the Pods that a deleted Deployment leaves behind for a
 * while.
 */
export function contentsOf(listings: readonly Listing[], unknown: readonly string[]): Contents {
  const found = distinct(listings);
  const read = new Set(listings.filter(({ remaining }) => remaining === 0).map(({ type }) => type.kind));
  const all = [...found.values()].filter((object) => !isCommon(object.type, object) && !isGoing(object, found, read));
  const roots = all.filter(({ owners }) => !owners.some(({ uid }) => found.has(uid)));
  return summary(roots.length > 0 ? roots : all, listings, unknown);
}

/** What is left in a namespace that is being deleted. All of it is going, and any of it may be what holds the rest. */
export function remainsOf(listings: readonly Listing[], unknown: readonly string[]): Contents {
  const all = [...distinct(listings).values()];
  return summary(
    all.filter((object) => !isCommon(object.type, object)),
    listings,
    unknown,
  );
}

/** Once each object however many groups serve it, by uid. */
function distinct(listings: readonly Listing[]): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  for (const { type, objects } of listings) {
    for (const object of objects) {
      const key = object.uid === "" ? `${type.group}/${type.kind}/${object.name}` : object.uid;
      if (!found.has(key)) found.set(key, { ...object, type });
    }
  }
  return found;
}

/** Sorted by kind and name. */
function summary(shown: readonly Found[], listings: readonly Listing[], unknown: readonly string[]): Contents {
  const objects = shown.map(({ type, name, finalizers }) => ({ kind: type.kind, name, finalizers }));
  return {
    objects: objects.sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1)),
    more: listings.reduce((sum, { remaining }) => sum + remaining, 0),
    unknown: [...unknown].sort(),
  };
}

/**
 * Whether the object is being deleted, or will be by the garbage collector: all its owners are going or gone. An owner is
 * gone where all objects of its kind were read and it is not among them.
 */
function isGoing(
  object: Found,
  found: ReadonlyMap<string, Found>,
  read: ReadonlySet<string>,
  seen: readonly Found[] = [],
): boolean {
  if (object.deletionTimestamp !== undefined) return true;
  if (object.owners.length === 0 || seen.includes(object)) return false;
  return object.owners.every(({ kind, uid }) => {
    const owner = found.get(uid);
    return owner === undefined ? read.has(kind) : isGoing(owner, found, read, [...seen, object]);
  });
}

/** Why the namespace must not be deleted as it is, or `undefined`. What is not known speaks against it as well. */
export function objectionOf(contents: Contents): string | undefined {
  if (contents.objects.length > 0 || contents.more > 0) return `it holds ${describeObjects(contents)}`;
  if (contents.unknown.length > 0) return `it cannot be told whether it is empty: ${enumerate(contents.unknown)}`;
  return undefined;
}

/** `Deployment api, Service api and 7 more`. */
export function describeObjects({ objects, more }: Pick<Contents, "objects" | "more">): string {
  return enumerate(
    objects.map(({ kind, name }) => `${kind} ${name}`),
    more,
  );
}

/** What keeps a namespace from going: what is left in it, its own finalizers, what its API server says. */
export function describeHold(
  namespace: {
    readonly finalizers: readonly string[];
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  },
  contents: Contents,
): string {
  const holders: string[] = [];
  // What has no finalizer goes by itself as soon as what stops the namespace controller is gone.
  const held = contents.objects.filter(({ finalizers }) => finalizers.length > 0);
  if (held.length > 0) {
    holders.push(
      enumerate(held.map(({ kind, name, finalizers }) => `${kind} ${name} (finalizers ${finalizers.join(", ")})`)),
    );
  } else if (contents.objects.length > 0 || contents.more > 0) holders.push(describeObjects(contents));
  const own = namespace.finalizers.filter((finalizer) => finalizer !== "kubernetes");
  if (own.length > 0) holders.push(`its own finalizers ${own.join(", ")}`);
  const conditions = namespace.conditions.filter((condition) => condition.status === "True");
  const failures = conditions.filter(({ type, message }) => FAILURE.test(type) && !message.includes(ITEMS_REMAIN));
  if (failures.length > 0) holders.push(...failures.map(({ message }) => message));
  else if (contents.unknown.length > 0) holders.push(enumerate(contents.unknown));
  if (holders.length > 0) return holders.join("; ");
  const said = conditions.map(({ type, message }) => `${type}: ${message}`);
  return said.length > 0 ? said.join("; ") : "nothing that can be seen from here";
}

/** The first few, and how many more. */
export function enumerate(texts: readonly string[], more = 0): string {
  const shown = texts.slice(0, NAMED);
  const rest = texts.length - shown.length + more;
  if (shown.length === 0) return `${rest} objects`;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

function records(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
