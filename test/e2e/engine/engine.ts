/**
 * Pulumi's part in the life of resources, in milliseconds: which of the provider's methods is called when, with what, and
 * what is kept of the answer. Each command is a provider process of its own. What the real engine does beyond this is
 * tested through its command line.
 */

import type { ResourceProvider } from "./host.ts";
import { CallFailed, ProcessKilled, type ProviderProcess } from "./provider-process.ts";

export type Properties = Readonly<Record<string, unknown>>;

/**
 * Arguments by resource name, as the SDK hands them over: those of a GlobalNamespace, unless a property `type` says which
 * other resource it is.
 */
export type Program = Readonly<Record<string, Properties>>;

const PROVIDERS: Readonly<Record<string, ResourceProvider>> = {
  GlobalNamespace: "provider",
  GlobalNamespaces: "globalNamespaces",
  NamespaceSync: "namespaceSync",
};

interface Kept {
  readonly type: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export interface Result {
  /** What was created, updated, replaced or deleted, or would be: `update payments`. */
  readonly steps: readonly string[];
  /** What the user is told went wrong. */
  readonly failures: readonly string[];
  readonly said: readonly string[];
  /** Whether the provider's process was killed on the way. */
  readonly killed: boolean;
}

export interface Engine {
  /** What the provider is configured with; a change counts from the next command on. */
  mesh: Properties;
  up(program: Program): Promise<Result>;
  preview(program: Program): Promise<Result>;
  refresh(): Promise<Result>;
  destroy(): Promise<Result>;
  kept(resource: string): Kept | undefined;
  /** What the outputs say of the control plane, and of the members in the order of their names. */
  statuses(resource: string): readonly Properties[];
  /** The whole state, to be put back later. */
  export(): ReadonlyMap<string, Kept>;
  import(state: ReadonlyMap<string, Kept>): void;
}

/** What a program's line loads in the state; the provider never looks at it. */
const LOADER = 'exports.handler = () => require("pulumi-global-namespace/provider").provider;';

export function anEngine(process: ProviderProcess, mesh: Properties): Engine {
  let state = new Map<string, Kept>();
  /** Replaced, and still to be deleted. */
  const doomed = new Set<Kept>();

  /** One command: a process, and what came of it. */
  const command = async (run: (log: Log) => Promise<void>): Promise<Result> => {
    const log = { steps: [] as string[], failures: [] as string[], killed: false };
    const guarded = async (act: () => Promise<void>): Promise<void> => {
      try {
        await act();
      } catch (error) {
        if (error instanceof ProcessKilled) log.killed = true;
        else if (error instanceof CallFailed) log.failures.push(error.message);
        else throw error;
      }
    };
    await process.renew();
    const config = { get: () => undefined, rawConfig: undefined };
    await guarded(async () => {
      await call("GlobalNamespace", "configure", { config: { ...config, rawConfig: engine.mesh } });
      await run({ ...log, guarded, isKilled: () => log.killed });
    });
    return { ...log, steps: log.steps.sort(), failures: log.failures.sort(), said: process.said() };
  };
  const call = (type: string, method: string, ...args: readonly unknown[]) =>
    process.call(PROVIDERS[type] ?? "provider", method, ...wire(args)) as Promise<Properties>;

  const plan = async (name: string, { type: given = "GlobalNamespace", ...args }: Properties) => {
    const type = String(given);
    const before = state.get(name);
    const named = type === "GlobalNamespace" ? { name, ...args } : args;
    const news = { ...named, resource: name, __provider: LOADER };
    const { inputs, failures } = (await call(type, "check", before?.inputs ?? {}, news)) as {
      inputs: Properties;
      failures: readonly { property: string; reason: string }[];
    };
    if (failures.length > 0) {
      const told = failures.map(({ property, reason }) => `${name}: ${property} ${reason}`);
      return { kind: "refused" as const, told };
    }
    const planned = { type, inputs: { ...inputs, __provider: LOADER } };
    if (before === undefined) return { kind: "create" as const, ...planned };
    const { changes, replaces = [] } = (await call(type, "diff", before.id, before.outputs, planned.inputs)) as {
      changes: boolean;
      replaces?: readonly string[];
    };
    if (replaces.length > 0) return { kind: "replace" as const, ...planned, before };
    return changes ? { kind: "update" as const, ...planned, before } : { kind: "same" as const };
  };

  /** Creates or updates, and keeps what was made, in part as well. */
  const write = async (
    name: string,
    { type, inputs }: Pick<Kept, "type" | "inputs">,
    before: Kept | undefined,
  ): Promise<void> => {
    try {
      const made =
        before === undefined
          ? await call(type, "create", inputs)
          : await call(type, "update", before.id, before.outputs, inputs);
      const outputs = { ...(made.outs as Properties), __provider: LOADER };
      state.set(name, { type, id: before?.id ?? String(made.id), inputs, outputs });
    } catch (error) {
      if (error instanceof CallFailed && error.thrown.properties !== undefined) {
        const id = before?.id ?? String(error.thrown.id);
        state.set(name, { type, id, inputs, outputs: error.thrown.properties });
      }
      throw error;
    }
  };

  const end = async (kept: Kept): Promise<void> => {
    await call(kept.type, "delete", kept.id, kept.outputs);
    doomed.delete(kept);
    for (const [name, each] of state) if (each === kept) state.delete(name);
  };

  const engine: Engine = {
    mesh,
    up: (program) =>
      command(async ({ steps, failures, guarded, isKilled }) => {
        const one = async (name: string, args: Properties) => {
          const planned = await plan(name, args);
          if (planned.kind === "refused") failures.push(...planned.told);
          if (planned.kind === "refused" || planned.kind === "same") return;
          steps.push(`${planned.kind} ${name}`);
          if (planned.kind === "replace") {
            await write(name, planned, undefined);
            doomed.add(planned.before);
          } else await write(name, planned, planned.kind === "update" ? planned.before : undefined);
        };
        await Promise.all(Object.entries(program).map(([name, args]) => guarded(() => one(name, args))));
        if (failures.length > 0 || isKilled()) return;
        const gone = [...state].filter(([name]) => !Object.hasOwn(program, name));
        const ends = [...doomed, ...gone.map(([, kept]) => kept)];
        for (const { id } of ends) steps.push(`delete ${id}`);
        await Promise.all(ends.map((kept) => guarded(() => end(kept))));
      }),
    preview: (program) =>
      command(async ({ steps, failures, guarded }) => {
        const one = async (name: string, args: Properties) => {
          const planned = await plan(name, args);
          if (planned.kind === "refused") failures.push(...planned.told);
          else if (planned.kind !== "same") steps.push(`${planned.kind} ${name}`);
        };
        await Promise.all(Object.entries(program).map(([name, args]) => guarded(() => one(name, args))));
        const gone = [...state].filter(([name]) => !Object.hasOwn(program, name)).map(([, kept]) => kept);
        for (const { id } of [...doomed, ...gone]) steps.push(`delete ${id}`);
      }),
    refresh: () =>
      command(async ({ steps, guarded }) => {
        const one = async (name: string, { type, id, outputs }: Kept) => {
          const seen = await call(type, "read", id, outputs);
          if (seen.id === undefined) {
            state.delete(name);
            steps.push(`delete ${name}`);
            return;
          }
          const inputs = { ...(seen.inputs as Properties), __provider: LOADER };
          state.set(name, { type, id, inputs, outputs: { ...(seen.props as Properties), __provider: LOADER } });
        };
        await Promise.all([...state].map(([name, kept]) => guarded(() => one(name, kept))));
      }),
    destroy: () =>
      command(async ({ steps, guarded }) => {
        const ends = [...doomed, ...state.values()];
        for (const { id } of ends) steps.push(`delete ${id}`);
        await Promise.all(ends.map((kept) => guarded(() => end(kept))));
      }),
    kept: (resource) => state.get(resource),
    statuses: (resource) => {
      const { controlPlane, members } = state.get(resource)?.outputs ?? {};
      return [controlPlane, ...Object.values(members ?? {})] as Properties[];
    },
    export: () => new Map(state),
    import: (given) => {
      state = new Map(given);
    },
  };
  return engine;
}

interface Log {
  readonly steps: string[];
  readonly failures: string[];
  guarded(act: () => Promise<void>): Promise<void>;
  isKilled(): boolean;
}

/** As it comes out at the other end of the engine's wire. */
function wire<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
