/**
 * What a program declares, parsed: the inputs of `GlobalNamespace`. Bad input becomes failures that name the property;
 * a value that a preview does not know yet is accepted wherever it stands.
 */

import type { Affinity } from "./affinity";
import { type CheckFailure, describePath, describeValue } from "./failure";
import { type Injection, labelsOfInjection } from "./injection";
import { isRecord, pick, type StringMap, sameJson } from "./json";
import type { LabelRequirement } from "./label-selector";
import { MAX_METADATA_BYTES, problemOfLabelValue } from "./labels";
import type { Mesh } from "./mesh";
import { problemOfNamespaceName } from "./name";
import { failuresOf, failuresOfKeys, keyValueMap, orUnknown } from "./parse";
import { hasUnknown, isUnknown, type Known, UNKNOWN } from "./unknown";
import { failuresOfWaves, parseWaves, type Waves } from "./waves";
import * as z from "./zod";

export type KnownMap = Known<Readonly<Record<string, Known<string>>>>;

/** What the program says about one cluster, or about all of them. */
export interface Declaration {
  readonly labels: KnownMap;
  readonly annotations: KnownMap;
  readonly injection: Known<Injection> | undefined;
}

export type LeavePolicy = "release" | "retain" | "delete";

export interface Spec extends Declaration {
  readonly name: Known<string>;
  readonly clusters: Known<Affinity>;
  readonly overrides: Known<Readonly<Record<string, Known<Partial<Declaration>>>>>;
}

/** What decides how a change is made, and not what the clusters hold. */
export interface Policies {
  readonly adopt: "labels" | "never";
  readonly onLeave: LeavePolicy;
  readonly onDelete: LeavePolicy;
  readonly force: boolean;
  readonly deleteTimeoutSeconds: number;
  /** What becomes of a label that no webhook of a cluster serves. */
  readonly revisionCheck: "error" | "warn" | "off";
  /** Whether labels that others set on the mesh's namespace reach the members. */
  readonly propagate: "declared" | "all";
  /** Whether a namespace is deleted together with what it holds. */
  readonly deleteNonEmpty: boolean;
  /** Whether workloads that wait for a restart are restarted. */
  readonly restart: "report" | "rollout";
  /** For one workload to become available. */
  readonly restartTimeoutSeconds: number;
  /** Workloads of one cluster. */
  readonly restartsAtOnce: number;
  /** In which order a change reaches the clusters; without any all at once. */
  readonly waves: Waves;
}

/** Seconds to wait for one cluster to finish deleting the namespace. Terraform waits as long, kubectl for ever. */
export const DEFAULT_DELETE_TIMEOUT_SECONDS = 300;
/** Seconds for one restarted workload to become available; half of a Deployment's own progress deadline. */
export const DEFAULT_RESTART_TIMEOUT_SECONDS = 300;
/** One after the other: an injection that breaks workloads breaks one. */
export const DEFAULT_RESTARTS_AT_ONCE = 1;

const requirement = z.strictObject({
  key: z.string(),
  operator: orUnknown(z.enum(["In", "NotIn", "Exists", "DoesNotExist"])),
  values: orUnknown(z.array(z.string())).optional(),
});
const selector = z.strictObject({
  matchLabels: orUnknown(z.record(z.string(), z.string())).optional(),
  matchExpressions: orUnknown(z.array(orUnknown(requirement))).optional(),
  except: orUnknown(z.array(z.string())).optional(),
});
interface KnownSelector {
  readonly matchLabels?: StringMap;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: LabelRequirement["operator"];
    readonly values?: readonly string[];
  }[];
  readonly except?: readonly string[];
}
const ambient = z.strictObject({
  waypoint: z.string().optional(),
  waypointNamespace: z.string().optional(),
});
const wave = z.union([z.string(), z.array(orUnknown(z.string()))]);
const policySchema = z.object({
  adopt: orUnknown(z.enum(["labels", "never"])).optional(),
  onLeave: orUnknown(z.enum(["release", "retain", "delete"])).optional(),
  onDelete: orUnknown(z.enum(["release", "retain", "delete"])).optional(),
  force: orUnknown(z.boolean()).optional(),
  deleteTimeoutSeconds: orUnknown(z.number().min(1).max(3600)).optional(),
  revisionCheck: orUnknown(z.enum(["error", "warn", "off"])).optional(),
  propagate: orUnknown(z.enum(["declared", "all"])).optional(),
  deleteNonEmpty: orUnknown(z.boolean()).optional(),
  restart: orUnknown(z.enum(["report", "rollout"])).optional(),
  restartTimeoutSeconds: orUnknown(z.number().min(1).max(3600)).optional(),
  restartsAtOnce: orUnknown(z.int().min(1).max(100)).optional(),
  rollout: orUnknown(z.strictObject({ waves: orUnknown(z.array(orUnknown(wave))).optional() })).optional(),
});
const declarationShape = {
  labels: orUnknown(keyValueMap).optional(),
  annotations: orUnknown(keyValueMap).optional(),
  injection: z.unknown().optional(),
};
const argsSchema = z.object({
  name: orUnknown(z.string()),
  ...declarationShape,
  clusters: z.unknown().optional(),
  overrides: orUnknown(z.record(z.string(), orUnknown(z.strictObject(declarationShape)))).optional(),
  ...policySchema.shape,
});

