/** The controllers' part in a new namespace, which comes after the answer to who made it, and is on no job's account. */

import { until } from "../test/lab/condition.ts";
import { connect, type KubeClient } from "../test/lab/kube-client.ts";
import { writeKubeconfig } from "../test/lab/kubeconfig.ts";

/** How a cluster is reached. */
export interface Reach {
  readonly server: string;
  readonly authority: string;
  readonly token: string;
}

const TIMEOUT_MS = 600_000;

/** Waits until each namespace has what the controllers put into it: the default ServiceAccount and the root certificate. */
export async function settled(clusters: readonly Reach[]): Promise<void> {
  const clients = clusters.map((reach) => connect(writeKubeconfig([{ cluster: "bench", user: "bench", ...reach }])));
  const what = "the controllers to be done with new namespaces";
  await Promise.all(clients.map((kube) => until(() => isSettled(kube), { what, timeoutMs: TIMEOUT_MS })));
}

async function isSettled(kube: KubeClient): Promise<boolean> {
  const count = (kind: string) => countOf(kube, kind);
  const [namespaces, accounts, certificates] = [
    await count("namespaces"),
    await count("serviceaccounts"),
    await count("configmaps"),
  ];
  return accounts >= namespaces && certificates >= namespaces;
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
