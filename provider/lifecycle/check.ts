/** Everything that can be said against a change before it is made. Asks clusters only when something will be written. */

import { isClusterError } from "../model/cluster-error";
import { describeDepartures } from "../model/departures";
import type { CheckFailure } from "../model/failure";
import { rememberFinding, rememberFindings, withOrigin } from "../model/findings";
import { isRecord, mapValues, pick, type StringMap, withoutUndefined } from "../model/json";
import type { Mesh, MeshResult } from "../model/mesh";
import { foreignLabels, propagatedLabels } from "../model/propagation";
import { describeInjectionMove } from "../model/restarts";
import { ARGS, meansWrite, parsePolicies, parseSpec, type Spec } from "../model/spec";
import { resolveTargets, type Target } from "../model/targets";
import { hasUnknown, isUnknown } from "../model/unknown";
import { unrecordedMembers } from "../model/unrecorded";
import { describeUnseen } from "../model/unseen";
import { clustersToAsk, describeRollout, describeWhatStays, failuresOfDepartures } from "./departures";
import type { Expectations } from "./expectations";
import { lookAtClusters } from "./first-look";
import type { Fleet } from "./fleet";
import { resolveInjectors } from "./injectors";
import { createPatience } from "./patience";
import type { Timer } from "./place";
import { affinityOf } from "./recorded-affinity";

type Inputs = Readonly<Record<string, unknown>>;

export interface CheckResult {
  readonly inputs: Record<string, unknown>;
  readonly failures: readonly CheckFailure[];
}

export interface CheckContext {
  readonly mesh: MeshResult;
  /** Only called with a mesh that parsed. */
  readonly fleet: () => Fleet;
  /** Which resource of this program declares which name, or makes which records, in words. */
  readonly claims: Map<string, string>;
  /** Which GlobalNamespaces of this program gives up which name by no longer declaring it, in words. */
  readonly removals: Map<string, string>;
  /** Who declares the namespace, in words. Default: the GlobalNamespace itself. */
  readonly holder?: string;
  readonly expectations: Expectations;
  readonly clock: Pick<Timer, "every">;
  readonly say: (line: string) => void;
}

export async function check(olds: Inputs, news: Inputs, context: CheckContext): Promise<CheckResult> {
  const fail = (failures: readonly CheckFailure[]): CheckResult => ({ inputs: { ...news }, failures });
  if ("failures" in context.mesh) return fail(context.mesh.failures.map(describeMeshFailure));
  const { mesh } = context.mesh;
  const parsed = parseSpec(news, mesh);
  if ("failures" in parsed) return fail(parsed.failures);
  const { spec } = parsed;
  const resource = typeof news.resource === "string" ? news.resource : String(spec.name);
  const holder = context.holder ?? `GlobalNamespace ${JSON.stringify(resource)}`;
  const claim = isUnknown(spec.name) ? undefined : failureOfClaim(spec.name, holder, context);
  if (claim !== undefined) return fail([claim]);
  // The owner stays for the resource's life: renaming the stack or the resource does not turn it into a stranger.
  const owner = typeof olds.owner === "string" && !isUnknown(olds.owner) ? olds.owner : `${mesh.owner}/${resource}`;
  const policies = parsePolicies(news);
  const affinity = await affinityOf(spec, olds, news, mesh, context);
  if ("failure" in affinity) return fail([affinity.failure]);
  const { clusters, recordedBy } = affinity;
  const propagated = policies.propagate === "all" ? await readPropagated(spec, owner, olds, mesh, context) : undefined;
  const resolved = resolveTargets({ ...spec, clusters }, mesh, propagated);
  if ("failures" in resolved) return fail(resolved.failures);
  const computed = { ...pick(news, ARGS), owner, recordedBy, propagated };
  if (isUnknown(spec.name) || isUnknown(resolved.targets)) {
    return { inputs: withoutUndefined({ ...computed, ...resolved }), failures: [] };
  }
  const { name } = spec;
  const before = olds.name === name ? olds : {};
  const targets = rememberFindings(resolved.targets, before.targets);
  const controlPlaneTarget = rememberFinding(resolved.controlPlaneTarget, before.controlPlaneTarget);
  const inputs = withoutUndefined({ ...computed, targets, controlPlaneTarget });
  if (!meansWrite(olds, inputs)) return { inputs, failures: [] };

  const fleet = context.fleet();
  const { expectations } = context;
  const patience = createPatience(mesh, context.clock);
  const departure = { name, olds, inputs, targets, mesh };
  for (const line of describeRollout(departure)) context.say(line);
  const [departures, staying, injectors, look] = await Promise.all([
    failuresOfDepartures(departure, fleet, patience),
    describeWhatStays(departure, fleet, patience),
    resolveInjectors({
      name,
      targets,
      revisionCheck: policies.revisionCheck,
      fleet,
      overrides: news.overrides,
      patience,
    }),
    lookAtClusters({
      name,
      owner,
      policies,
      targets,
      leaving: clustersToAsk(departure),
      controlPlaneTarget,
      known: isRecord(before.targets)
        ? { ...before.targets, [mesh.controlPlane]: before.controlPlaneTarget }
        : undefined,
      mesh,
      fleet,
      expectations,
      patience,
    }),
  ]);
  // A cluster of which it is said already that it could not be asked needs no second line.
  const unseen = Object.entries(look.unknown)
    .filter(([place]) => !injectors.unseen.includes(place))
    .map(([place, why]) => describeUnseen(name, "what stands", place, why));
  const onMesh = await fleet.recall(mesh.controlPlane, name);
  const cutOff = unrecordedMembers(
    onMesh,
    owner,
    { ...(isRecord(before.targets) && before.targets), ...targets },
    mesh.clusters,
  );
  const unrecorded = describeDepartures({ ...departure, olds: { name, targets: cutOff } });
  for (const line of [...look.takeovers, ...unrecorded, ...staying, ...injectors.remarks, ...unseen]) context.say(line);
  const { origins } = look;
  const found = {
    targets: mapValues(injectors.targets, (target, cluster) => withOrigin(target, origins[cluster])),
    controlPlaneTarget: withOrigin(controlPlaneTarget, origins[mesh.controlPlane]),
  };
  const move = { before: knownTargets(before.targets), after: knownTargets(found.targets) };
  for (const line of describeInjectionMove(name, move, policies.restart)) context.say(line);
  return { inputs: { ...inputs, ...found }, failures: [...look.failures, ...departures, ...injectors.failures] };
}

