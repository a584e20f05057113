/** One look at every cluster before a change is written: what stands there already, and what speaks against the change. */

import { type ClusterError, isClusterError } from "../model/cluster-error";
import { type CheckFailure, describePath } from "../model/failure";
import { withoutRivals } from "../model/injection";
import { isRecord, ownValue, type StringMap } from "../model/json";
import type { Mesh } from "../model/mesh";
import type { Namespace } from "../model/namespace";
import { isCreatorOf, ownerOf } from "../model/owner";
import { CONTROL_PLANE, describePlace } from "../model/place";
import { type Claim, describeTakeovers, refusalOf } from "../model/refusal";
import type { Policies } from "../model/spec";
import type { Origin, PreviewTarget } from "../model/targets";
import { hasUnknown } from "../model/unknown";
import type { Expectations } from "./expectations";
import type { Fleet } from "./fleet";
import type { Patience } from "./patience";

export interface LookQuestion {
  readonly name: string;
  readonly owner: string;
  readonly policies: Policies;
  readonly targets: Readonly<Record<string, PreviewTarget>>;
  /** Clusters that are left and written to: one may be a cluster of `targets` under another name. */
  readonly leaving: readonly string[];
  readonly controlPlaneTarget: PreviewTarget;
  /** The targets of the last check, by place; `undefined` where the namespace is new. */
  readonly known: Readonly<Record<string, unknown>> | undefined;
  readonly mesh: Mesh;
  readonly fleet: Fleet;
  readonly expectations: Expectations;
  readonly patience: Patience;
}

export interface Look {
  readonly failures: readonly CheckFailure[];
  /** By place. A place that could not be asked, or has not answered in time, is not among them. */
  readonly origins: Readonly<Record<string, Origin>>;
  /** Why it is not known what stands there, by place. */
  readonly unknown: Readonly<Record<string, string>>;
  /** What `force` takes from others, one sentence a place. */
  readonly takeovers: readonly string[];
}

export async function lookAtClusters(question: LookQuestion): Promise<Look> {
  const { name, owner, policies, targets, controlPlaneTarget, known, mesh, fleet, expectations } = question;
  const places: Record<string, PreviewTarget> = { ...targets, [mesh.controlPlane]: controlPlaneTarget };
  const identities = new Map<string, string>();
  const failures: CheckFailure[] = [];
  const origins: Record<string, Origin> = {};
  const unknown: Record<string, string> = {};
  const takeovers: string[] = [];

  const asked = new Map<string, Promise<Seen>>();
  for (const place of [...Object.keys(places), ...question.leaving]) {
    if (mesh.connections[place]?.pending !== true) asked.set(place, observe(fleet, place, name));
  }
  // Without the control plane's nothing is written anywhere, so it is waited for.
  const onMesh = asked.get(mesh.controlPlane);
  const seen = new Map(await question.patience.inTime(asked));
  if (onMesh !== undefined) seen.set(mesh.controlPlane, await onMesh);

  for (const place of Object.keys(places)) {
    if (asked.has(place) && !seen.has(place)) unknown[place] = "it has not answered in time";
  }
  for (const [place, { existing: found, identity, error }] of seen) {
    const target = ownValue(places, place);
    if (error !== undefined) {
      if (target === undefined) continue;
      const failure = failureOfConnection(place, error);
      if (failure === undefined) unknown[place] = error.message;
      else failures.push(failure);
      continue;
    }
    const existing = place === mesh.controlPlane ? expectations.of(name, found) : found;
    if (identity !== undefined) {
      const twin = identities.get(identity);
      if (twin !== undefined) failures.push(describeTwins(twin, place));
      identities.set(identity, place);
    }
    if (target === undefined || existing?.deletionTimestamp !== undefined) continue;
    origins[place] = originOf(existing, owner);
    if (existing === undefined) continue;
    const { labels } = target;
    const claim: Claim = {
      owner,
      labels: hasUnknown(labels) ? {} : (labels as StringMap),
      policies,
      known: known !== undefined && Object.hasOwn(known, place),
      written: withoutRivals(labelsOf(known === undefined ? undefined : ownValue(known, place))),
    };
    const taken = describeTakeovers(existing, claim);
    if (taken.length > 0) takeovers.push(`${name}: force takes over on ${describePlace(place)}: ${taken.join("; ")}`);
    const refusal = refusalOf(existing, claim);
    if (refusal === undefined) continue;
    const reason = `namespace ${JSON.stringify(name)} on ${describePlace(place)}: ${refusal.reason}`;
    failures.push({ property: refusal.property, reason });
  }
  return {
    failures: failures.sort((a, b) => (a.reason < b.reason ? -1 : 1)),
    origins,
    unknown,
    takeovers: takeovers.sort(),
  };
}

function labelsOf(target: unknown): StringMap {
  return isRecord(target) && isRecord(target.labels) ? (target.labels as StringMap) : {};
}

function originOf(existing: Namespace | undefined, owner: string): Origin {
  if (existing === undefined) return "created";
  return ownerOf(existing) === owner && isCreatorOf(owner, existing) ? "created" : "adopted";
}

interface Seen {
  readonly existing?: Namespace | undefined;
  readonly identity?: string | undefined;
  readonly error?: ClusterError;
}

/** A cluster that cannot be reached is unknown, not absent: nothing is said against it before the write. */
async function observe(fleet: Fleet, place: string, name: string): Promise<Seen> {
  try {
    return { existing: await fleet.observe(place, name), identity: await fleet.identity(place) };
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return { error };
  }
}

/** What the Mesh itself says wrongly of a place; `undefined` where the place is at fault. */
export function failureOfConnection(place: string, error: ClusterError): CheckFailure | undefined {
  if (error.code !== "connection") return undefined;
  const property = place === CONTROL_PLANE ? CONTROL_PLANE : describePath(["clusters", place]);
  return { property: "provider", reason: `Mesh: ${property}: ${error.message}` };
}

export function describeTwins(a: string, b: string): CheckFailure {
  const member = [a, b].find((place) => place !== CONTROL_PLANE) ?? "";
  const [first, second] = [a, b].sort();
  const isControlPlane = a === CONTROL_PLANE || b === CONTROL_PLANE;
  const reason = isControlPlane
    ? `Mesh: the control plane and ${describePlace(member)} are one cluster (same uid of kube-system); write controlPlane: ${JSON.stringify(member)}`
    : `Mesh: ${describePlace(first ?? "")} and ${describePlace(second ?? "")} are one cluster (same uid of kube-system); keep one of the names`;
  return { property: "provider", reason };
}
