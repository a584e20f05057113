import * as pulumi from "@pulumi/pulumi";

/** Which cluster is asked. */
export interface GetNamespacesArgs {
  /** A cluster of the Mesh by its name. Default: the mesh's control plane. */
  cluster?: string;
}

/** A namespace as a cluster holds it. */
export interface NamespaceSeen {
  /** Of the namespace there. */
  uid: string;
  /** Without Kubernetes' own. */
  labels: { [key: string]: string };
  /** Whether it is being deleted. */
  terminating: boolean;
  /** organization/project/stack/mesh/resource of the GlobalNamespace that declares it. Absent where none does. */
  owner?: string;
  /** On the mesh's control plane: the clusters it belongs to. Absent where none are written. */
  clusters?: string[];
}

/** What it holds. */
export interface GetNamespacesResult {
  /** By name. */
  namespaces: { [name: string]: NamespaceSeen };
}

/** What the mesh, or one of its clusters, holds now. Needs `{ provider: mesh }`. */
export function getNamespaces(args: GetNamespacesArgs, opts?: pulumi.InvokeOptions): Promise<GetNamespacesResult> {
  return pulumi.runtime.invoke("global-namespace:index:getNamespaces", args, opts);
}

/** Which pod is asked about. */
export interface GetInjectionArgs {
  /** A cluster of the Mesh by its name. Default: the mesh's control plane. */
  cluster?: string;
  /** The namespace's name. */
  namespace: string;
  /** Labels of the namespace. Default: those that it has there now. */
  namespaceLabels?: { [key: string]: string };
  /** Labels of the pod. Default: none. */
  podLabels?: { [key: string]: string };
}

/** Who injects it. */
export interface GetInjectionResult {
  /** The revision that injects; `"ztunnel"` in the ambient mesh, `"none"` where nobody does. */
  injectedBy: string;
  /** The revision whose webhook selects the pod. Absent where none does. */
  revision?: string;
  /** The tag through which it was found. Absent where it is the revision's own webhook. */
  tag?: string;
  /** The MutatingWebhookConfiguration's name. */
  configuration?: string;
  /** Why pods stay without the sidecar that the namespace's labels ask for. Absent where they do not. */
  problem?: string;
}

/** Who would inject a pod with these labels, told from the cluster's webhooks. Needs `{ provider: mesh }`. */
export function getInjection(args: GetInjectionArgs, opts?: pulumi.InvokeOptions): Promise<GetInjectionResult> {
  return pulumi.runtime.invoke("global-namespace:index:getInjection", args, opts);
}
