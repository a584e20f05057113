/**
 * Which workloads wait for a restart: those with pods that have another sidecar than a pod that is made now would get.
 * Injection happens when a pod is made, so a changed label changes no pod that is there. Told from metadata alone.
 */

import { AMBIENT, type InjectedPod, NOBODY } from "./injection";
import { isRecord, ownValue } from "./json";
import type { ObjectMetadata, OwnerReference } from "./object";

/** Kinds with a template and a controller that replaces pods when it changes. */
export const RESTARTABLE = ["DaemonSet", "Deployment", "StatefulSet"] as const;
export type RestartableKind = (typeof RESTARTABLE)[number];

export interface Workload {
  /** `Pod` for those of a Job, of a controller that is not Kubernetes' own, and of none. */
  readonly kind: RestartableKind | "Pod";
  readonly name: string;
}

/** A pod that has not what it would get now. */
export interface WaitingPod {
  readonly pod: ObjectMetadata;
  readonly has: string;
  /** A pod made now would get no sidecar. */
  readonly wantsNone: boolean;
}

/** A workload with such pods. */
export interface Waiting extends Workload {
  /** What the waiting pods have: `revision stable`, `no sidecar`. */
  readonly has: string;
  readonly wantsNone: boolean;
}

/** By `injectedBy`: the revision that a pod made now would get its sidecar from, or one of the words for none. */
export type Expectation = (pod: InjectedPod) => string;

/** The webhook's record of what it put in. istio pkg/kube/inject/webhook.go, getInjectionStatus. */
const STATUS_ANNOTATION = "sidecar.istio.io/status";
/** A label or an annotation of the pod, which its template says; the label wins. */
const OPT_OUT = "sidecar.istio.io/inject";
const REVISION_ANNOTATION = "istio.io/rev";
const LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
const TEMPLATE_HASH_LABEL = "pod-template-hash";
/** What a pod's annotation may put into our outputs: a revision is a label's value. */
const REVISION = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

const UNKNOWN_REVISION = "a sidecar of an unknown revision";
const NO_SIDECAR = "no sidecar";

/**
 * The pods that wait. Left out are those that a restart would not change: their template opts out, they are on the host's
 * network, which Istio never injects (pkg/kube/inject/inject.go, injectRequired), or they are going already.
 */
export function waitingPods(pods: readonly ObjectMetadata[], expected: Expectation): WaitingPod[] {
  return pods.flatMap((pod) => {
    if (pod.deletionTimestamp !== undefined || optsOut(pod) || setsField(pod, "f:spec", "f:hostNetwork")) return [];
    const revision = expected(pod);
    const wantsNone = revision === NOBODY || revision === AMBIENT;
    const wanted = wantsNone ? NO_SIDECAR : describeRevision(revision);
    const has = describeSidecar(pod);
    if (has === wanted || (wantsNone && wasAppliedInjected(pod))) return [];
    return [{ pod, has, wantsNone }];
  });
}

/** What a pod has, in words. Proxies as containers and as init containers are the same here. */
export function describeSidecar({ annotations, labels }: ObjectMetadata): string {
  const status = parseStatus(ownValue(annotations, STATUS_ANNOTATION));
  const annotated = ownValue(annotations, REVISION_ANNOTATION);
  if (status === undefined) return annotated === undefined ? NO_SIDECAR : describeRevision(annotated);
  if (!status.injected) return NO_SIDECAR;
  // Before Istio 1.10 the label alone had it.
  return describeRevision(annotated ?? status.revision ?? ownValue(labels, REVISION_ANNOTATION));
}

function describeRevision(revision: string | undefined): string {
  return revision !== undefined && REVISION.test(revision) ? `revision ${revision}` : UNKNOWN_REVISION;
}

interface InjectionStatus {
  readonly revision: string | undefined;
  /** Something was put into the pod: a proxy among its containers, or before them as a native sidecar. */
  readonly injected: boolean;
}

function parseStatus(text: string | undefined): InjectionStatus | undefined {
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (!isRecord(json)) return { revision: undefined, injected: true };
  const { revision, containers, initContainers } = json;
  const count = (list: unknown) => (Array.isArray(list) ? list.length : 0);
  const listed = Object.hasOwn(json, "containers") || Object.hasOwn(json, "initContainers");
  return {
    revision: typeof revision === "string" ? revision : undefined,
    injected: !listed || count(containers) + count(initContainers) > 0,
  };
}

