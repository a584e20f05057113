import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "../alias";
import type { NamespaceSyncArgs, SyncedNamespace } from "../namespace-sync";
import { syncProperties } from "../properties";

/**
 * Brings the namespaces of one cluster to the mesh: those that the mesh lacks are created there, the injection labels
 * (`istio-injection`, `istio.io/rev`, `istio.io/dataplane-mode`) are copied, and that the namespace belongs to the cluster
 * is recorded as the annotation `global-namespace.dev/synced.<cluster>` of the mesh's namespace. Nothing else flows from a
 * cluster to the mesh, the source is never written to, and nothing is ever deleted: a namespace that is gone from the
 * source, or no longer selected, loses the record and keeps its labels, and so does every one on destroy.
 *
 * A {@link GlobalNamespace} that leaves `clusters` out follows the records. In the same program give it
 * `dependsOn: sync`, so that it sees them at the first `up` already. A namespace that a GlobalNamespace declares is that
 * one's: the sync makes no record of it (one made before stays while the source has the namespace) and sets no label.
 *
 * Several syncs add up. Where two sources have different injection labels, those of the sync that came first hold; in one
 * program `dependsOn` says which that is. Needs `{ provider: mesh }`.
 */
export class NamespaceSync extends pulumi.CustomResource {
  /** The source's name in the Mesh. */
  readonly cluster!: pulumi.Output<string>;
  /** What is recorded on the mesh, by namespace. */
  readonly namespaces!: pulumi.Output<{ [name: string]: SyncedNamespace }>;
  /**
   * Namespaces that a GlobalNamespace declares and whose injection labels are others in the source: which one, and the
   * difference. Absent where there are none.
   */
  readonly declared!: pulumi.Output<{ [name: string]: string } | undefined>;
  /** Namespaces whose injection labels on the mesh were left as they are, and why. Absent where there are none. */
  readonly kept!: pulumi.Output<{ [name: string]: string } | undefined>;
  /** Namespaces that could not be written at the last `up`, and why; the next one goes on. Absent where there are none. */
  readonly failed!: pulumi.Output<{ [name: string]: string } | undefined>;

  constructor(name: string, args: NamespaceSyncArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "global-namespace:index:NamespaceSync",
      name,
      syncProperties(args),
      withAlias(opts, "pulumi-nodejs:dynamic/global-namespace:NamespaceSync"),
    );
  }
}
