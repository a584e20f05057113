/** One namespace on one cluster, written. Each function ends in a value; a cluster's failure is one. */

import { ClusterError, type ClusterErrorCode, isClusterError, mayBeDone } from "../model/cluster-error";
import {
  competingLabels,
  describeUnserved,
  problemOfInjection,
  saysInjection,
  withoutRivals,
} from "../model/injection";
import type { Namespace, NamespaceApply } from "../model/namespace";
import { fieldManagerOf, isCreatorOf, OWNER_ANNOTATION, ownerOf, wasCreatedBy, withdrawalsFrom } from "../model/owner";
import { CONTROL_PLANE, describePlace } from "../model/place";
import {
  describeCompetitors,
  describeConflicts,
  describeExisting,
  describeOverruled,
  givesWay,
  isOursToSettle,
  refusalOf,
} from "../model/refusal";
import type { Policies } from "../model/spec";
import { describeLive, isCarriedBy, type MemberStatus } from "../model/state";
import type { Target } from "../model/targets";
import { clusterErrorOf, describeFailure, type Fleet } from "./fleet";

export interface PlaceOutcome {
  /** Absent where nothing is left to remember. */
  readonly status?: MemberStatus;
  /** One sentence for the user. */
  readonly failure?: string;
  /** The namespace was made just now, so that nothing is in it. */
  readonly isNew?: true;
}

export interface Write {
  readonly place: string;
  readonly name: string;
  readonly owner: string;
  readonly target: Target;
  /** By the last run: what became of its labels there is drift. */
  readonly wasDeclared: boolean;
  /** Whether workloads of the mesh run there. */
  readonly isMember: boolean;
  readonly isControlPlane: boolean;
  /** This package's own annotations, the owner's apart. */
  readonly marks: Readonly<Record<string, string>>;
  readonly remembered: MemberStatus | undefined;
  readonly policies: Policies;
}

export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export interface Timer extends Clock {
  /** Acts again and again until what it returns is called; is no reason for a process not to end. */
  every(milliseconds: number, act: () => void): () => void;
}

/** Makes the namespace carry its target. One PATCH, unless something stands in the way. */
export async function applyTo(fleet: Fleet, write: Write): Promise<PlaceOutcome> {
  const { place, name, owner, target, remembered } = write;
  let cluster: string | undefined = remembered?.cluster;
  let isWritten = false;
  try {
    cluster = await knownIdentity(fleet, place, remembered);
    if (await isGoing(fleet, write)) return failed("Terminating", terminating());
    await refuseUnserved(fleet, write);
    const before = await fleet.recall(place, name);
    const found = asItIs(before, write);
    isWritten = found === undefined;
    const { namespace, created, unfinished } = found ?? (await put(fleet, write, before));
    fleet.note(place, name, namespace);
    const sameObject = remembered?.uid === namespace.uid;
    const isOurs = sameObject ? remembered.origin === "created" : isMadeBy(owner, namespace, before);
    const origin = created || isOurs ? "created" : "adopted";
    const status: MemberStatus = {
      state: "Ready",
      origin,
      uid: namespace.uid,
      ...describeLive(namespace, target, write),
      ...(cluster !== undefined && { cluster }),
    };
    const problem = unfinished ?? problemOfAnswer(namespace, target);
    if (problem === undefined) return { status, ...(created && { isNew: true }) };
    return {
      status: {
        ...status,
        ...unasked(target, remembered),
        ...(unfinished !== undefined && { unconfirmed: true }),
        state: stateOf(problem.code, namespace),
        error: problem.message,
      },
      failure: describeFailure("apply", name, describePlace(place), problem),
    };
  } catch (thrown) {
    const error = clusterErrorOf(thrown);
    return failed(stateOf(error.code), error);
  }

  function failed(state: MemberStatus["state"], error: ClusterError): PlaceOutcome {
    const known = remembered ?? { labels: {}, ...(cluster !== undefined && { cluster }) };
    const isDoubtful = isWritten && (mayBeDone(error) || error.code === "cancelled");
    return {
      status: { ...known, state, error: error.message, ...(isDoubtful && { unconfirmed: true }) },
      failure: describeFailure("apply", name, describePlace(place), error),
    };
  }
}

/**
 * Who injects is told by the check before a change. A cluster that did not answer then is asked before it is written; while it
 * does not say, that is not held against the change.
 */
