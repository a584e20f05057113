/** Read: what the clusters hold now. Nothing is written. */

import { rememberFindings, withOrigin } from "../model/findings";
import { isRecord, mapValues, ownValue, pick } from "../model/json";
import type { Namespace } from "../model/namespace";
import { ownerOf, wasCreatedBy } from "../model/owner";
import { entriesToAsk } from "../model/restarts";
import { parsePolicies } from "../model/spec";
import { describeLive, type MemberStatus, type State } from "../model/state";
import type { Origin, Target } from "../model/targets";
import { unrecordedMembers } from "../model/unrecorded";
import { clusterErrorOf, type Fleet } from "./fleet";
import { resolveInjectors } from "./injectors";
import type { World } from "./lifecycle";
import { knownIdentity } from "./place";
import { readRestarts, withTold } from "./restarts";

/** What the clusters hold now, or `undefined` when every one of them says that it is gone. */
export async function read(state: State, { mesh, fleet }: Pick<World, "mesh" | "fleet">): Promise<State | undefined> {
  const seeIn = async (place: string, status: MemberStatus, target: Target): Promise<MemberStatus> => {
    if (!Object.hasOwn(mesh.connections, place) || mesh.connections[place]?.pending === true) return status;
    try {
      const live = await fleet.observe(place, state.name);
      // Another cluster of that name says nothing about this one.
      await knownIdentity(fleet, place, status);
      const isControlPlane = place === mesh.controlPlane;
      return statusOf(live, status, reached(target, status), { owner: state.owner, isControlPlane });
    } catch (thrown) {
      const error = clusterErrorOf(thrown);
      const unreachable = error.code === "unreachable" || error.code === "timeout";
      const state = unreachable ? "Unreachable" : "Failed";
      // What is recorded of one cluster says nothing about another of its name.
      return { ...status, state, error: error.message, ...(error.code === "changed" && { unconfirmed: true }) };
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
  // Where a NamespaceSync has recorded the clusters, the record is gone with the namespace: without it, it would belong to all.
  const isHeld = Object.keys(state.orphaned).length > 0 || isRecord(state.inputs.recordedBy);
  if (!isHeld && everywhere.every((status) => status.state === "Missing")) return undefined;

  const found: Record<string, Target> = {};
  for (const [cluster, status] of members) {
    if (status.uid !== undefined && Object.hasOwn(state.targets, cluster))
      found[cluster] = withOrigin(targetSeen(status), state.targets[cluster]?.origin);
  }
  const ready = members.filter(([, status]) => status.state === "Ready").map(([cluster]) => cluster);
  const live = await withInjectors(found, state, fleet, ready);
  const withRestarts = async ([cluster, status]: readonly [string, MemberStatus]) => {
    const last = ownValue(state.members, cluster);
    const before = last && { ...last, injectedBy: ownValue(state.targets, cluster)?.injectedBy };
    const entries = entriesToAsk(before, { ...status, injectedBy: ownValue(live, cluster)?.injectedBy });
    if (entries === undefined || status.state === "Unreachable") return [cluster, status] as const;
    const told = await readRestarts(fleet, state.name, { cluster, before: entries });
    const isDue = told.restartsUnknown !== undefined && last?.restartsDue === true;
    return [cluster, withTold(status, { ...told, ...(isDue && { restartsDue: true }) })] as const;
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
    const clusters = unrecordedMembers(onMesh, state.owner, known, mesh.clusters);
    const found = await Promise.all(Object.entries(clusters).map(seen));
    return found.filter(([, status]) => status.uid !== undefined).map(([cluster, status]) => [cluster, status]);
  }
}

/** Where a cluster is not `ready`, or its webhooks cannot be read, who injects is what was known last. */
async function withInjectors(
  live: Readonly<Record<string, Target>>,
  state: State,
  fleet: Fleet,
  ready: readonly string[],
): Promise<Readonly<Record<string, Target>>> {
  const { revisionCheck } = parsePolicies(state.inputs);
  const question = { name: state.name, targets: pick(live, ready), fleet, overrides: undefined };
  const asked = await resolveInjectors({ ...question, revisionCheck: revisionCheck === "off" ? "off" : "warn" });
  const remembered = rememberFindings(live, state.targets);
  return mapValues(live, (target, cluster) => {
    const answer = ownValue(asked.targets, cluster);
    return answer?.injectedBy === undefined ? (remembered[cluster] ?? target) : answer;
  });
}

/** What was declared and never written there is nobody's drift: what stands in its place is somebody else's. */
function reached(target: Target, { uid, labels, annotations = {} }: MemberStatus): Target {
  if (uid === undefined) return target;
  return {
    labels: pick(target.labels, Object.keys(labels)),
    annotations: pick(target.annotations ?? {}, Object.keys(annotations)),
  };
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
