/** Pods and their workloads on one cluster: read by their metadata, and restarted as `kubectl rollout restart` does. */

import { isClusterError } from "../model/cluster-error";
import type { ObjectMetadata } from "../model/object";
import {
  RESTARTABLE,
  type RestartableKind,
  type Waiting,
  type WaitingPod,
  withoutHandInjected,
  workloadsOf,
} from "../model/workload";
import type { ApiServer, JsonObject } from "./api-server";
import { listMetadata } from "./metadata";

const RESOURCES: Readonly<Record<RestartableKind, string>> = {
  DaemonSet: "daemonsets",
  Deployment: "deployments",
  StatefulSet: "statefulsets",
};

/** On a template: it changes nothing but that pods are made anew. */
const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";

/** Pods that have ended get no other sidecar. */
const UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed";

/** The pods of a namespace that run or are about to, without those on the host's network. */
export async function listPods(server: ApiServer, namespace: string): Promise<readonly ObjectMetadata[]> {
  return listPodsAt(server, `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`);
}

/** The same of all namespaces. */
export async function listAllPods(server: ApiServer): Promise<readonly ObjectMetadata[]> {
  return listPodsAt(server, "/api/v1/pods");
}

async function listPodsAt(server: ApiServer, path: string): Promise<readonly ObjectMetadata[]> {
  try {
    return await listMetadata(server, path, `spec.hostNetwork=false,${UNFINISHED}`);
  } catch (error) {
    // Before Kubernetes 1.28 that field cannot be selected by.
    if (isClusterError(error) && error.code === "rejected") return listMetadata(server, path, UNFINISHED);
    throw error;
  }
}

/** The workloads that the pods belong to, as far as their metadata may be read. */
export async function findWorkloads(
  server: ApiServer,
  namespace: string,
  pods: readonly WaitingPod[],
): Promise<readonly Waiting[]> {
  const hasReplicaSets = pods.some(({ pod }) => pod.owners.some(({ kind }) => kind === "ReplicaSet"));
  const replicaSets = hasReplicaSets ? await listIfAllowed(server, namespace, "replicasets") : [];
  let waiting = workloadsOf(pods, replicaSets);
  for (const kind of RESTARTABLE) {
    if (!waiting.some((workload) => workload.kind === kind && workload.wantsNone)) continue;
    const objects = await listIfAllowed(server, namespace, RESOURCES[kind]);
    waiting = withoutHandInjected(waiting, kind, objects ?? []);
  }
  return waiting;
}

async function listIfAllowed(
  server: ApiServer,
  namespace: string,
  resource: string,
): Promise<readonly ObjectMetadata[] | undefined> {
  try {
    return await listMetadata(server, collectionOf(namespace, resource));
  } catch (error) {
    if (isClusterError(error) && error.code === "forbidden") return undefined;
    throw error;
  }
}

/** `undefined` where it is gone. */
export async function getWorkload(
  server: ApiServer,
  namespace: string,
  workload: { readonly kind: RestartableKind; readonly name: string },
): Promise<JsonObject | undefined> {
  const answer = await server.request({ method: "GET", path: pathOf(namespace, workload) });
  return answer.kind === "absent" ? undefined : answer.json;
}

/** Makes the controller replace all pods, by its own strategy. `at` is RFC 3339. `undefined` where the workload is gone. */
export async function restartWorkload(
  server: ApiServer,
  namespace: string,
  workload: { readonly kind: RestartableKind; readonly name: string },
  { at, fieldManager }: { readonly at: string; readonly fieldManager: string },
): Promise<JsonObject | undefined> {
  const json = { spec: { template: { metadata: { annotations: { [RESTARTED_AT]: at } } } } };
  const answer = await server.request({
    method: "PATCH",
    path: pathOf(namespace, workload),
    query: { fieldManager, fieldValidation: "Strict" },
    body: { contentType: "application/strategic-merge-patch+json", json },
  });
  return answer.kind === "absent" ? undefined : answer.json;
}

function pathOf(namespace: string, { kind, name }: { readonly kind: RestartableKind; readonly name: string }): string {
  return `${collectionOf(namespace, RESOURCES[kind])}/${encodeURIComponent(name)}`;
}

function collectionOf(namespace: string, resource: string): string {
  return `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}
