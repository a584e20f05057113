/**
 * The dynamic provider: what `__provider` loads in the process that the engine starts for a Mesh. Turns the lifecycle's
 * values into what that server wants back, and builds the world that the lifecycle lives in. The path of this module
 * stands in the state of every resource and is never renamed.
 */

import type { CheckContext } from "./lifecycle/check";
import type { ClusterApi } from "./lifecycle/fleet";
import type { World } from "./lifecycle/lifecycle";
import type { State } from "./model/state";
import type { SyncState } from "./model/sync-state";

type Properties = Record<string, unknown>;

interface ConfigureRequest {
  readonly config: unknown;
}

interface Session {
  readonly check: CheckContext;
  /** Throws where the mesh is not configured; `check` says so first. */
  readonly world: () => World;
}

/** Set synchronously: the server hands out the provider before `configure` is awaited. */
let configuration: unknown;
let session: Session | undefined;

/** Loaded when first needed: the server must answer its handshake before it pays for this. */
function load() {
  return {
    ...(require("./lifecycle/check") as typeof import("./lifecycle/check")),
    ...(require("./lifecycle/lifecycle") as typeof import("./lifecycle/lifecycle")),
    ...(require("./lifecycle/sync") as typeof import("./lifecycle/sync")),
    ...(require("./lifecycle/sync-check") as typeof import("./lifecycle/sync-check")),
    ...(require("./model/diff") as typeof import("./model/diff")),
    ...(require("./model/state") as typeof import("./model/state")),
    ...(require("./model/sync-state") as typeof import("./model/sync-state")),
  };
}

function open(): Session {
  if (session !== undefined) return session;
  const { parseMesh } = require("./model/mesh") as typeof import("./model/mesh");
  const { createExpectations } = require("./lifecycle/expectations") as typeof import("./lifecycle/expectations");
  const { createFleet } = require("./lifecycle/fleet") as typeof import("./lifecycle/fleet");
  const { createWorld } = require("./kube/world") as typeof import("./kube/world");
  const machine = createWorld();
  const parsed = parseMesh(configuration);
  const say = (line: string) => console.info(line);
  const fleet = createFleet((place) => connect(place), machine.now);
  const world = (): World => {
    if ("failures" in parsed) {
      throw new Error(parsed.failures.map(({ property, reason }) => `${property} ${reason}`).join("; "));
    }
    return { mesh: parsed.mesh, fleet, clock: machine, say };
  };
  const check = { mesh: parsed, fleet: () => fleet, claims: new Map(), expectations: createExpectations(), say };
  session = { check, world };
  return session;

  function connect(place: string): ClusterApi {
    const { mesh } = world();
    const { ClusterError } = require("./model/cluster-error") as typeof import("./model/cluster-error");
    const { resolveConnection } = require("./kube/resolve-connection") as typeof import("./kube/resolve-connection");
    const { createClusterClient } = require("./kube/cluster-client") as typeof import("./kube/cluster-client");
    const cluster = mesh.connections[place];
    if (cluster === undefined) throw new ClusterError("connection", "the mesh no longer has it");
    const resolved = resolveConnection(cluster.connection, machine, { execPlugins: mesh.execPlugins });
    if (resolved.kind === "problem") throw new ClusterError("connection", resolved.reason);
    const { version } = require("../../package.json") as { readonly version: string };
    const options = {
      execPlugins: mesh.execPlugins,
      version,
      callsAtOnce: mesh.concurrency,
      requestTimeLimitMs: mesh.requestTimeoutSeconds * 1000,
    };
    return createClusterClient(resolved.cluster, options, machine);
  }
}

/** What the server needs to keep a resource that was made in part: `id`, `reasons`, and all outputs with the loader. */
class PartialError extends Error {
  readonly id: string;
  readonly reasons: readonly string[];
  readonly properties: Properties;

  constructor(id: string, reasons: readonly string[], properties: Properties) {
    super(reasons.join("; "));
    this.id = id;
    this.reasons = reasons;
    this.properties = properties;
  }
}

async function reconcile(inputs: Properties, remembered: State | undefined): Promise<{ id: string; outs: Properties }> {
  const core = load();
  const { state, failures } = await core.reconcile(inputs, remembered, open().world());
  const outs = core.outputsOf(state);
  if (failures.length === 0) return { id: state.name, outs };
  throw partialError(state.name, failures, outs, inputs);
}

