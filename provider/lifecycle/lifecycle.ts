/**
 * The life of a GlobalNamespace over all its clusters: create and update are one reconcile, read looks and writes
 * nothing, remove ends it. Knows nothing of Pulumi's loaders or wires: `provider/index` is one adapter of it.
 */

import { isInStep } from "../model/diff";
import { rememberFindings, withOrigin } from "../model/findings";
import { isRecord, mapValues, ownValue, pick, sameJson, withoutUndefined } from "../model/json";
import { describePlace, type Mesh } from "../model/mesh";
import type { Namespace } from "../model/namespace";
import { ownerOf, wasCreatedBy } from "../model/owner";
import { entriesToAsk } from "../model/restarts";
import { type LeavePolicy, type Policies, parsePolicies, within } from "../model/spec";
import { describeLive, INPUTS, type MemberStatus, type State } from "../model/state";
import { affinityMarks, type Origin, type Target } from "../model/targets";
import { unrecordedMembers } from "../model/unrecorded";
import { type Waves, wavesOf } from "../model/waves";
import { clusterErrorOf, describeFailure, type Fleet } from "./fleet";
import { resolveInjectors } from "./injectors";
import { isDeleted, leave, refuseContents } from "./leave";
import { applyTo, type Clock, type PlaceOutcome } from "./place";
import { onEach, type Progress } from "./progress";
import { readRestarts, settleRestarts, withTold } from "./restarts";

type Inputs = Readonly<Record<string, unknown>>;

export interface Reconciled {
  readonly state: State;
  /** One sentence a place that could not be done. */
  readonly failures: readonly string[];
}

export interface World {
  readonly mesh: Mesh;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly say: (line: string) => void;
  /** What the engine grants the operation (`customTimeouts`): the resource's own limits are no longer than this. */
  readonly timeoutSeconds?: number;
  /** Which resource of the program that runs declares which name, in words. */
  readonly claims: ReadonlyMap<string, string>;
}

/** The control plane could not be written, so nothing else was: there is nothing new to remember. */
export class ControlPlaneError extends Error {}

/**
 * Brings every cluster to what the checked inputs declare. The control plane first, then the members: all at once, or
 * wave after wave until one fails.
 */
