/** The same classes as `pulumi-global-namespace`, served by the plugin `pulumi-resource-global-namespace`. */

import "../node-version";

export type {
  Ambient,
  ClusterSelector,
  ClusterSelectorRequirement,
  GlobalNamespaceArgs,
  Injection,
  LeavePolicy,
  MemberStatus,
  Override,
  Rollout,
  Target,
} from "../global-namespace";
export type { GlobalNamespaceStatus, GlobalNamespacesArgs, NamespaceArgs } from "../global-namespaces";
export type { ClusterArgs, ConnectionArgs, MeshArgs } from "../mesh";
export type { NamespaceSyncArgs, SyncedNamespace } from "../namespace-sync";
export * from "../promotion";
export * from "./functions";
export * from "./global-namespace";
export * from "./global-namespaces";
export * from "./mesh";
export * from "./namespace-sync";
