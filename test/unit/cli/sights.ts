/** Clusters as a status sees them, with only what matters to a test spelled out. */

import type { ClusterSight, MeshSight } from "../../../cli/status/sight.ts";
import { parseInjectionWebhooks } from "../../../provider/kube/injection-webhooks.ts";
import type { InjectionWebhook } from "../../../provider/model/injection.ts";
import type { FieldManager, Namespace } from "../../../provider/model/namespace.ts";
import type { ObjectMetadata } from "../../../provider/model/object.ts";
import { affinityAnnotations, fieldManagerOf, OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import { webhookConfiguration } from "../../lab/istio-webhooks.ts";
import { aNamespace } from "../kube/builders.ts";

export const OWNER = "acme/shop/prod/mesh/payments";

type Labels = Readonly<Record<string, string>>;

function setBy(manager: string, labels: Labels): FieldManager {
  return { manager, operation: "Apply", labels: Object.keys(labels), annotations: [] };
}

/** A namespace that carries its owner's labels, and what somebody else has set with kubectl since. */
export function owned(
  labels: Labels,
  { owner = OWNER, others = {} }: { owner?: string; others?: Labels } = {},
): Namespace {
  const kept = Object.fromEntries(Object.entries(labels).filter(([key]) => !Object.hasOwn(others, key)));
  return aNamespace({
    labels: { ...labels, ...others },
    annotations: { [OWNER_ANNOTATION]: owner },
    fieldManagers: [setBy(fieldManagerOf(owner), kept), setBy("kubectl-label", others)],
  });
}

/** The same without a label that somebody has removed. */
export function without(namespace: Namespace, key: string): Namespace {
  const { [key]: _, ...labels } = namespace.labels;
  const fieldManagers = namespace.fieldManagers.map((entry) => ({
    ...entry,
    labels: entry.labels.filter((each) => each !== key),
  }));
  return { ...namespace, labels, fieldManagers };
}

/** The mesh's own, which says where it belongs. */
export function belongingTo(namespace: Namespace, ...clusters: readonly string[]): Namespace {
  return { ...namespace, annotations: { ...namespace.annotations, ...affinityAnnotations(clusters) } };
}

export function servedBy(...revisions: readonly string[]): readonly InjectionWebhook[] {
  return parseInjectionWebhooks(revisions.map((revision) => webhookConfiguration({ revision })));
}

/** A cluster that answers everything. */
export function aSight(
  namespaces: readonly Namespace[],
  {
    webhooks = servedBy("default", "canary"),
    pods = [],
  }: { webhooks?: readonly InjectionWebhook[]; pods?: readonly ObjectMetadata[] } = {},
): ClusterSight {
  return { namespaces: { value: namespaces }, webhooks: { value: webhooks }, pods: { value: pods } };
}

/** One that does not. */
export function noSight(problem: string): ClusterSight {
  return { namespaces: { problem }, webhooks: { problem }, pods: { problem } };
}

export function aMeshOf(namespace: Namespace, clusters: MeshSight["clusters"]): MeshSight {
  return { controlPlane: [aNamespace({ name: "kube-system" }), namespace], clusters };
}
