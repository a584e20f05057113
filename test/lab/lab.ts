/**
 * A mesh's control plane and its clusters on this machine: real API servers and controllers, started in seconds.
 *
 * @example
 * const lab = await startLab({ clusters: 3 });
 * await lab.cluster("east").kube.create("/api/v1/namespaces", { metadata: { name: "payments" } });
 * await lab.stop();
 */

import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { KeeperCommand, KeeperEvent, KeeperPlan } from "./keeper.ts";
import { LabCluster } from "./lab-cluster.ts";
import {
  claimFolder,
  type LabFolder,
  type LabRecord,
  labFolder,
  readIfThere,
  readRecord,
  removeLabFiles,
} from "./lab-folder.ts";
import { gone, killLeftovers, labProcesses } from "./leftovers.ts";
import { clusterPrograms, findPrograms, type Log } from "./programs.ts";

const STOP_TIMEOUT_MS = 20_000;

const MEMBER_NAMES = ["east", "west", "north", "south", "northeast", "northwest", "southeast", "southwest"];

/** How a lab is started. */
export interface LabOptions {
  /** Member clusters, beside the mesh's own control plane. Default 3. */
  readonly clusters?: number;
  /** Default: a new temporary folder. */
  readonly dir?: string;
  /** Default: tells nobody. */
  readonly log?: Log;
}

/** A running lab. */
export interface Lab {
  readonly dir: string;
  /** `mesh` first. */
  readonly names: readonly string[];
  /** Whether it outlives the process that started it. */
  readonly isKept: boolean;
  /** A file with a context for each cluster. */
  readonly kubeconfigPath: string;
  cluster(name: string): LabCluster;
  /** The text of the administrator's kubeconfig of one cluster. */
  kubeconfig(name: string): string;
  /** Lets the lab live on when this process ends. */
  keep(): Promise<void>;
  /** Ends the servers and removes their data. */
  stop(): Promise<void>;
}

/** There is a lab in this folder already. */
export class LabIsRunning extends Error {
  constructor(dir: string) {
    super(`there is a lab running in ${dir} already`);
    this.name = "LabIsRunning";
  }
}

/**
 * Starts a lab and waits until it is ready. It ends with this process, even if that is killed, unless it is told to
 * {@link Lab.keep}.
 */
export async function startLab({ clusters = 3, dir, log = () => {} }: LabOptions = {}): Promise<Lab> {
  const programs = await findPrograms(clusterPrograms, log);
  const plan: KeeperPlan = { clusters: clusterNames(clusters), programs };
  const folder = await prepareFolder(dir, plan.clusters, log);
  const keeper = spawnKeeper(folder, plan);
  await ready(keeper, folder, log);
  release(keeper);
  return openLab(folder.dir);
}

/** The lab that runs in this folder, for example one that another process has started. */
export function openLab(dir: string): Lab {
  const folder = labFolder(realFolder(dir));
  const record = readRecord(folder);
  if (record === undefined) throw new Error(`there is no lab running in ${folder.dir}`);
  const command = (verb: KeeperCommand, cluster = "", body?: unknown) =>
    sendCommand(record, `${verb}/${cluster}`, body);
  const clusters = new Map(record.clusters.map((name) => [name, new LabCluster(name, folder, command)]));

  function cluster(name: string): LabCluster {
    const found = clusters.get(name);
    if (found === undefined) throw new Error(`the lab has no cluster "${name}"; it has ${record?.clusters.join(", ")}`);
    return found;
  }

  return {
    dir: folder.dir,
    names: record.clusters,
    isKept: record.isKept,
    kubeconfigPath: folder.kubeconfig,
    cluster,
    kubeconfig: (name) => cluster(name).kubeconfig,
    keep: async () => {
      await command("keep");
    },
    stop: async () => {
      await stopLab(folder.dir);
    },
  };
}

/** Whether a lab is up in this folder. */
export function isLabRunning(dir: string): boolean {
  const folder = labFolder(realFolder(dir));
  const record = readRecord(folder);
  return record !== undefined && labProcesses(folder).includes(record.keeper.pid);
}

/**
 * Ends whatever runs in this folder, a lab without a keeper included, and removes its files. Returns whether there was
 * anything.
 */
export async function stopLab(dir: string): Promise<boolean> {
  const folder = labFolder(realFolder(dir));
  const pids = labProcesses(folder);
  const record = readRecord(folder);
  if (record !== undefined && pids.includes(record.keeper.pid)) {
    await sendCommand(record, "end");
    // What is still there then is killed.
    await gone(pids, folder, STOP_TIMEOUT_MS).catch(() => {});
  }
  await killLeftovers(folder);
  removeLabFiles(folder);
  return pids.length > 0;
}

/** `mesh`, then as many members as wanted. */
export function clusterNames(members: number): string[] {
  return ["mesh", ...Array.from({ length: members }, (_, index) => MEMBER_NAMES[index] ?? `member-${index + 1}`)];
}

async function prepareFolder(dir: string | undefined, clusters: readonly string[], log: Log): Promise<LabFolder> {
  if (dir !== undefined) fs.mkdirSync(dir, { recursive: true });
  const folder = labFolder(realFolder(dir ?? fs.mkdtempSync(join(tmpdir(), "global-namespace-lab-"))));
  if (isLabRunning(folder.dir)) throw new LabIsRunning(folder.dir);
  const leftovers = await killLeftovers(folder);
  if (leftovers > 0) log(`ended ${leftovers} processes of an earlier lab in ${folder.dir} that had lost its keeper`);
  removeLabFiles(folder);
  claimFolder(folder, clusters);
  return folder;
}

/** Without symbolic links: processes are known by the folder among their arguments. */
function realFolder(dir: string): string {
  return fs.existsSync(dir) ? fs.realpathSync(dir) : resolve(dir);
}

function spawnKeeper(folder: LabFolder, plan: KeeperPlan): ChildProcess {
  const complaints = fs.openSync(join(folder.servers, "keeper.log"), "a");
  const keeper = spawn(process.execPath, [join(import.meta.dirname, "keeper.ts"), folder.dir, JSON.stringify(plan)], {
    // Out of the terminal's process group: a ^C goes to the starter, and the keeper ends in order.
    detached: true,
    stdio: ["pipe", "pipe", complaints],
  });
  fs.closeSync(complaints);
  return keeper;
}

async function ready(keeper: ChildProcess, folder: LabFolder, log: Log): Promise<void> {
  const { stdout } = keeper;
  if (stdout === null) throw new Error("the keeper has no output");
  let reason: string | undefined;
  for await (const line of createInterface(stdout)) {
    const event: KeeperEvent = JSON.parse(line);
    if (event.kind === "ready") return;
    if (event.kind === "progress") log(event.line);
    if (event.kind === "failed") reason ??= event.message;
  }
  // Its output has ended, so it has.
  reason ??= `its keeper ended. ${(readIfThere(join(folder.servers, "keeper.log")) ?? "").trim()}`;
  await killLeftovers(folder);
  removeLabFiles(folder);
  throw new Error(`cannot start the lab: ${reason}`);
}

/** The keeper's input stays open until this process ends, but is no reason for it not to end. */
function release(keeper: ChildProcess): void {
  keeper.stdout?.destroy();
  keeper.unref();
  const input = keeper.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null;
  input?.unref?.();
}

async function sendCommand({ keeper }: LabRecord, path: string, body?: unknown): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${keeper.port}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${keeper.secret}` },
    body: JSON.stringify(body) ?? null,
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the lab's keeper refuses "${path}": ${answer}`);
  return answer;
}