/** The properties of `GlobalNamespace` that a program writes; the rest of the inputs is computed. */
export const ARGS: readonly string[] = Object.keys(argsSchema.shape);

export type SpecResult = { readonly spec: Spec } | { readonly failures: readonly CheckFailure[] };

export function parseSpec(inputs: unknown, mesh: Mesh): SpecResult {
  const parsed = argsSchema.safeParse(dropNulls(inputs, ["overrides", EACH]));
  if (!parsed.success) return { failures: failuresOf(parsed.error, inputs) };
  const { name, clusters, overrides = {}, ...base } = parsed.data;
  const failures: CheckFailure[] = [];

  const nameProblem = isUnknown(name) ? undefined : problemOfNamespaceName(name, mesh.protectedNamespaces);
  if (nameProblem !== undefined) failures.push({ property: "name", reason: nameProblem });

  const declaration = parseDeclaration(base, [], mesh, failures);
  const affinity = parseAffinity(clusters, failures);
  const perCluster: Record<string, Known<Partial<Declaration>>> = {};
  for (const [cluster, override] of Object.entries(isUnknown(overrides) ? {} : overrides)) {
    if (!Object.hasOwn(mesh.clusters, cluster)) {
      const reason = `the mesh has no cluster ${JSON.stringify(cluster)}; it has ${Object.keys(mesh.clusters).sort().join(", ")}`;
      failures.push({ property: describePath(["overrides", cluster]), reason });
    }
    perCluster[cluster] = isUnknown(override)
      ? override
      : parseDeclaration(override, ["overrides", cluster], mesh, failures, declaration.injection);
  }
  failures.push(...failuresOfWaves(parsePolicies(parsed.data).waves, Object.keys(mesh.clusters)));
  if (failures.length > 0) return { failures };
  return {
    spec: {
      name,
      labels: declaration.labels ?? {},
      annotations: declaration.annotations ?? {},
      injection: declaration.injection,
      clusters: affinity,
      overrides: isUnknown(overrides) ? overrides : perCluster,
    },
  };
}

/** Inputs or outputs; unknown policies are taken at their default, which only a preview sees. */
export function parsePolicies(inputs: Readonly<Record<string, unknown>>): Policies {
  const parsed = policySchema.safeParse(dropNulls(inputs));
  const given = parsed.success ? parsed.data : {};
  const known = <T>(value: Known<T> | undefined, fallback: T): T =>
    value === undefined || isUnknown(value) ? fallback : (value as T);
  return {
    adopt: known(given.adopt, "labels"),
    onLeave: known(given.onLeave, "release"),
    onDelete: known(given.onDelete, "retain"),
    force: known(given.force, false),
    deleteTimeoutSeconds: known(given.deleteTimeoutSeconds, DEFAULT_DELETE_TIMEOUT_SECONDS),
    revisionCheck: known(given.revisionCheck, "error"),
    propagate: known(given.propagate, "declared"),
    deleteNonEmpty: known(given.deleteNonEmpty, false),
    restart: known(given.restart, "report"),
    restartTimeoutSeconds: known(given.restartTimeoutSeconds, DEFAULT_RESTART_TIMEOUT_SECONDS),
    restartsAtOnce: known(given.restartsAtOnce, DEFAULT_RESTARTS_AT_ONCE),
    waves: parseWaves(known(known(given.rollout, {}).waves, [])),
  };
}

