/** One server program: started with its output in a log file, killed without ceremony. */

import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./condition.ts";

const POLL_MS = 50;
const STANDSTILL_TIMEOUT_MS = 30_000;

/** Which program, and where its output goes. */
export interface ServerProgram {
  readonly name: string;
  readonly path: string;
  readonly logPath: string;
  /** All of its environment. Default: this process's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** All servers of a lab, so that none is forgotten at its end. */
export class ServerRack {
  readonly #processesPath: string;
  readonly #servers: ServerProcess[] = [];
  #isClosed = false;

  /** The file gets the process id of each server, one a line. */
  constructor(processesPath: string) {
    this.#processesPath = processesPath;
  }

  add(program: ServerProgram): ServerProcess {
    const server = new ServerProcess(program, (child) => this.#note(child));
    this.#servers.push(server);
    return server;
  }

  /** Kills every server; one that is started after this is killed at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#servers.map((server) => server.kill()));
  }

  #note(child: ChildProcess): void {
    if (child.pid !== undefined) fs.appendFileSync(this.#processesPath, `${child.pid}\n`);
    if (this.#isClosed) child.kill("SIGKILL");
  }
}

/** A server that can be started again after it was killed. */
export class ServerProcess {
  readonly #program: ServerProgram;
  readonly #note: (child: ChildProcess) => void;
  #child: ChildProcess | undefined;

  constructor(program: ServerProgram, note: (child: ChildProcess) => void) {
    this.#program = program;
    this.#note = note;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(args: readonly string[]): void {
    const { path, logPath, env = process.env } = this.#program;
    const log = fs.openSync(logPath, "a");
    const child = spawn(path, args, { stdio: ["ignore", log, log], env });
    fs.closeSync(log);
    // Without a listener a program that cannot be executed would end the whole keeper; it shows in `isRunning`.
    child.once("error", (error) => fs.appendFileSync(logPath, `${error.message}\n`));
    this.#child = child;
    this.#note(child);
  }

  /**
   * Waits until `look` says that the server is ready; a `look` that fails says that it is not. Gives up when the server
   * ends before that, with what it said last.
   */
  async ready(look: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let failure: unknown;
    const isReady = () =>
      look().catch((error) => {
        failure = error;
        return false;
      });
    while (!(await isReady())) {
      if (!this.isRunning) throw new ServerEnded(this.#program.name, this.lastOutput());
      if (Date.now() > deadline) {
        const message = `${this.#program.name}: not ready within ${timeoutMs / 1000} s\n${this.lastOutput()}`;
        throw new Error(message, { cause: failure });
      }
      await sleep(POLL_MS);
    }
  }

  /** Stops it where it is, and waits for that: on a busy machine a thread of it runs on for a moment. */
  async pause(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined || !this.isRunning) return;
    this.#child?.kill("SIGSTOP");
    await until(() => !this.isRunning || threadStates(pid).every((state) => state === "T"), {
      what: `${this.#program.name} to stand still`,
      timeoutMs: STANDSTILL_TIMEOUT_MS,
    });
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** At once: kube-apiserver takes SIGTERM as a wish to wait for its etcd, which may be gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  lastOutput(): string {
    if (!fs.existsSync(this.#program.logPath)) return "";
    return fs.readFileSync(this.#program.logPath, "utf8").trimEnd().split("\n").slice(-15).join("\n");
  }
}

/** As `ps` shows them, `T` for stopped. None where the system does not tell of single threads. */
function threadStates(pid: number): readonly string[] {
  const threads = `/proc/${pid}/task`;
  if (!fs.existsSync(threads)) return [];
  return fs.readdirSync(threads).map((thread) => {
    try {
      const stat = fs.readFileSync(`${threads}/${thread}/stat`, "utf8");
      // It follows the name in brackets, which may hold anything.
      return stat.charAt(stat.lastIndexOf(")") + 2);
    } catch {
      // Has ended since.
      return "X";
    }
  });
}

/** A server that ended before it was ready. */
export class ServerEnded extends Error {
  /** Somebody else got the port between its choice and its use. */
  readonly isPortTaken: boolean;

  constructor(name: string, output: string) {
    super(`${name} ended before it was ready. Its last words:\n${output}`);
    this.name = "ServerEnded";
    this.isPortTaken = output.includes("address already in use");
  }
}
