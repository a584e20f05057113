/** What a process and its descendants use, as Linux counts it. Elsewhere nothing is known. */

import { existsSync, readdirSync, readFileSync } from "node:fs";

const EVERY_MS = 50;

/** Clock ticks a second: USER_HZ, which is 100 on every architecture that Node.js runs on. */
const TICKS = 100;

export interface Usage {
  /** Of all processes. */
  readonly cpuSeconds: number;
  /** The most that the provider's process held in memory, MiB. */
  readonly providerMiB: number;
  readonly providerCpuSeconds: number;
}

export interface Watch {
  /** What was used so far; `undefined` where it cannot be told. */
  end(): Usage | undefined;
}

interface Seen {
  readonly isProvider: boolean;
  readonly seconds: number;
  readonly peakMiB: number;
}

export function watchProcess(root: number): Watch {
  if (!existsSync("/proc/self/stat")) return { end: () => undefined };
  const seen = new Map<number, Seen>();
  const look = () => {
    for (const pid of descendants(root)) {
      const now = lookAt(pid);
      if (now !== undefined) seen.set(pid, now);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    end: () => {
      clearInterval(timer);
      const all = [...seen.values()];
      const sum = (of: readonly Seen[]) => of.reduce((total, { seconds }) => total + seconds, 0);
      const providers = all.filter(({ isProvider }) => isProvider);
      return {
        cpuSeconds: sum(all),
        providerMiB: Math.max(0, ...providers.map(({ peakMiB }) => peakMiB)),
        providerCpuSeconds: sum(providers),
      };
    },
  };
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
    return {
      isProvider: /cmd\/dynamic-provider|pulumi-resource-kubernetes/.test(command),
      seconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
      peakMiB: Number(peak) / 1024,
    };
  } catch {
    return undefined;
  }
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