/** The inputs of `check`'s making whose change means a write. */
const WRITTEN = ["targets", "controlPlaneTarget"];

/** Whether a change means a write, so that a check asks the clusters and says what becomes of them. */
export function meansWrite(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): boolean {
  const isSame = before.name === after.name && sameJson(pick(before, WRITTEN), pick(after, WRITTEN));
  return !isSame || forcesAnew(before, parsePolicies(after));
}

/** `force` switched on means: take over what stands in the way, also where the last run believed itself done. */
export function forcesAnew(before: Readonly<Record<string, unknown>> | undefined, policies: Policies): boolean {
  return policies.force && before !== undefined && !parsePolicies(before).force;
}

interface RawDeclaration {
  readonly labels?: Known<Readonly<Record<string, unknown>>> | undefined;
  readonly annotations?: Known<Readonly<Record<string, unknown>>> | undefined;
  readonly injection?: unknown;
}

/** The path of the longest value: the engine prints the whole of a property, which may be a secret among others. */
function largestOf(maps: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>): string[] {
  const all = Object.entries(maps).flatMap(([property, map]) =>
    Object.entries(map ?? {}).map(([key, value]) => ({ path: [property, key], size: sizeOf({ [key]: value }) })),
  );
  return all.reduce((largest, each) => (each.size > largest.size ? each : largest), { path: ["labels"], size: 0 }).path;
}

function parseDeclaration(
  raw: RawDeclaration,
  path: readonly string[],
  mesh: Mesh,
  failures: CheckFailure[],
  inherited?: Known<Injection>,
): Partial<Declaration> {
  const labels = isUnknown(raw.labels) ? undefined : raw.labels;
  const annotations = isUnknown(raw.annotations) ? undefined : raw.annotations;
  const bytes = sizeOf(labels) + sizeOf(annotations);
  if (bytes > MAX_METADATA_BYTES) {
    const reason = `labels and annotations together have ${bytes} bytes; Kubernetes allows ${MAX_METADATA_BYTES}`;
    failures.push({ property: describePath([...path, ...largestOf({ labels, annotations })]), reason });
  } else {
    failures.push(
      ...failuresOfKeys("labels", labels, [...path, "labels"], mesh),
      ...failuresOfKeys("annotations", annotations, [...path, "annotations"], mesh),
    );
  }
  const injection = parseInjection(raw.injection, [...path, "injection"], failures);
  const effective = injection ?? inherited;
  const waypointTwice = Object.keys(isUnknown(effective) ? {} : labelsOfInjection(effective)).find((key) =>
    Object.hasOwn(labels ?? {}, key),
  );
  if (waypointTwice !== undefined) {
    const reason = "is set by injection as well; keep one of them";
    failures.push({ property: describePath([...path, "labels", waypointTwice]), reason });
  }
  return {
    ...(raw.labels !== undefined && { labels: raw.labels as KnownMap }),
    ...(raw.annotations !== undefined && { annotations: raw.annotations as KnownMap }),
    ...(injection !== undefined && { injection }),
  };
}

function sizeOf(map: Readonly<Record<string, unknown>> | undefined): number {
  let bytes = 0;
  // Whatever is no text is refused for that.
  for (const [key, value] of Object.entries(map ?? {}))
    bytes += Buffer.byteLength(key) + (typeof value === "string" ? Buffer.byteLength(value) : 0);
  return bytes;
}

function parseInjection(
  given: unknown,
  path: readonly string[],
  failures: CheckFailure[],
): Known<Injection> | undefined {
  if (given === undefined || given === null) return undefined;
  if (isUnknown(given)) return given;
  if (given === "enabled" || given === "disabled" || given === "ambient") return { kind: given };
  const keys = isRecord(given) ? Object.keys(given) : [];
  const key = keys[0];
  if (isRecord(given) && keys.length === 1 && (key === "revision" || key === "tag")) {
    const value = given[key];
    if (isUnknown(value)) return { kind: "revision", value };
    const problem = value === "" ? "is empty" : problemOfLabelValue(value);
    if (problem === undefined) return { kind: "revision", value: String(value) };
    failures.push({ property: describePath([...path, key]), reason: problem });
    return undefined;
  }
  if (isRecord(given) && keys.length === 1 && key === "ambient") return parseAmbient(given.ambient, path, failures);
  const reason = `is ${describeValue(given)}; allowed: "enabled", "disabled", "ambient", { ambient: { waypoint: "..." } }, { revision: "..." } or { tag: "..." }`;
  failures.push({ property: describePath(path), reason });
  return undefined;
}

