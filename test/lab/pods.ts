/**
 * Stands in for the kubelets, which a lab's clusters have none of: marks pods as running and ready, so that rollouts come
 * to their end. The pods are not bound to a node, so a deleted one is gone at once.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { KubeError } from "./kube-client.ts";
import type { LabCluster } from "./lab-cluster.ts";

const POLL_MS = 200;

/** The loop that marks a cluster's pods. */
export interface PodRunner {
  /** From now on new pods of this namespace do not get ready, as if their image could not be had. */
  hold(namespace: string): void;
  release(namespace: string): void;
  /** Ends the loop; fails if marking a pod did. */
  stop(): Promise<void>;
}

/** Marks the pods of the cluster as ready until it is stopped; while the cluster is down it waits. */
export function runPods(cluster: LabCluster): PodRunner {
  const held = new Set<string>();
  const stopped = new AbortController();

  async function loop(): Promise<void> {
    while (!stopped.signal.aborted) {
      await markPending(cluster, held);
      await sleep(POLL_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  const ended = loop();
  // Told to who stops it.
  ended.catch(() => {});
  return {
    hold: (namespace) => void held.add(namespace),
    release: (namespace) => void held.delete(namespace),
    stop: () => {
      stopped.abort();
      return ended;
    },
  };
}

/** DaemonSets make a pod for each node. Their pods are not bound to it either, and need it only to be there. */
export async function createNode(cluster: LabCluster, name: string): Promise<void> {
  await cluster.kube.create("/api/v1/nodes", { metadata: { name } });
  // The API server marks a new node as not ready, which keeps pods away.
  await cluster.kube.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } });
}

async function markPending(cluster: LabCluster, held: ReadonlySet<string>): Promise<void> {
  const pending = { fieldSelector: "status.phase=Pending" };
  try {
    const pods = await cluster.kube.list("/api/v1/pods", pending);
    const runnable = pods.filter(({ metadata }) => !held.has(metadata.namespace ?? ""));
    await Promise.all(
      runnable.map(({ metadata }) => markReady(cluster, `${metadata.namespace}/pods/${metadata.name}`)),
    );
  } catch (error) {
    // What the API server refuses is a fault; that it is down, or not yet up (429), is a test's wish.
    if (error instanceof KubeError && error.status < 500 && error.status !== 429) throw error;
  }
}

async function markReady(cluster: LabCluster, pod: string): Promise<void> {
  const status = "True";
  const lastTransitionTime = new Date().toISOString();
  const conditions = ["Ready", "ContainersReady"].map((type) => ({ type, status, lastTransitionTime }));
  try {
    await cluster.kube.patch(`/api/v1/namespaces/${pod}/status`, { status: { phase: "Running", conditions } });
  } catch (error) {
    // It was deleted meanwhile.
    if (!(error instanceof KubeError && error.status === 404)) throw error;
  }
}
