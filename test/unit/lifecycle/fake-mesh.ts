/**
 * A mesh of clusters in memory: the fleet that the lifecycle gets, what was asked of it, and clusters that can be taken
 * down. What it cannot show is tested end to end, on real API servers.
 */

import type { ApiAnswer } from "../../../provider/kube/api-server.ts";
import { type CheckContext, type CheckResult, check } from "../../../provider/lifecycle/check.ts";
import { createExpectations } from "../../../provider/lifecycle/expectations.ts";
import { type ClusterApi, createFleet, type Fleet } from "../../../provider/lifecycle/fleet.ts";
import { type Reconciled, reconcile, type World } from "../../../provider/lifecycle/lifecycle.ts";
import { ClusterError } from "../../../provider/model/cluster-error.ts";
import type { Mesh } from "../../../provider/model/mesh.ts";
import { outputsOf, parseState, type State } from "../../../provider/model/state.ts";
import { createFakeApi, type FakeApi } from "../../contract/fake-api.ts";
import { aMesh } from "../model/builders.ts";

type Verb = "get" | "list" | "create" | "apply" | "removeLabels" | "remove";

const WRITES: readonly Verb[] = ["create", "apply", "removeLabels", "remove"];

export interface FakeMesh {
  readonly mesh: Mesh;
  readonly world: World;
  /** Lines that the user is told. */
  readonly said: string[];
  /** Every request since `forget`, as `east apply`. */
  readonly requests: string[];
  writes(): readonly string[];
  forget(): void;
  cluster(place: string): FakeApi;
  /** What answers instead of the cluster, before or after the request was carried out. */
  fail(place: string, fault: Fault): void;
  heal(place: string): void;
  /** From now on every namespace there holds a ConfigMap of this name. */
  fill(place: string, configMap: string): void;
  /** Another run of the engine on the same clusters: nothing is remembered in the process. */
  restart(changes?: Readonly<Record<string, unknown>>): FakeMesh;
}

export interface Fault {
  readonly error: ClusterError;
  /** All by default. */
  readonly verbs?: readonly Verb[];
  /** The request is carried out and its answer lost. */
  readonly after?: boolean;
}

export const DOWN: Fault = {
  error: new ClusterError("unreachable", "connection refused: test (ECONNREFUSED)", { retryable: true }),
};
export const FORBIDDEN: Fault = { error: new ClusterError("forbidden", 'namespaces is forbidden: User "ci" cannot') };
export const ANSWER_LOST: Fault = {
  error: new ClusterError("timeout", "no answer within 15 s", { retryable: true }),
  verbs: ["apply"],
  after: true,
};

/** A clock that stands still: nobody is late. */
export const STILL: CheckContext["clock"] = { every: () => () => {} };

export const CLUSTERS: readonly string[] = ["controlPlane", "east", "north", "west"];

export function aFakeMesh(changes: Readonly<Record<string, unknown>> = {}): FakeMesh {
  return build(new Map(), new Map(), changes);
}

/** What a cluster serves, in the one piece that the aggregated discovery is. */
const DISCOVERY = {
  kind: "APIGroupDiscoveryList",
  items: [
    {
      versions: [
        {
          version: "v1",
          freshness: "Current",
          resources: [
            {
              resource: "configmaps",
              responseKind: { kind: "ConfigMap" },
              scope: "Namespaced",
              verbs: ["list", "delete"],
            },
          ],
        },
      ],
    },
  ],
};

function found(json: Readonly<Record<string, unknown>>): ApiAnswer {
  return { kind: "found", status: 200, json };
}

