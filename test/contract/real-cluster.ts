/** The shipped client against a cluster of the laboratory, and kubectl's hand beside it. */

import { inject } from "vitest";
import {
  type ClusterClient,
  type ClusterClientOptions,
  createClusterClient,
} from "../../provider/kube/cluster-client.ts";
import { resolveConnection } from "../../provider/kube/resolve-connection.ts";
import { createWorld } from "../../provider/kube/world.ts";
import { openLab } from "../lab/lab.ts";
import type { Subject } from "./namespace-api.contract.ts";

export interface RealCluster extends Subject {
  readonly api: ClusterClient;
}

/** By default the administrator's client for one of the lab's clusters; another kubeconfig is another user. */
export function openCluster(name: string, kubeconfig?: string): RealCluster {
  const cluster = openLab(inject("labDirs")[0] as string).cluster(name);
  const world = createWorld();
  const resolved = resolveConnection({ kubeconfig: kubeconfig ?? cluster.kubeconfig }, world);
  if (resolved.kind === "problem") throw new Error(resolved.reason);
  const options: ClusterClientOptions = {
    execPlugins: "deny",
    version: "0.0.0-test",
    callsAtOnce: 32,
    requestTimeLimitMs: 15_000,
  };
  return {
    api: createClusterClient(resolved.cluster, options, world),
    async edit(namespace, { labels = {}, annotations = {}, finalizers }, manager) {
      const metadata = { labels, annotations, ...(finalizers === undefined ? {} : { finalizers }) };
      await cluster.kube.patch(`/api/v1/namespaces/${namespace}`, { metadata }, { fieldManager: manager });
    },
  };
}
