/** What a process and its descendants use, as Linux counts it. Elsewhere nothing is known. */

import { existsSync, readdirSync, readFileSync } from "node:fs";

const EVERY_MS = 50;

/** Clock ticks a second: USER_HZ, which is 100 on every architecture that Node.js runs on. */
const TICKS = 100;

/** Whose processor time it is. */
export const PARTS = ["command line", "program", "provider", "API servers"] as const;
export type Part = (typeof PARTS)[number];

export interface Usage {
  readonly cpuSeconds: Readonly<Record<Part, number>>;
  /** The most that a process of the provider held in memory, MiB; of a loop with a process a cluster, their sum. */
  readonly providerMiB: number;
}

export interface Watch {
  /** What was used so far; `undefined` where it cannot be told. */
  end(): Usage | undefined;
}

interface Seen {
  readonly part: Part;
  readonly seconds: number;
  readonly peakMiB: number;
}

/** `servers` are the processes of the API servers, which run before and after as well. */
export function watchProcess(root: number, servers: readonly number[]): Watch {
  if (!existsSync("/proc/self/stat")) return { end: () => undefined };
  const seen = new Map<number, Seen>();
  const look = () => {
    for (const pid of descendants(root)) {
      const now = lookAt(pid);
      if (now !== undefined) seen.set(pid, now);
    }
  };
  const serverSeconds = () => sum(servers.map((pid) => secondsOf(fieldsOf(pid))));
  const before = serverSeconds();
  const timer = setInterval(look, EVERY_MS);
  return {
    end: () => {
      clearInterval(timer);
      const all = [...seen.values()];
      const of = (part: Part) => all.filter((each) => each.part === part);
      const secondsOfPart = (part: Part) => sum(of(part).map(({ seconds }) => seconds));
      return {
        cpuSeconds: {
          "command line": secondsOfPart("command line"),
          program: secondsOfPart("program"),
          provider: secondsOfPart("provider"),
          "API servers": serverSeconds() - before,
        },
        providerMiB: sum(of("provider").map(({ peakMiB }) => peakMiB)),
      };
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? fieldsOf(pid)?.[1] : undefined;
    if (parent !== undefined) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), pid]);
  }
  const all = [root];
  for (const pid of all) all.push(...(children.get(pid) ?? []));
  return all;
}

function lookAt(pid: number): Seen | undefined {
  try {
    const fields = fieldsOf(pid);
    if (fields === undefined) return undefined;
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    // One that is about to end has neither memory nor a command any more.
    if (command === "" || peak === undefined) return undefined;
    return { part: partOf(command), seconds: secondsOf(fields), peakMiB: Number(peak) / 1024 };
  } catch {
    return undefined;
  }
}

function partOf(command: string): Part {
  if (/cmd\/dynamic-provider|pulumi-resource-/.test(command)) return "provider";
  return /^\S*\/?pulumi /.test(command) ? "command line" : "program";
}

function secondsOf(fields: readonly string[] | undefined): number {
  return fields === undefined ? 0 : (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** From the state on; the name before it may hold anything. */
function fieldsOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
