/** What a stack proves of a global namespace, for the stack that comes after it. */

import { enumerate } from "./contents";
import { ownValue, type StringMap, sameJson } from "./json";
import { describePlace } from "./place";

/** As much of an output `members.<cluster>` as counts. */
interface Status {
  readonly state: string;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
  readonly error?: string;
  readonly restarts?: StringMap;
  readonly restartsUnknown?: string;
}

interface Wanted {
  readonly labels: StringMap;
  readonly annotations?: StringMap;
}

/** The outputs of a GlobalNamespace that tell whether what it declares has been tried. */
export interface Proof {
  readonly targets: Readonly<Record<string, Wanted>>;
  readonly members: Readonly<Record<string, Status>>;
  readonly controlPlane: Status;
  /** The injection that is promoted, if any. */
  readonly injection?: unknown;
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

/** Why it is not proven; empty where it is. */
export function doubtsAbout({ targets, members, controlPlane, injection, overrides = {} }: Proof): string[] {
  const doubts: string[] = [];
  if (controlPlane.state !== "Ready") doubts.push(describeState("the control plane", controlPlane));
  if (Object.keys(targets).length === 0) doubts.push("it belongs to no cluster there, so nothing was tried");
  const clusters = Object.keys(targets).sort();
  const isOverridden = (cluster: string) => {
    const own = ownValue(overrides, cluster)?.injection ?? injection;
    return !sameJson(own, injection);
  };
  if ((injection ?? undefined) !== undefined && clusters.length > 0 && clusters.every(isOverridden)) {
    doubts.push("each cluster there has an injection of its own (overrides), so that this one was tried nowhere");
  }
  for (const cluster of clusters) {
    const member = ownValue(members, cluster);
    if (member === undefined) doubts.push(`${describePlace(cluster)} was never written`);
    else doubts.push(...doubtsOf(cluster, member, targets[cluster] as Wanted));
  }
  for (const cluster of Object.keys(members).sort()) {
    if (!Object.hasOwn(targets, cluster)) doubts.push(`${describePlace(cluster)} has still to be left`);
  }
  return doubts;
}

function doubtsOf(cluster: string, member: Status, target: Wanted): string[] {
  const place = describePlace(cluster);
  if (member.state !== "Ready") return [describeState(place, member)];
  const isSame =
    sameJson(member.labels ?? {}, target.labels) && sameJson(member.annotations ?? {}, target.annotations ?? {});
  const waiting = Object.keys(member.restarts ?? {});
  return [
    ...(isSame ? [] : [`${place} carries something else than is declared`]),
    ...(waiting.length > 0 ? [`on ${place} a restart is waited for by ${enumerate(waiting)}`] : []),
    ...(member.restartsUnknown === undefined
      ? []
      : [`which workloads wait for a restart on ${place} is not known: ${member.restartsUnknown}`]),
  ];
}

function describeState(place: string, { state, error }: Status): string {
  return error === undefined ? `${place} is ${state}` : `${place} is ${state}: ${error}`;
}
