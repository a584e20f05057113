/** Whether something is to be done, told from what is recorded and what is declared, without asking a cluster. */

import { clustersLeft, describeDepartures } from "./departures";
import { isRecord, ownValue, pick, sameJson } from "./json";
import type { Mesh } from "./mesh";
import { describeDue, describeInjectionMove } from "./restarts";
import { parsePolicies } from "./spec";
import { INPUTS, type MemberStatus, recordedMembers, type State } from "./state";
import type { Target } from "./targets";
import { hasUnknown, isUnknown } from "./unknown";

export interface Diff {
  readonly changes: boolean;
  readonly replaces: readonly string[];
  /** What the engine's own diff does not show, in words: what earlier runs left undone, and what becomes of clusters that are left. */
  readonly remarks: readonly string[];
}

export function diff(state: State, inputs: Readonly<Record<string, unknown>>, mesh: Mesh): Diff {
  const changed = INPUTS.filter((key) => hasUnknown(inputs[key]) || !sameJson(state.inputs[key], inputs[key]));
  const renamed = changed.includes("name") && !isUnknown(inputs.name);
  const targets = isRecord(inputs.targets) ? (inputs.targets as Readonly<Record<string, Target>>) : {};
  const isSettled = !isUnknown(inputs.targets) && !changed.includes("targets");
  const gaps = isSettled ? [...gapsOf(state, targets), ...restartGapsOf(state, inputs)] : [];
  const recorded = recordedMembers(state, mesh.clusters);
  // Of what is recorded, which has also those that an earlier change left and that could not be.
  const departure = { name: state.name, olds: { name: state.name, targets: recorded }, inputs, targets, mesh };
  const isTold = !isUnknown(inputs.targets) && !changed.includes("name");
  const left = isTold ? clustersLeft(departure) : [];
  return {
    changes: changed.length + gaps.length + left.length > 0 || state.controlPlane.unbegun === true,
    replaces: renamed ? ["name"] : [],
    remarks: [
      ...(isSettled ? describeGaps(state, gaps, inputs, targets) : describeBeginnings(state, inputs, targets)),
      ...(isTold ? describeDepartures(departure) : []),
    ],
  };
}

interface Gap {
  /** A member that is written. */
  readonly cluster?: string;
  readonly line: string;
}

/** What is done about them, and on which clusters that meets pods: the check says it of a change, and here there is none. */
function describeGaps(
  { name, members }: State,
  gaps: readonly Gap[],
  inputs: Readonly<Record<string, unknown>>,
  targets: Readonly<Record<string, Target>>,
): string[] {
  // Where it never was there are no pods.
  const there = Object.keys(members).filter((cluster) => members[cluster]?.uid !== undefined);
  const written = gaps.flatMap(({ cluster }) => cluster ?? []);
  const move = { before: pick(members, there), after: pick(targets, written) };
  const lines = gaps.map(({ line }) => `${name}: ${line}`);
  return [...lines, ...describeInjectionMove(name, move, parsePolicies(inputs).restart)];
}

/** A run that could not begin has left what it was to do in the inputs: neither the engine's own diff nor a check shows it. */
function describeBeginnings(
  { name, controlPlane, targets: before }: State,
  inputs: Readonly<Record<string, unknown>>,
  targets: Readonly<Record<string, Target>>,
): string[] {
  if (controlPlane.unbegun !== true) return [];
  const lines = Object.keys(targets)
    .filter((cluster) => !sameJson(ownValue(before, cluster), targets[cluster]))
    .map((cluster) => `${name}: ${cluster} is written as declared: the last run could not begin`);
  return [...lines, ...describeInjectionMove(name, { before, after: targets }, parsePolicies(inputs).restart)];
}

function gapsOf(state: State, targets: Readonly<Record<string, Target>>): Gap[] {
  const gaps: Gap[] = [];
  if (!isInStep(state.controlPlane, state.controlPlaneTarget)) {
    gaps.push({ line: describeGap("controlPlane", state.controlPlane) });
  }
  for (const [cluster, target] of Object.entries(targets)) {
    const status = ownValue(state.members, cluster);
    if (!isInStep(status, target)) gaps.push({ cluster, line: describeGap(cluster, status) });
  }
  return gaps;
}

/** Where workloads are only reported, one that waits is nothing left undone. */
function restartGapsOf(state: State, inputs: Readonly<Record<string, unknown>>): Gap[] {
  if (parsePolicies(inputs).restart !== "rollout") return [];
  return Object.entries(state.members).flatMap(([cluster, status]) => {
    const due = describeDue(status);
    return due === undefined ? [] : [{ line: `${cluster} has still to restart ${due}` }];
  });
}

function describeGap(place: string, status: MemberStatus | undefined): string {
  if (status === undefined) return `${place} is written: it never was`;
  const differs = status.state === "Ready" ? "it carries something else than is declared" : status.state;
  return `${place} is written again: ${status.error ?? differs}`;
}

/** Whether the last that is known of a place is what it shall be. An unreachable place in step needs no write. */
export function isInStep(status: MemberStatus | undefined, target: Target): boolean {
  return (
    status?.uid !== undefined &&
    status.state !== "Terminating" &&
    status.state !== "Pending" &&
    status.unconfirmed !== true &&
    sameJson(status.labels, target.labels) &&
    sameJson(status.annotations ?? {}, target.annotations ?? {})
  );
}
