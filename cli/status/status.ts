/** The mesh as it is now: each global namespace on each cluster, told from one look. Pure. */

import {
  describeServed,
  type InjectionWebhook,
  injectedBy,
  NOBODY,
  problemOfInjection,
  saysInjection,
} from "../../provider/model/injection";
import { mapValues } from "../../provider/model/json";
import type { Namespace } from "../../provider/model/namespace";
import type { ObjectMetadata } from "../../provider/model/object";
import { ownerOf } from "../../provider/model/owner";
import { keyOf, waitingPods, workloadsOf } from "../../provider/model/workload";
import { type Belonging, belongingOf } from "./belonging";
import { describeDifference, differencesFromDeclared, differencesFromSource, driftOnMesh } from "./difference";
import type { Answer, ClusterSight, MeshSight } from "./sight";

export type PlaceState =
  /** On the mesh: a GlobalNamespace declares it. */
  | "declared"
  /** On the mesh: NamespaceSyncs alone have recorded it. */
  | "synced"
  | "in step"
  /** Labels are others than the mesh says. */
  | "differs"
  /** It belongs there and is not there. */
  | "missing"
  /** It is there, and belongs to another owner. */
  | "foreign"
  /** Is being deleted there. */
  | "terminating"
  /** Does not belong there (any more) and carries its owner's mark still. */
  | "left behind"
  /** The cluster could not be asked. */
  | "unknown";

export interface PlaceStatus {
  readonly state: PlaceState;
  /** Why it is not in step, a sentence each. */
  readonly remarks: readonly string[];
  /** Who injects a pod that is made there now: a revision, `"ztunnel"` or `"none"`. Absent where nobody knows. */
  readonly injectedBy?: string;
  /** Workloads with pods that have something else, and what they have. Absent where there are none. */
  readonly waiting?: Readonly<Record<string, string>>;
}

export interface NamespaceStatus extends Belonging {
  readonly name: string;
  readonly controlPlane: PlaceStatus;
  /** By cluster. A cluster without has nothing to do with the namespace. */
  readonly members: Readonly<Record<string, PlaceStatus>>;
}

export interface ClusterStatus {
  /** The revisions and tags that inject there, in words. Absent where nobody knows. */
  readonly serves?: string;
  /** What could not be asked, and why. */
  readonly problems: readonly string[];
}

export interface Status {
  readonly namespaces: readonly NamespaceStatus[];
  readonly clusters: Readonly<Record<string, ClusterStatus>>;
}

/** States that nobody has to do anything about. */
const SETTLED: readonly PlaceState[] = ["declared", "synced", "in step"];

export function statusOf(
  { controlPlane, clusters }: MeshSight,
  isWanted: (name: string) => boolean = () => true,
): Status {
  const seen = mapValues(clusters, lookUp);
  const global = controlPlane.flatMap((mesh) => {
    const belonging = isWanted(mesh.name) ? belongingOf(mesh) : undefined;
    return belonging === undefined ? [] : [{ mesh, belonging }];
  });
  return {
    namespaces: global
      .map(({ mesh, belonging }) => namespaceStatus(mesh, belonging, seen))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    clusters: mapValues(clusters, clusterStatus),
  };
}

/** Whether anything is to be seen to: a namespace out of step, a workload that waits, a cluster that did not answer. */
export function isSettled({ namespaces, clusters }: Status): boolean {
  const isQuiet = ({ state, remarks, waiting }: PlaceStatus) =>
    SETTLED.includes(state) && remarks.length === 0 && waiting === undefined;
  return (
    Object.values(clusters).every(({ problems }) => problems.length === 0) &&
    namespaces.every((each) => [each.controlPlane, ...Object.values(each.members)].every(isQuiet))
  );
}

/** A cluster's answers, to be asked by a namespace's name. */
interface Seen {
  readonly problem?: string;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly webhooks: readonly InjectionWebhook[] | undefined;
  readonly pods: ReadonlyMap<string, readonly ObjectMetadata[]>;
}

function lookUp({ namespaces, webhooks, pods }: ClusterSight): Seen {
  const byNamespace = new Map<string, ObjectMetadata[]>();
  for (const pod of answered(pods) ?? []) {
    const key = pod.namespace ?? "";
    const found = byNamespace.get(key);
    if (found === undefined) byNamespace.set(key, [pod]);
    else found.push(pod);
  }
  return {
    ...("problem" in namespaces && { problem: namespaces.problem }),
    namespaces: new Map((answered(namespaces) ?? []).map((namespace) => [namespace.name, namespace])),
    webhooks: answered(webhooks),
    pods: byNamespace,
  };
}

