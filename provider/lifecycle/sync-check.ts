/** A NamespaceSync before its change is made: one look at the source, one at the mesh, and a plan for each namespace. */

import { afterApply, afterRemoval } from "../model/apply";
import { isClusterError } from "../model/cluster-error";
import type { CheckFailure } from "../model/failure";
import { ownValue, pick, sameJson, withoutUndefined } from "../model/json";
import type { Mesh } from "../model/mesh";
import { syncFieldManagerOf } from "../model/owner";
import { describePlace } from "../model/place";
import {
  leaveBody,
  type Namespaces,
  planSync,
  recordBody,
  type Synced,
  type SyncPlan,
  writesOf,
} from "../model/sync-plan";
import { parseSyncSpec, SYNC_ARGS, type SyncSpec } from "../model/sync-spec";
import { describeStranger, syncedInputs, syncedOf } from "../model/sync-state";
import { isUnknown, UNKNOWN } from "../model/unknown";
import { type CheckContext, type CheckResult, describeMeshFailure, firstToClaim } from "./check";
import type { Expectation } from "./expectations";
import { describeTwins, failureOfConnection } from "./first-look";
import type { Fleet } from "./fleet";

type Inputs = Readonly<Record<string, unknown>>;
type Before = Synced & { readonly cluster: string };

export async function checkSync(olds: Inputs, news: Inputs, context: CheckContext): Promise<CheckResult> {
  const fail = (failures: readonly CheckFailure[]): CheckResult => ({ inputs: { ...news }, failures });
  if ("failures" in context.mesh) return fail(context.mesh.failures.map(describeMeshFailure));
  const { mesh } = context.mesh;
  const parsed = parseSyncSpec(news, mesh);
  if ("failures" in parsed) return fail(parsed.failures);
  const { spec } = parsed;
  const resource = typeof news.resource === "string" ? news.resource : "sync";
  const owner = typeof olds.owner === "string" ? olds.owner : `${mesh.owner}/${resource}`;
  const inputs = (computed: Inputs): CheckResult => ({
    inputs: withoutUndefined({ ...pick(news, SYNC_ARGS), owner, ...computed }),
    failures: [],
  });
  if (isUnknown(spec)) return inputs({ namespaces: UNKNOWN });
  const twin = failureOfOwner(
    owner,
    `NamespaceSync ${JSON.stringify(resource)} of ${describePlace(spec.cluster)}`,
    context,
  );
  if (twin !== undefined) return fail([twin]);

  const before = beforeOf(olds);
  const { clusterUid, meshUid } = olds;
  const recorded = before?.cluster === spec.cluster ? { clusterUid, meshUid, ...syncedInputs(before) } : undefined;
  if ([spec.cluster, mesh.controlPlane].some((place) => mesh.connections[place]?.pending === true)) {
    return inputs(recorded ?? { namespaces: UNKNOWN });
  }
  const looked = await look(spec, mesh, context.fleet());
  if ("failure" in looked) {
    if (recorded === undefined || looked.failure.property === "provider") return fail([looked.failure]);
    context.say(`${looked.failure.reason}; what is recorded stays as it is`);
    return inputs(recorded);
  }
  const known = before?.cluster === spec.cluster ? clusterUid : undefined;
  const stranger = failureOfIdentity(spec, mesh, looked, known) ?? failureOfMesh(looked.meshUid, meshUid);
  if (stranger !== undefined) return fail([stranger]);

  const seen = context.expectations.all(looked.mesh, owner);
  const { protectedNamespaces } = mesh;
  const plan = planSync({ spec, owner, protectedNamespaces, source: looked.source, mesh: seen, before });
  if (plan.failures.length > 0) return fail(plan.failures);
  for (const line of plan.lines) context.say(line);
  context.expectations.set(owner, expectedBy(plan, { owner, cluster: spec.cluster, mesh: seen, before }));
  return inputs({ clusterUid: looked.sourceUid ?? known, meshUid: looked.meshUid ?? meshUid, ...syncedInputs(plan) });
}

/** What one of them records on the mesh the other would take for its own, and take back. */
function failureOfOwner(owner: string, holder: string, context: CheckContext): CheckFailure | undefined {
  const first = firstToClaim(`the records of ${owner}`, holder, context);
  if (first === holder) return undefined;
  const reason = `records as ${JSON.stringify(owner)}, as the ${first} of this program does already, which had that name before or stands in another component; give this one another name`;
  return { property: "cluster", reason };
}

function beforeOf(olds: Inputs): Before | undefined {
  if (typeof olds.cluster !== "string" || olds.namespaces === undefined || isUnknown(olds.namespaces)) return undefined;
  return { ...syncedOf(olds), cluster: olds.cluster };
}

interface Look {
  readonly source: Namespaces;
  readonly mesh: Namespaces;
  readonly sourceUid: string | undefined;
  readonly meshUid: string | undefined;
}

/** The source first: what a GlobalNamespace makes there it has made on the mesh before. */
async function look(spec: SyncSpec, mesh: Mesh, fleet: Fleet): Promise<Look | { readonly failure: CheckFailure }> {
  let place = spec.cluster;
  try {
    const source = await fleet.list(place);
    const sourceUid = await fleet.identity(place);
    place = mesh.controlPlane;
    return { source, sourceUid, mesh: await fleet.list(place), meshUid: await fleet.identity(place) };
  } catch (error) {
    if (!isClusterError(error)) throw error;
    const reason = `cannot list the namespaces of ${describePlace(place)}: ${error.message}`;
    return { failure: failureOfConnection(place, error) ?? { property: "cluster", reason } };
  }
}

function failureOfIdentity(
  { cluster }: SyncSpec,
  mesh: Mesh,
  { sourceUid, meshUid }: Look,
  known: unknown,
): CheckFailure | undefined {
  if (sourceUid === undefined) return undefined;
  if (sourceUid === meshUid) return describeTwins(cluster, mesh.controlPlane);
  if (typeof known !== "string" || known === sourceUid) return undefined;
  const reason = `${JSON.stringify(cluster)} is another cluster than the one of that name before (kube-system ${known} then, ${sourceUid} now); give the new cluster a new name in the mesh`;
  return { property: "cluster", reason };
}

function failureOfMesh(now: string | undefined, then: unknown): CheckFailure | undefined {
  const stranger = describeStranger(now, then);
  return stranger === undefined ? undefined : { property: "provider", reason: `Mesh: ${stranger}` };
}

interface Writer {
  readonly owner: string;
  readonly cluster: string;
  readonly mesh: Namespaces;
  readonly before: Before | undefined;
}

/** Only what will be written: of what is recorded as planned, drift waits for a refresh. */
function expectedBy(plan: SyncPlan, { owner, cluster, mesh, before }: Writer): ReadonlyMap<string, Expectation> {
  const manager = syncFieldManagerOf(owner);
  const writes = writesOf(plan, { owner, cluster, mesh });
  const known = before?.cluster === cluster ? before.namespaces : {};
  const expected = new Map<string, Expectation>();
  for (const name of writes.records) {
    const entry = ownValue(plan.namespaces, name);
    if (entry === undefined || sameJson(ownValue(known, name), entry)) continue;
    const body = recordBody(name, entry.labels, cluster, owner);
    expected.set(name, (seen) => afterRemoval(afterApply(seen, body, manager), ownValue(plan.removals, name) ?? []));
  }
  for (const here of writes.leaves) {
    const body = leaveBody(here, owner);
    expected.set(here.name, (seen) => afterApply(seen ?? here, body, manager));
  }
  return expected;
}
