/** Questions about a mesh that programs and policies may ask: invokes. Each reads, and none writes. */

import type { Fleet } from "../provider/lifecycle/fleet";
import type { World } from "../provider/lifecycle/lifecycle";
import { injectedBy, problemOfInjection, whoInjects } from "../provider/model/injection";
import { isRecord, type StringMap } from "../provider/model/json";
import type { Mesh } from "../provider/model/mesh";
import type { Namespace } from "../provider/model/namespace";
import { clustersOf, ownerOf } from "../provider/model/owner";
import { describePlace } from "../provider/model/place";
import type { Properties } from "./wire";

export type Answer = { readonly result: Properties } | { readonly failures: readonly Failure[] };

interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** By the names that the schema gives them. */
export const functions: Readonly<Record<string, (args: Properties, world: World) => Promise<Answer>>> = {
  "global-namespace:index:getNamespaces": getNamespaces,
  "global-namespace:index:getInjection": getInjection,
};

async function getNamespaces({ cluster }: Properties, { mesh, fleet }: World): Promise<Answer> {
  const place = placeOf(cluster, mesh);
  if (place === undefined) return noCluster(cluster, mesh);
  const namespaces = [...(await fleet.list(place)).values()].map(describeNamespace);
  return { result: { namespaces: Object.fromEntries(namespaces) } };
}

function describeNamespace(namespace: Namespace): readonly [string, Properties] {
  const { name, uid, labels } = namespace;
  const { "kubernetes.io/metadata.name": _, ...own } = labels;
  const owner = ownerOf(namespace);
  const clusters = clustersOf(namespace);
  const described = {
    uid,
    labels: own,
    terminating: namespace.deletionTimestamp !== undefined,
    ...(owner !== undefined && { owner }),
    ...(clusters !== undefined && clusters.length > 0 && { clusters }),
  };
  return [name, described];
}

/** The labels given, or else those that the namespace has there. */
async function getInjection(args: Properties, { mesh, fleet }: World): Promise<Answer> {
  const { cluster, namespace, namespaceLabels, podLabels } = args;
  const place = placeOf(cluster, mesh);
  if (place === undefined) return noCluster(cluster, mesh);
  if (typeof namespace !== "string") return refused("namespace", "is missing; expected the name of a namespace");
  const labels = isStringMap(namespaceLabels) ? namespaceLabels : await labelsOn(fleet, place, namespace);
  if (labels === undefined) {
    return refused("namespace", `${describePlace(place)} does not have it; namespaceLabels say what it would carry`);
  }
  const webhooks = await fleet.webhooks(place);
  const here = { name: namespace, labels };
  const pod = { labels: isStringMap(podLabels) ? podLabels : {} };
  const injector = whoInjects(here, pod, webhooks);
  const problem = problemOfInjection(here, webhooks);
  const result = {
    injectedBy: injectedBy(here, pod, webhooks),
    ...(injector !== undefined && { ...injector }),
    ...(problem !== undefined && { problem }),
  };
  return { result };
}

async function labelsOn(fleet: Fleet, place: string, name: string): Promise<StringMap | undefined> {
  return (await fleet.observe(place, name))?.labels;
}

/** Left out, it is the mesh's control plane. */
function placeOf(cluster: unknown, mesh: Mesh): string | undefined {
  if (cluster === undefined || cluster === null) return mesh.controlPlane;
  return typeof cluster === "string" && Object.hasOwn(mesh.connections, cluster) ? cluster : undefined;
}

function noCluster(cluster: unknown, mesh: Mesh): Answer {
  const names = Object.keys(mesh.clusters).sort().join(", ");
  return refused("cluster", `the mesh has no cluster ${JSON.stringify(cluster)}; it has ${names}`);
}

function refused(property: string, reason: string): Answer {
  return { failures: [{ property, reason }] };
}

function isStringMap(value: unknown): value is StringMap {
  return isRecord(value) && Object.values(value).every((item) => typeof item === "string");
}