function partialError(id: string, failures: readonly string[], outs: Properties, inputs: Properties): PartialError {
  const reasons = failures.map(
    (failure) => `${failure}. What was done is recorded; the next "pulumi up" goes on from there`,
  );
  return new PartialError(id, reasons, { ...outs, __provider: inputs.__provider });
}

export const provider = {
  async configure(request: ConfigureRequest): Promise<void> {
    const given = (request.config as { readonly rawConfig?: unknown }).rawConfig;
    const { sameJson } = require("./model/json") as typeof import("./model/json");
    // Called once a resource type: one process, one session for all of them.
    if (session !== undefined && sameJson(given, configuration)) return;
    configuration = given;
    session = undefined;
  },

  async check(olds: Properties, news: Properties): Promise<{ inputs: Properties; failures: unknown[] }> {
    const { inputs, failures } = await load().check(olds, news, open().check);
    return { inputs, failures: [...failures] };
  },

  async diff(_id: string, olds: Properties, news: Properties): Promise<{ changes: boolean; replaces: string[] }> {
    const { diff, parseState } = load();
    const { changes, replaces, unfinished } = diff(parseState(olds), news);
    for (const line of unfinished) open().check.say(`${String(olds.name)}: ${line}`);
    return { changes, replaces: [...replaces] };
  },

  async create(inputs: Properties): Promise<{ id: string; outs: Properties }> {
    return reconcile(inputs, undefined);
  },

  async update(_id: string, olds: Properties, news: Properties): Promise<{ outs: Properties }> {
    const { outs } = await reconcile(news, load().parseState(olds));
    return { outs };
  },

  async read(id: string, props: Properties): Promise<{ id?: string; props?: Properties; inputs?: Properties }> {
    const core = load();
    const state = await core.read(core.parseState(props), open().world());
    if (state === undefined) return {};
    // A refresh shows drift in the inputs; the outputs keep what was declared, which the next diff holds them to.
    const { targets, controlPlaneTarget, inputs } = state;
    return { id, props: { ...core.outputsOf(state), targets, controlPlaneTarget }, inputs: { ...inputs } };
  },

  async delete(_id: string, props: Properties): Promise<void> {
    const core = load();
    const failures = await core.remove(core.parseState(props), open().world());
    if (failures.length === 0) return;
    // The server logs the stack of a failed delete beside the message; it says nothing to a user.
    const error = new Error(`${failures.join("; ")}. The next "pulumi destroy" goes on from there`);
    throw Object.assign(error, { stack: "" });
  },
};

async function reconcileSync(
  inputs: Properties,
  remembered: SyncState | undefined,
): Promise<{ id: string; outs: Properties }> {
  const core = load();
  const { state, failures, isPartial } = await core.reconcileSync(inputs, remembered, open().world());
  const outs = core.outputsOfSync(state);
  if (failures.length === 0) return { id: state.owner, outs };
  if (isPartial) throw partialError(state.owner, failures, outs, inputs);
  throw new Error(`${failures.join("; ")}. Nothing was written; the next "pulumi up" begins anew`);
}

/** `NamespaceSync`, in the same process and session as `provider`. */
export const namespaceSync = {
  configure(request: ConfigureRequest): Promise<void> {
    return provider.configure(request);
  },

  async check(olds: Properties, news: Properties): Promise<{ inputs: Properties; failures: unknown[] }> {
    const { inputs, failures } = await load().checkSync(olds, news, open().check);
    return { inputs, failures: [...failures] };
  },

  async diff(_id: string, olds: Properties, news: Properties): Promise<{ changes: boolean }> {
    const { diffSync, parseSyncState } = load();
    const { changes, unfinished } = diffSync(parseSyncState(olds), news);
    for (const line of unfinished) open().check.say(line);
    return { changes };
  },

  async create(inputs: Properties): Promise<{ id: string; outs: Properties }> {
    return reconcileSync(inputs, undefined);
  },

  async update(_id: string, olds: Properties, news: Properties): Promise<{ outs: Properties }> {
    const { outs } = await reconcileSync(news, load().parseSyncState(olds));
    return { outs };
  },

  async read(id: string, props: Properties): Promise<{ id: string; props: Properties; inputs: Properties }> {
    const core = load();
    const state = await core.readSync(core.parseSyncState(props), open().world());
    return { id, props: core.outputsOfSync(state), inputs: core.inputsOfSync(state) };
  },

  async delete(_id: string, props: Properties): Promise<void> {
    const core = load();
    const failures = await core.removeSync(core.parseSyncState(props), open().world());
    if (failures.length > 0) throw new Error(`${failures.join("; ")}. The next "pulumi destroy" goes on from there`);
  },
};
