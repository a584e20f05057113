/**
 * A real Istio on a cluster of a lab: its objects as `istioctl` makes them, and an istiod for them, which runs beside the
 * cluster and injects sidecars into the pods that its API server takes.
 *
 * @example
 * await startIstio(lab.cluster("east"), { revision: "stable", tags: ["prod"] });
 * await startIstio(lab.cluster("east"), { revision: "canary" });
 * await moveTag(lab.cluster("east"), "prod", "canary");
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { until } from "./condition.ts";
import { type Manifest, renderIstio } from "./istio-manifest.ts";
import { removeIstioWebhooks } from "./istio-webhooks.ts";
import type { KubeObject } from "./kube-client.ts";
import type { LabCluster } from "./lab-cluster.ts";
import { findPrograms, istioPrograms, type Log } from "./programs.ts";

const run = promisify(execFile);

/** How Istio is installed. */
export interface IstioOptions {
  /** As in the label `istio.io/rev`. Default: `default`, which the label `istio-injection` stands for too. */
  readonly revision?: string;
  /** Tags for this revision; the tag `default` makes it the one that `istio-injection` stands for. */
  readonly tags?: readonly string[];
  /** Default: tells nobody. */
  readonly log?: Log;
}

const SYSTEM_NAMESPACE = "istio-system";

/** Nothing in a lab runs istiod's own pods. */
const LEFT_OUT = ["Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"];

const WEBHOOKS = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/**
 * Installs a revision of Istio, beside those that the cluster has (but in place of what istio-webhooks.ts has put there),
 * and waits until it injects. Its istiod ends with the lab. A revision that is there already gets the tags.
 */
export async function startIstio(cluster: LabCluster, options: IstioOptions = {}): Promise<void> {
  const { revision = "default", tags = [], log = () => {} } = options;
  const started = Date.now();
  const programs = await findPrograms(istioPrograms, log);
  const manifests = (await renderIstio(programs.istioctl, { revision })).filter(({ kind }) => !LEFT_OUT.includes(kind));
  await apply(cluster, { apiVersion: "v1", kind: "Namespace", metadata: { name: SYSTEM_NAMESPACE } });
  await applyAll(
    cluster,
    manifests.filter(({ kind }) => !WEBHOOKS.includes(kind)),
  );
  await removeIstioWebhooks(cluster);
  const url = await cluster.startIstiod({ program: programs["pilot-discovery"], revision });
  // Istiod then adds to them which authority its certificate is from.
  await applyAll(
    cluster,
    manifests.filter(({ kind }) => WEBHOOKS.includes(kind)).map((webhooks) => reachedAt(url, webhooks)),
  );
  await injected(cluster, revision, revision);
  for (const tag of tags) await moveTag(cluster, tag, revision);
  log(`${cluster.name}: Istio ${revision} injects after ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** Makes the tag stand for another revision, or makes the tag, and waits until it does. */
export async function moveTag(cluster: LabCluster, tag: string, revision: string): Promise<void> {
  const { istioctl } = await findPrograms(["istioctl"], () => {});
  const words = ["tag", "set", tag, "--revision", revision, "--overwrite", "--skip-confirmation"];
  await run(istioctl, [...words, "--kubeconfig", cluster.kubeconfigPath]);
  await injected(cluster, tag, revision);
}

/** The revision whose sidecar a pod has; `undefined` for a pod without one. */
export function sidecarOf({ metadata, spec = {} }: KubeObject): string | undefined {
  // Where Kubernetes knows them, sidecars are init containers that go on running.
  const containers = [spec.containers, spec.initContainers].flat() as ({ readonly name: string } | undefined)[];
  return containers.some((container) => container?.name === "istio-proxy")
    ? metadata.annotations?.["istio.io/rev"]
    : undefined;
}

/**
 * Waits until pods that ask for a revision or tag get the sidecar of that revision: the API server learns of webhooks a
 * moment after they were written.
 */
async function injected(cluster: LabCluster, label: string, revision: string): Promise<void> {
  let last = "";
  const look = async () => {
    try {
      const injecting = sidecarOf(await tryPod(cluster, label));
      last = `they get ${injecting === undefined ? "none" : `that of ${injecting}`}`;
      return injecting === revision;
    } catch (error) {
      last = String(error);
      return false;
    }
  };
  const what = `pods of ${cluster.name} with istio.io/rev=${label} getting the sidecar of ${revision}`;
  await until(look, { what, detail: () => last });
}

/** A pod as it would be made. */
function tryPod(cluster: LabCluster, label: string): Promise<KubeObject> {
  const pod = {
    metadata: { name: "try", labels: { "istio.io/rev": label } },
    spec: { containers: [{ name: "try", image: "registry.invalid/try" }] },
  };
  return cluster.kube.create(`/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods`, pod, { dryRun: true });
}

/** The webhooks with the address of an istiod in place of the service that would lead to it. */
function reachedAt(url: string, manifest: Manifest): Manifest {
  const { webhooks = [] } = manifest as Manifest & { readonly webhooks?: readonly Webhook[] };
  const reachable = webhooks.map((webhook) => ({
    ...webhook,
    clientConfig: { url: `${url}${webhook.clientConfig.service.path}` },
  }));
  return { ...manifest, webhooks: reachable } as Manifest;
}

interface Webhook {
  readonly clientConfig: { readonly service: { readonly path: string } };
}

async function applyAll(cluster: LabCluster, manifests: readonly Manifest[]): Promise<void> {
  await Promise.all(manifests.map((manifest) => apply(cluster, manifest)));
}

async function apply(cluster: LabCluster, manifest: Manifest): Promise<void> {
  const { apiVersion, kind, metadata } = manifest;
  const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  // True of every kind that is in there.
  const resource = `${kind.toLowerCase()}s`;
  await cluster.kube.patch(`${group}${namespace}/${resource}/${metadata.name}`, manifest, {
    type: "apply",
    fieldManager: "istioctl",
    force: true,
  });
}
