/**
 * Stands in for istiod's injection: new pods get the annotations that its webhook would give them, and no proxy. The API
 * server itself does it, by a policy with the webhook's own selectors, so a pod is as a test sees it from the first moment.
 */

import { until } from "../lab/condition.ts";
import { type WebhookOptions, webhookConfiguration } from "../lab/istio-webhooks.ts";
import { KubeError } from "../lab/kube-client.ts";
import type { LabCluster } from "../lab/lab-cluster.ts";

const API = "/apis/admissionregistration.k8s.io/v1";
const NAME_LABEL = "kubernetes.io/metadata.name";

/** Injects as these revisions and tags do, in these namespaces alone. Returns what takes it away again. */
export async function injectAs(
  { kube }: LabCluster,
  installed: readonly WebhookOptions[],
  namespaces: readonly string[],
): Promise<() => Promise<void>> {
  const made: string[] = [];
  for (const options of installed) {
    const { revision, tag = revision } = options;
    for (const { name, namespaceSelector, objectSelector, rules } of webhookConfiguration(options).webhooks) {
      const policyName = `${tag}-${name}`;
      await kube.create(`${API}/mutatingadmissionpolicies`, {
        metadata: { name: policyName },
        spec: {
          matchConstraints: { namespaceSelector, objectSelector, resourceRules: rules },
          failurePolicy: "Fail",
          reinvocationPolicy: "Never",
          mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: mutation(revision) } }],
        },
      });
      await kube.create(`${API}/mutatingadmissionpolicybindings`, {
        metadata: { name: policyName },
        spec: {
          policyName,
          matchResources: {
            namespaceSelector: { matchExpressions: [{ key: NAME_LABEL, operator: "In", values: namespaces }] },
          },
        },
      });
      made.push(policyName);
    }
  }
  return async () => {
    for (const name of made) {
      await kube.delete(`${API}/mutatingadmissionpolicybindings/${name}`);
      await kube.delete(`${API}/mutatingadmissionpolicies/${name}`);
    }
  };
}

/** Waits until a pod that would be made in the namespace now has the annotations. The API server learns of a policy a moment after it was written. */
export async function injects({ kube }: LabCluster, namespace: string, revision: string): Promise<void> {
  await until(
    async () => {
      const pod = {
        metadata: { name: "probe" },
        spec: { containers: [{ name: "probe", image: "registry.invalid/x" }] },
      };
      try {
        const made = await kube.create(`/api/v1/namespaces/${namespace}/pods`, pod, { dryRun: true });
        return made.metadata.annotations?.["istio.io/rev"] === revision;
      } catch (error) {
        // A new namespace takes no pods before a controller has made its ServiceAccount.
        if (error instanceof KubeError && error.status === 403) return false;
        throw error;
      }
    },
    { what: `the injection of ${revision} in ${namespace}` },
  );
}

/** istio pkg/kube/inject/webhook.go, getInjectionStatus; as a native sidecar, which is an init container. */
function mutation(revision: string): string {
  const status = { initContainers: ["istio-init", "istio-proxy"], containers: null, revision };
  const annotations = { "istio.io/rev": revision, "sidecar.istio.io/status": JSON.stringify(status) };
  return `Object{metadata: Object.metadata{annotations: ${JSON.stringify(annotations)}}}`;
}