function parseAmbient(given: unknown, path: readonly string[], failures: CheckFailure[]): Known<Injection> | undefined {
  if (isUnknown(given)) return UNKNOWN;
  const parsed = ambient.safeParse(dropNulls(given));
  if (!parsed.success) {
    failures.push(...failuresOf(parsed.error, given, [...path, "ambient"]));
    return undefined;
  }
  for (const [key, value] of Object.entries(parsed.data)) {
    const problem = value === "" ? "is empty" : isUnknown(value) ? undefined : problemOfLabelValue(value);
    if (problem !== undefined) failures.push({ property: describePath([...path, "ambient", key]), reason: problem });
  }
  const { waypoint, waypointNamespace } = parsed.data;
  return {
    kind: "ambient",
    ...(waypoint !== undefined && { waypoint }),
    ...(waypointNamespace !== undefined && { waypointNamespace }),
  };
}

function parseAffinity(given: unknown, failures: CheckFailure[]): Known<Affinity> {
  if (given === undefined || given === null || given === "all") return { kind: "all" };
  if (isUnknown(given)) return given;
  if (Array.isArray(given)) return parseNames(given, failures);
  const parsed = isRecord(given) ? selector.safeParse(dropNulls(given, ["matchExpressions", EACH])) : undefined;
  if (parsed === undefined) {
    const reason = `is ${describeValue(given)}; allowed: a list of cluster names, "all", or a selector { matchLabels, matchExpressions, except }`;
    failures.push({ property: "clusters", reason });
    return { kind: "all" };
  }
  if (!parsed.success) {
    failures.push(...failuresOf(parsed.error, given, ["clusters"]));
    return { kind: "all" };
  }
  failures.push(...failuresOfValues(parsed.data.matchExpressions));
  if (hasUnknown(parsed.data)) return UNKNOWN;
  const { matchLabels = {}, matchExpressions = [], except = [] } = parsed.data as KnownSelector;
  const requirements = matchExpressions.map(({ key, operator, values }) => ({ key, operator, values: values ?? [] }));
  return { kind: "selector", matchLabels, matchExpressions: requirements, except };
}

/** An empty list would select all by NotIn, and none by In; by the others one would count for nothing. As the API server has it. */
function failuresOfValues(requirements: unknown): CheckFailure[] {
  return (Array.isArray(requirements) ? requirements : []).flatMap((each: unknown, index) => {
    if (!isRecord(each) || hasUnknown(each)) return [];
    const { operator, values = [] } = each as { readonly operator: string; readonly values?: readonly string[] };
    const takesValues = operator === "In" || operator === "NotIn";
    if (takesValues === values.length > 0) return [];
    const property = describePath(["clusters", "matchExpressions", index, "values"]);
    return [
      { property, reason: `is ${describeValue(values)}; ${operator} takes ${takesValues ? "one or more" : "none"}` },
    ];
  });
}

function parseNames(given: readonly unknown[], failures: CheckFailure[]): Known<Affinity> {
  if (given.some(isUnknown)) return UNKNOWN;
  given.forEach((name, index) => {
    if (typeof name === "string") return;
    failures.push({
      property: describePath(["clusters", index]),
      reason: `is ${describeValue(name)}; expected the name of a cluster`,
    });
  });
  return { kind: "names", names: given.filter((name) => typeof name === "string") };
}

/** Stands for every key of a map, or every item of a list. */
const EACH = Symbol("each");

/** `null` says the same as leaving a property out; `within` leads to properties that have properties. */
function dropNulls(value: unknown, within: readonly (string | typeof EACH)[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => dropNulls(item, within.slice(1)));
  if (!isRecord(value)) return value;
  const inner = (key: string, item: unknown) =>
    within.length > 0 && (within[0] === EACH || within[0] === key) ? dropNulls(item, within.slice(1)) : item;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, inner(key, item)]),
  );
}
