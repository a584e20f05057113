/**
 * Everything that `provider/kube` takes from the machine it runs on. It enters through one object, so that tests hold
 * time, chance, files and programs in their hands; nothing else in this folder reads `process.env` or a clock.
 */

import { type ProgramResult, type ProgramRun, runProgram } from "./run-program";

/** What is needed to find a cluster's address and credential, before any network. */
export interface ConnectionWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a UTF-8 file; throws as `node:fs` does (`error.code === "ENOENT"`). */
  readFile(path: string): string;
}

export interface World extends ConnectionWorld {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Acts again and again until what it returns is called; is no reason for the process not to end. */
  every(milliseconds: number, act: () => void): () => void;
  /** 0 ≤ x < 1, for jitter. */
  random(): number;
  run(program: ProgramRun): Promise<ProgramResult>;
}

/** The real world. `env` is copied: what a later part of the process sets does not change how clusters are reached. */
export function createWorld(env: Readonly<Record<string, string | undefined>> = process.env): World {
  return {
    env: { ...env },
    readFile: (path) => (require("node:fs") as typeof import("node:fs")).readFileSync(path, "utf8"),
    now: () => Date.now(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    every: (milliseconds, act) => {
      const timer = setInterval(act, milliseconds).unref();
      return () => clearInterval(timer);
    },
    random: () => Math.random(),
    run: runProgram,
  };
}
