/**
 * What an update would leave on each cluster, asked of the clusters without a change: a dry run goes through all that an
 * apply goes through. Where the user may only read, or an admission webhook takes no dry run, it is told from a look.
 */

import { afterApply, afterRemoval } from "../model/apply";
import { ClusterError } from "../model/cluster-error";
import { isInStep } from "../model/diff";
import { isRecord, ownValue, pick, withoutUndefined } from "../model/json";
import type { Namespace } from "../model/namespace";
import { forcesAnew, parsePolicies } from "../model/spec";
import { INPUTS, type MemberStatus, outputsOf, SCHEMA_VERSION, type State } from "../model/state";
import { affinityMarks, type PreviewTarget, type Target } from "../model/targets";
import { hasUnknown, UNKNOWN } from "../model/unknown";
import { type ClusterApi, clusterErrorOf, type Fleet } from "./fleet";
import type { World } from "./lifecycle";
import type { States } from "./many";
import { applyTo } from "./place";

type Inputs = Readonly<Record<string, unknown>>;

export interface Preview {
  /** As an update would give them, without what only the update can tell. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** One sentence a place that would refuse. */
  readonly refusals: readonly string[];
}

/** Of a create where nothing is remembered. `inputs` are checked ones, in which values may be unknown. */
export async function preview(
  inputs: Inputs,
  remembered: State | undefined,
  { mesh, fleet }: Pick<World, "mesh" | "fleet">,
): Promise<Preview> {
  const { name, targets } = inputs;
  const recorded = withoutUndefined(pick(inputs, INPUTS));
  if (hasUnknown(name) || !isRecord(targets)) {
    const outputs = { ...recorded, schemaVersion: SCHEMA_VERSION, members: UNKNOWN, controlPlane: UNKNOWN };
    return { outputs, refusals: [] };
  }
  const owner = String(inputs.owner);
  // Whether a namespace may be taken was looked at by the check; a dry run cannot show a create and then its apply.
  const policies = { ...parsePolicies(inputs), adopt: "labels" as const };
  const dry = dryRunOf(fleet);
  const refusals: string[] = [];

  const foresee = async (place: string, target: PreviewTarget, before: MemberStatus | undefined) => {
    const known = targetOf(target);
    if (known === undefined || mesh.connections[place]?.pending === true) return expectedOf(target, before);
    // Not one that is back in the mesh: it is written.
    const isRecorded = place === mesh.controlPlane || Object.hasOwn(remembered?.members ?? {}, place);
    if (isRecorded && before !== undefined && isInStep(before, known) && !forcesAnew(remembered?.inputs, policies))
      return before;
    const isControlPlane = place === mesh.controlPlane;
    const marks = isControlPlane ? affinityMarks(targets) : {};
    const { status, failure } = await applyTo(dry, {
      place,
      name: String(name),
      owner,
      policies,
      target: known,
      wasDeclared: isControlPlane || Object.hasOwn(remembered?.targets ?? {}, place),
      isMember: Object.hasOwn(targets, place),
      isControlPlane,
      marks,
      remembered: before,
    });
    if (failure !== undefined) refusals.push(failure);
    return withoutUid(status);
  };

  const known: Readonly<Record<string, MemberStatus>> = { ...remembered?.orphaned, ...remembered?.members };
  const controlPlaneTarget = inputs.controlPlaneTarget as PreviewTarget;
  const onMesh = ownValue(targets as Readonly<Record<string, PreviewTarget>>, mesh.controlPlane) ?? controlPlaneTarget;
  const controlPlane = await foresee(mesh.controlPlane, onMesh, remembered?.controlPlane);
  const members = await Promise.all(
    Object.entries(targets as Readonly<Record<string, PreviewTarget>>).map(async ([cluster, target]) => {
      const status =
        cluster === mesh.controlPlane ? controlPlane : await foresee(cluster, target, ownValue(known, cluster));
      return [cluster, status] as const;
    }),
  );
  const isOrphan = (cluster: string) => !Object.hasOwn(targets, cluster) && !Object.hasOwn(mesh.clusters, cluster);
  const state = {
    name: String(name),
    owner,
    targets: targets as State["targets"],
    controlPlaneTarget: controlPlaneTarget as Target,
    members: Object.fromEntries(members) as State["members"],
    controlPlane: controlPlane as MemberStatus,
    orphaned: pick(known, Object.keys(known).filter(isOrphan)),
    inputs: recorded,
  };
  return { outputs: outputsOf(state), refusals: refusals.sort() };
}

