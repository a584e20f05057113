// Not the whole of the package: its types and its code take seconds to read.
import type * as kubernetes from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "../alias";
import type { MeshArgs } from "../mesh";
import { kubernetesProvider, meshInputs } from "../mesh-inputs";

/**
 * The mesh: its control plane and its clusters. An explicit provider for {@link GlobalNamespace}: pass it as
 * `{ provider: mesh }`. The connections stand in the state once, encrypted, and serve every namespace of the mesh.
 */
export class Mesh extends pulumi.ProviderResource {
  private readonly meshName: string;
  private readonly meshArgs: MeshArgs;

  constructor(name: string, args: MeshArgs, opts?: pulumi.ResourceOptions) {
    super("global-namespace", name, meshInputs(name, args), withAlias(opts, "pulumi:providers:pulumi-nodejs"));
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
