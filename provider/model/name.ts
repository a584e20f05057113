/** Names: of namespaces, and of the clusters of a mesh. Which namespaces nobody may take over. */

/** RFC 1123 label, characters. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const MAX_NAME_LENGTH = 63;

/** An affinity annotation is `global-namespace.dev/cluster.<name>`; its part behind the slash has 63 characters. */
export const MAX_CLUSTER_NAME_LENGTH = 55;

/**
 * Namespaces that are never labelled, adopted or deleted: those of Kubernetes itself, those that Istio never injects
 * (istio pkg/kube/inject, `IgnoredNamespaces`), and the mesh's own.
 */
export const PROTECTED_NAMESPACES: readonly string[] = [
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "local-path-storage",
  "istio-system",
];

/** May be labelled, never deleted; the API server refuses that as well. */
const UNDELETABLE_NAMESPACES: readonly string[] = ["default", ...PROTECTED_NAMESPACES];

/** Whether a namespace of this name may be deleted at all. */
export function isDeletable(name: string, alsoProtected: readonly string[]): boolean {
  return ![...UNDELETABLE_NAMESPACES, ...alsoProtected].includes(name);
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const CLUSTER_NAME = /^[a-z0-9]([-a-z0-9_.]*[a-z0-9])?$/;

/** What is wrong with a namespace's name, or `undefined`. */
export function problemOfNamespaceName(name: string, alsoProtected: readonly string[]): string | undefined {
  if (name === "") return "is empty; a namespace's name has 1 to 63 characters";
  if (name.length > MAX_NAME_LENGTH) {
    return `${JSON.stringify(name)} has ${name.length} characters; Kubernetes allows ${MAX_NAME_LENGTH}`;
  }
  if (DNS_LABEL.test(name)) {
    if (![...PROTECTED_NAMESPACES, ...alsoProtected].includes(name)) return undefined;
    return `${JSON.stringify(name)} is a protected namespace; it is never labelled, adopted or deleted`;
  }
  if (DNS_LABEL.test(name.toLowerCase())) {
    return `${JSON.stringify(name)} has upper-case letters; Kubernetes wants lower case: ${JSON.stringify(name.toLowerCase())}`;
  }
  return `${JSON.stringify(name)} is not a namespace's name: lower-case letters, digits and hyphens, the first and the last a letter or digit (RFC 1123 label)`;
}

/** What is wrong with the name that a mesh gives a cluster, or `undefined`. */
export function problemOfClusterName(name: string): string | undefined {
  if (name.length > MAX_CLUSTER_NAME_LENGTH) {
    return `the name ${JSON.stringify(name)} has ${name.length} characters; a cluster's name has at most ${MAX_CLUSTER_NAME_LENGTH}`;
  }
  if (CLUSTER_NAME.test(name)) return undefined;
  return `${JSON.stringify(name)} is not a cluster's name: lower-case letters, digits, "-", "_" and ".", the first and the last a letter or digit`;
}
