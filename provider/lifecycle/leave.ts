/**
 * The end of our part in a namespace on one cluster: kept, released or deleted. Deletes only what this owner made, only
 * that very object, and only while it holds nothing, unless it is told that contents may go too.
 */

import { MAX_MESSAGE_LENGTH } from "../kube/classify";
import { lookAtContents, lookAtRemains } from "../kube/contents";
import { ClusterError, isClusterError } from "../model/cluster-error";
import { type Contents, describeHold, objectionOf } from "../model/contents";
import type { Namespace } from "../model/namespace";
import { fieldManagerOf, fieldsOf, ownerOf, wasCreatedBy } from "../model/owner";
import { describePlace } from "../model/place";
import type { LeavePolicy } from "../model/spec";
import type { MemberStatus } from "../model/state";
import { clusterErrorOf, describeFailure, type Fleet } from "./fleet";
import { type Clock, knownIdentity, type PlaceOutcome, stateOf } from "./place";

export interface Leave {
  readonly place: string;
  readonly name: string;
  readonly owner: string;
  readonly remembered: MemberStatus;
  readonly policy: LeavePolicy;
  /** Whether a namespace of this name may be deleted at all. */
  readonly isDeletable: boolean;
  readonly deleteTimeoutSeconds: number;
  readonly deleteNonEmpty: boolean;
}

/** Waiting between two looks at a namespace that is being deleted: milliseconds, growing. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;

/** What to do about a namespace that is not deleted because of what it holds. */
const ADVICE = 'empty it, or let a "pulumi up" set deleteNonEmpty: true, which lets the contents go with it';

/** Ends our part in a namespace as the policy says. */
export async function leave(fleet: Fleet, step: Leave, clock: Clock): Promise<PlaceOutcome> {
  const { place, name, policy } = step;
  if (policy === "retain" || step.remembered.state === "Missing") return {};
  let deletes = policy === "delete";
  try {
    await knownIdentity(fleet, place, step.remembered);
    const remembered = await recover(fleet, step);
    if (remembered.uid === undefined) return {};
    deletes = isDeleted({ ...step, remembered });
    const held = await (deletes ? remove : release)(fleet, step, remembered.uid, clock);
    return held === undefined ? {} : failed("Terminating", new ClusterError("conflict", held));
  } catch (thrown) {
    const error = clusterErrorOf(thrown);
    return failed(stateOf(error.code), error);
  }

  function failed(state: MemberStatus["state"], error: ClusterError): PlaceOutcome {
    return {
      status: { ...step.remembered, state, error: error.message },
      failure: describeFailure(deletes ? "delete" : "release", name, describePlace(place), error),
    };
  }
}

/** A write whose answer was lost may have been done: then what stands there is ours. */
async function recover(fleet: Fleet, { place, name, owner, remembered }: Leave): Promise<MemberStatus> {
  if (remembered.uid !== undefined) return remembered;
  const found = await fleet.api(place).get(name);
  if (found === undefined || ownerOf(found) !== owner) return remembered;
  return { ...remembered, uid: found.uid, origin: wasCreatedBy(owner, found) ? "created" : "adopted" };
}

/** Whether the step ends in a DELETE; what this owner did not create is released instead. */
export function isDeleted({
  remembered,
  policy,
  isDeletable,
}: Pick<Leave, "remembered" | "policy" | "isDeletable">): boolean {
  return policy === "delete" && remembered.origin === "created" && isDeletable;
}

/** Why the namespace must not be deleted as it is now, or `undefined`. */
export async function objectionTo(fleet: Fleet, place: string, name: string): Promise<string | undefined> {
  const { server, redact } = fleet.api(place);
  const objection = objectionOf(await lookAtContents(server, name));
  return objection === undefined ? undefined : redact(objection);
}

/** @throws ClusterError `conflict` where the namespace must not be deleted as it is now */
export async function refuseContents(fleet: Fleet, place: string, name: string): Promise<void> {
  const objection = await objectionTo(fleet, place, name);
  if (objection !== undefined) throw new ClusterError("conflict", `${objection}; ${ADVICE}`);
}

/** An apply of nothing: the server removes what our field manager owned alone. */
async function release(fleet: Fleet, { place, name, owner }: Leave, uid: string): Promise<undefined> {
  const fieldManager = fieldManagerOf(owner);
  const seen = await fleet.recall(place, name);
  // A write to a namespace that is going succeeds and means nothing.
  if (seen?.deletionTimestamp !== undefined) return;
  // Given back by a run that was cut off. The server would note even an apply of nothing in the managed fields.
  if (seen?.uid === uid && !ownsAnything(fieldManager, seen)) return;
  try {
    const body = { name, uid, labels: {}, annotations: {} };
    const { namespace } = await fleet.api(place).apply(body, { fieldManager, force: false });
    fleet.note(place, name, namespace);
  } catch (thrown) {
    // Gone, or another namespace by now: there is nothing of ours to give back.
    if (clusterErrorOf(thrown).code !== "changed") throw thrown;
  }
}

function ownsAnything(fieldManager: string, namespace: Namespace): boolean {
  const { labels, annotations } = fieldsOf(fieldManager, namespace);
  return labels.length > 0 || annotations.length > 0;
}

/** Returns what holds the namespace when it is not gone in time. */
async function remove(fleet: Fleet, step: Leave, uid: string, clock: Clock): Promise<string | undefined> {
  const { place, name, owner } = step;
  const poll = fleet.poll(place);
  const deadline = clock.now() + step.deleteTimeoutSeconds * 1000;
  let wait = FIRST_WAIT_MS;
  let deleted: string | undefined;
  try {
    for (;;) {
      const now = await poll.look(name);
      if (now === undefined || now.uid !== uid || ownerOf(now) !== owner) {
        fleet.note(place, name, now);
        return undefined;
      }
      // What was looked at before the DELETE says nothing about it.
      const isToDelete = now.deletionTimestamp === undefined && now.resourceVersion !== deleted;
      if (isToDelete && (await removeNow(fleet, step, now))) deleted = now.resourceVersion;
      if (clock.now() >= deadline) return describeHeld(fleet, step, now);
      await clock.sleep(wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  } finally {
    poll.end();
  }
}

/**
 * The resourceVersion makes sure that nobody took the namespace over since we looked; if somebody wrote, we look again.
 * Returns whether it is going.
 */
async function removeNow(fleet: Fleet, step: Leave, { name, uid, resourceVersion }: Namespace): Promise<boolean> {
  if (!step.deleteNonEmpty) await refuseContents(fleet, step.place, name);
  try {
    await fleet.api(step.place).remove({ name, uid, resourceVersion });
    return true;
  } catch (thrown) {
    if (clusterErrorOf(thrown).code !== "changed") throw thrown;
    return false;
  }
}

async function describeHeld(fleet: Fleet, { place, name, ...step }: Leave, namespace: Namespace): Promise<string> {
  const { server, redact } = fleet.api(place);
  let contents: Contents = { objects: [], more: 0, unknown: [] };
  try {
    contents = await lookAtRemains(server, name);
  } catch (error) {
    // The namespace's own conditions have to do.
    if (!isClusterError(error)) throw error;
  }
  const holder = redact(describeHold(namespace, contents)).slice(0, MAX_MESSAGE_LENGTH);
  return `it is still being deleted after ${step.deleteTimeoutSeconds} s (deleteTimeoutSeconds), held by ${holder}`;
}