/** Of a GlobalNamespaces, each of them for itself. */
export async function previewMany(
  inputs: Inputs,
  remembered: States,
  world: Pick<World, "mesh" | "fleet">,
): Promise<Preview> {
  const { namespaces } = inputs;
  if (!isRecord(namespaces)) return { outputs: { ...inputs, namespaces: UNKNOWN }, refusals: [] };
  const each = await Promise.all(
    Object.entries(namespaces).map(async ([name, one]) => {
      const before = ownValue(remembered, name);
      return [name, isRecord(one) ? await preview(one, before, world) : { outputs: UNKNOWN, refusals: [] }] as const;
    }),
  );
  const outputs = { ...inputs, namespaces: Object.fromEntries(each.map(([name, { outputs: of }]) => [name, of])) };
  return { outputs, refusals: each.flatMap(([, { refusals }]) => refusals) };
}

function targetOf(target: PreviewTarget): Target | undefined {
  return target.pending === true || hasUnknown(target) ? undefined : (target as Target);
}

/** Of a namespace that is not there yet. A program is told nothing of members of which one part is unknown. */
function withoutUid(status: MemberStatus | undefined): MemberStatus | undefined {
  if (status?.uid !== UNKNOWN) return status;
  const { uid: _, ...rest } = status;
  return rest;
}

/** Of a cluster that cannot be asked yet. */
function expectedOf(target: PreviewTarget, before: MemberStatus | undefined): Readonly<Record<string, unknown>> {
  const { labels, annotations } = target;
  return withoutUndefined({
    state: "Ready",
    origin: before?.origin ?? target.origin,
    uid: before?.uid,
    labels,
    ...(annotations !== undefined && { annotations }),
  });
}

/** The same clusters, of which nothing is changed and about which nothing is noted. */
function dryRunOf(fleet: Fleet): Fleet {
  /** By place and name, what the dry runs answered: a removal goes on from there. */
  const applied = new Map<string, Namespace>();
  const api = (place: string): ClusterApi => {
    const real = fleet.api(place);
    const key = (name: string) => `${place}/${name}`;
    const refuse = () => Promise.reject(new ClusterError("rejected", "a preview writes nothing"));
    const answer = (namespace: Namespace, created: boolean) => {
      const known = created ? { ...namespace, uid: UNKNOWN } : namespace;
      applied.set(key(namespace.name), known);
      return { created, namespace: known };
    };
    return {
      ...real,
      create: refuse,
      remove: refuse,
      async removeLabels({ name }, keys) {
        const seen = applied.get(key(name));
        return seen === undefined ? refuse() : afterRemoval(seen, keys);
      },
      async apply(body, options) {
        // Another manager gives up what the apply before has taken: the server does not know of that one.
        const before = applied.get(key(body.name));
        if (before !== undefined) return { created: false, namespace: before };
        try {
          const { created, namespace } = await real.apply(body, { ...options, dryRun: true });
          return answer(namespace, created);
        } catch (thrown) {
          if (!saysNothing(clusterErrorOf(thrown))) throw thrown;
          const seen = await fleet.observe(place, body.name);
          return answer(afterApply(seen, body, options.fieldManager), seen === undefined);
        }
      },
    };
  };
  return { ...fleet, api, note: () => {} };
}

/** The right to write is not a preview's to have. https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run */
function saysNothing({ code, message }: ClusterError): boolean {
  return code === "forbidden" || (code === "rejected" && message.includes("does not support dry run"));
}
