/** Grammar of label and annotation keys and values, and the keys that this package refuses to write. */

import { describeValue } from "./failure";

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set, characters. */
const MAX_VALUE_LENGTH = 63;
const MAX_KEY_NAME_LENGTH = 63;
const MAX_KEY_PREFIX_LENGTH = 253;

/** Bytes of all annotations of an object. k8s.io/apimachinery/pkg/api/validation, TotalAnnotationSizeLimitB. */
export const MAX_METADATA_BYTES: number = 256 * 1024;

/** Everything this package writes for itself is under this prefix. */
export const OWN_PREFIX = "global-namespace.dev";

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Decided by `injection` alone, so that two of them never compete. */
const INJECTION_KEYS: Readonly<Record<string, string>> = {
  "istio-injection": 'write injection: "enabled" or injection: "disabled" instead',
  "istio.io/rev": 'write injection: { revision: "..." } or injection: { tag: "..." } instead',
  "istio.io/dataplane-mode": 'write injection: "ambient" instead',
};

/**
 * Keys whose value belongs to one cluster or to another controller, and must not be spread: network identity, other
 * fleet managers' bookkeeping, kubectl's last-applied copy.
 */
const REFUSED_KEYS: readonly string[] = [
  "topology.istio.io/network",
  "field.cattle.io/projectId",
  "cattle.io/status",
  "kubernetes.azure.com/managedByArm",
  "maistra.io/member-of",
];
const REFUSED_DOMAINS: readonly string[] = [
  "kubernetes.io",
  "k8s.io",
  OWN_PREFIX,
  "clusterset.open-cluster-management.io",
  "liqo.io",
  "resourcetemplate.karmada.io",
  "work.karmada.io",
  "hnc.x-k8s.io",
  "tree.hnc.x-k8s.io",
  "capsule.clastix.io",
];
const POD_SECURITY_PREFIX = "pod-security.kubernetes.io/";

/** What is wrong with a key, or `undefined`. Labels and annotations share the grammar. */
export function problemOfKey(key: string, options: { readonly podSecurityLabels: boolean }): string | undefined {
  const injectionAdvice = Object.hasOwn(INJECTION_KEYS, key) ? INJECTION_KEYS[key] : undefined;
  if (injectionAdvice !== undefined) return `${JSON.stringify(key)} is set by injection: ${injectionAdvice}`;
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > MAX_KEY_PREFIX_LENGTH || !DNS_SUBDOMAIN.test(prefix))) {
    return `${describeValue(key)}: the part before "/" must be a DNS name in lower case of at most ${MAX_KEY_PREFIX_LENGTH} characters`;
  }
  if (name.length > MAX_KEY_NAME_LENGTH || !NAME.test(name)) {
    return `${describeValue(key)}: the name must have 1 to ${MAX_KEY_NAME_LENGTH} letters, digits, "-", "_" or ".", the first and the last a letter or digit`;
  }
  if (key.startsWith(POD_SECURITY_PREFIX)) {
    if (options.podSecurityLabels) return undefined;
    return `${JSON.stringify(key)} decides what pods may do; allow it with podSecurityLabels: true on the Mesh`;
  }
  if (REFUSED_KEYS.includes(key) || (prefix !== undefined && inRefusedDomain(prefix))) {
    return `${JSON.stringify(key)} belongs to Kubernetes, to another controller or to one cluster, and is never spread over a mesh`;
  }
  return undefined;
}

function inRefusedDomain(prefix: string): boolean {
  return REFUSED_DOMAINS.some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));
}

/** What is wrong with a label's value, or `undefined`. */
export function problemOfLabelValue(value: unknown): string | undefined {
  if (typeof value !== "string") return problemOfType(value);
  if (value.length > MAX_VALUE_LENGTH) {
    return `${describeValue(value)} has ${value.length} characters; a label's value has at most ${MAX_VALUE_LENGTH}`;
  }
  if (value !== "" && !NAME.test(value)) {
    return `${describeValue(value)} is not a label's value: letters, digits, "-", "_" and ".", the first and the last a letter or digit`;
  }
  return undefined;
}

/** What is wrong with an annotation's value, or `undefined`. Annotations hold any text. */
export function problemOfAnnotationValue(value: unknown): string | undefined {
  return typeof value === "string" ? undefined : problemOfType(value);
}

function problemOfType(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") {
    return `is ${value}, a ${typeof value}; Kubernetes wants a string: write "${value}"`;
  }
  return `is ${describeValue(value)}; Kubernetes wants a string`;
}
