/**
 * How a cluster is reached, as the user says it and as it travels in the provider's inputs. Only data: reading files and
 * opening sockets is `provider/kube`'s.
 */

/**
 * Stands in a preview for a kubeconfig that is made by the same program and not known yet, so that one new cluster does not
 * make the whole mesh unknown.
 */
export const PENDING_KUBECONFIG = "global-namespace.dev/pending";

/** Where Kubernetes mounts a pod's service account. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
export const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The API server that a pod's environment names; `undefined` where this is no pod. */
export function podServer(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  return host && port ? `https://${host.includes(":") ? `[${host}]` : host}:${port}` : undefined;
}

/** Exactly one of the forms; which one is decided by the fields that are there. */
export interface ClusterConnection {
  /** The text of a kubeconfig (YAML or JSON). Always secret. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig: of `kubeconfig` when that is given, else of the file. Default: its current-context. */
  readonly context?: string;
  /** A kubeconfig file. Default: `KUBECONFIG` (a list, merged as kubectl merges it), else `~/.kube/config`. */
  readonly kubeconfigPath?: string;
  /** The pod's own service account. */
  readonly inCluster?: boolean;
  /** Allows http and skipped TLS verification for this cluster. */
  readonly insecure?: boolean;
}

/** Whether exec plugins of kubeconfigs may be run: all, none, or the named commands (as the kubeconfig spells them). */
export type ExecPlugins = "allow" | "deny" | { readonly allow: readonly string[] };
