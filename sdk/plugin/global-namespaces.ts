import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "../alias";
import type { GlobalNamespaceStatus, GlobalNamespacesArgs } from "../global-namespaces";

/**
 * Many global namespaces as one resource, for meshes with hundreds of them: the engine records each resource by itself,
 * and with a file as backend writes the whole state each time. A preview shows the namespaces that change. One that fails
 * stops no other; what was done is recorded, and the next `pulumi up` does the rest. Needs `{ provider: mesh }`.
 *
 * A {@link GlobalNamespace} whose resource has the namespace's name moves in by being declared here instead, and out with
 * `released`; no cluster is touched.
 */
export class GlobalNamespaces extends pulumi.CustomResource {
  /** Each namespace's outputs, by name. */
  readonly namespaces!: pulumi.Output<{ [name: string]: GlobalNamespaceStatus }>;

  constructor(name: string, args: GlobalNamespacesArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "global-namespace:index:GlobalNamespaces",
      name,
      { ...args },
      withAlias(opts, "pulumi-nodejs:dynamic/global-namespace:GlobalNamespaces"),
    );
  }
}