async function refuseUnserved(fleet: Fleet, { place, name, target, isMember, policies }: Write): Promise<void> {
  if (!isMember || policies.revisionCheck !== "error" || target.injectedBy !== undefined) return;
  if (!saysInjection(target.labels)) return;
  const webhooks = await fleet.webhooks(place).catch(clusterErrorOf);
  if (isClusterError(webhooks)) return;
  const problem = problemOfInjection({ name, labels: target.labels }, webhooks);
  if (problem !== undefined) throw new ClusterError("rejected", describeUnserved(problem, true));
}

/** What waits for a restart is asked of a cluster that carries what it shall: by the next run, also where it writes nothing. */
function unasked(
  target: Target,
  remembered: MemberStatus | undefined,
): Pick<MemberStatus, "restarts" | "restartsUnknown"> {
  const { restarts, restartsUnknown, labels = {} } = remembered ?? {};
  const isNone = restarts === undefined && restartsUnknown === undefined;
  if (isNone && !saysInjection(target.labels) && !saysInjection(labels)) return {};
  return {
    ...(restarts !== undefined && { restarts }),
    restartsUnknown: "the namespace could not be written as declared",
  };
}

export function stateOf(code: ClusterErrorCode, namespace?: Namespace): MemberStatus["state"] {
  if (namespace?.deletionTimestamp !== undefined) return "Terminating";
  // Whether it was written is not known: the next run writes it again.
  if (code === "cancelled") return "Pending";
  return code === "unreachable" || code === "timeout" ? "Unreachable" : "Failed";
}

/** @throws ClusterError `changed` where the name stands for another cluster now */
export async function knownIdentity(
  fleet: Fleet,
  place: string,
  remembered: MemberStatus | undefined,
): Promise<string | undefined> {
  const identity = (await fleet.identity(place)) ?? remembered?.cluster;
  if (remembered?.cluster === undefined || remembered.cluster === identity) return identity;
  throw new ClusterError(
    "changed",
    `this is another cluster than the one of that name before (kube-system ${remembered.cluster} then, ${identity} now); ` +
      (place === CONTROL_PLANE
        ? 'let the Mesh lead to that one, or take what was declared on it out of the state ("pulumi state delete")'
        : 'give the new cluster a new name in the mesh (what was declared on a control plane goes out of the state with "pulumi state delete")'),
  );
}

function terminating(): ClusterError {
  return new ClusterError("conflict", 'it is being deleted there; run "pulumi up" again when it is gone');
}

/** Asks only where the last look, or the last run, saw the namespace going: a write would succeed and mean nothing. */
async function isGoing(fleet: Fleet, { place, name, remembered }: Write): Promise<boolean> {
  const seen = await fleet.recall(place, name);
  const wasGoing = seen === undefined ? remembered?.state === "Terminating" : seen.deletionTimestamp !== undefined;
  if (!wasGoing) return false;
  const now = await fleet.api(place).get(name);
  fleet.note(place, name, now);
  return now?.deletionTimestamp !== undefined;
}

/** What the answer to a successful write shows to be wrong all the same. */
function problemOfAnswer(namespace: Namespace, target: Target): ClusterError | undefined {
  if (namespace.deletionTimestamp !== undefined) return terminating();
  const competing = competingLabels(target.labels, namespace.labels);
  const keys = Object.keys(competing);
  if (keys.length > 0) return new ClusterError("conflict", describeCompetitors(namespace, competing, keys));
  const overruled = describeOverruled(namespace, target);
  return overruled === undefined ? undefined : new ClusterError("rejected", overruled);
}

/**
 * Nothing is written where this resource is new and its owner is not: the look before has shown a namespace that carries
 * just what is declared, because another resource of the same stack has had it until now, or its record was lost.
 */
function asItIs(seen: Namespace | undefined, write: Write): Put | undefined {
  const { owner, target, marks, remembered, policies } = write;
  if (remembered !== undefined || seen === undefined || !isCarriedBy(seen, target, marks, owner)) return undefined;
  // A run that was cut off has taken it, and not all of it.
  if (policies.force && withdrawalsFrom(seen, owner, bodyOf(write)).length > 0) return undefined;
  return { namespace: seen, created: false };
}

/** What was this owner's before it was written now may have been written often since it was made. */
function isMadeBy(owner: string, namespace: Namespace, seen: Namespace | undefined): boolean {
  const wasOurs = seen !== undefined && seen.uid === namespace.uid && ownerOf(seen) === owner;
  return wasOurs ? isCreatorOf(owner, seen) : wasCreatedBy(owner, namespace, seen);
}

interface Put {
  readonly namespace: Namespace;
  readonly created: boolean;
  /** What has failed after the namespace was written. */
  readonly unfinished?: ClusterError;
}