function knownTargets(targets: unknown): Readonly<Record<string, Target>> {
  const known = Object.entries(isRecord(targets) ? targets : {}).filter(([, target]) => !hasUnknown(target));
  return Object.fromEntries(known) as Readonly<Record<string, Target>>;
}

/** What others set on the mesh's namespace. While the mesh cannot be asked, it is what it was. */
async function readPropagated(
  spec: Spec,
  owner: string,
  olds: Inputs,
  mesh: Mesh,
  { fleet, expectations }: CheckContext,
): Promise<Record<string, string>> {
  const before = isRecord(olds.propagated) ? (olds.propagated as Record<string, string>) : {};
  const own = resolveTargets({ ...spec, clusters: { kind: "names", names: [] } }, mesh);
  if (isUnknown(spec.name) || "failures" in own || hasUnknown(own.controlPlaneTarget)) return before;
  if (mesh.connections[mesh.controlPlane]?.pending === true) return before;
  try {
    const existing = expectations.of(spec.name, await fleet().observe(mesh.controlPlane, spec.name));
    if (existing === undefined) return {};
    const labels = own.controlPlaneTarget.labels as StringMap;
    const foreign = foreignLabels(existing, { owner, labels, podSecurityLabels: mesh.podSecurityLabels });
    return propagatedLabels(foreign, spec.injection !== undefined);
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return before;
  }
}

export function describeMeshFailure({ property, reason }: CheckFailure): CheckFailure {
  return property === "provider"
    ? { property, reason }
    : { property: "provider", reason: `Mesh: ${property} ${reason}` };
}

/** Who has claimed it before in this program, or else `holder`, who has it from now on. */
export function firstToClaim(what: string, holder: string, { claims }: CheckContext): string {
  const first = claims.get(what) ?? holder;
  claims.set(what, first);
  return first;
}

function failureOfClaim(name: string, holder: string, context: CheckContext): CheckFailure | undefined {
  const first = firstToClaim(name, holder, context);
  if (first !== holder) {
    const reason = `${JSON.stringify(name)} is declared twice: the ${first} of this program has it already`;
    return { property: "name", reason };
  }
  const remover = context.removals.get(name);
  if (remover === undefined || remover === holder) return undefined;
  return { property: "name", reason: describeMove(name, remover) };
}

/** A namespace that one resource stops declaring and another begins to: it would be deleted, and then made anew. */
export function describeMove(name: string, remover: string): string {
  const released = `released: [${JSON.stringify(name)}]`;
  return `${JSON.stringify(name)} is no longer declared by the ${remover} of this program, which would delete it; to move it without a change on any cluster write ${released} there`;
}
