/** Delete: a global namespace ends on its clusters, and then on the mesh. */

import { pick } from "../model/json";
import { describePlace } from "../model/mesh";
import type { Namespace } from "../model/namespace";
import { ownerOf } from "../model/owner";
import { type LeavePolicy, parsePolicies, within } from "../model/spec";
import type { MemberStatus, State } from "../model/state";
import { unrecordedMembers } from "../model/unrecorded";
import { clusterErrorOf, describeFailure } from "./fleet";
import { isDeleted, leave, refuseContents } from "./leave";
import type { World } from "./lifecycle";
import type { PlaceOutcome } from "./place";
import { onEach } from "./progress";

/** Ends the resource: members by `onDelete`, then the mesh's own namespace. Returns what could not be done. */
export async function remove(state: State, world: World): Promise<readonly string[]> {
  const { mesh, fleet, clock, say } = world;
  const { name, owner } = state;
  const policies = within(parsePolicies(state.inputs), world.timeoutSeconds);
  const { onDelete, deleteTimeoutSeconds, deleteNonEmpty } = policies;
  const step = (place: string, remembered: MemberStatus, policy: LeavePolicy) =>
    leave(fleet, { place, name, owner, remembered, policy, deleteTimeoutSeconds, deleteNonEmpty }, clock);
  const failuresOf = (outcomes: readonly PlaceOutcome[]) =>
    outcomes
      .map((outcome) => outcome.failure)
      .filter((failure) => failure !== undefined)
      .sort();

  // The engine deletes what it has replaced, and what has moved to another resource, at the end of the same update.
  const claimant = world.claims.get(name);
  if (claimant !== undefined) {
    say(`${name}: nothing is deleted: the ${claimant} of this program declares it`);
    return [];
  }
  let onMesh: Namespace | undefined;
  const objection = await objectionOfControlPlane();
  if (objection !== undefined) return [objection];
  const recorded = { ...state.members, ...state.orphaned };
  const unrecorded = pick(unrecordedMembers(onMesh, owner, recorded), Object.keys(mesh.clusters));
  for (const cluster of Object.keys(state.orphaned)) {
    say(`${name}: ${cluster} is no longer in the mesh; its namespace is left as it is`);
  }
  const { [mesh.controlPlane]: _, ...members } = { ...state.members, ...unrecorded };
  const end = async (cluster: string): Promise<PlaceOutcome> => {
    if (Object.hasOwn(mesh.clusters, cluster)) return step(cluster, members[cluster] as MemberStatus, onDelete);
    say(`${name}: ${cluster} is no longer in the mesh; its namespace is left as it is`);
    return {};
  };
  const failures = failuresOf(await onEach(name, Object.keys(members), end, world.progress));
  if (failures.length > 0) return failures;
  return failuresOf([await step(mesh.controlPlane, state.controlPlane, "delete")]);

  /**
   * The control plane is the source of truth: where it does not answer, or its namespace must not be deleted, nothing is
   * undone behind its back.
   */
  async function objectionOfControlPlane(): Promise<string | undefined> {
    const place = mesh.controlPlane;
    const remembered = state.controlPlane;
    try {
      const now = await fleet.api(place).get(name);
      onMesh = now;
      const isOurs = now !== undefined && now.uid === remembered.uid && ownerOf(now) === owner;
      const looks = isOurs && now.deletionTimestamp === undefined && onDelete !== "retain" && !deleteNonEmpty;
      if (!looks || !isDeleted({ name, remembered, policy: "delete" })) return undefined;
      await refuseContents(fleet, place, name);
      return undefined;
    } catch (thrown) {
      return describeFailure("delete", name, describePlace(place), clusterErrorOf(thrown));
    }
  }
}
