/**
 * The dynamic provider: what `__provider` loads in the process that the engine starts for a Mesh. Turns the lifecycle's
 * values into what that server wants back. The path of this module stands in the state of every resource and is never
 * renamed.
 */

import { type DynamicResource, keepSecrets, type Properties } from "./keep-secrets";
import { createMask } from "./kube/redact";
import type { State } from "./model/state";
import type { SyncState } from "./model/sync-state";
import { PartialError } from "./partial-error";
import type { Session } from "./session";

/** Set synchronously: the server hands out the provider before `configure` is awaited. */
let configuration: unknown;
let session: Session | undefined;
/** Of all resources, which no line tells. */
const secrets = createMask();

/** Loaded when first needed: the server must answer its handshake before it pays for this. */
function load() {
  return {
    ...(require("./lifecycle/lifecycle") as typeof import("./lifecycle/lifecycle")),
    ...(require("./lifecycle/many") as typeof import("./lifecycle/many")),
    ...(require("./lifecycle/sync") as typeof import("./lifecycle/sync")),
    ...(require("./model/diff") as typeof import("./model/diff")),
    ...(require("./model/outcome") as typeof import("./model/outcome")),
    ...(require("./model/state") as typeof import("./model/state")),
    ...(require("./model/sync-state") as typeof import("./model/sync-state")),
  };
}

function open(): Session {
  const { openSession } = require("./session") as typeof import("./session");
  session ??= openSession(configuration, say);
  return session;
}

/** The server passes it on as a line of the stack. */
function say(line: string): void {
  console.info(secrets.mask(line));
}

async function reconcile(inputs: Properties, remembered: State | undefined): Promise<{ id: string; outs: Properties }> {
  const core = load();
  const { state, failures } = await core.reconcile(inputs, remembered, open().world(say));
  const outs = core.outputsOf(state);
  if (failures.length === 0) return { id: state.name, outs };
  throw partialError(state.name, failures, outs, inputs);
}

function partialError(id: string, failures: readonly string[], outs: Properties, inputs: Properties): PartialError {
  return new PartialError(id, failures.map(load().describePart), { ...outs, __provider: inputs.__provider });
}

/**
 * The plugin has made it: an update, which asks no cluster, puts the loader into the outputs, where a refresh and a
 * destroy look for it.
 */
function lacksLoader(olds: Properties): boolean {
  return olds.__provider === undefined;
}

const one: DynamicResource = {
  async configure(request) {
    const given = (request.config as { readonly rawConfig?: unknown }).rawConfig;
    const { sameJson } = require("./model/json") as typeof import("./model/json");
    // Called once a resource type: one process, one session for all of them.
    if (session !== undefined && sameJson(given, configuration)) return;
    configuration = given;
    session = undefined;
  },

  async check(olds, news) {
    // Alone: a new process is first asked for this, and the engine waits.
    const { check } = require("./lifecycle/check") as typeof import("./lifecycle/check");
    return check(olds, news, open().check(say));
  },

  async diff(_id, olds, news) {
    const { diff, parseState } = load();
    const { changes, replaces, remarks } = diff(parseState(olds), news, open().world(say).mesh);
    remarks.forEach(open().once(say));
    return { changes: changes || lacksLoader(olds), replaces: [...replaces] };
  },

  async create(inputs) {
    return reconcile(inputs, undefined);
  },

  async update(_id, olds, news) {
    const { outs } = await reconcile(news, load().parseState(olds));
    return { outs };
  },

  async read(id, props) {
    const core = load();
    const state = await core.read(core.parseState(props), open().world(say));
    if (state === undefined) return {};
    return { id, props: core.outputsOf(state), inputs: { ...state.inputs } };
  },

  async delete(_id, props) {
    const core = load();
    const failures = await core.remove(core.parseState(props), open().world(say));
    if (failures.length > 0) throw deletionError(failures);
  },
};

async function reconcileMany(
  id: string,
  inputs: Properties,
  olds: Properties,
): Promise<{ id: string; outs: Properties }> {
  const core = load();
  const { states, failures, isPartial } = await core.reconcileMany(inputs, core.parseStates(olds), open().world(say));
  const outs = core.outputsOfMany(states, inputs);
  if (failures.length === 0) return { id, outs };
  if (!isPartial) throw new Error(core.describeAnew(failures));
  throw partialError(id, failures, outs, inputs);
}

const many: DynamicResource = {
  configure: one.configure,

  async check(olds, news) {
    return load().checkMany(olds, news, open().check(say));
  },

  async diff(_id, olds, news) {
    const { diffMany, parseStates } = load();
    const { changes, remarks } = diffMany(parseStates(olds), news, open().world(say).mesh);
    remarks.forEach(open().once(say));
    return { changes: changes || lacksLoader(olds) };
  },

  create(inputs) {
    return reconcileMany(String(inputs.resource), inputs, {});
  },

  async update(id, olds, news) {
    const { outs } = await reconcileMany(id, news, olds);
    return { outs };
  },

  async read(id, props) {
    const core = load();
    const states = await core.readMany(core.parseStates(props), open().world(say), id);
    return { id, props: core.outputsOfMany(states, props), inputs: core.inputsOfMany(states, props) };
  },

  async delete(id, props) {
    const core = load();
    const failures = await core.removeMany(core.parseStates(props), open().world(say), id);
    if (failures.length > 0) throw deletionError(failures);
  },
};

function deletionError(failures: readonly string[]): Error {
  // The server logs the stack of a failed delete beside the message; it says nothing to a user.
  const error = new Error(load().describeUndeleted(failures));
  return Object.assign(error, { stack: "" });
}

async function reconcileSync(
  inputs: Properties,
  remembered: SyncState | undefined,
): Promise<{ id: string; outs: Properties }> {
  const core = load();
  const { state, failures, isPartial } = await core.reconcileSync(inputs, remembered, open().world(say));
  const outs = core.outputsOfSync(state);
  if (failures.length === 0) return { id: state.owner, outs };
  if (isPartial) throw partialError(state.owner, failures, outs, inputs);
  throw new Error(core.describeNothing(failures));
}

const sync: DynamicResource = {
  configure: one.configure,

  async check(olds, news) {
    const { checkSync } = require("./lifecycle/sync-check") as typeof import("./lifecycle/sync-check");
    return checkSync(olds, news, open().check(say));
  },

  async diff(_id, olds, news) {
    const { diffSync, parseSyncState } = load();
    const { changes, unfinished } = diffSync(parseSyncState(olds), news);
    for (const line of unfinished) say(line);
    return { changes: changes || lacksLoader(olds) };
  },

  async create(inputs) {
    return reconcileSync(inputs, undefined);
  },

  async update(_id, olds, news) {
    const { outs } = await reconcileSync(news, load().parseSyncState(olds));
    return { outs };
  },

  async read(id, props) {
    const core = load();
    const state = await core.readSync(core.parseSyncState(props), open().world(say));
    return { id, props: core.outputsOfSync(state), inputs: core.inputsOfSync(state) };
  },

  async delete(_id, props) {
    const core = load();
    const failures = await core.removeSync(core.parseSyncState(props), open().world(say));
    if (failures.length > 0) throw deletionError(failures);
  },
};

/** `GlobalNamespace`. */
export const provider: DynamicResource = keepSecrets(one, secrets);
/** `GlobalNamespaces`, in the same process and session. */
export const globalNamespaces: DynamicResource = keepSecrets(many, secrets);
/** `NamespaceSync`, in the same process and session. */
export const namespaceSync: DynamicResource = keepSecrets(sync, secrets);
