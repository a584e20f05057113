/** Clusters for one measurement: they hold nothing but their own, and are as far away as wanted. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clearLab } from "../test/lab/clear-lab.ts";
import { labEnvironment } from "../test/lab/environment.ts";
import { type Access, readKubeconfig, writeKubeconfig } from "../test/lab/kubeconfig.ts";
import { type Lab, openLab, startLab } from "../test/lab/lab.ts";
import { startDelayProxy } from "./delay-proxy.ts";

export interface Clusters {
  readonly lab: Lab;
  /** Contexts of the kubeconfig; the first is the control plane. */
  readonly names: readonly string[];
  readonly accesses: readonly Access[];
  /** With the kubeconfig, and with `pulumi` on PATH. */
  readonly env: NodeJS.ProcessEnv;
  /** How many connections were open to one cluster at the same time at most, since the last time. */
  connections(): Promise<number>;
}

export interface Wanted {
  readonly count: number;
  readonly roundTripMs: number;
}

export interface Surroundings {
  /** For files of the measurements, with the package in its node_modules. */
  readonly dir: string;
  /** The folder of a lab that runs already: it is cleared instead of started. */
  readonly given: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

export async function withClusters<T>(
  { count, roundTripMs }: Wanted,
  { dir, given, env, say }: Surroundings,
  work: (clusters: Clusters) => Promise<T>,
): Promise<T> {
  const lab = given === undefined ? await startLab({ clusters: count - 1 }) : openLab(given);
  try {
    if (given !== undefined) await clearLab(lab);
    const names = lab.names.slice(0, count);
    const accesses = names.map((name) => readKubeconfig(lab.kubeconfig(name)));
    const ports = accesses.map(({ server }) => Number(new URL(server).port));
    const proxy = await startDelayProxy(roundTripMs, ports);
    try {
      const near = accesses.map((access, index) => ({ ...access, server: `https://127.0.0.1:${proxy.ports[index]}` }));
      const kubeconfig = join(dir, "clusters.kubeconfig");
      writeFileSync(kubeconfig, writeKubeconfig(near));
      return await work({
        lab,
        names,
        accesses: near,
        env: { ...env, ...(await labEnvironment(lab.dir, say, env)), KUBECONFIG: kubeconfig },
        connections: async () => Math.max(...(await proxy.connections())),
      });
    } finally {
      proxy.stop();
    }
  } finally {
    if (given === undefined) await lab.stop();
  }
}
