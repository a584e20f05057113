import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "./alias";
import { dynamicInputs } from "./dynamic-inputs";
import type { GlobalNamespaceArgs, MemberStatus, Target } from "./global-namespace";

/** The arguments of a GlobalNamespace, as one of many: its name is the key. */
export type NamespaceArgs = Omit<GlobalNamespaceArgs, "name">;

export interface GlobalNamespacesArgs {
  /**
   * The namespaces by name, each with the arguments of a {@link GlobalNamespace}. Changed in place: each namespace for
   * itself, as if it were a resource of its own. One that is no longer here ends as a destroyed GlobalNamespace does, by
   * its own `onDelete`, within the update that finds it gone.
   */
  namespaces: pulumi.Input<{ [name: string]: pulumi.Input<NamespaceArgs> }>;
  /**
   * Names of namespaces that are given up as they are: nothing is written or deleted on any cluster, and another resource
   * of the same program can declare them. A name may stay here afterwards. Default: none. Changing it touches no cluster.
   */
  released?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A GlobalNamespace's outputs, as one of many. */
export interface GlobalNamespaceStatus {
  /** The namespace's name. */
  name: string;
  /** What each cluster shall carry. */
  targets: { [cluster: string]: Target };
  /** By cluster, the NamespaceSync that recorded it there. */
  recordedBy?: { [cluster: string]: string };
  /** What the namespace is on each cluster. */
  members: { [cluster: string]: MemberStatus };
  /** What the namespace is on the mesh's control plane. */
  controlPlane: MemberStatus;
  /** With `propagate: "all"`: the labels of others that the members carry too. */
  propagated?: { [key: string]: string };
  /** Members whose cluster the mesh no longer has. */
  orphaned?: { [cluster: string]: MemberStatus };
}

/**
 * Loads the provider from the installed package, in the process that the engine starts. This text stands in the state of
 * every resource and runs on destroy years later: it never changes.
 */
const PROVIDER = 'exports.handler = () => require("pulumi-global-namespace/provider").globalNamespaces;';

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
      "pulumi-nodejs:dynamic/global-namespace:GlobalNamespaces",
      name,
      dynamicInputs(name, args, PROVIDER),
      withAlias(opts, "global-namespace:index:GlobalNamespaces"),
    );
  }
}
