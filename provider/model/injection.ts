/**
 * Injection as one mode per namespace, the labels that say it, and who injects because of them. Istio reads three labels;
 * `istio-injection` wins over `istio.io/rev`, and any value but `enabled` blocks injection, so two of them together mean
 * something else than either. Rules: istio manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml,
 * pkg/kube/inject.
 */

import { ownValue, pick, type StringMap } from "./json";
import { type LabelSelector, selects } from "./label-selector";
import type { Known } from "./unknown";

export const INJECTION_LABEL = "istio-injection";
export const REVISION_LABEL = "istio.io/rev";
export const DATAPLANE_MODE_LABEL = "istio.io/dataplane-mode";
export const WAYPOINT_LABEL = "istio.io/use-waypoint";
export const WAYPOINT_NAMESPACE_LABEL = "istio.io/use-waypoint-namespace";

/** Each of them alone decides how the namespace's pods get into the mesh. */
export const MODE_LABELS: readonly string[] = [INJECTION_LABEL, REVISION_LABEL, DATAPLANE_MODE_LABEL];

export type Injection =
  | { readonly kind: "enabled" }
  | { readonly kind: "disabled" }
  | {
      readonly kind: "ambient";
      readonly waypoint?: Known<string>;
      readonly waypointNamespace?: Known<string>;
    }
  | { readonly kind: "revision"; readonly value: Known<string> };

/** One webhook of a MutatingWebhookConfiguration that injects sidecars: what it selects, and who stands behind it. */
export interface InjectionWebhook {
  /** The MutatingWebhookConfiguration's name. */
  readonly configuration: string;
  /** Its label `istio.io/rev`; `"default"` for an installation without a revision. */
  readonly revision: string;
  /** Its label `istio.io/tag`, where it is a tag's. */
  readonly tag?: string;
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
}

/** Who puts a sidecar into a pod. */
export interface Injector {
  readonly revision: string;
  /** The tag through which the revision was found. */
  readonly tag?: string;
  readonly configuration: string;
}

/** What is looked at of a namespace. */
export interface InjectedNamespace {
  readonly name: string;
  readonly labels: StringMap;
}

/** What is looked at of a pod, or of a workload's pod template. */
export interface InjectedPod {
  readonly labels: StringMap;
  readonly annotations?: StringMap;
}

/** Where Istio never injects. istio pkg/kube/inject/inject.go, IgnoredNamespaces. */
const NEVER_INJECTED: readonly string[] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/** On a pod, as a label or an annotation; the label wins. istio pkg/kube/inject/inject.go, injectRequired. */
const POD_OPT_OUT = "sidecar.istio.io/inject";

/** The label that the API server gives every namespace, and that webhooks may select by. */
const NAME_LABEL = "kubernetes.io/metadata.name";

/** How `injectedBy` says that a namespace is in the ambient mesh, where no sidecar is injected. */
export const AMBIENT = "ztunnel";
export const NOBODY = "none";

/**
 * Who injects a pod that is made now: the first webhook that selects the namespace and the pod. `undefined` where nobody
 * does. A namespace that is labelled for ambient and for sidecars gets sidecars.
 */
export function whoInjects(
  namespace: InjectedNamespace,
  pod: InjectedPod,
  webhooks: readonly InjectionWebhook[],
): Injector | undefined {
  if (NEVER_INJECTED.includes(namespace.name)) return undefined;
  if (!Object.hasOwn(pod.labels, POD_OPT_OUT) && pod.annotations?.[POD_OPT_OUT] === "false") return undefined;
  const labels = { ...namespace.labels, [NAME_LABEL]: namespace.name };
  const found = webhooks.find((webhook) => {
    return selects(webhook.namespaceSelector, labels) && selects(webhook.objectSelector, pod.labels);
  });
  if (found === undefined) return undefined;
  const { revision, tag, configuration } = found;
  return { revision, ...(tag !== undefined && { tag }), configuration };
}

/**
 * The data plane that a pod made now gets, in one word: the revision that injects its sidecar, `"ztunnel"` where it is in
 * the ambient mesh, `"none"` where it is in no mesh.
 */
export function injectedBy(
  namespace: InjectedNamespace,
  pod: InjectedPod,
  webhooks: readonly InjectionWebhook[],
): string {
  const injector = whoInjects(namespace, pod, webhooks);
  if (injector !== undefined) return injector.revision;
  const mode = (labels: StringMap) => ownValue(labels, DATAPLANE_MODE_LABEL);
  return (mode(pod.labels) ?? mode(namespace.labels)) === "ambient" ? AMBIENT : NOBODY;
}

/** Whether labels say anything about injection. */
export function saysInjection(labels: StringMap): boolean {
  return MODE_LABELS.some((key) => Object.hasOwn(labels, key));
}

