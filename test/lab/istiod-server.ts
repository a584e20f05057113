/** The process of one istiod, which runs beside its cluster and not in it, as nothing in a lab runs pods. */

import * as https from "node:https";
import { join } from "node:path";
import type { LabFolder } from "./lab-folder.ts";
import { onFreePort } from "./port.ts";
import type { ServerRack } from "./server-process.ts";

/** Generous: a machine that builds something at the same time is no failure. */
const READY_TIMEOUT_MS = 120_000;

/** Which istiod. */
export interface IstiodPlan {
  /** The path of `pilot-discovery`. */
  readonly program: string;
  /** `default` is the one that is installed without a revision. */
  readonly revision: string;
}

/** Where it runs. */
export interface IstiodPlace {
  readonly cluster: string;
  readonly folder: LabFolder;
  readonly rack: ServerRack;
}

/**
 * Starts an istiod and waits until it is ready; the cluster must hold its configuration by then. Returns the URL at
 * which the API server reaches its webhooks.
 */
export async function startIstiod({ program, revision }: IstiodPlan, place: IstiodPlace): Promise<string> {
  const { cluster, folder, rack } = place;
  const server = rack.add({
    name: `istiod ${revision} of ${cluster}`,
    path: program,
    logPath: join(folder.serversOf(cluster), `istiod-${revision}.log`),
    // Nothing of this process's: Istio's settings are environment variables, hundreds of them.
    env: environmentOf(revision),
  });
  const port = await onFreePort(async (candidate) => {
    server.start([
      "discovery",
      `--kubeconfig=${folder.kubeconfigOf(cluster)}`,
      `--httpsAddr=127.0.0.1:${candidate}`,
      // Nobody asks at these two, and they cannot be left out.
      "--httpAddr=127.0.0.1:0",
      "--ctrlz_port=0",
      // There are no proxies to configure.
      "--grpcAddr=",
      "--secureGRPCAddr=",
      "--monitoringAddr=",
    ]);
    await server.ready(() => isReady(candidate), READY_TIMEOUT_MS);
  });
  return `https://127.0.0.1:${port}`;
}

/** What differs from Istio's defaults. */
function environmentOf(revision: string): Record<string, string> {
  return {
    REVISION: revision,
    POD_NAME: `istiod-${revision}`,
    POD_NAMESPACE: "istio-system",
    // Its certificate is to be for this host too.
    ISTIOD_CUSTOM_HOST: "127.0.0.1",
  };
}

/** Does not verify its certificate, whose authority istiod makes only then; the API server will. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port,
      path: "/ready",
      agent: false,
      rejectUnauthorized: false,
      timeout: 2_000,
    };
    const request = https.get(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", reject);
  });
}
