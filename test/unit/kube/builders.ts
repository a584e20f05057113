/** Things that tests need one of, with only what matters to them spelled out. */

import type { ResolvedCluster } from "../../../provider/kube/resolved-cluster.ts";
import type { World } from "../../../provider/kube/world.ts";
import { ClusterError, type ClusterErrorCode } from "../../../provider/model/cluster-error.ts";
import type { Namespace } from "../../../provider/model/namespace.ts";

export const TOKEN = "canary-token-6f1d9c";

export function aNamespace(fields: Partial<Namespace> = {}): Namespace {
  return {
    name: "payments",
    uid: "uid-1",
    resourceVersion: "7",
    creationTimestamp: "2026-11-01T00:00:00Z",
    labels: {},
    annotations: {},
    finalizers: ["kubernetes"],
    conditions: [],
    fieldManagers: [],
    ...fields,
  };
}

/** A Namespace as the API writes one. */
export function namespaceJson(metadata: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: "payments",
      uid: "uid-1",
      resourceVersion: "7",
      creationTimestamp: "2026-11-01T00:00:00Z",
      ...metadata,
    },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  };
}

export function aCluster(
  server: { readonly url: string; readonly authority?: string },
  fields: Partial<ResolvedCluster> = {},
): ResolvedCluster {
  return {
    server: server.url,
    verifyTls: true,
    compress: true,
    user: { token: TOKEN },
    ...(server.authority === undefined ? {} : { authority: server.authority }),
    ...fields,
  };
}

export interface TestWorld extends World {
  /** Every wait that was asked for, milliseconds. */
  readonly slept: number[];
  /** Lets time pass. */
  pass(milliseconds: number): void;
  /** Sets the clock forward, or back, while no time passes. */
  setClock(milliseconds: number): void;
}

/** Time that passes only by `sleep` and `pass`, and no chance: `random` is always its largest. */
export function aWorld(parts: Partial<World> = {}): TestWorld {
  let now = Date.parse("2026-11-24T00:00:00Z");
  let elapsed = 0;
  const pass = (milliseconds: number): void => {
    now += milliseconds;
    elapsed += milliseconds;
  };
  const slept: number[] = [];
  return {
    env: {},
    readFile: (path) => {
      throw Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
    },
    now: () => now,
    elapsed: () => elapsed,
    every: () => () => {},
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      pass(milliseconds);
    },
    random: () => 1,
    run: async () => ({ kind: "not-found" }),
    slept,
    pass,
    setClock: (milliseconds) => {
      now += milliseconds;
    },
    ...parts,
  };
}

/** Files by path; any other does not exist. */
export function files(contents: Record<string, string>): (path: string) => string {
  return (path) => {
    const text = contents[path];
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return text;
  };
}

export function anError(
  code: ClusterErrorCode,
  options: ConstructorParameters<typeof ClusterError>[2] = {},
): ClusterError {
  return new ClusterError(code, `test: ${code}`, options);
}

/** What a promise rejected with; a promise that did not reject is a failure of the test. */
export async function rejection(promise: Promise<unknown>): Promise<ClusterError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in outcome) throw new Error(`resolved to ${JSON.stringify(outcome.value)}`);
  return outcome.error as ClusterError;
}
