/** A namespace that the mesh holds, taken into the state as it is, with the arguments that a program would give it. */

import { isClusterError } from "../model/cluster-error";
import { adoptedArgs, argsDeclaredBy, type Members } from "../model/declaration";
import { isRecord, ownValue, pick, withoutUndefined } from "../model/json";
import type { Namespace } from "../model/namespace";
import { ownerOf } from "../model/owner";
import { describePlace } from "../model/place";
import { INPUTS, type MemberStatus, type State } from "../model/state";
import type { Target } from "../model/targets";
import { type CheckContext, check } from "./check";
import { statusOf, type World } from "./lifecycle";

export interface Import {
  /** Of the namespace. */
  readonly name: string;
  /** Of the resource in the program. */
  readonly resource: string;
}

/**
 * `undefined` where the mesh does not hold it. Writes nothing. A namespace that a GlobalNamespace has made stays that
 * one's: the import is for whoever has lost its state.
 */
export async function importNamespace(
  { name, resource }: Import,
  { mesh, fleet }: Pick<World, "mesh" | "fleet">,
  context: CheckContext,
): Promise<State | undefined> {
  const existing = await seenOn(mesh.controlPlane);
  if (existing === undefined) return undefined;
  const members = await observeMembers();
  const marked = ownerOf(existing);
  const owner = marked ?? `${mesh.owner}/${resource}`;
  const args = marked === undefined ? adoptedArgs(existing, members) : argsDeclaredBy(owner, existing, members);
  if (args === undefined) throw cannot("no GlobalNamespace may declare it, or it is being deleted");
  // What it carries is there already, whoever serves it: that is said, and refused by the program's own first change.
  const given = { ...args, name, resource, revisionCheck: "warn" };
  const { inputs: checked, failures } = await check({ owner, name }, given, context);
  const { revisionCheck: _, ...inputs } = checked;
  if (failures.length > 0) throw cannot(failures.map(({ property, reason }) => `${property} ${reason}`).join("; "));
  const targets = (isRecord(inputs.targets) ? inputs.targets : {}) as Readonly<Record<string, Target>>;
  const controlPlaneTarget = inputs.controlPlaneTarget as Target;
  const statuses = Object.entries(targets).map(async ([cluster, target]) => {
    const namespace = cluster === mesh.controlPlane ? existing : ownValue(members, cluster)?.get(name);
    return [cluster, await statusIn(cluster, namespace, target)] as const;
  });
  return {
    name,
    owner,
    targets,
    controlPlaneTarget,
    members: Object.fromEntries(await Promise.all(statuses)),
    controlPlane: await statusIn(mesh.controlPlane, existing, controlPlaneTarget),
    orphaned: {},
    inputs: withoutUndefined({ ...pick(inputs, INPUTS), targets, controlPlaneTarget }),
  };

  async function statusIn(place: string, namespace: Namespace | undefined, target: Target): Promise<MemberStatus> {
    const cluster = await fleet.identity(place);
    const known: MemberStatus = { state: "Ready", labels: {}, ...(cluster !== undefined && { cluster }) };
    // Who made it is what the check has found.
    const { origin } = target;
    const found = namespace && { ...known, uid: namespace.uid, ...(origin !== undefined && { origin }) };
    return statusOf(namespace, found ?? known, target, { owner, isControlPlane: place === mesh.controlPlane });
  }

  async function observeMembers(): Promise<Members> {
    const asked = Object.keys(mesh.clusters).filter((cluster) => mesh.connections[cluster]?.pending === false);
    const held = asked.map(async (cluster) => {
      const namespace = await seenOn(cluster);
      return [cluster, new Map(namespace === undefined ? [] : [[name, namespace]])] as const;
    });
    return Object.fromEntries(await Promise.all(held));
  }

  async function seenOn(place: string): Promise<Namespace | undefined> {
    try {
      return await fleet.observe(place, name);
    } catch (thrown) {
      if (!isClusterError(thrown)) throw thrown;
      throw cannot(`${describePlace(place)} cannot be asked: ${thrown.message}`);
    }
  }

  function cannot(why: string): Error {
    return new Error(`cannot import namespace ${JSON.stringify(name)}: ${why}`);
  }
}
