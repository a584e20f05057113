/** Clusters as a command is told of them: contexts of a kubeconfig. */

import { type ClusterClient, createClusterClient } from "../provider/kube/cluster-client";
import { resolveConnection } from "../provider/kube/resolve-connection";
import { createWorld } from "../provider/kube/world";

export interface ContextOptions {
  /** Default: KUBECONFIG, else `~/.kube/config`. */
  readonly kubeconfigPath?: string | undefined;
  /** Default: the current-context. */
  readonly context?: string | undefined;
}

/** Throws a sentence where the kubeconfig is at fault; opens nothing. */
export function connect({ kubeconfigPath, context }: ContextOptions): ClusterClient {
  const world = createWorld();
  const connection = {
    ...(kubeconfigPath !== undefined && { kubeconfigPath }),
    ...(context !== undefined && { context }),
  };
  const resolved = resolveConnection(connection, world);
  if (resolved.kind === "problem") throw new Error(resolved.reason);
  const { version } = require("../../package.json") as { readonly version: string };
  // Whoever runs a command on a kubeconfig has chosen its plugins, as with kubectl.
  return createClusterClient(resolved.cluster, { execPlugins: "allow", version }, world);
}

/** `east=CONTEXT` or `east`, whose context has the same name. */
export function parseMembers(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, context] = /^([^=]+)(?:=(.+))?$/.exec(text) ?? [];
      if (name === undefined) throw new Error(`--cluster is ${JSON.stringify(text)}; write NAME=CONTEXT`);
      return [name, context ?? name] as const;
    }),
  );
}
