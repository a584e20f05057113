import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "./condition.ts";
import { isLabRunning, LabIsRunning, openLab, startLab, stopLab } from "./lab.ts";
import { labFolder, readRecord } from "./lab-folder.ts";
import { labProcesses } from "./leftovers.ts";

/** etcd, one API server, its controllers, the keeper. */
const PROCESSES = 4;

const GONE = { what: "the end of the lab's processes" };

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lab-keeper-test-"));
});

afterEach(async () => {
  await stopLab(dir);
  rmSync(dir, { recursive: true, force: true });
});

/** Another process, which has `dir` as its argument, once it has printed a line that says "ready". */
async function startReady(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface(child.stdout)) if (line === "ready") return child;
  throw new Error("the process ended before it was ready");
}

/** With a lab of its own: ready when that is, or as soon as it is on the way. */
function startStarter(awaited: "ready" | "begun" = "ready"): Promise<ChildProcess> {
  return startReady(`
    const { startLab } = await import(${JSON.stringify(join(import.meta.dirname, "lab.ts"))});
    const lab = startLab({ clusters: 0, dir: process.argv[1] });
    ${awaited === "ready" ? "await lab;" : ""}
    console.log("ready");
    setInterval(() => {}, 1000);`);
}

/** A keeper that lives on after its files: on a busy machine the real one does so now and then. */
function startSlowKeeper(): Promise<ChildProcess> {
  return startReady(`
    import * as fs from "node:fs";
    import { createServer } from "node:http";
    const { labFolder } = await import(${JSON.stringify(join(import.meta.dirname, "lab-folder.ts"))});
    const { record, servers, processes } = labFolder(process.argv[1]);
    const end = (request, response) => {
      fs.rmSync(record);
      fs.rmSync(servers, { recursive: true });
      response.end();
      setTimeout(() => process.exit(), 500);
    };
    const server = createServer(end).listen(0, "127.0.0.1", () => {
      const keeper = { pid: process.pid, port: server.address().port, secret: "" };
      fs.mkdirSync(servers);
      fs.writeFileSync(processes, String(process.pid));
      fs.writeFileSync(record, JSON.stringify({ keeper, clusters: [], isKept: true }));
      console.log("ready");
    });`);
}

function noProcessLeft(pids: readonly number[]): boolean {
  return labProcesses(labFolder(dir)).length === 0 && !pids.some(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    // A killed process that nobody has waited for counts as gone.
    return existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/cmdline`).length > 0 : process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a lab", () => {
  test("ends, with its data, when its starter is killed", async () => {
    const starter = await startStarter();
    const pids = labProcesses(labFolder(dir));
    expect(pids).toHaveLength(PROCESSES);
    starter.kill("SIGKILL");
    await until(() => noProcessLeft(pids) && !existsSync(dir), GONE);
  });

  test("ends when its starter is killed before it is ready", async () => {
    const starter = await startStarter("begun");
    const folder = labFolder(dir);
    const pids = await until(
      () => {
        const found = labProcesses(folder);
        return found.length >= 3 && found;
      },
      { what: "the first servers" },
    );
    starter.kill("SIGKILL");
    await until(() => noProcessLeft(pids) && !existsSync(dir), GONE);
  });

  test("that is kept lives on without its starter, until it is stopped", async () => {
    const starter = await startStarter();
    const lab = openLab(dir);
    expect(lab.isKept).toBe(false);
    await lab.keep();
    expect(openLab(dir).isKept).toBe(true);
    starter.kill("SIGKILL");
    await until(() => starter.signalCode !== null, { what: "the end of the starter" });
    expect(await lab.cluster("mesh").kube.find("/api/v1/namespaces/default")).toBeDefined();
    const pids = labProcesses(labFolder(dir));
    expect(await stopLab(dir)).toBe(true);
    expect(noProcessLeft(pids)).toBe(true);
    expect(existsSync(dir)).toBe(false);
  });

  test("is stopped when its keeper has ended, not when that has removed its files", async () => {
    const { pid = 0 } = await startSlowKeeper();
    expect(isLabRunning(dir)).toBe(true);
    expect(await stopLab(dir)).toBe(true);
    expect(isAlive(pid)).toBe(false);
  });

  test("whose keeper was killed is found and ended all the same", async () => {
    const lab = await startLab({ clusters: 0, dir });
    const pids = labProcesses(labFolder(dir));
    process.kill(readRecord(labFolder(dir))?.keeper.pid ?? 0, "SIGKILL");
    await until(() => !isLabRunning(dir), { what: "the end of the keeper" });
    expect(labProcesses(labFolder(dir))).toHaveLength(PROCESSES - 1);
    await lab.stop();
    expect(noProcessLeft(pids)).toBe(true);
  });

  test("is started over what a killed keeper has left", async () => {
    await startLab({ clusters: 0, dir });
    const leftovers = labProcesses(labFolder(dir));
    process.kill(readRecord(labFolder(dir))?.keeper.pid ?? 0, "SIGKILL");
    await until(() => !isLabRunning(dir), { what: "the end of the keeper" });
    const lab = await startLab({ clusters: 0, dir });
    expect(leftovers.some(isAlive)).toBe(false);
    expect(await lab.cluster("mesh").kube.list("/api/v1/namespaces")).toHaveLength(4);
  });

  test("is started over the state of a Pulumi that outlived an earlier one", async () => {
    const state = labFolder(dir).pulumi;
    mkdirSync(state);
    await startLab({ clusters: 0, dir });
    expect(existsSync(state)).toBe(false);
  });

  test("is not started where one is running", async () => {
    await startLab({ clusters: 0, dir });
    await expect(startLab({ clusters: 0, dir })).rejects.toThrow(LabIsRunning);
    expect(isLabRunning(dir)).toBe(true);
  });

  test("touches no files that are not a lab's", async () => {
    mkdirSync(join(dir, "servers"));
    writeFileSync(join(dir, "mesh.kubeconfig"), "mine");
    await expect(startLab({ clusters: 0, dir })).rejects.toThrow("mesh.kubeconfig");
    expect(await stopLab(dir)).toBe(false);
    expect(readdirSync(dir)).toEqual(["mesh.kubeconfig", "servers"]);
  });

  test("that cannot start says which server ended and what it said, and leaves nothing", async () => {
    const broken = join(dir, "programs");
    mkdirSync(broken);
    writeFileSync(join(broken, "etcd"), "#!/bin/sh\necho etcd has no ears >&2\nexit 1\n", { mode: 0o755 });
    const before = process.env.KUBEBUILDER_ASSETS;
    process.env.KUBEBUILDER_ASSETS = broken;
    try {
      await expect(startLab({ clusters: 0, dir: join(dir, "lab") })).rejects.toThrow(/etcd ended.*\n.*no ears/);
    } finally {
      if (before === undefined) delete process.env.KUBEBUILDER_ASSETS;
      else process.env.KUBEBUILDER_ASSETS = before;
    }
    expect(readdirSync(dir)).toEqual(["programs"]);
  });
});
