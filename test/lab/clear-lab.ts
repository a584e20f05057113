/** Takes away what a test file has left in the clusters of a lab, so that the next one finds them as they were made. */

import { until } from "./condition.ts";
import { installOnMembers } from "./istio-webhooks.ts";
import type { Lab } from "./lab.ts";
import type { LabCluster } from "./lab-cluster.ts";

/** Kubernetes' own, which cannot be deleted or come back by themselves. */
const KEPT = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

/** What tests make beside namespaces, of which a cluster of the lab has none when it is made. */
const CLUSTER_SCOPED = [
  "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
  "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
  "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
  "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
  "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
  "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  "/api/v1/nodes",
];

/** The members have their injection webhooks again afterwards. A cluster that was stopped or paused runs again. */
export async function clearLab(lab: Lab): Promise<void> {
  await Promise.all(lab.names.map((name) => clearCluster(lab.cluster(name))));
  await installOnMembers(lab);
}

async function clearCluster(cluster: LabCluster): Promise<void> {
  await cluster.resume();
  await cluster.start();
  const { kube } = cluster;
  // First what could refuse the deletions that follow.
  for (const path of CLUSTER_SCOPED) await kube.delete(path);
  const left = async () => (await kube.list("/api/v1/namespaces")).filter(({ metadata }) => !KEPT.has(metadata.name));
  for (const { metadata } of await left()) {
    const path = `/api/v1/namespaces/${metadata.name}`;
    if (metadata.deletionTimestamp === undefined) await kube.delete(path);
    // Gone at once where nothing else holds it.
    if ((metadata.finalizers ?? []).length > 0) await kube.patch(path, { metadata: { finalizers: null } });
  }
  await until(async () => (await left()).length === 0, {
    what: `the namespaces of ${cluster.name} to be gone`,
  });
}
