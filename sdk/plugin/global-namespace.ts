import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "../alias";
import type { GlobalNamespaceArgs, MemberStatus, Target } from "../global-namespace";
import { namespaceProperties } from "../properties";

/**
 * One namespace over a mesh: on its control plane and, with the same labels, on the clusters it belongs to.
 * Needs `{ provider: mesh }`.
 */
export class GlobalNamespace extends pulumi.CustomResource {
  /** The namespace's name, for `metadata.namespace` of workloads. */
  readonly name!: pulumi.Output<string>;
  /** What each cluster shall carry. */
  readonly targets!: pulumi.Output<{ [cluster: string]: Target }>;
  /** By cluster, the NamespaceSync that recorded it there. Absent where `clusters` is given, or nothing was ever recorded. */
  readonly recordedBy!: pulumi.Output<{ [cluster: string]: string } | undefined>;
  /** What the namespace is on each cluster. */
  readonly members!: pulumi.Output<{ [cluster: string]: MemberStatus }>;
  /** What the namespace is on the mesh's control plane. */
  readonly controlPlane!: pulumi.Output<MemberStatus>;
  /** With `propagate: "all"`: the labels of others that the members carry too. */
  readonly propagated!: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Members whose cluster the mesh no longer has. Absent where there are none. */
  readonly orphaned!: pulumi.Output<{ [cluster: string]: MemberStatus } | undefined>;

  constructor(name: string, args: GlobalNamespaceArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "global-namespace:index:GlobalNamespace",
      name,
      namespaceProperties(name, args),
      withAlias(opts, "pulumi-nodejs:dynamic/global-namespace:GlobalNamespace"),
    );
  }
}
