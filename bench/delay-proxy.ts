/**
 * Makes clusters of this machine far away: TCP passes through, each direction half a round-trip time late, and the first
 * bytes a whole one more, which is what opening a connection costs. A process of its own, so that what it does is on
 * nobody's account: `node delay-proxy.ts <milliseconds> <port> ...` writes a line of JSON with its own ports, and at each
 * line that it is given one with how many connections there were at most.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";

const HOST = "127.0.0.1";

export interface DelayProxy {
  /** Its ports, in the order of those behind. */
  readonly ports: readonly number[];
  /** How many connections were open at the same time at most, by port, since the last time. */
  connections(): Promise<readonly number[]>;
  stop(): void;
}

export async function startDelayProxy(roundTripMs: number, behind: readonly number[]): Promise<DelayProxy> {
  const child = spawn(process.execPath, [import.meta.filename, String(roundTripMs), ...behind.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    ports: await nextLine(lines, child),
    connections: () => {
      child.stdin.write("\n");
      return nextLine(lines, child);
    },
    stop: () => child.kill(),
  };
}

async function nextLine(lines: Interface, child: ChildProcess): Promise<number[]> {
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the delaying proxy has ended")));
  ended.catch(() => undefined);
  const [line] = await Promise.race([once(lines, "line"), ended]);
  return JSON.parse(String(line)) as number[];
}

if (import.meta.main) {
  const [milliseconds, ...ports] = process.argv.slice(2).map(Number);
  const counters = await Promise.all(ports.map((port) => serve(port, milliseconds ?? 0)));
  process.stdout.write(`${JSON.stringify(counters.map(({ port }) => port))}\n`);
  for await (const _ of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(counters.map(({ most }) => most()))}\n`);
  }
  process.exit();
}

async function serve(behind: number, roundTripMs: number): Promise<{ port: number; most: () => number }> {
  let open = 0;
  let most = 0;
  const server = createServer({ noDelay: true }, (near) => {
    open++;
    most = Math.max(most, open);
    near.on("close", () => open--);
    const far = connect({ host: HOST, port: behind, noDelay: true });
    pass(near, far, roundTripMs / 2, Date.now() + roundTripMs);
    pass(far, near, roundTripMs / 2, 0);
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const take = () => {
    const found = most;
    most = open;
    return found;
  };
  return { port: (server.address() as AddressInfo).port, most: take };
}

/** Timers of one length end in the order they were begun. */
function pass(from: Socket, to: Socket, delayMs: number, openAt: number): void {
  const later = (act: () => void) => {
    const wait = Math.max(0, openAt - Date.now()) + delayMs;
    if (wait === 0) act();
    else setTimeout(act, wait);
  };
  from.on("data", (chunk) => later(() => to.write(chunk)));
  from.on("end", () => later(() => to.end()));
  from.on("error", () => to.destroy());
  from.on("close", () => later(() => to.destroy()));
}
