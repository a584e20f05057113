/** Clusters as a command is told of them: contexts of a kubeconfig. */

import { type ClusterClient, type ClusterClientOptions, createClusterClient } from "../provider/kube/cluster-client";
import { resolveConnection } from "../provider/kube/resolve-connection";
import { createWorld } from "../provider/kube/world";
import type { ClusterConnection } from "../provider/model/connection";
import { DEFAULT_CONCURRENCY, DEFAULT_REQUEST_TIMEOUT_SECONDS } from "../provider/model/mesh";

export interface ContextOptions {
  /** Default: KUBECONFIG, else `~/.kube/config`. */
  readonly kubeconfigPath?: string | undefined;
  /** Default: the current-context. */
  readonly context?: string | undefined;
}

/** Whoever runs a command on a kubeconfig has chosen how it reaches its clusters, as with kubectl. */
export function connectionOf({ kubeconfigPath, context }: ContextOptions): ClusterConnection {
  return {
    ...(kubeconfigPath !== undefined && { kubeconfigPath }),
    ...(context !== undefined && { context }),
    insecure: true,
  };
}

/** Throws a sentence where the kubeconfig is at fault; opens nothing. */
export function connect(given: ContextOptions): ClusterClient {
  const world = createWorld();
  const resolved = resolveConnection(connectionOf(given), world);
  if (resolved.kind === "problem") throw new Error(resolved.reason);
  const { version } = require("../../package.json") as { readonly version: string };
  const options: ClusterClientOptions = {
    // The kubeconfig's plugins are chosen with it.
    execPlugins: "allow",
    version,
    callsAtOnce: DEFAULT_CONCURRENCY,
    requestTimeLimitMs: DEFAULT_REQUEST_TIMEOUT_SECONDS * 1000,
  };
  return createClusterClient(resolved.cluster, options, world);
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
