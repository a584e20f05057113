/**
 * The life of a GlobalNamespaces: many global namespaces as one resource. Nothing of its own is decided here; each of them
 * is checked, compared, written, looked at and ended as a GlobalNamespace of that name is.
 */

import { createLimit } from "../kube/concurrency";
import { describeRemoval } from "../model/departures";
import { type Diff, diff } from "../model/diff";
import { type CheckFailure, describePath, describeValue } from "../model/failure";
import { isRecord, mapValues, ownValue, pick, withoutUndefined } from "../model/json";
import type { Mesh } from "../model/mesh";
import { joinFailures, type NamespaceFailure } from "../model/outcome";
import { outputsOf, parseState, type State } from "../model/state";
import { isUnknown } from "../model/unknown";
import { type CheckContext, type CheckResult, check, describeMove } from "./check";
import { ControlPlaneError, type Reconciled, read, reconcile, remove, type World } from "./lifecycle";

type Inputs = Readonly<Record<string, unknown>>;

/** Namespaces that are worked on at once: enough to keep every cluster busy, few enough to bound what is in memory. */
const AT_ONCE = 128;
/** Milliseconds between two lines that say how far it got. */
const TELL_MS = 10_000;

/** By name, as the last run recorded them. */
export type States = Readonly<Record<string, State>>;

export async function checkMany(olds: Inputs, news: Inputs, context: CheckContext): Promise<CheckResult> {
  const fail = (failures: readonly CheckFailure[]): CheckResult => ({ inputs: { ...news }, failures });
  const { resource, namespaces, released } = news;
  if (isUnknown(namespaces)) return fail([]);
  if (!isRecord(namespaces)) {
    return fail([{ property: "namespaces", reason: `is ${describeValue(namespaces)}; expected a map by name` }]);
  }
  const gone = failuresOfReleased(released, namespaces);
  if (gone.length > 0) return fail(gone);
  const holder = `GlobalNamespaces ${JSON.stringify(resource)}`;
  const before = isRecord(olds.namespaces) ? olds.namespaces : {};
  const each = await Promise.all(
    Object.entries(namespaces).map(async ([name, args]): Promise<[string, CheckResult]> => {
      if (isUnknown(args)) return [name, { inputs: {}, failures: [] }];
      if (!isRecord(args)) {
        const reason = `is ${describeValue(args)}; expected the arguments of a GlobalNamespace`;
        return [name, { inputs: {}, failures: [{ property: "", reason }] }];
      }
      // With ignoreChanges the engine hands in what an earlier check has returned.
      if (args.name !== undefined && args.name !== name) {
        return [
          name,
          { inputs: {}, failures: [{ property: "name", reason: "is the key in namespaces; leave it out" }] },
        ];
      }
      const old = ownValue(before, name);
      const one = { ...args, name, resource: name };
      return [name, await check(isRecord(old) ? old : {}, one, { ...context, holder })];
    }),
  );
  const failures = each.flatMap(([name, result]) => result.failures.map((failure) => within(name, failure)));
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(namespaces, name) && !isReleased(news, name));
  for (const name of removed) {
    context.removals.set(name, holder);
    if (context.claims.has(name)) failures.push({ property: "released", reason: describeMove(name, holder) });
  }
  for (const name of isStringList(released) ? released.filter((each) => Object.hasOwn(before, each)) : []) {
    context.say(`${name}: is given up without a change on any cluster (released)`);
  }
  const checked = each.map(([name, { inputs }]) => [name, isUnknown(namespaces[name]) ? namespaces[name] : inputs]);
  return { inputs: { ...withoutUndefined({ resource, released }), namespaces: Object.fromEntries(checked) }, failures };
}

/** A failure of one of them, as one of the whole. */
function within(name: string, { property, reason }: CheckFailure): CheckFailure {
  if (property === "provider") return { property, reason };
  const path = describePath(["namespaces", name]);
  return { property: property === "" ? path : `${path}.${property}`, reason };
}

