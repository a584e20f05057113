/** What stands on the clusters that a namespace leaves, and in which order a change is made, told before it happens. */

import { isClusterError } from "../model/cluster-error";
import { clustersLeft, type Departure } from "../model/departures";
import type { CheckFailure } from "../model/failure";
import { isRecord, sameJson } from "../model/json";
import { isDeletable } from "../model/name";
import type { Namespace } from "../model/namespace";
import { isCreatorOf, ownerOf } from "../model/owner";
import { describePlace } from "../model/place";
import { describeStaying, sharedLabels } from "../model/shared-labels";
import { parsePolicies } from "../model/spec";
import { describeWaves, wavesOf } from "../model/waves";
import type { Fleet } from "./fleet";
import { objectionTo } from "./leave";
import type { Patience } from "./patience";

/** What to do about a namespace that holds something where it would be deleted. */
const WAYS_OUT =
  'empty it, keep it with onLeave: "release" or "retain", or let the contents go with deleteNonEmpty: true';

/** Of an adopted namespace much was set by somebody else too, and stays when ours is taken back. */
export async function describeWhatStays(departure: Departure, fleet: Fleet, patience: Patience): Promise<string[]> {
  const { name, olds, inputs } = departure;
  const { onLeave } = parsePolicies(inputs);
  const look = async (place: string): Promise<string[]> => {
    const target = isRecord(olds.targets) ? olds.targets[place] : undefined;
    if (!isRecord(target) || !isRecord(target.labels) || (onLeave === "delete" && target.origin === "created"))
      return [];
    const existing = await seenIn(place, name, fleet);
    const keys = existing === undefined ? [] : sharedLabels(existing, Object.keys(target.labels), String(inputs.owner));
    return keys.length === 0 ? [] : [describeStaying(name, place, keys)];
  };
  const asked = new Map(clustersToAsk(departure).map((place) => [place, look(place)]));
  return [...(await patience.inTime(asked)).values()].flat().sort();
}

/** The order in which a change reaches the clusters, where it is more than one step. */
export function describeRollout(departure: Departure): string[] {
  const { name, olds, inputs, targets } = departure;
  const before = isRecord(olds.targets) && olds.name === name ? olds.targets : {};
  const changed = Object.keys(targets).filter((cluster) => !sameJson(before[cluster], targets[cluster]));
  const waves = wavesOf(parsePolicies(inputs).waves, [...changed, ...clustersLeft(departure)]);
  if (waves.length < 2) return [];
  return [`${name}: in waves: ${describeWaves(waves)}; the first that fails ends it (rollout)`];
}

/** Namespaces that would be deleted with what they hold. */
export async function failuresOfDepartures(
  departure: Departure,
  fleet: Fleet,
  patience: Patience,
): Promise<CheckFailure[]> {
  const { name, inputs, mesh } = departure;
  const { onLeave, deleteNonEmpty } = parsePolicies(inputs);
  if (onLeave !== "delete" || deleteNonEmpty || !isDeletable(name, mesh.protectedNamespaces)) return [];
  const asked = new Map(clustersToAsk(departure).map((place) => [place, objectionIn(place, departure, fleet)]));
  const failures: CheckFailure[] = [];
  for (const [place, objection] of await patience.inTime(asked)) {
    if (objection === undefined) continue;
    const where = `namespace ${JSON.stringify(name)} on ${describePlace(place)}`;
    failures.push({
      property: "onLeave",
      reason: `is "delete", but ${where} is not deleted: ${objection}; ${WAYS_OUT}`,
    });
  }
  return failures.sort((a, b) => (a.reason < b.reason ? -1 : 1));
}

/** Those that are written to. */
export function clustersToAsk(departure: Departure): string[] {
  if (parsePolicies(departure.inputs).onLeave === "retain") return [];
  return clustersLeft(departure).filter((cluster) => departure.mesh.clusters[cluster]?.pending === false);
}

/** A cluster that cannot be asked shows nothing now; before anything is done there it is asked again. */
async function seenIn(place: string, name: string, fleet: Fleet): Promise<Namespace | undefined> {
  try {
    return await fleet.observe(place, name);
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return undefined;
  }
}

/** Who made the namespace stands in its target, or is read from itself: a check is not handed the outputs. */
async function objectionIn(place: string, departure: Departure, fleet: Fleet): Promise<string | undefined> {
  const { name, olds, inputs } = departure;
  const owner = String(inputs.owner);
  const target = isRecord(olds.targets) ? olds.targets[place] : undefined;
  const origin = isRecord(target) ? target.origin : undefined;
  try {
    const existing = await fleet.observe(place, name);
    if (existing === undefined || existing.deletionTimestamp !== undefined) return undefined;
    const isOurs = origin === undefined ? isCreatorOf(owner, existing) : origin === "created";
    if (ownerOf(existing) !== owner || !isOurs) return undefined;
    return await objectionTo(fleet, place, name);
  } catch (error) {
    // Not known now; before the deletion itself it is asked again.
    if (!isClusterError(error)) throw error;
    return undefined;
  }
}
