/** Delete: a global namespace ends on its clusters, and then on the mesh. */

import { isDeletable } from "../model/name";
import type { Namespace } from "../model/namespace";
import { ownerOf } from "../model/owner";
import { describePlace } from "../model/place";
import { type LeavePolicy, parsePolicies } from "../model/spec";
import type { MemberStatus, State } from "../model/state";
import { unrecordedMembers } from "../model/unrecorded";
import { clusterErrorOf, describeFailure } from "./fleet";
import { isDeleted, leave, refuseContents } from "./leave";
import type { World } from "./lifecycle";
import { knownIdentity, type PlaceOutcome } from "./place";
import { onEach } from "./progress";

/** Ends the resource: members by `onDelete`, then the mesh's own namespace. Returns what could not be done. */
export async function remove(state: State, world: World): Promise<readonly string[]> {
  const { mesh, fleet, clock, say } = world;
  const { name, owner } = state;
  const { onDelete, deleteNonEmpty, ...policies } = parsePolicies(state.inputs);
  const deleteTimeoutSeconds = Math.min(
    policies.deleteTimeoutSeconds,
    world.timeoutSeconds ?? policies.deleteTimeoutSeconds,
  );
  const common = {
    name,
    owner,
    deleteTimeoutSeconds,
    deleteNonEmpty,
    isDeletable: isDeletable(name, mesh.protectedNamespaces),
  };
  const step = (place: string, remembered: MemberStatus, policy: LeavePolicy) =>
    leave(fleet, { ...common, place, remembered, policy }, clock);
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
  const { onMesh, objection } = await lookAtMesh();
  if (objection !== undefined) return [objection];
  const unrecorded = unrecordedMembers(onMesh, owner, { ...state.members, ...state.orphaned }, mesh.clusters);
  const { [mesh.controlPlane]: _, ...members } = { ...state.orphaned, ...state.members, ...unrecorded };
  const end = async (cluster: string): Promise<PlaceOutcome> => {
    if (Object.hasOwn(mesh.clusters, cluster)) return step(cluster, members[cluster] as MemberStatus, onDelete);
    say(`${name}: ${cluster} is no longer in the mesh; its namespace is left as it is`);
    return {};
  };
  const failures = failuresOf(await onEach(name, Object.keys(members), end, world.progress));
  if (failures.length > 0) return failures;
  return failuresOf([await step(mesh.controlPlane, state.controlPlane, "delete")]);

  /**
   * The control plane is the source of truth: where it does not answer, is another one, or its namespace must not be
   * deleted, nothing is undone behind its back.
   */
  async function lookAtMesh(): Promise<{ readonly onMesh?: Namespace | undefined; readonly objection?: string }> {
    const place = mesh.controlPlane;
    const remembered = state.controlPlane;
    try {
      // What is gone is not deleted, whichever cluster this is.
      if (remembered.state !== "Missing") await knownIdentity(fleet, place, remembered);
      const onMesh = await fleet.api(place).get(name);
      const isOurs = onMesh !== undefined && onMesh.uid === remembered.uid && ownerOf(onMesh) === owner;
      const looks = isOurs && onMesh.deletionTimestamp === undefined && onDelete !== "retain" && !deleteNonEmpty;
      if (looks && isDeleted({ ...common, remembered, policy: "delete" })) await refuseContents(fleet, place, name);
      return { onMesh };
    } catch (thrown) {
      return { objection: describeFailure("delete", name, describePlace(place), clusterErrorOf(thrown)) };
    }
  }
}
