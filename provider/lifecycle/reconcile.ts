/** Create and update: every cluster is brought to what is declared. */

import { isInStep } from "../model/diff";
import { isRecord, ownValue, pick, sameJson, withoutUndefined } from "../model/json";
import { isDeletable } from "../model/name";
import { describeAnew } from "../model/outcome";
import { describePlace } from "../model/place";
import { entriesToAsk } from "../model/restarts";
import { forcesAnew, type LeavePolicy, meansWrite, parsePolicies } from "../model/spec";
import { INPUTS, type MemberStatus, type State } from "../model/state";
import { affinityMarks, type Target } from "../model/targets";
import { unrecordedMembers } from "../model/unrecorded";
import { type Waves, wavesOf } from "../model/waves";
import { clusterErrorOf } from "./fleet";
import { leave } from "./leave";
import type { Reconciled, World } from "./lifecycle";
import { applyTo, type PlaceOutcome, type Write } from "./place";
import { onEach } from "./progress";
import { settleRestarts, withTold } from "./restarts";

type Inputs = Readonly<Record<string, unknown>>;

/** Nothing was written to the control plane, so nothing was anywhere: there is nothing new to remember. */
export class ControlPlaneError extends Error {
  /** Without what the next run does. */
  readonly failure: string;

  constructor(failure: string) {
    super(describeAnew([failure]));
    this.failure = failure;
  }
}

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
  const policies = parsePolicies(inputs);
  const recorded: Readonly<Record<string, MemberStatus>> = { ...remembered?.orphaned, ...remembered?.members };
  const onMesh = await fleet.recall(mesh.controlPlane, name);
  const cutOff = unrecordedMembers(onMesh, owner, { ...recorded, ...targets }, mesh.clusters);
  // What was declared before already was not looked at by the check, so nobody was told what becomes of them: they stay.
  const isTold = remembered === undefined || meansWrite(remembered.inputs, inputs);
  const unrecorded = isTold ? cutOff : {};
  const known: Readonly<Record<string, MemberStatus>> = { ...recorded, ...unrecorded };
  const common = { name, owner, policies };

  const onControlPlane = await reconcileControlPlane();
  const controlPlane = onControlPlane.status as MemberStatus;
  if (onControlPlane.failure !== undefined) {
    const failure = `${onControlPlane.failure}. Nothing was written to the clusters`;
    if (remembered === undefined || !isTouched(remembered.controlPlane, controlPlane))
      throw new ControlPlaneError(failure);
    return { state: { ...remembered, controlPlane: { ...controlPlane, unbegun: true } }, failures: [failure] };
  }
  const members: Record<string, MemberStatus> = {};
  const orphaned: Record<string, MemberStatus> = {};
  const failures: string[] = [];
  /** Whose workloads need not be asked: there are none yet, or the write that they would follow has failed. */
  const unasked = new Set<string>();
  const settle = (cluster: string, { status, failure, isNew }: PlaceOutcome) => {
    if (status !== undefined) members[cluster] = status;
    if (failure !== undefined) failures.push(failure);
    if (failure !== undefined || isNew === true) unasked.add(cluster);
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

  async function reconcileControlPlane(): Promise<PlaceOutcome> {
    const before = remembered?.controlPlane;
    const sameClusters =
      remembered !== undefined && sameJson(Object.keys(remembered.targets).sort(), Object.keys(targets).sort());
    if (
      before !== undefined &&
      sameClusters &&
      Object.keys(unrecorded).length === 0 &&
      isInStep(before, controlPlaneTarget) &&
      !forcesAnew(remembered?.inputs, policies)
    ) {
      const { unbegun: _, ...known } = before;
      return { status: settled(known, remembered.controlPlaneTarget, controlPlaneTarget) };
    }
    const place = mesh.controlPlane;
    const write: Write = {
      ...common,
      place,
      // Who injects is known of a member.
      target: ownValue(targets, place) ?? controlPlaneTarget,
      wasDeclared: true,
      isMember: Object.hasOwn(targets, place),
      isControlPlane: true,
      marks: affinityMarks(isTold ? targets : { ...cutOff, ...targets }),
      remembered: before,
    };
    const [written = {}] = await onEach(name, [place], () => applyTo(fleet, write), world.progress);
    return written;
  }

  async function reconcileMember(cluster: string): Promise<PlaceOutcome> {
    const leaver = ownValue(leavers, cluster);
    if (leaver !== undefined) {
      const twin = policies.onLeave === "retain" ? undefined : await twinOf(cluster);
      if (twin === undefined) return leave(fleet, leaving(cluster, leaver, policies.onLeave), clock);
      world.say(
        `${name}: ${describePlace(cluster)} and ${describePlace(twin)} are one cluster; nothing is taken back there`,
      );
      return {};
    }
    if (cluster === mesh.controlPlane) return onControlPlane;
    const before = ownValue(known, cluster);
    const target = targets[cluster] as Target;
    if (before !== undefined && !needsWrite(cluster)) {
      return { status: settled(before, declaredBefore(cluster), target) };
    }
    const wasDeclared = declaredBefore(cluster) !== undefined;
    const write = { ...common, place: cluster, target, wasDeclared, isMember: true, isControlPlane: false, marks: {} };
    return applyTo(fleet, { ...write, remembered: before });
  }

  /** The name under which a cluster that is left keeps the namespace: the control plane, or where it belongs still. */
  async function twinOf(cluster: string): Promise<string | undefined> {
    const identity = await identityOf(cluster);
    if (identity === undefined) return undefined;
    const places = [mesh.controlPlane, ...Object.keys(targets)];
    const identities = await Promise.all(places.map(identityOf));
    return places[identities.indexOf(identity)];
  }

  /** Asked where none is recorded; what cannot be asked is named by its own write. */
  async function identityOf(place: string): Promise<string | undefined> {
    const known = place === mesh.controlPlane ? controlPlane : ownValue(recorded, place);
    if (known?.cluster !== undefined) return known.cluster;
    try {
      return await fleet.identity(place);
    } catch (thrown) {
      clusterErrorOf(thrown);
      return undefined;
    }
  }

  function declaredBefore(cluster: string): Target | undefined {
    return ownValue(remembered?.targets ?? {}, cluster);
  }

  function needsWrite(cluster: string): boolean {
    if (cluster === mesh.controlPlane) return false;
    // What was recorded of a cluster before it left the mesh says little about it when it is back.
    const before = ownValue(remembered?.members ?? {}, cluster);
    return (
      before === undefined || !isInStep(before, targets[cluster] as Target) || forcesAnew(remembered?.inputs, policies)
    );
  }

  /** What comes after a failed wave: not written, and recorded so that the next run goes on there. */
  function holdBack(waves: Waves): void {
    const held: string[] = [];
    for (const cluster of waves.flat()) {
      const leaver = ownValue(leavers, cluster);
      const before = ownValue(known, cluster);
      if (leaver === undefined && !needsWrite(cluster)) {
        const status = () => settled(before as MemberStatus, declaredBefore(cluster), targets[cluster] as Target);
        settle(cluster, { status: cluster === mesh.controlPlane ? controlPlane : status() });
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
      if (!Object.hasOwn(targets, cluster) || unasked.has(cluster)) return [];
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
    return {
      place,
      name,
      owner,
      remembered: status,
      policy,
      deleteTimeoutSeconds,
      deleteNonEmpty,
      isDeletable: isDeletable(name, mesh.protectedNamespaces),
    };
  }
}

/** Whether a write that failed has, or may have, changed something all the same. */
function isTouched(before: MemberStatus, { uid, labels, annotations, unconfirmed }: MemberStatus): boolean {
  const isSame = uid === before.uid && sameJson(labels, before.labels) && sameJson(annotations, before.annotations);
  return !isSame || (unconfirmed === true && before.unconfirmed !== true);
}

/** What was refused is no longer wanted: the cluster carries what it shall. What a read could not see stays unseen. */
function settled(status: MemberStatus, declared: Target | undefined, target: Target): MemberStatus {
  if (status.state !== "Failed" || sameJson(declared, target)) return status;
  const { error: _, ...rest } = status;
  return { ...rest, state: "Ready" };
}

/** A list of clusters says in which order workloads are restarted; otherwise it is that of their names. */
function inOrder(clusters: readonly string[], given: unknown): readonly string[] {
  const sorted = [...clusters].sort();
  if (!Array.isArray(given)) return sorted;
  return [...new Set([...given.filter((cluster) => clusters.includes(cluster)), ...sorted])];
}
