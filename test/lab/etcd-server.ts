/** The one etcd that holds the data of all clusters of a lab, each under its own prefix. */

import { join } from "node:path";
import type { LabFolder } from "./lab-folder.ts";
import { onFreePort } from "./port.ts";
import type { ServerRack } from "./server-process.ts";

const READY_TIMEOUT_MS = 120_000;

/** Starts etcd and waits until it answers. Returns its URL. */
export async function startEtcd(program: string, folder: LabFolder, rack: ServerRack): Promise<string> {
  const server = rack.add({ name: "etcd", path: program, logPath: join(folder.servers, "etcd.log") });
  const port = await onFreePort(async (candidate) => {
    const url = `http://127.0.0.1:${candidate}`;
    // Its data is worth nothing after the lab, so nothing is flushed to the disk. The port for other members is not used.
    server.start([
      `--data-dir=${join(folder.servers, "etcd")}`,
      "--unsafe-no-fsync",
      "--log-level=warn",
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      "--listen-peer-urls=http://127.0.0.1:0",
    ]);
    await server.ready(() => isHealthy(url), READY_TIMEOUT_MS);
  });
  return `http://127.0.0.1:${port}`;
}

async function isHealthy(url: string): Promise<boolean> {
  return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
}
