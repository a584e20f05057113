import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "./alias";
import { dynamicInputs } from "./dynamic-inputs";
import { syncProperties } from "./properties";

export interface NamespaceSyncArgs {
  /**
   * The source: the name of a cluster in the Mesh, not the control plane. Each `up` and each preview lists its namespaces
   * once; while it cannot be reached, what is recorded stays. Changed in place: the namespaces leave the old source and
   * join the new one.
   */
  cluster: pulumi.Input<string>;
  /**
   * Which of its namespaces: globs over names, `*` for any characters and `?` for one. Default `["*"]`. Never the Mesh's
   * protected namespaces, nor one that is being deleted. Changed in place: those no longer included leave.
   */
  include?: pulumi.Input<pulumi.Input<string>[]>;
  /** Which of those not: globs as in `include`. Default none. Changed in place: those now excluded leave. */
  exclude?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Whose injection labels hold where the mesh's namespace has others, set by somebody else: `"cluster"` (default, as ASM)
   * writes the source's, `"mesh"` leaves the mesh's and records the membership alone (see `kept`), `"fail"` is a check
   * failure that names both. What another NamespaceSync has set is never taken from it: the earlier one holds. Changed in
   * place.
   */
  conflicts?: pulumi.Input<"cluster" | "mesh" | "fail">;
}

/** What is recorded of one namespace on the mesh. */
export interface SyncedNamespace {
  /** `created`: the sync made it on the mesh. `joined`: it was there. Neither is ever deleted by the sync. */
  origin: "created" | "joined";
  /** The injection labels that the sync sets on the mesh: those of the source, or none where the mesh's are kept. */
  labels: { [key: string]: string };
}

/** Stands in the state of every NamespaceSync and runs on destroy years later: it never changes. */
const PROVIDER = 'exports.handler = () => require("pulumi-global-namespace/provider").namespaceSync;';

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
      "pulumi-nodejs:dynamic/global-namespace:NamespaceSync",
      name,
      dynamicInputs(name, syncProperties(args), PROVIDER),
      withAlias(opts, "global-namespace:index:NamespaceSync"),
    );
  }
}