function failuresOfReleased(released: unknown, namespaces: Inputs): CheckFailure[] {
  if (released === undefined || isUnknown(released)) return [];
  if (!isStringList(released)) {
    return [{ property: "released", reason: `is ${describeValue(released)}; expected a list of names` }];
  }
  const both = released.filter((name) => Object.hasOwn(namespaces, name));
  return both.map((name) => ({
    property: "released",
    reason: `names ${JSON.stringify(name)}, which namespaces declares as well; keep one of them`,
  }));
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isReleased({ released }: Inputs, name: string): boolean {
  return isStringList(released) && released.includes(name);
}

/** The recorded states; what is damaged is refused as for a single one. */
export function parseStates(outputs: Inputs): States {
  const namespaces = isRecord(outputs.namespaces) ? outputs.namespaces : {};
  return Object.fromEntries(Object.entries(namespaces).map(([name, one]) => [name, parseState(one)]));
}

export function diffMany(states: States, news: Inputs, mesh: Mesh): Pick<Diff, "changes" | "remarks"> {
  if (!isRecord(news.namespaces)) return { changes: true, remarks: [] };
  let changes = false;
  const remarks: string[] = [];
  const declared = news.namespaces;
  for (const name of [...new Set([...Object.keys(states), ...Object.keys(declared)])].sort()) {
    const state = ownValue(states, name);
    const inputs = ownValue(declared, name);
    if (state === undefined || !isRecord(inputs)) {
      changes = true;
      // Also one that an earlier run could not end: its inputs are gone, what is recorded is not.
      if (state !== undefined && inputs === undefined && !isReleased(news, name)) {
        remarks.push(describeRemoval(name, state.inputs));
      }
      continue;
    }
    const one = diff(state, inputs, mesh);
    changes ||= one.changes;
    remarks.push(...one.remarks);
  }
  return { changes, remarks };
}

export interface ManyReconciled {
  readonly states: States;
  readonly failures: readonly string[];
  /** Whether any of them was begun: else there is nothing new to remember. */
  readonly isPartial: boolean;
}

/** What is declared is brought to the clusters, what no longer is ends; each for itself. */
export async function reconcileMany(inputs: Inputs, remembered: States, world: World): Promise<ManyReconciled> {
  const declared = isRecord(inputs.namespaces) ? inputs.namespaces : {};
  const states: Record<string, State> = {};
  const failures: NamespaceFailure[] = [];
  let isPartial = false;
  const settle = async (name: string): Promise<void> => {
    const before = ownValue(remembered, name);
    const one = ownValue(declared, name);
    if (isRecord(one)) {
      const done = await reconcileOne(one, before, world);
      isPartial ||= done.isPartial;
      if (done.state !== undefined) states[name] = done.state;
      failures.push(...failuresOf(name, done.failures));
    } else if (before !== undefined && !isReleased(inputs, name)) {
      isPartial = true;
      const left = await remove(before, world);
      if (left.length > 0) states[name] = before;
      failures.push(...failuresOf(name, left));
    }
  };
  const names = [...new Set([...Object.keys(declared), ...Object.keys(remembered)])].sort();
  const changed = names.filter((name) => {
    const before = ownValue(remembered, name);
    const one = ownValue(declared, name);
    if (before === undefined || !isRecord(one) || diff(before, one, world.mesh).changes) return true;
    states[name] = before;
    return false;
  });
  await forEach(changed, settle, world, String(inputs.resource));
  return { states: sorted(states), failures: joinFailures(failures), isPartial };
}

function failuresOf(namespace: string, failures: readonly string[]): NamespaceFailure[] {
  return failures.map((failure) => ({ namespace, failure }));
}

async function reconcileOne(
  inputs: Inputs,
  before: State | undefined,
  world: World,
): Promise<Omit<Reconciled, "state"> & { readonly state: State | undefined; readonly isPartial: boolean }> {
  try {
    return { ...(await reconcile(inputs, before, world)), isPartial: true };
  } catch (error) {
    if (!(error instanceof ControlPlaneError)) throw error;
    const state = before && { ...before, controlPlane: { ...before.controlPlane, unbegun: true as const } };
    return { state, failures: [error.failure], isPartial: false };
  }
}

/** What the clusters hold of each now; those that are gone everywhere are left out. */
export async function readMany(states: States, world: World, resource: string): Promise<States> {
  const seen: Record<string, State> = {};
  const look = async (name: string): Promise<void> => {
    const state = await read(states[name] as State, world);
    if (state !== undefined) seen[name] = state;
  };
  await forEach(Object.keys(states), look, world, resource);
  return sorted(seen);
}

/** Ends each; what could not be done is told. */
export async function removeMany(states: States, world: World, resource: string): Promise<readonly string[]> {
  const failures: NamespaceFailure[] = [];
  const end = async (name: string): Promise<void> => {
    const left = await remove(states[name] as State, world);
    failures.push(...failuresOf(name, left));
  };
  await forEach(Object.keys(states), end, world, resource);
  return joinFailures(failures);
}

/** Some at a time, in their order; says how far it got where that takes long. */
async function forEach(
  names: readonly string[],
  work: (name: string) => Promise<void>,
  { clock, say }: World,
  resource: string,
): Promise<void> {
  const limited = createLimit(AT_ONCE);
  let done = 0;
  let tellAt = clock.now() + TELL_MS;
  const workOn = async (name: string) => {
    await work(name);
    done += 1;
    if (clock.now() < tellAt) return;
    say(`${resource}: ${done} of ${names.length} namespaces are done`);
    tellAt = clock.now() + TELL_MS;
  };
  await Promise.all(names.map((name) => limited(() => workOn(name))));
}

function sorted(states: States): States {
  return pick(states, Object.keys(states).sort());
}

/** Outputs as the engine keeps them: each namespace has those of a GlobalNamespace. */
export function outputsOfMany(states: States, { resource, released }: Inputs): Record<string, unknown> {
  return withoutUndefined({ resource, released, namespaces: mapValues(states, outputsOf) });
}

/** The inputs that would have led to these states: a refresh shows drift in them. */
export function inputsOfMany(states: States, { resource, released }: Inputs): Record<string, unknown> {
  return withoutUndefined({ resource, released, namespaces: mapValues(states, ({ inputs }) => inputs) });
}
