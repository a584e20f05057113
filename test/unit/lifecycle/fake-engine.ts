/**
 * The engine's part in the life of NamespaceSyncs and GlobalNamespaces on a mesh in memory: what it keeps, and what it
 * hands over when. Each step of a program is a process of its own, as the engine's are.
 */

import { type CheckContext, type CheckResult, check } from "../../../provider/lifecycle/check.ts";
import { createExpectations } from "../../../provider/lifecycle/expectations.ts";
import { reconcile } from "../../../provider/lifecycle/lifecycle.ts";
import { readSync, reconcileSync, removeSync } from "../../../provider/lifecycle/sync.ts";
import { checkSync } from "../../../provider/lifecycle/sync-check.ts";
import { diff } from "../../../provider/model/diff.ts";
import { outputsOf, parseState } from "../../../provider/model/state.ts";
import { diffSync, inputsOfSync, outputsOfSync, parseSyncState } from "../../../provider/model/sync-state.ts";
import { aFakeMesh, type FakeMesh, STILL } from "./fake-mesh.ts";

type Properties = Record<string, unknown>;

export interface Kept {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export interface StepResult {
  readonly inputs: Properties;
  readonly checkFailures: CheckResult["failures"];
  readonly changes: boolean;
  /** What could not be written. */
  readonly failures: readonly string[];
  readonly outputs: Properties | undefined;
  readonly said: readonly string[];
}

export type Step = "preview" | "up";

/** The resources of one program run, in the order in which they are declared. */
export interface Process {
  readonly requests: readonly string[];
  readonly said: readonly string[];
  sync(name: string, args: Properties, step?: Step): Promise<StepResult>;
  namespace(name: string, args: Properties, step?: Step): Promise<StepResult>;
}

export interface FakeEngine {
  readonly clusters: FakeMesh;
  process(): Process;
  kept(name: string): Kept | undefined;
  /** As `pulumi stack import` does. */
  restore(name: string, kept: Kept): void;
  refresh(name: string): Promise<void>;
  destroy(name: string): Promise<readonly string[]>;
}

interface Written {
  readonly outputs: Properties;
  readonly failures: readonly string[];
}

export function aFakeEngine(): FakeEngine {
  const clusters = aFakeMesh();
  const state = new Map<string, Kept>();
  const outputsBefore = (name: string): Properties | undefined => state.get(name)?.outputs;

  const process = (): Process => {
    const fake = clusters.restart();
    const context: CheckContext = {
      mesh: { mesh: fake.mesh },
      fleet: () => fake.world.fleet,
      claims: new Map(),
      removals: new Map(),
      expectations: createExpectations(),
      clock: STILL,
      say: fake.world.say,
    };
    const finish = async (
      name: string,
      { inputs, failures: checkFailures }: CheckResult,
      changes: boolean,
      write: false | (() => Promise<Written>),
    ): Promise<StepResult> => {
      const written = checkFailures.length === 0 && changes && write !== false ? await write() : undefined;
      if (written !== undefined) state.set(name, { inputs, outputs: written.outputs });
      const failures = written?.failures ?? [];
      return { inputs, checkFailures, changes, failures, outputs: outputsBefore(name), said: fake.said };
    };
    return {
      requests: fake.requests,
      said: fake.said,
      async sync(name, args, step = "up") {
        const result = await checkSync(state.get(name)?.inputs ?? {}, { ...args, resource: name }, context);
        const outputs = outputsBefore(name);
        const remembered = outputs === undefined ? undefined : parseSyncState(outputs);
        const changes = remembered === undefined || diffSync(remembered, result.inputs).changes;
        const write = async (): Promise<Written> => {
          const made = await reconcileSync(result.inputs, remembered, fake.world);
          return { outputs: outputsOfSync(made.state), failures: made.failures };
        };
        return finish(name, result, changes, step === "up" && write);
      },
      async namespace(name, args, step = "up") {
        const news = { revisionCheck: "off", ...args, name, resource: name };
        const result = await check(state.get(name)?.inputs ?? {}, news, context);
        const outputs = outputsBefore(name);
        const remembered = outputs === undefined ? undefined : parseState(outputs);
        const changes = remembered === undefined || diff(remembered, result.inputs, fake.mesh).changes;
        const write = async (): Promise<Written> => {
          const made = await reconcile(result.inputs, remembered, fake.world);
          return { outputs: outputsOf(made.state), failures: made.failures };
        };
        return finish(name, result, changes, step === "up" && write);
      },
    };
  };

  const syncStateOf = (name: string) => parseSyncState(outputsBefore(name) ?? {});
  return {
    clusters,
    process,
    kept: (name) => state.get(name),
    restore: (name, kept) => void state.set(name, kept),
    async refresh(name) {
      const live = await readSync(syncStateOf(name), clusters.restart().world);
      state.set(name, { inputs: inputsOfSync(live), outputs: outputsOfSync(live) });
    },
    async destroy(name) {
      const failures = await removeSync(syncStateOf(name), clusters.restart().world);
      if (failures.length === 0) state.delete(name);
      return failures;
    },
  };
}
