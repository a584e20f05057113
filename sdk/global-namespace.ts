import * as pulumi from "@pulumi/pulumi";
import { withAlias } from "./alias";
import { dynamicInputs } from "./dynamic-inputs";
import { namespaceProperties } from "./properties";

/** The ambient mesh, with what stands for Layer 7 there. Both are labels' values of the namespace. */
export interface Ambient {
  /** The waypoint's name (`istio.io/use-waypoint`); `"none"` opts out of one. Default: the label is not set. */
  waypoint?: pulumi.Input<string>;
  /** Where the waypoint is, if not in the namespace itself (`istio.io/use-waypoint-namespace`). */
  waypointNamespace?: pulumi.Input<string>;
}

/**
 * How the namespace's pods get into the mesh. Each value is one mode; the labels of the others are removed in the same
 * write. `"enabled"` is the default revision's, `{ revision }` and `{ tag }` name one. Pods with sidecars follow when they
 * restart. Rules: https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
 */
export type Injection =
  | "enabled"
  | "disabled"
  | "ambient"
  | { ambient: pulumi.Input<Ambient> }
  | { revision: pulumi.Input<string> }
  | { tag: pulumi.Input<string> };

/** A requirement on a cluster's labels, as in a Kubernetes label selector. */
export interface ClusterSelectorRequirement {
  /** The label's key. */
  key: pulumi.Input<string>;
  /** `In` and `NotIn` compare its value with `values`; a cluster without the label is `NotIn`. `Exists` and `DoesNotExist` look at the key alone. */
  operator: pulumi.Input<"In" | "NotIn" | "Exists" | "DoesNotExist">;
  /** One or more for `In` and `NotIn`, none for the others. */
  values?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Clusters by their labels in the Mesh. All conditions must hold; a selector that matches none is refused. */
export interface ClusterSelector {
  /** Labels that a cluster must have, with these values. */
  matchLabels?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Requirements that a cluster must meet, all of them. */
  matchExpressions?: pulumi.Input<pulumi.Input<ClusterSelectorRequirement>[]>;
  /** Names of clusters to leave out. */
  except?: pulumi.Input<pulumi.Input<string>[]>;
}

/** What differs on one cluster. Labels and annotations are added to the namespace's own, same keys replaced. */
export interface Override {
  /** Labels that this cluster has besides, or with another value. */
  labels?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Annotations that this cluster has besides, or with another value. */
  annotations?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** The mode on this cluster, in place of the namespace's own. */
  injection?: pulumi.Input<Injection>;
}

/** The order of a change over the clusters. */
export interface Rollout {
  /** Each the name of a cluster of the mesh, or several names. No cluster may be in two. */
  waves?: pulumi.Input<pulumi.Input<string | pulumi.Input<string>[]>[]>;
}

/** `release`: what this resource set is taken back, the namespace stays. `retain`: nothing is written. `delete`: it is deleted if this resource created it and it is empty (see `deleteNonEmpty`), else released or refused. */
export type LeavePolicy = "release" | "retain" | "delete";

export interface GlobalNamespaceArgs {
  /** The namespace's name, an RFC 1123 label of 1 to 63 characters. Default: the resource's name. A change replaces: the new one is made, then the old one deleted by `onDelete`. */
  name?: pulumi.Input<string>;
  /** Labels on the control plane and on every cluster. Not the injection labels (see `injection`), nor keys of Kubernetes or other controllers. Default: none. Changed in place: a label that is no longer declared is removed, those of others stay. */
  labels?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Annotations on the control plane and on every cluster, 256 KiB with the labels. Default: none. Changed in place, as labels are. */
  annotations?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** How pods of the namespace get into the mesh, on the control plane and on every cluster. Default: no injection label is set, those of others are left alone. Changed in place; pods with sidecars follow when they restart (see `restart`). */
  injection?: pulumi.Input<Injection>;
  /**
   * The clusters the namespace belongs to: names, a selector, or `"all"`. Changed in place: clusters join, or leave by
   * `onLeave`. Default: those for which a {@link NamespaceSync} has recorded it on the mesh (see `recordedBy`), else all.
   * Once a record was followed, the namespace belongs to no cluster when the last record is gone, and never to all.
   * With the default the mesh's namespaces are listed once an operation.
   */
  clusters?: pulumi.Input<"all" | pulumi.Input<string>[] | ClusterSelector>;
  /** What differs on single clusters, by name. Default: nothing. Changed in place, on those clusters alone. */
  overrides?: pulumi.Input<{ [cluster: string]: pulumi.Input<Override> }>;
  /** What is done with a namespace that is there before this resource is: `"labels"` (default) takes it and manages only what is declared; `"never"` refuses it, in the preview. Changing it touches no cluster: it is asked where a namespace is new to this resource. */
  adopt?: pulumi.Input<"labels" | "never">;
  /** What becomes of the namespace on a cluster that it no longer belongs to; a control plane that was a member keeps it. Default `"release"`. Changing it touches no cluster; a cluster that leaves in the same `up` leaves by the new value. */
  onLeave?: pulumi.Input<LeavePolicy>;
  /** What becomes of the clusters' namespaces when this resource is destroyed. Default `"retain"`. The mesh's own is deleted if this resource created it, also where the control plane is a member. Changing it touches no cluster; a destroy goes by what the last `pulumi up` recorded. */
  onDelete?: pulumi.Input<LeavePolicy>;
  /** Takes over fields and namespaces that another field manager or stack owns. Default false: a conflict is an error that names it. With it the preview says what is taken over, and from whom. Changing it to true writes every cluster again, to false none. */
  force?: pulumi.Input<boolean>;
  /**
   * What is done about a label that no webhook of a cluster serves: pods would start there without a sidecar, in no mesh,
   * and nothing would say so. `"error"` (default) fails the preview and names the cluster and what it serves, `"warn"` says
   * it and goes on, `"off"` does not look. A cluster that cannot be asked is not held against the change.
   * Changing it touches no cluster.
   */
  revisionCheck?: pulumi.Input<"error" | "warn" | "off">;
  /**
   * Whether labels that others set on the mesh's namespace (kubectl, a NamespaceSync) reach the members: `"all"` copies
   * them, as far as they are not one cluster's or another controller's own; `"declared"` (default) copies none, and the
   * output `controlPlane.unmanagedLabels` shows them. Changed in place.
   */
  propagate?: pulumi.Input<"declared" | "all">;
  /** Seconds to wait for one cluster to finish deleting the namespace, 1 to 3600. Default 300. Changing it touches no cluster. */
  deleteTimeoutSeconds?: pulumi.Input<number>;
  /**
   * Lets a namespace be deleted together with what it holds, wherever this resource deletes one: on leaving and on
   * destroy, the mesh's own included. Default false: a namespace that holds anything is not deleted, and neither is one
   * whose contents cannot all be listed. Not counted is what Kubernetes and Istio put into every namespace (root
   * certificates, the default ServiceAccount), what follows other objects (events, endpoints, leases) and what is being
   * deleted already. Changing it touches no cluster; a destroy goes by what the last `pulumi up` recorded.
   */
  deleteNonEmpty?: pulumi.Input<boolean>;
  /**
   * What becomes of workloads whose pods were made before a change of injection and have another sidecar than they would
   * get now. `"report"` (default): they are listed in `members.<cluster>.restarts`. `"rollout"`: Deployments, StatefulSets
   * and DaemonSets are restarted as `kubectl rollout restart` does, cluster after cluster, in the order of `clusters` where
   * that is a list and else of their names; each is waited for as `kubectl rollout status` does, and the first that does
   * not come up ends it. Bare pods and those of Jobs are only listed. Changing it to `"rollout"` restarts what waits.
   */
  restart?: pulumi.Input<"report" | "rollout">;
  /** Seconds to wait for one restarted workload to be available, 1 to 3600. Default 300. Changing it touches no cluster. */
  restartTimeoutSeconds?: pulumi.Input<number>;
  /**
   * In which order a change reaches the clusters, such as `{ waves: ["east", ["west", "north"]] }`. Clusters join, change,
   * are restarted (`restart`) and leave wave after wave; those that no wave names come last, together. The first wave in
   * which something fails ends it: nothing is written beyond, what waits to be written is `Pending` in
   * `members`, what waits to be left stays as it was, and the next `pulumi up` goes on there. The control plane is written before all. A wave may name clusters that the namespace does
   * not belong to. Default: all at once. Changing it touches no cluster.
   */
  rollout?: pulumi.Input<Rollout>;
  /** Workloads of one cluster that are restarted at once, 1 to 100. Default 1. Changing it touches no cluster. */
  restartsAtOnce?: pulumi.Input<number>;
}

/** What a namespace carries on one cluster because of this resource. */
export interface Target {
  /** Its labels, with the injection's. */
  labels: { [key: string]: string };
  /** Absent where none are declared. */
  annotations?: { [key: string]: string };
  /**
   * Who injects a pod that is made there from now on: a revision (`"default"` for an installation without one), for a tag
   * the revision behind it; `"ztunnel"` in the ambient mesh; `"none"` where nobody does. Absent where no injection is
   * declared, or where the cluster's webhooks could not be read.
   */
  injectedBy?: string;
  /** Whether this resource made the namespace there or found it, as the look before the first write saw it. Absent where the cluster could not be asked. */
  origin?: "created" | "adopted";
}

/** What a namespace is on one cluster. */
export interface MemberStatus {
  /**
   * `Ready`: in step. `Failed`, `Unreachable`: see `error`. `Pending`: not written yet, as a wave before its own failed
   * (see `rollout`) or the operation was cancelled. `Terminating`: being deleted there. `Missing`: gone.
   */
  state: "Ready" | "Failed" | "Unreachable" | "Pending" | "Terminating" | "Missing";
  /** Whether this resource made the namespace there or found it. */
  origin?: "created" | "adopted";
  /** The namespace's `metadata.uid` there, by which one of the same name that came later is told apart. */
  uid?: string;
  /** Live values of the labels that this resource decides on. */
  labels: { [key: string]: string };
  /** Live values of the annotations that this resource decides on. Absent where there are none. */
  annotations?: { [key: string]: string };
  /** On the mesh's control plane: labels that others set there, see `propagate`. */
  unmanagedLabels?: { [key: string]: string };
  /** First characters of the `metadata.uid` of the cluster's kube-system, by which another cluster under the same name is told. Absent where it could not be read. */
  cluster?: string;
  /** Why it is not `Ready`, in a sentence. */
  error?: string;
  /**
   * The answer to the last write was lost: the cluster may carry what was written then, and not `labels`. The next up
   * writes it again, whatever is declared by then; a refresh looks. Absent where that is not so.
   */
  unconfirmed?: boolean;
  /**
   * Workloads that wait for a restart, by `Deployment/api`, and what their pods have now: `"revision stable"`,
   * `"no sidecar"`. Told after a change of injection and kept up to date by a refresh; 20 at most, then their number.
   * Absent where there are none.
   */
  restarts?: { [workload: string]: string };
  /** Why it could not be told which workloads wait: the pods may not be listed, the webhooks not be read. */
  restartsUnknown?: string;
  /** Set where it could not be told which workloads wait although `restart: "rollout"` was to restart them: the next `pulumi up` tries again. Absent otherwise. */
  restartsDue?: boolean;
  /** Set on the mesh's control plane where the last run could not write it, so that nothing of that run was done. Absent otherwise. */
  unbegun?: boolean;
}

/**
 * Loads the provider from the installed package, in the process that the engine starts. This text stands in the state of
 * every resource and runs on destroy years later: it never changes.
 */
const PROVIDER = 'exports.handler = () => require("pulumi-global-namespace/provider").provider;';

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
      "pulumi-nodejs:dynamic/global-namespace:GlobalNamespace",
      name,
      dynamicInputs(name, namespaceProperties(name, args), PROVIDER),
      withAlias(opts, "global-namespace:index:GlobalNamespace"),
    );
  }
}
