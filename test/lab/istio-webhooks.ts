/**
 * Istio's injection webhooks without Istio: the MutatingWebhookConfigurations of revisions and tags as its charts write
 * them, with nobody behind. For what is decided from the configurations alone; `test/lab/istio.ts` has the real ones.
 */

import type { Lab } from "./lab.ts";
import type { LabCluster } from "./lab-cluster.ts";

const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

/** By this its configurations are told from those of a real Istio. */
const FIELD_MANAGER = "global-namespace-lab";

export interface WebhookOptions {
  readonly revision: string;
  /** Makes it a tag of that revision. */
  readonly tag?: string;
  /** istiod's `enableNamespacesByDefault`. */
  readonly enableNamespacesByDefault?: boolean;
}

interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "DoesNotExist";
  readonly values?: readonly string[];
}

const INJECTION = "istio-injection";
const REVISION = "istio.io/rev";
const INJECT = "sidecar.istio.io/inject";

const isIn = (key: string, ...values: string[]): Requirement => ({ key, operator: "In", values });
const isNotIn = (key: string, ...values: string[]): Requirement => ({ key, operator: "NotIn", values });
const isAbsent = (key: string): Requirement => ({ key, operator: "DoesNotExist" });

/** A MutatingWebhookConfiguration as the API has it. */
export function webhookConfiguration({ revision, tag, enableNamespacesByDefault = false }: WebhookOptions) {
  const selected = tag ?? revision;
  const isDefault = selected === "default";
  const webhooks = [
    webhook("rev.namespace", [isIn(REVISION, selected), isAbsent(INJECTION)], [isNotIn(INJECT, "false")]),
    webhook(
      "rev.object",
      [isAbsent(REVISION), isAbsent(INJECTION)],
      [isNotIn(INJECT, "false"), isIn(REVISION, selected)],
    ),
  ];
  if (isDefault) {
    webhooks.push(
      webhook("namespace", [isIn(INJECTION, "enabled")], [isNotIn(INJECT, "false")]),
      webhook("object", [isAbsent(INJECTION), isAbsent(REVISION)], [isIn(INJECT, "true"), isAbsent(REVISION)]),
    );
  }
  if (isDefault && enableNamespacesByDefault) {
    const system = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];
    const namespaces = [isAbsent(INJECTION), isAbsent(REVISION), isNotIn("kubernetes.io/metadata.name", ...system)];
    webhooks.push(webhook("auto", namespaces, [isAbsent(INJECT), isAbsent(REVISION)]));
  }
  const suffix = revision === "default" ? "" : `-${revision}`;
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: {
      name: tag === undefined ? `istio-sidecar-injector${suffix}` : `istio-revision-tag-${tag}`,
      labels: { app: "sidecar-injector", "istio.io/rev": revision, ...(tag !== undefined && { "istio.io/tag": tag }) },
    },
    webhooks,
  };
}

/** All members as if an Istio with a default revision, and a second one called `canary`, were installed there. */
export async function installOnMembers(lab: Lab): Promise<void> {
  const members = lab.names.filter((name) => name !== "mesh").map((name) => lab.cluster(name));
  await Promise.all(
    members.map((cluster) => installIstioWebhooks(cluster, [{ revision: "default" }, { revision: "canary" }])),
  );
}

export async function installIstioWebhooks({ kube }: LabCluster, revisions: readonly WebhookOptions[]): Promise<void> {
  for (const options of revisions) {
    const configuration = webhookConfiguration(options);
    await kube.patch(`${CONFIGURATIONS}/${configuration.metadata.name}`, configuration, {
      type: "apply",
      fieldManager: FIELD_MANAGER,
      force: true,
    });
  }
}

/** Makes room for a real Istio, which has configurations of the same names. */
export async function removeIstioWebhooks({ kube }: LabCluster): Promise<void> {
  const configurations = await kube.list(CONFIGURATIONS);
  const ours = configurations.filter(({ metadata }) =>
    metadata.managedFields?.some(({ manager }) => manager === FIELD_MANAGER),
  );
  await Promise.all(ours.map(({ metadata }) => kube.delete(`${CONFIGURATIONS}/${metadata.name}`)));
}

function webhook(name: string, namespaces: readonly Requirement[], pods: readonly Requirement[]) {
  return {
    name: `${name}.sidecar-injector.istio.io`,
    // Nobody answers there, and pods are made all the same.
    clientConfig: { url: "https://127.0.0.1:9/inject" },
    failurePolicy: "Ignore",
    timeoutSeconds: 1,
    namespaceSelector: { matchExpressions: namespaces },
    objectSelector: { matchExpressions: pods },
    rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  };
}