function build(
  clusters: Map<string, FakeApi>,
  faults: Map<string, Fault>,
  changes: Readonly<Record<string, unknown>>,
): FakeMesh {
  const mesh = aMesh(changes);
  const requests: string[] = [];
  const said: string[] = [];
  const configMaps = new Map<string, readonly unknown[]>();
  let now = 0;

  const cluster = (place: string): FakeApi => {
    const api = clusters.get(place) ?? createFakeApi({ uidPrefix: `${place.slice(0, 8).padEnd(8, "-")}` });
    clusters.set(place, api);
    return api;
  };

  const connect = (place: string): ClusterApi => {
    const api = cluster(place);
    const asked = async <T>(verb: Verb, request: () => Promise<T>): Promise<T> => {
      requests.push(`${place} ${verb}`);
      const fault = faults.get(place);
      const isHit = fault !== undefined && (fault.verbs === undefined || fault.verbs.includes(verb));
      if (isHit && fault.after !== true) throw fault.error;
      const answer = await request();
      if (isHit) throw fault.error;
      return answer;
    };
    return {
      get: (name) => asked("get", () => api.get(name)),
      list: () => asked("list", () => api.list()),
      create: (body, fieldManager) => asked("create", () => api.create(body, fieldManager)),
      apply: (body, options) => asked("apply", () => api.apply(body, options)),
      removeLabels: (namespace, keys, manager) =>
        asked("removeLabels", () => api.removeLabels(namespace, keys, manager)),
      remove: (namespace) => asked("remove", () => api.remove(namespace)),
      // Namespaces hold ConfigMaps and no pods, and the credential has no further right.
      server: {
        request: async ({ path }) => {
          if (path === "/api") return found(DISCOVERY);
          if (path === "/apis") return found({ ...DISCOVERY, items: [] });
          if (path.endsWith("/configmaps")) return found({ kind: "ConfigMapList", items: configMaps.get(place) ?? [] });
          if (path.endsWith("/pods")) return found({ kind: "PartialObjectMetadataList", items: [] });
          throw new ClusterError("forbidden", `the fake serves namespaces and ConfigMaps alone, not ${path}`);
        },
      },
      redact: (text) => text,
    };
  };

  const fleet: Fleet = createFleet(connect, () => now);
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  return {
    mesh,
    world: {
      mesh,
      fleet,
      clock,
      progress: { begin: () => () => {} },
      claims: new Map(),
      say: (line) => said.push(line),
    },
    said,
    requests,
    writes: () => requests.filter((request) => WRITES.some((verb) => request.endsWith(` ${verb}`))).sort(),
    forget: () => {
      requests.length = 0;
    },
    cluster,
    fail: (place, fault) => faults.set(place, fault),
    heal: (place) => faults.delete(place),
    fill: (place, name) => configMaps.set(place, [{ metadata: { name, uid: `uid of ${name}` } }]),
    restart: (more = {}) => build(clusters, faults, { ...changes, ...more }),
  };
}

/** The inputs that `check` makes of what a program declares; `olds` are those of before. */
export async function checked(
  fake: FakeMesh,
  args: Readonly<Record<string, unknown>>,
  olds: Readonly<Record<string, unknown>> = {},
): Promise<CheckResult> {
  const context: CheckContext = {
    mesh: { mesh: fake.mesh },
    fleet: () => fake.world.fleet,
    claims: new Map(),
    removals: new Map(),
    expectations: createExpectations(),
    clock: STILL,
    say: fake.world.say,
  };
  return check(olds, { name: "payments", resource: "payments", ...args }, context);
}

/** `check`, then create or update, and the state through the engine's hands. */
export async function up(
  fake: FakeMesh,
  args: Readonly<Record<string, unknown>>,
  remembered?: State,
): Promise<Reconciled> {
  const { inputs, failures } = await checked(fake, args, remembered?.inputs);
  if (failures.length > 0) throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  const { state, failures: undone } = await reconcile(inputs, remembered, fake.world);
  return { state: parseState(JSON.parse(JSON.stringify(outputsOf(state)))), failures: undone };
}

/** Labels of a namespace without Kubernetes' own; `undefined` where there is no such namespace. */
export async function labelsOn(
  fake: FakeMesh,
  place: string,
  name = "payments",
): Promise<Record<string, string> | undefined> {
  const found = await fake.cluster(place).get(name);
  if (found === undefined) return undefined;
  const { "kubernetes.io/metadata.name": _, ...labels } = found.labels;
  return labels;
}