/**
 * Why pods would stay without the sidecar that the labels ask for, or `undefined`. Such pods start all the same, in no
 * mesh and without its policies: a label that selects no webhook is an error that nothing else reports.
 */
export function problemOfInjection(
  namespace: InjectedNamespace,
  webhooks: readonly InjectionWebhook[],
): string | undefined {
  const { labels } = namespace;
  const mode = ownValue(labels, INJECTION_LABEL);
  if (mode !== undefined && mode !== "enabled") return undefined;
  const revision = ownValue(labels, REVISION_LABEL);
  if (mode === undefined && revision === undefined) return undefined;
  if (whoInjects(namespace, { labels: {} }, webhooks) !== undefined) return undefined;
  return mode === "enabled"
    ? `"enabled" means the default revision or the tag "default", and there is neither; it serves ${describeServed(webhooks)}`
    : `no revision or tag ${JSON.stringify(revision)} is served there; it serves ${describeServed(webhooks)}`;
}

/** A {@link problemOfInjection} in words, and what to do where it is refused. */
export function describeUnserved(problem: string, isRefused: boolean): string {
  const advice = isRefused ? '. revisionCheck: "warn" lets it pass' : "";
  return `${problem}; pods would start there without a sidecar${advice}`;
}

/** `revision "canary", revision "stable", tag "prod" (stable)`. */
export function describeServed(webhooks: readonly InjectionWebhook[]): string {
  const texts = webhooks.map(({ revision, tag }) =>
    tag === undefined ? `revision ${JSON.stringify(revision)}` : `tag ${JSON.stringify(tag)} (${revision})`,
  );
  return texts.length === 0 ? "no Istio revision at all" : [...new Set(texts)].sort().join(", ");
}

/** The labels that set a mode. No mode (`undefined`) sets none and leaves those of others alone. */
export function labelsOfInjection(injection: Injection | undefined): Record<string, string> {
  switch (injection?.kind) {
    case undefined:
      return {};
    case "enabled":
      return { [INJECTION_LABEL]: "enabled" };
    case "disabled":
      return { [INJECTION_LABEL]: "disabled" };
    case "ambient":
      return {
        [DATAPLANE_MODE_LABEL]: "ambient",
        ...(injection.waypoint !== undefined && { [WAYPOINT_LABEL]: injection.waypoint }),
        ...(injection.waypointNamespace !== undefined && { [WAYPOINT_NAMESPACE_LABEL]: injection.waypointNamespace }),
      };
    case "revision":
      return { [REVISION_LABEL]: injection.value };
  }
}

/**
 * The labels on a namespace that would make the declared mode mean something else, with their values. Our own earlier
 * ones are removed by leaving them out of the apply; what this finds in the answer was set by somebody else.
 *
 * `declared` are the labels an apply sets; without an injection label among them nothing competes. A declared `disabled`
 * wins over everything the sidecar webhooks read, and `disabled` beside `ambient` is legal, so nothing competes there.
 */
export function competingLabels(declared: StringMap, observed: StringMap): Record<string, string> {
  const competitors = keysCompetingWith(declared).filter((key) => !Object.hasOwn(declared, key));
  const found = pick(observed, competitors);
  if (found[DATAPLANE_MODE_LABEL] === "none") delete found[DATAPLANE_MODE_LABEL];
  if (Object.hasOwn(declared, DATAPLANE_MODE_LABEL) && found[INJECTION_LABEL] === "disabled") {
    delete found[INJECTION_LABEL];
  }
  return found;
}

/** Of what was seen where a target was declared: labels that rival each other are not all of one declaration, and nobody can tell whose is whose. */
export function withoutRivals(labels: StringMap): StringMap {
  const modes = MODE_LABELS.filter((key) => Object.hasOwn(labels, key));
  const isRivalled = (key: string) => Object.keys(competingLabels(pick(labels, [key]), labels)).length > 0;
  if (!modes.some(isRivalled)) return labels;
  return pick(
    labels,
    Object.keys(labels).filter((key) => !modes.includes(key)),
  );
}

function keysCompetingWith(declared: StringMap): readonly string[] {
  const injection = ownValue(declared, INJECTION_LABEL);
  if (injection === "disabled") return [];
  if (injection !== undefined) return [REVISION_LABEL, DATAPLANE_MODE_LABEL];
  if (Object.hasOwn(declared, REVISION_LABEL)) return [INJECTION_LABEL, DATAPLANE_MODE_LABEL];
  if (Object.hasOwn(declared, DATAPLANE_MODE_LABEL)) return [INJECTION_LABEL, REVISION_LABEL];
  return [];
}