async function put(fleet: Fleet, write: Write, before: Namespace | undefined): Promise<Put> {
  const { place, owner, target, remembered, policies } = write;
  const result = await putBody(fleet, write, bodyOf(write), remembered?.uid);
  let { namespace } = result;
  if (namespace.deletionTimestamp !== undefined) return result;
  try {
    if (policies.force) namespace = await takeOver(fleet, write, namespace, before);
    const competing = Object.keys(competingLabels(target.labels, namespace.labels)).filter(
      (key) => policies.force || givesWay(namespace, key, write),
    );
    if (competing.length > 0) {
      namespace = await fleet.api(place).removeLabels(namespace, competing, fieldManagerOf(owner));
    }
    return { ...result, namespace };
  } catch (thrown) {
    return { ...result, namespace, unfinished: clusterErrorOf(thrown) };
  }
}

function bodyOf({ name, owner, target, marks }: Write): NamespaceApply {
  return { name, labels: target.labels, annotations: { ...target.annotations, ...marks, [OWNER_ANNOTATION]: owner } };
}

/** What `force` takes from another GlobalNamespace is then ours alone, so that it goes when this one gives it up. */
async function takeOver(
  fleet: Fleet,
  write: Write,
  namespace: Namespace,
  before: Namespace | undefined,
): Promise<Namespace> {
  let taken = namespace;
  const former = before?.uid === namespace.uid ? ownerOf(before) : undefined;
  for (const { fieldManager, body } of withdrawalsFrom(namespace, write.owner, bodyOf(write), former)) {
    taken = (await fleet.api(write.place).apply(body, { fieldManager, force: false })).namespace;
  }
  return taken;
}

async function putBody(fleet: Fleet, write: Write, body: NamespaceApply, uid: string | undefined): Promise<Put> {
  if (uid !== undefined) {
    const known = await applyKnown(fleet, write, { ...body, uid });
    if (known !== undefined) return known;
  }
  return write.policies.adopt === "never" ? createOnly(fleet, write, body) : applyAny(fleet, write, body);
}

/** `undefined` where the namespace of that uid is gone. */
async function applyKnown(fleet: Fleet, write: Write, body: NamespaceApply): Promise<Put | undefined> {
  try {
    return await applyAny(fleet, write, body);
  } catch (thrown) {
    if (clusterErrorOf(thrown).code !== "changed") throw thrown;
  }
  const now = await fleet.api(write.place).get(write.name);
  if (now === undefined) return undefined;
  const { owner, target, policies } = write;
  const refusal = refusalOf(now, { owner, labels: target.labels, policies, known: false, written: {} });
  if (refusal !== undefined) throw new ClusterError("conflict", `it was made anew by somebody else: ${refusal.reason}`);
  return undefined;
}

async function applyAny(fleet: Fleet, write: Write, body: NamespaceApply): Promise<Put> {
  const api = fleet.api(write.place);
  const fieldManager = fieldManagerOf(write.owner);
  try {
    return await api.apply(body, { fieldManager, force: write.policies.force });
  } catch (thrown) {
    const error = clusterErrorOf(thrown);
    if (error.code !== "conflict") throw error;
    const { remembered } = write;
    const isKnown = body.uid !== undefined && remembered !== undefined && write.wasDeclared;
    const written = isKnown ? { ...remembered, labels: withoutRivals(remembered.labels) } : { labels: {} };
    if (isOursToSettle(error.conflicts, written)) return api.apply(body, { fieldManager, force: true });
    throw new ClusterError("conflict", describeConflicts(error.conflicts, write.owner), { cause: error });
  }
}

/** An apply would take an existing namespace; a plain create leaves that to the server to refuse. */
async function createOnly(fleet: Fleet, write: Write, body: NamespaceApply): Promise<Put> {
  const api = fleet.api(write.place);
  const mark = { name: body.name, labels: {}, annotations: { [OWNER_ANNOTATION]: write.owner } };
  const applyOver = async ({ uid }: Namespace) => (await applyAny(fleet, write, { ...body, uid })).namespace;
  let made: Namespace;
  try {
    made = await api.create(mark, fieldManagerOf(write.owner));
  } catch (thrown) {
    if (clusterErrorOf(thrown).code !== "already-exists") throw thrown;
    const existing = await api.get(body.name);
    if (existing === undefined || ownerOf(existing) !== write.owner) {
      throw new ClusterError("already-exists", describeExisting(), { cause: thrown });
    }
    // Ours since an earlier run, which may have made it or taken it.
    return { namespace: await applyOver(existing), created: false };
  }
  return { namespace: await applyOver(made), created: true };
}
