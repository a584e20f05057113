/** The controllers' part in a new namespace, which comes after the answer to who made it, and is on no job's account. */

import { until } from "../test/lab/condition.ts";
import { connect, type KubeClient } from "../test/lab/kube-client.ts";
import { type Access, writeKubeconfig } from "../test/lab/kubeconfig.ts";

const TIMEOUT_MS = 600_000;

/** Waits until each namespace has what the controllers put into it: the default ServiceAccount and the root certificate. */
export async function settled(clusters: readonly Access[]): Promise<void> {
  const clients = clusters.map((access) => connect(writeKubeconfig([access])));
  const what = "the controllers to be done with new namespaces";
  await Promise.all(clients.map((kube) => until(() => isSettled(kube), { what, timeoutMs: TIMEOUT_MS })));
}

async function isSettled(kube: KubeClient): Promise<boolean> {
  const namespaces = await countOf(kube, "namespaces");
  const made = await Promise.all([countOf(kube, "serviceaccounts"), countOf(kube, "configmaps")]);
  return made.every((count) => count >= namespaces);
}

/** By a list of one, which says how many more there are. */
async function countOf(kube: KubeClient, kind: string): Promise<number> {
  const { body } = await kube.request({ method: "GET", path: `/api/v1/${kind}`, query: { limit: "1" } });
  const { items, metadata } = body as {
    readonly items: readonly unknown[];
    readonly metadata: { readonly remainingItemCount?: number };
  };
  return items.length + (metadata.remainingItemCount ?? 0);
}