function optsOut({ labels, annotations }: ObjectMetadata): boolean {
  return (ownValue(labels, OPT_OUT) ?? ownValue(annotations, OPT_OUT)) === "false";
}

/** `istioctl kube-inject | kubectl apply`: making the pod anew would bring its sidecar again. */
function wasAppliedInjected({ annotations }: ObjectMetadata): boolean {
  return ownValue(annotations, LAST_APPLIED_ANNOTATION)?.includes(STATUS_ANNOTATION) === true;
}

/** Whether somebody sets a field, by the names in `fieldsV1`. */
function setsField({ setFields }: ObjectMetadata, ...path: readonly string[]): boolean {
  return setFields.some((fields) => {
    let at: unknown = fields;
    for (const part of path) at = isRecord(at) ? ownValue(at, part) : undefined;
    return at !== undefined;
  });
}

/**
 * The waiting pods by the workload on top: a ReplicaSet's Deployment is looked up among `replicaSets`, and where those
 * could not be read told from the ReplicaSet's name.
 */
export function workloadsOf(
  pods: readonly WaitingPod[],
  replicaSets: readonly ObjectMetadata[] | undefined,
): readonly Waiting[] {
  const byKey = new Map<string, { readonly workload: Workload; readonly pods: WaitingPod[] }>();
  for (const waiting of pods) {
    const workload = workloadOf(waiting.pod, replicaSets);
    const found = byKey.get(keyOf(workload));
    if (found === undefined) byKey.set(keyOf(workload), { workload, pods: [waiting] });
    else found.pods.push(waiting);
  }
  return [...byKey.values()]
    .map(({ workload, pods: own }) => ({
      ...workload,
      has: [...new Set(own.map(({ has }) => has))].sort().join(" and "),
      wantsNone: own.every(({ wantsNone }) => wantsNone),
    }))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function workloadOf(pod: ObjectMetadata, replicaSets: readonly ObjectMetadata[] | undefined): Workload {
  const bare: Workload = { kind: "Pod", name: pod.name };
  const owner = controllerOf(pod);
  if (owner === undefined) return bare;
  const direct = RESTARTABLE.find((kind) => kind === owner.kind);
  if (direct !== undefined) return { kind: direct, name: owner.name };
  if (owner.kind !== "ReplicaSet") return bare;
  if (replicaSets === undefined) {
    const suffix = `-${ownValue(pod.labels, TEMPLATE_HASH_LABEL)}`;
    return owner.name.endsWith(suffix) ? { kind: "Deployment", name: owner.name.slice(0, -suffix.length) } : bare;
  }
  const replicaSet = replicaSets.find(({ uid }) => uid === owner.uid);
  const top = replicaSet === undefined ? undefined : controllerOf(replicaSet);
  return top?.kind === "Deployment" ? { kind: "Deployment", name: top.name } : bare;
}

function controllerOf({ owners }: ObjectMetadata): OwnerReference | undefined {
  return owners.find(({ controller }) => controller);
}

/**
 * Without the workloads whose template has the sidecar in it, put there by `istioctl kube-inject`: where nothing injects,
 * a restart brings the same sidecar again. `objects` are the metadata of the workloads of one kind.
 */
export function withoutHandInjected(
  waiting: readonly Waiting[],
  kind: RestartableKind,
  objects: readonly ObjectMetadata[],
): readonly Waiting[] {
  const path = ["f:spec", "f:template", "f:metadata", "f:annotations", `f:${STATUS_ANNOTATION}`];
  const handInjected = new Set(objects.filter((object) => setsField(object, ...path)).map(({ name }) => name));
  return waiting.filter((item) => !(item.kind === kind && item.wantsNone && handInjected.has(item.name)));
}

/** `Deployment/api`, as `kubectl` takes it. */
export function keyOf({ kind, name }: Workload): string {
  return `${kind}/${name}`;
}

/** @throws Error for what is no key of a workload that can be restarted */
export function parseKey(key: string): { readonly kind: RestartableKind; readonly name: string } {
  const kind = RESTARTABLE.find((candidate) => key.startsWith(`${candidate}/`));
  if (kind === undefined) throw new Error(`${key} is no workload that can be restarted`);
  return { kind, name: key.slice(kind.length + 1) };
}
