/**
 * Everything that `provider/kube` takes from the machine it runs on. It enters through one object, so that tests hold
 * time, chance, files and programs in their hands; nothing else in this folder reads `process.env` or a clock.
 */

import { createLimit } from "./concurrency";
import { within } from "./deadline";
import { type ProgramResult, type ProgramRun, runProgram } from "./run-program";

/** What is needed to find a cluster's address and credential, before any network. */
export interface ConnectionWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a UTF-8 file; throws as `node:fs` does (`error.code === "ENOENT"`). */
  readFile(path: string): string;
}

export interface World extends ConnectionWorld {
  /** Milliseconds since 1970, to be compared with what others say: the end of a token, the date of an answer. */
  now(): number;
  /** Milliseconds since some moment, for how long something lasts: a clock that is set meanwhile does not change it. */
  elapsed(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Acts again and again until what it returns is called; is no reason for the process not to end. */
  every(milliseconds: number, act: () => void): () => void;
  /** 0 ≤ x < 1, for jitter. */
  random(): number;
  /** With many that were just begun it waits for its turn, which is no part of its time limit. */
  run(program: ProgramRun): Promise<ProgramResult>;
}

/**
 * Programs that are begun at once, for all clusters and worlds of the process. A cloud's plugin is a second of a
 * processor's work, so that a hundred which start together on two processors all come to the end of their time limit.
 */
export const PROGRAMS_AT_ONCE: number = Math.max(4, 2 * processors());
/** Milliseconds after which the next one is begun all the same: this one waits for something, perhaps for a person. */
const TURN_MS = 5_000;

const inTurn = createLimit(PROGRAMS_AT_ONCE);

function runInTurn(program: ProgramRun): Promise<ProgramResult> {
  return new Promise((resolve) => {
    void inTurn(async () => {
      const result = runProgram(program);
      resolve(result);
      await within(TURN_MS, result, () => new Error("its turn is over")).catch(() => {});
    });
  });
}

/** The real world. `env` is copied: what a later part of the process sets does not change how clusters are reached. */
export function createWorld(env: Readonly<Record<string, string | undefined>> = process.env): World {
  return {
    env: { ...env },
    readFile: (path) => (require("node:fs") as typeof import("node:fs")).readFileSync(path, "utf8"),
    now: () => Date.now(),
    elapsed: () => performance.now(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    every: (milliseconds, act) => {
      const timer = setInterval(act, milliseconds).unref();
      return () => clearInterval(timer);
    },
    random: () => Math.random(),
    run: runInTurn,
  };
}

function processors(): number {
  return (require("node:os") as typeof import("node:os")).availableParallelism();
}
