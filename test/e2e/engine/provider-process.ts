/** The provider's process from outside: started when it is needed, renewed, and killed as the kernel kills one. */

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { faceInUse } from "../face.ts";
import type { Call, Reply, ResourceProvider, Thrown } from "./host.ts";

/** The process ended while a call was under way: nobody knows what it did. */
export class ProcessKilled extends Error {}

/** What the provider threw. */
export class CallFailed extends Error {
  readonly thrown: Thrown;
  constructor(thrown: Thrown) {
    super(thrown.message);
    this.thrown = thrown;
  }
}

export interface ProviderProcess {
  call(resource: ResourceProvider, method: string, ...args: readonly unknown[]): Promise<unknown>;
  /** From now on it is another process. */
  renew(): Promise<void>;
  memory(): Promise<NodeJS.MemoryUsage>;
  /** SIGKILL. */
  kill(): void;
  /** All lines that it has logged since the last look. */
  said(): readonly string[];
  end(): void;
}

type Request = Call extends infer Each ? (Each extends Call ? Omit<Each, "id"> : never) : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function aProviderProcess(
  runDir: string,
  options: { readonly execArgv?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): ProviderProcess {
  let child: ChildProcess | undefined;
  let waiting = new Map<number, Waiting>();
  let said: string[] = [];
  let uncaught: string | undefined;
  let last = 0;

  const start = (): ChildProcess => {
    const started = fork(join(import.meta.dirname, "host.ts"), [runDir, faceInUse()], {
      execArgv: [...(options.execArgv ?? [])],
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // As the engine's: the system decides what a child may hold, this only carries the values.
      serialization: "advanced",
    });
    const mine = waiting;
    started.on("message", (reply: Reply) => {
      if ("uncaught" in reply) {
        uncaught = reply.uncaught;
        return;
      }
      const waiter = mine.get(reply.id);
      mine.delete(reply.id);
      said.push(...reply.said);
      if ("error" in reply) waiter?.reject(new CallFailed(reply.error));
      else waiter?.resolve(reply.value);
    });
    started.once("exit", () => {
      for (const { reject } of mine.values()) reject(new ProcessKilled("the provider's process was killed"));
      mine.clear();
    });
    return started;
  };

  const ask = (request: Request): Promise<unknown> => {
    if (uncaught !== undefined) throw new Error(`the provider has an error that nobody waits for: ${uncaught}`);
    child ??= start();
    const id = ++last;
    const current = child;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      current.send({ id, ...request }, (error) => error !== null && reject(new ProcessKilled(error.message)));
    });
  };

  const forget = (): void => {
    child = undefined;
    waiting = new Map();
  };

  return {
    call: (resource, method, ...args) => ask({ kind: "call", resource, method, args }),
    renew: async () => void (await ask({ kind: "renew" })),
    memory: async () => (await ask({ kind: "memory" })) as NodeJS.MemoryUsage,
    kill: () => {
      child?.kill("SIGKILL");
      forget();
      // It will be needed, and loads while others clean up.
      child = start();
    },
    said: () => {
      const lines = said;
      said = [];
      return lines;
    },
    end: () => {
      child?.disconnect();
      forget();
    },
  };
}
