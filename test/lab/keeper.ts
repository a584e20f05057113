/**
 * The process that owns a lab's servers: `node keeper.ts DIR PLAN`.
 *
 * It ends with the process that started it, however that one ends (its standard input closes), until it is told to keep
 * the lab. Whatever makes it end, the servers and their data go first. It answers commands on a port of this machine, so
 * that any process that can read the lab's folder can stop one of the clusters for a while.
 */

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type ClusterProgramPaths, ClusterServers } from "./cluster-servers.ts";
import { startEtcd } from "./etcd-server.ts";
import { type Access, writeKubeconfig } from "./kubeconfig.ts";
import { type LabRecord, labFolder, readRecord, removeLabFiles } from "./lab-folder.ts";
import { ServerRack } from "./server-process.ts";

/** What to start, as the second argument, JSON. */
export interface KeeperPlan {
  readonly clusters: readonly string[];
  readonly programs: ClusterProgramPaths;
}

/** What the keeper says on its standard output, one JSON object a line. */
export type KeeperEvent =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string };

/** A command, sent as `POST /<verb>` or `POST /<verb>/<cluster>`; the body of `istiod` is an `IstiodPlan`. */
export type KeeperCommand = "keep" | "end" | "stop" | "start" | "pause" | "resume" | "istiod";

const [dir = "", planText = "{}"] = process.argv.slice(2);
const folder = labFolder(dir);
const plan: KeeperPlan = JSON.parse(planText);
const clusters = new Map<string, ClusterServers>();
const rack = new ServerRack(folder.processes);

let isKept = false;
let ending: Promise<never> | undefined;

process.stdin.resume();
process.stdin.once("close", () => {
  if (!isKept) void end();
});
// The starter has what it wanted to know and is gone.
process.stdout.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end());
process.on("uncaughtException", (error) => void fail(error));

try {
  await run();
} catch (error) {
  await fail(error);
}

async function run(): Promise<void> {
  fs.appendFileSync(folder.processes, `${process.pid}\n`);
  const etcdUrl = await startEtcd(plan.programs.etcd, folder, rack);
  const accesses = await Promise.all(
    plan.clusters.map((name) => {
      const servers = new ClusterServers({ name, folder, programs: plan.programs, etcdUrl, rack });
      clusters.set(name, servers);
      return createCluster(name, servers);
    }),
  );
  fs.writeFileSync(folder.kubeconfig, writeKubeconfig(accesses), { mode: 0o600 });
  await takeCommands();
  say({ kind: "ready" });
}

async function createCluster(name: string, servers: ClusterServers): Promise<Access> {
  const started = Date.now();
  const access = await servers.create();
  say({
    kind: "progress",
    line: `${name}: ready after ${((Date.now() - started) / 1000).toFixed(1)} s, ${access.server}`,
  });
  return access;
}

async function takeCommands(): Promise<void> {
  const secret = randomBytes(24).toString("hex");
  const server = serveCommands(secret);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  writeRecord({
    keeper: { pid: process.pid, port: (server.address() as AddressInfo).port, secret },
    clusters: plan.clusters,
    isKept: false,
  });
}

function writeRecord(record: LabRecord): void {
  const unfinished = `${folder.record}.new`;
  fs.writeFileSync(unfinished, JSON.stringify(record), { mode: 0o600 });
  fs.renameSync(unfinished, folder.record);
}

function keep(): void {
  isKept = true;
  const record = readRecord(folder);
  if (record !== undefined) writeRecord({ ...record, isKept });
}

function serveCommands(secret: string): Server {
  const last = new Map<string, Promise<void>>();
  return createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${secret}`) {
      response.writeHead(401).end();
      return;
    }
    const [, command = "", name = ""] = (request.url ?? "").split("/");
    // Those to one cluster one after the other: a stop in the middle of a start has no meaning.
    const turn = (last.get(name) ?? Promise.resolve()).then(async () => {
      try {
        response.writeHead(200).end(await obey(command, name, request));
      } catch (error) {
        response.writeHead(500).end(error instanceof Error ? error.message : String(error));
      }
    });
    last.set(name, turn);
  });
}

/** Returns what the answer says. */
async function obey(command: string, name: string, request: IncomingMessage): Promise<string> {
  switch (command as KeeperCommand) {
    case "keep":
      keep();
      break;
    case "end":
      // Answered before it is done: who asked for it watches the process.
      void end();
      break;
    case "stop":
      await cluster(name).stop();
      break;
    case "start":
      await cluster(name).start();
      break;
    case "pause":
      await cluster(name).pause();
      break;
    case "resume":
      cluster(name).resume();
      break;
    case "istiod":
      return cluster(name).startIstiod(JSON.parse(await text(request)));
    default:
      throw new Error(`unknown command "${command}"`);
  }
  return "";
}

function cluster(name: string): ClusterServers {
  const servers = clusters.get(name);
  if (servers === undefined) throw new Error(`there is no cluster "${name}"; there are ${plan.clusters.join(", ")}`);
  return servers;
}

async function fail(error: unknown): Promise<never> {
  say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  return end(1);
}

function end(code = 0): Promise<never> {
  ending ??= (async () => {
    fs.rmSync(folder.record, { force: true });
    await rack.close();
    removeLabFiles(folder);
    process.exit(code);
  })();
  return ending;
}

function say(event: KeeperEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
