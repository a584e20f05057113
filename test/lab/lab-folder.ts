/** Where a lab keeps what, below its folder. */

import * as fs from "node:fs";
import { basename, join } from "node:path";

/** A lab that runs: who keeps it, and how to talk to that process. */
export interface LabRecord {
  readonly keeper: { readonly pid: number; readonly port: number; readonly secret: string };
  readonly clusters: readonly string[];
  /** It does not end with its starter. */
  readonly isKept: boolean;
}

/** The paths of a lab's files. */
export interface LabFolder {
  readonly dir: string;
  /** There while the lab is up, and complete. */
  readonly record: string;
  /** A context for each cluster. */
  readonly kubeconfig: string;
  readonly kubeconfigOf: (cluster: string) => string;
  /** Data, keys and logs of the servers. */
  readonly servers: string;
  readonly serversOf: (cluster: string) => string;
  readonly auditLogOf: (cluster: string) => string;
  /** The names of the clusters. While it is there, the lab's files in this folder are a lab's and nobody else's. */
  readonly claim: string;
  /** One process id a line. */
  readonly processes: string;
  /**
   * State of Pulumi stacks about these clusters. Its name is one that nobody else uses, since it is not protected by the
   * claim: a Pulumi that outlives its lab makes the folder again.
   */
  readonly pulumi: string;
}

/** The paths of the lab in `dir`, which must be absolute. */
export function labFolder(dir: string): LabFolder {
  const servers = join(dir, "servers");
  return {
    dir,
    record: join(dir, "lab.json"),
    kubeconfig: join(dir, "kubeconfig"),
    kubeconfigOf: (cluster) => join(dir, `${cluster}.kubeconfig`),
    servers,
    serversOf: (cluster) => join(servers, cluster),
    auditLogOf: (cluster) => join(servers, cluster, "audit.log"),
    claim: join(servers, "clusters.json"),
    processes: join(servers, "processes"),
    pulumi: join(dir, "lab-pulumi-state"),
  };
}

/** The record of the lab, when one is up. */
export function readRecord(folder: LabFolder): LabRecord | undefined {
  const text = readIfThere(folder.record);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Its keeper may remove the file at any moment. */
export function readIfThere(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

/** Makes the folder ready for a lab of these clusters. Refuses one that holds such files of somebody else. */
export function claimFolder(folder: LabFolder, clusters: readonly string[]): void {
  const foreign = claimedFiles(folder, clusters).filter((path) => fs.existsSync(path));
  if (foreign.length > 0) {
    throw new Error(
      `${folder.dir} holds ${foreign.map((path) => basename(path)).join(", ")}, not from a lab: choose another folder`,
    );
  }
  fs.mkdirSync(folder.servers, { recursive: true, mode: 0o700 });
  fs.writeFileSync(folder.claim, JSON.stringify(clusters));
}

/** Removes what a lab has put into its folder, and the folder when nothing else is in it. */
export function removeLabFiles(folder: LabFolder): void {
  try {
    removeFiles(folder);
  } catch (error) {
    // Whoever stops a lab does this, and its keeper when it ends: the other was faster.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function removeFiles(folder: LabFolder): void {
  remove(folder.pulumi);
  if (fs.existsSync(folder.claim)) {
    const clusters: readonly string[] = JSON.parse(fs.readFileSync(folder.claim, "utf8"));
    for (const path of claimedFiles(folder, clusters)) remove(path);
  }
  if (fs.readdirSync(folder.dir).length === 0) fs.rmdirSync(folder.dir);
}

/** Those with the claim last: a removal that is cut short can be repeated. */
function claimedFiles(folder: LabFolder, clusters: readonly string[]): string[] {
  return [folder.record, folder.kubeconfig, ...clusters.map(folder.kubeconfigOf), folder.servers];
}

function remove(path: string): void {
  fs.rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}
