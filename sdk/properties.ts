/**
 * What a resource is registered with, whichever provider serves it. An output of which the arguments say nothing has a
 * property on the resource only if it is named here.
 */

import type * as pulumi from "@pulumi/pulumi";
import type { GlobalNamespaceArgs } from "./global-namespace";
import type { NamespaceSyncArgs } from "./namespace-sync";

export function namespaceProperties(name: string, args: GlobalNamespaceArgs): pulumi.Inputs {
  return {
    ...args,
    name: args.name === undefined ? name : args.name,
    recordedBy: undefined,
    targets: undefined,
    members: undefined,
    controlPlane: undefined,
    orphaned: undefined,
    propagated: undefined,
  };
}

export function syncProperties(args: NamespaceSyncArgs): pulumi.Inputs {
  return { ...args, namespaces: undefined, declared: undefined, kept: undefined, failed: undefined };
}