function namespaceStatus(
  mesh: Namespace,
  belonging: Belonging,
  clusters: Readonly<Record<string, Seen>>,
): NamespaceStatus {
  const members: Record<string, PlaceStatus> = {};
  for (const [cluster, seen] of Object.entries(clusters)) {
    const here = seen.namespaces.get(mesh.name);
    const isMember = belonging.clusters.includes(cluster);
    if (isMember) members[cluster] = memberStatus(mesh, here, belonging, seen);
    else if (here !== undefined && belonging.owner !== undefined && ownerOf(here) === belonging.owner) {
      members[cluster] = { state: "left behind", remarks: ["it does not belong there, and carries its owner's mark"] };
    }
  }
  return { name: mesh.name, ...belonging, controlPlane: meshStatus(mesh, belonging, clusters), members };
}

function meshStatus(
  mesh: Namespace,
  { owner, clusters: names }: Belonging,
  clusters: Readonly<Record<string, Seen>>,
): PlaceStatus {
  if (mesh.deletionTimestamp !== undefined) return { state: "terminating", remarks: ["it is being deleted there"] };
  const unknown = names.filter((name) => clusters[name] === undefined);
  const remarks = unknown.map((name) => `it belongs to ${name}, of which nothing was said here`);
  if (owner === undefined) return { state: "synced", remarks };
  const members = names.flatMap((name) => clusters[name]?.namespaces.get(mesh.name) ?? []);
  const drift = driftOnMesh(owner, mesh, members).map((each) => describeDifference(each, "each cluster"));
  return { state: drift.length > 0 ? "differs" : "declared", remarks: [...drift, ...remarks] };
}

function memberStatus(mesh: Namespace, here: Namespace | undefined, { owner }: Belonging, seen: Seen): PlaceStatus {
  if (seen.problem !== undefined) return { state: "unknown", remarks: [seen.problem] };
  if (here === undefined) return { state: "missing", remarks: ["it belongs there, and there is none"] };
  if (here.deletionTimestamp !== undefined) return { state: "terminating", remarks: ["it is being deleted there"] };
  const injection = injectionOf(here, seen);
  const other = ownerOf(here);
  if (owner !== undefined && other !== owner) {
    const whose = other === undefined ? "has no owner's mark" : `belongs to ${other}`;
    return { state: "foreign", remarks: [`it ${whose}`], ...injection };
  }
  const differences =
    owner === undefined ? differencesFromSource(mesh, here) : differencesFromDeclared(owner, mesh, here);
  const remarks = differences.map((each) => describeDifference(each, "the mesh"));
  const problem = seen.webhooks === undefined ? undefined : problemOfInjection(here, seen.webhooks);
  return {
    state: differences.length > 0 ? "differs" : "in step",
    remarks: [...remarks, ...(problem === undefined ? [] : [`pods start without a sidecar: ${problem}`])],
    ...injection,
  };
}

function injectionOf(here: Namespace, { webhooks, pods }: Seen): Pick<PlaceStatus, "injectedBy" | "waiting"> {
  if (webhooks === undefined) return {};
  const waiting = waitingPods(pods.get(here.name) ?? [], (pod) => injectedBy(here, pod, webhooks));
  // ReplicaSets are not asked for: their pods say by their names which Deployment is behind.
  const entries = workloadsOf(waiting, undefined).map((workload) => [keyOf(workload), workload.has] as const);
  const injector = injectedBy(here, { labels: {} }, webhooks);
  return {
    ...((injector !== NOBODY || saysInjection(here.labels)) && { injectedBy: injector }),
    ...(entries.length > 0 && { waiting: Object.fromEntries(entries) }),
  };
}

function clusterStatus({ namespaces, webhooks, pods }: ClusterSight): ClusterStatus {
  const served = answered(webhooks);
  const problems =
    "problem" in namespaces
      ? [namespaces.problem]
      : [
          ...("problem" in webhooks ? [`who injects is not known: ${webhooks.problem}`] : []),
          ...("problem" in pods ? [`which workloads wait is not known: ${pods.problem}`] : []),
        ];
  return { ...(served !== undefined && { serves: describeServed(served) }), problems };
}

function answered<T>(answer: Answer<T>): T | undefined {
  return "value" in answer ? answer.value : undefined;
}