export async function reconcile(inputs: Inputs, remembered: State | undefined, world: World): Promise<Reconciled> {
  const { mesh, fleet, clock } = world;
  const name = String(inputs.name);
  const owner = String(inputs.owner);
  const targets = (isRecord(inputs.targets) ? inputs.targets : {}) as Readonly<Record<string, Target>>;
  const controlPlaneTarget = inputs.controlPlaneTarget as Target;
  const policies = within(parsePolicies(inputs), world.timeoutSeconds);
  const recorded: Readonly<Record<string, MemberStatus>> = { ...remembered?.orphaned, ...remembered?.members };
  const onMesh = await fleet.recall(mesh.controlPlane, name);
  const unrecorded = pick(unrecordedMembers(onMesh, owner, { ...recorded, ...targets }), Object.keys(mesh.clusters));
  const known: Readonly<Record<string, MemberStatus>> = { ...recorded, ...unrecorded };
  const common = { name, owner, policies };

  const controlPlane = await reconcileControlPlane();
  const members: Record<string, MemberStatus> = {};
  const orphaned: Record<string, MemberStatus> = {};
  const failures: string[] = [];
  const settle = (cluster: string, { status, failure }: PlaceOutcome) => {
    if (status !== undefined) members[cluster] = status;
    if (failure !== undefined) failures.push(failure);
  };

  const leavers: Record<string, MemberStatus> = {};
  for (const [cluster, status] of Object.entries(known)) {
    if (Object.hasOwn(targets, cluster)) continue;
    if (!Object.hasOwn(mesh.clusters, cluster)) orphaned[cluster] = status;
    else if (cluster !== mesh.controlPlane) leavers[cluster] = status;
  }
  const waves = wavesOf(policies.waves, [...Object.keys(targets), ...Object.keys(leavers)]);
  let done = 0;
  for (const wave of waves) {
    const outcomes = await onEach(name, wave, reconcileMember, world.progress);
    for (const [index, cluster] of wave.entries()) settle(cluster, outcomes[index] ?? {});
    await restartMembers(wave);
    done += 1;
    if (failures.length > 0) break;
  }
  holdBack(waves.slice(done));

  return {
    state: {
      name,
      owner,
      targets,
      controlPlaneTarget,
      members: pick(members, Object.keys(members).sort()),
      controlPlane,
      orphaned,
      inputs: withoutUndefined(pick(inputs, INPUTS)),
    },
    failures: failures.sort(),
  };

  async function reconcileControlPlane(): Promise<MemberStatus> {
    const before = remembered?.controlPlane;
    const sameClusters =
      remembered !== undefined && sameJson(Object.keys(remembered.targets).sort(), Object.keys(targets).sort());
    if (
      before !== undefined &&
      sameClusters &&
      Object.keys(unrecorded).length === 0 &&
      isInStep(before, controlPlaneTarget) &&
      !forcesAnew(remembered, policies)
    )
      return before;
    const marks = affinityMarks(targets);
    const place = mesh.controlPlane;
    const write = { ...common, place, target: controlPlaneTarget, isControlPlane: true, marks, remembered: before };
    const [written = {}] = await onEach(name, [place], () => applyTo(fleet, write), world.progress);
    if (written.failure !== undefined) {
      throw new ControlPlaneError(
        `${written.failure}. Nothing was written to the clusters; the next "pulumi up" begins anew`,
      );
    }
    return written.status as MemberStatus;
  }

  async function reconcileMember(cluster: string): Promise<PlaceOutcome> {
    const leaver = ownValue(leavers, cluster);
    if (leaver !== undefined) return leave(fleet, leaving(cluster, leaver, policies.onLeave), clock);
    if (cluster === mesh.controlPlane) return { status: controlPlane };
    const before = ownValue(known, cluster);
    if (before !== undefined && !needsWrite(cluster)) return { status: withoutRefusal(before) };
    const target = targets[cluster] as Target;
    return applyTo(fleet, { ...common, place: cluster, target, isControlPlane: false, marks: {}, remembered: before });
  }

  function needsWrite(cluster: string): boolean {
    if (cluster === mesh.controlPlane) return false;
    const before = ownValue(known, cluster);
    return before === undefined || !isInStep(before, targets[cluster] as Target) || forcesAnew(remembered, policies);
  }

  /** What comes after a failed wave: not written, and recorded so that the next run goes on there. */
  function holdBack(waves: Waves): void {
    const held: string[] = [];
    for (const cluster of waves.flat()) {
      const leaver = ownValue(leavers, cluster);
      const before = ownValue(known, cluster);
      if (leaver === undefined && !needsWrite(cluster)) {
        settle(cluster, { status: cluster === mesh.controlPlane ? controlPlane : (before as MemberStatus) });
        continue;
      }
      held.push(cluster);
      const error = "it waits for its wave: one before it failed";
      members[cluster] = leaver ?? { ...(before ?? { labels: {} }), state: "Pending", error };
    }
    if (held.length === 0) return;
    const clusters = `${held.length > 1 ? "clusters" : "cluster"} ${held.map((each) => JSON.stringify(each)).join(", ")}`;
    failures.push(`namespace ${JSON.stringify(name)} was not written to ${clusters}: a wave before failed (rollout)`);
  }

  /** After the writes of all of them: what is restarted gets what is declared everywhere. */
  async function restartMembers(clusters: readonly string[]): Promise<void> {
    const asked = inOrder(clusters, inputs.clusters).flatMap((cluster) => {
      if (!Object.hasOwn(targets, cluster)) return [];
      const after = ownValue(members, cluster);
      if (after === undefined) return [];
      const old = ownValue(known, cluster);
      const before = old && { ...old, injectedBy: ownValue(remembered?.targets ?? {}, cluster)?.injectedBy };
      const entries = entriesToAsk(before, { ...after, injectedBy: targets[cluster]?.injectedBy });
      return entries === undefined ? [] : [{ cluster, before: entries }];
    });
    if (asked.length === 0) return;
    const restarted = await settleRestarts({ ...common, ...world, members: asked });
    for (const [cluster, told] of Object.entries(restarted.told)) {
      members[cluster] = withTold(members[cluster] as MemberStatus, told);
    }
    failures.push(...restarted.failures);
  }

  function leaving(place: string, status: MemberStatus, policy: LeavePolicy) {
    const { deleteTimeoutSeconds, deleteNonEmpty } = policies;
    return { place, name, owner, remembered: status, policy, deleteTimeoutSeconds, deleteNonEmpty };
  }
}

/** What was refused is no longer wanted: the cluster carries what it shall. */
function withoutRefusal(status: MemberStatus): MemberStatus {
  if (status.state !== "Failed") return status;
  const { error: _, ...rest } = status;
  return { ...rest, state: "Ready" };
}

/** A list of clusters says in which order workloads are restarted; otherwise it is that of their names. */
function inOrder(clusters: readonly string[], given: unknown): readonly string[] {
  const sorted = [...clusters].sort();
  if (!Array.isArray(given)) return sorted;
  return [...new Set([...given.filter((cluster) => clusters.includes(cluster)), ...sorted])];
}

/** `force` switched on means: take over what stands in the way, also where the last run believed itself done. */
export function forcesAnew(remembered: State | undefined, policies: Policies): boolean {
  return policies.force && remembered !== undefined && !parsePolicies(remembered.inputs).force;
}

