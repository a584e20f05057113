/**
 * How far the rollout of a workload is, told from the object as `kubectl rollout status` tells it.
 * https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go
 */

import { isRecord, ownValue } from "./json";
import type { RestartableKind } from "./workload";

export type Rollout =
  | { readonly kind: "done" }
  /** Goes on; `what` says what is missing. */
  | { readonly kind: "going"; readonly what: string }
  /** Will not come to its end by waiting. */
  | { readonly kind: "failed"; readonly what: string };

/** Why a workload cannot be restarted through its template, or `undefined`. */
export type Obstacle = "paused" | "OnDelete";

type JsonObject = Readonly<Record<string, unknown>>;

export function obstacleOf(kind: RestartableKind, object: JsonObject): Obstacle | undefined {
  const spec = objectIn(object, "spec");
  if (kind === "Deployment") return spec.paused === true ? "paused" : undefined;
  return objectIn(spec, "updateStrategy").type === "OnDelete" ? "OnDelete" : undefined;
}

export function rolloutOf(kind: RestartableKind, object: JsonObject): Rollout {
  const { generation } = objectIn(object, "metadata");
  const status = objectIn(object, "status");
  if (numberOf(status.observedGeneration) < numberOf(generation)) return going("its controller has not seen it yet");
  switch (kind) {
    case "Deployment":
      return rolloutOfDeployment(objectIn(object, "spec"), status);
    case "StatefulSet":
      return rolloutOfStatefulSet(objectIn(object, "spec"), status);
    case "DaemonSet":
      return rolloutOfDaemonSet(status);
  }
}

function rolloutOfDeployment(spec: JsonObject, status: JsonObject): Rollout {
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isRecord) : [];
  const progressing = conditions.find(({ type }) => type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") {
    return { kind: "failed", what: "it exceeded its progress deadline (progressDeadlineSeconds)" };
  }
  const wanted = numberOf(spec.replicas);
  const updated = numberOf(status.updatedReplicas);
  const available = numberOf(status.availableReplicas);
  const old = numberOf(status.replicas) - updated;
  if (updated < wanted) return going(`${updated} of ${wanted} pods are new`);
  if (old > 0) return going(`${old} old pods stay until new ones are available`);
  return available < updated ? going(`${available} of ${updated} new pods are available`) : { kind: "done" };
}

function rolloutOfStatefulSet(spec: JsonObject, status: JsonObject): Rollout {
  const wanted = numberOf(spec.replicas);
  const ready = numberOf(status.readyReplicas);
  const updated = numberOf(status.updatedReplicas);
  if (ready < wanted) return going(`${ready} of ${wanted} pods are ready`);
  const partition = numberOf(objectIn(objectIn(spec, "updateStrategy"), "rollingUpdate").partition);
  if (partition > 0) {
    return updated < wanted - partition ? going(`${updated} of ${wanted - partition} pods are new`) : { kind: "done" };
  }
  const isWhole = status.updateRevision === status.currentRevision;
  return isWhole ? { kind: "done" } : going(`${updated} of ${wanted} pods are new`);
}

function rolloutOfDaemonSet(status: JsonObject): Rollout {
  const wanted = numberOf(status.desiredNumberScheduled);
  const updated = numberOf(status.updatedNumberScheduled);
  const available = numberOf(status.numberAvailable);
  if (updated < wanted) return going(`${updated} of ${wanted} pods are new`);
  return available < wanted ? going(`${available} of ${wanted} pods are available`) : { kind: "done" };
}

function going(what: string): Rollout {
  return { kind: "going", what };
}

/** Go leaves a zero out. */
function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function objectIn(json: JsonObject, key: string): JsonObject {
  const value = ownValue(json, key);
  return isRecord(value) ? value : {};
}
