/** The run's lab behind fault proxies, and an engine whose provider reaches the clusters through them. */

import { inject } from "vitest";
import { clearLab } from "../../lab/clear-lab.ts";
import { type FaultProxy, startFaultProxy } from "../../lab/fault-proxy.ts";
import type { KubeClient } from "../../lab/kube-client.ts";
import type { Lab } from "../../lab/lab.ts";
import { labOfFile } from "../../lab/lab-of-file.ts";
import { labelsOf } from "../world.ts";
import { anEngine, type Engine, type Properties } from "./engine.ts";
import { aProviderProcess, type ProviderProcess } from "./provider-process.ts";

export const MEMBERS: readonly string[] = ["east", "west", "north"];
export const EVERYWHERE: readonly string[] = ["mesh", ...MEMBERS];

export interface FaultyWorld {
  readonly lab: Lab;
  readonly proxies: Readonly<Record<string, FaultProxy>>;
  readonly process: ProviderProcess;
  /** An empty stack on these clusters; `changes` are made to the mesh's inputs. */
  engine(changes?: Properties): Engine;
  kube(cluster: string): KubeClient;
  /** Without Kubernetes' own; `undefined` where there is no such namespace. */
  labels(cluster: string, namespace: string): Promise<Record<string, string> | undefined>;
  /** Labels on the mesh, east, west and north, in this order. */
  everywhere(namespace: string): Promise<readonly (Record<string, string> | undefined)[]>;
  heal(): void;
  end(): void;
}

export function meshInputs(kubeconfigs: Readonly<Record<string, string>>, changes: Properties = {}): Properties {
  const members = Object.keys(kubeconfigs).filter((name) => name !== "controlPlane");
  return {
    owner: "acme/faults/dev/mesh",
    controlPlane: {},
    clusters: Object.fromEntries(members.map((name) => [name, {}])),
    kubeconfigs,
    ...changes,
  };
}

export async function aFaultyWorld(): Promise<FaultyWorld> {
  const lab = await labOfFile(inject("labDirs"));
  await clearLab(lab);
  const start = async (name: string) => {
    const { kube } = lab.cluster(name);
    const proxy = await startFaultProxy(lab.cluster(name), async ({ method, namespace }) => {
      if (method === "DELETE" && namespace !== undefined) await endNow(kube, namespace);
    });
    return [name, proxy] as const;
  };
  const started = await Promise.all(EVERYWHERE.map(start));
  const proxies: Readonly<Record<string, FaultProxy>> = Object.fromEntries(started);
  const process = aProviderProcess(inject("runDir"));
  const kubeconfigs = Object.fromEntries(
    Object.entries(proxies).map(([name, { kubeconfig }]) => [name === "mesh" ? "controlPlane" : name, kubeconfig]),
  );
  const labels = (cluster: string, namespace: string) => labelsOf(lab.cluster(cluster), namespace);
  return {
    lab,
    proxies,
    process,
    engine: (changes) => anEngine(process, meshInputs(kubeconfigs, changes)),
    kube: (cluster) => lab.cluster(cluster).kube,
    labels,
    everywhere: (namespace) => Promise.all(EVERYWHERE.map((cluster) => labels(cluster, namespace))),
    heal: () => {
      for (const proxy of Object.values(proxies)) proxy.heal();
    },
    end: () => {
      process.end();
      for (const proxy of Object.values(proxies)) proxy.close();
    },
  };
}

/** A deletion takes five seconds only because the namespace controller gives other API servers time to hear of it. */
export async function endNow(kube: KubeClient, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  const found = await kube.find(path);
  if (found?.metadata.deletionTimestamp === undefined || (found.metadata.finalizers ?? []).length > 0) return;
  await kube.request({ method: "PUT", path: `${path}/finalize`, body: { ...found, spec: { finalizers: [] } } });
}