/** What the clusters hold now, or `undefined` when every one of them says that it is gone. */
export async function read(state: State, { mesh, fleet }: Pick<World, "mesh" | "fleet">): Promise<State | undefined> {
  const seeIn = async (place: string, status: MemberStatus, target: Target): Promise<MemberStatus> => {
    if (!Object.hasOwn(mesh.connections, place) || mesh.connections[place]?.pending === true) return status;
    try {
      const isControlPlane = place === mesh.controlPlane;
      return statusOf(await fleet.observe(place, state.name), status, target, { owner: state.owner, isControlPlane });
    } catch (thrown) {
      const error = clusterErrorOf(thrown);
      const unreachable = error.code === "unreachable" || error.code === "timeout";
      return { ...status, state: unreachable ? "Unreachable" : "Failed", error: error.message };
    }
  };
  const seen = async ([cluster, status]: [string, MemberStatus]) =>
    [cluster, await seeIn(cluster, status, ownValue(state.targets, cluster) ?? { labels: status.labels })] as const;

  const [controlPlane, recorded] = await Promise.all([
    seeIn(mesh.controlPlane, state.controlPlane, state.controlPlaneTarget),
    Promise.all(Object.entries(state.members).map(seen)),
  ]);
  const members = [...recorded, ...(await seeUnrecorded())].sort(([a], [b]) => (a < b ? -1 : 1));
  const everywhere = [controlPlane, ...members.map(([, status]) => status)];
  if (everywhere.every((status) => status.state === "Missing") && Object.keys(state.orphaned).length === 0)
    return undefined;

  const found: Record<string, Target> = {};
  for (const [cluster, status] of members) {
    if (status.uid !== undefined && Object.hasOwn(state.targets, cluster))
      found[cluster] = withOrigin(targetSeen(status), state.targets[cluster]?.origin);
  }
  const live = await withInjectors(found, state, fleet);
  const withRestarts = async ([cluster, status]: readonly [string, MemberStatus]) => {
    const before = { ...state.members[cluster], ...(ownValue(state.targets, cluster) ?? { labels: status.labels }) };
    const entries = entriesToAsk(before, { ...status, injectedBy: ownValue(live, cluster)?.injectedBy });
    if (entries === undefined || status.state === "Unreachable") return [cluster, status] as const;
    return [cluster, withTold(status, await readRestarts(fleet, state.name, { cluster, before: entries }))] as const;
  };
  return {
    ...state,
    // Who injects is not declared but found: a tag that was moved is no drift of ours to put right.
    targets: rememberFindings(state.targets, live),
    members: Object.fromEntries(await Promise.all(members.map(withRestarts))),
    controlPlane,
    inputs: {
      ...state.inputs,
      targets: live,
      controlPlaneTarget: withOrigin(
        targetSeen(controlPlane),
        controlPlane.uid === undefined ? undefined : state.controlPlaneTarget.origin,
      ),
    },
  };

  /** Where a run that was cut off has written, and nothing is recorded of it. */
  async function seeUnrecorded(): Promise<[string, MemberStatus][]> {
    const onMesh = await fleet.recall(mesh.controlPlane, state.name);
    const known = { ...state.members, ...state.orphaned };
    const clusters = pick(unrecordedMembers(onMesh, state.owner, known), Object.keys(mesh.clusters));
    const found = await Promise.all(Object.entries(clusters).map(seen));
    return found.filter(([, status]) => status.uid !== undefined).map(([cluster, status]) => [cluster, status]);
  }
}

/** Where a cluster's webhooks cannot be read, who injects is what was known last. */
async function withInjectors(
  live: Readonly<Record<string, Target>>,
  state: State,
  fleet: Fleet,
): Promise<Readonly<Record<string, Target>>> {
  const { revisionCheck } = parsePolicies(state.inputs);
  const question = { name: state.name, targets: live, fleet, overrides: undefined };
  const asked = await resolveInjectors({ ...question, revisionCheck: revisionCheck === "off" ? "off" : "warn" });
  const remembered = rememberFindings(live, state.targets);
  return mapValues(asked.targets, (target, cluster) =>
    target.injectedBy === undefined ? (remembered[cluster] ?? target) : target,
  );
}

function targetSeen({ labels, annotations }: MemberStatus): Target {
  return annotations === undefined ? { labels } : { labels, annotations };
}

export function statusOf(
  namespace: Namespace | undefined,
  status: MemberStatus,
  target: Target,
  place: { readonly owner: string; readonly isControlPlane: boolean },
): MemberStatus {
  const { cluster } = status;
  const missing: MemberStatus = { state: "Missing", labels: {}, ...(cluster !== undefined && { cluster }) };
  if (namespace === undefined) return missing;
  const isOurs = ownerOf(namespace) === place.owner;
  if (status.uid !== undefined && namespace.uid !== status.uid && !isOurs) return missing;
  if (status.uid === undefined && !isOurs) return status;
  return {
    state: namespace.deletionTimestamp === undefined ? "Ready" : "Terminating",
    origin: originOf(namespace, status, place.owner),
    uid: namespace.uid,
    ...describeLive(namespace, target, place),
    ...(cluster !== undefined && { cluster }),
  };
}

/** What was recorded counts; of what never was, the namespace itself tells. */
function originOf(namespace: Namespace, status: MemberStatus, owner: string): Origin {
  if (status.uid === undefined) return wasCreatedBy(owner, namespace) ? "created" : "adopted";
  return namespace.uid === status.uid && status.origin !== undefined ? status.origin : "adopted";
}

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
