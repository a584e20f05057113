// Not the whole of the package: its types and its code take seconds to read.
import type * as kubernetes from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "./alias";
import { kubernetesProvider, meshInputs } from "./mesh-inputs";

/**
 * How a cluster is reached. Give one of: `kubeconfig`, `kubeconfigPath`, `context` alone, or `inCluster`.
 * Changing it changes the Mesh in place and no namespace: credentials are not identity.
 */
export interface ConnectionArgs {
  /**
   * A kubeconfig as text, or as the object that some providers hand out. Always secret: it stands in the state once,
   * encrypted. It may be the output of a cluster that the same program makes. It may not name local files. Default: the one of `kubeconfigPath`.
   */
  kubeconfig?: pulumi.Input<string | object>;
  /** A context of the kubeconfig. Default: its `current-context`. */
  context?: pulumi.Input<string>;
  /** A kubeconfig file. Default: `KUBECONFIG` (a list is merged as kubectl merges it), else `~/.kube/config`. */
  kubeconfigPath?: pulumi.Input<string>;
  /** Uses the service account of the pod that runs the program. Default false. */
  inCluster?: pulumi.Input<boolean>;
  /** Allows plain http, `insecure-skip-tls-verify`, and a user without a credential, for this cluster. Default false: each is refused. */
  insecure?: pulumi.Input<boolean>;
}

/** A cluster of the data plane. */
export interface ClusterArgs extends ConnectionArgs {
  /** What selectors of `clusters` match. Not written to any cluster. Default: none. Changing them moves namespaces that select by them. */
  labels?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Takes the cluster out of every affinity: its namespaces leave it by their `onLeave`. Default false. */
  draining?: pulumi.Input<boolean>;
}

export interface MeshArgs {
  /**
   * The mesh's own Kubernetes API, or the name of the member that is the control plane. It is written before all others.
   * Changing how it is reached changes no namespace; another API server behind it is refused where namespaces are recorded.
   */
  controlPlane: ConnectionArgs | string;
  /**
   * The clusters of the data plane by name: 1 to 55 lower-case letters, digits, `-`, `_` and `.`. The name is what
   * namespaces say; it must not be given to another cluster later. Changed in place: namespaces join a new cluster if they belong to it by
   their `clusters`; one that is taken out is not written to again (see `orphaned`, and `draining` for what comes before).
   */
  clusters: { [name: string]: ClusterArgs };
  /** Namespaces that are refused besides kube-system, kube-public, kube-node-lease, local-path-storage and istio-system. Default: none. Changing them touches no cluster; a GlobalNamespace that is one of them is refused from then on. */
  protectedNamespaces?: pulumi.Input<pulumi.Input<string>[]>;
  /** Allows labels under `pod-security.kubernetes.io/`, which decide what pods may do. Default false: they are refused. Changing it touches no cluster. */
  podSecurityLabels?: pulumi.Input<boolean>;
  /** Which exec plugins of kubeconfigs may run: `"allow"` (default), `"deny"`, or the commands as the kubeconfig spells them. Changing it touches no cluster. */
  execPlugins?: pulumi.Input<"allow" | "deny" | { allow: pulumi.Input<pulumi.Input<string>[]> }>;
  /** Seconds one request may take, 1 to 600. Default 15. Changing it touches no cluster. */
  requestTimeoutSeconds?: pulumi.Input<number>;
  /** Requests at once to one cluster, 1 to 1000. Default 32. Changing it touches no cluster. */
  concurrency?: pulumi.Input<number>;
}

/**
 * The mesh: its control plane and its clusters. An explicit provider for {@link GlobalNamespace}: pass it as
 * `{ provider: mesh }`. The connections stand in the state once, kubeconfigs among them encrypted, and serve every namespace of the mesh.
 */
export class Mesh extends pulumi.ProviderResource {
  private readonly meshName: string;
  private readonly meshArgs: MeshArgs;

  constructor(name: string, args: MeshArgs, opts?: pulumi.ResourceOptions) {
    super("pulumi-nodejs", name, meshInputs(name, args), withAlias(opts, "pulumi:providers:global-namespace"));
    this.meshName = name;
    this.meshArgs = args;
  }

  /**
   * A `@pulumi/kubernetes` Provider for the same cluster, for workloads: `"east"`, or `"controlPlane"` for the mesh's own
   * API. Loads `@pulumi/kubernetes` when called. Give it the name of another resource where one cluster needs two.
   */
  kubernetes(cluster: string, opts?: pulumi.ResourceOptions & { name?: string }): kubernetes.Provider {
    return kubernetesProvider(this, { name: this.meshName, args: this.meshArgs }, cluster, opts);
  }
}
