/**
 * What a `pulumi preview --json` means for each namespace on each cluster. Pure: the preview's text comes in, values go
 * out, and how they look is decided elsewhere.
 */

import { isRecord, ownValue } from "../../provider/model/json";
import { CONTROL_PLANE } from "../../provider/model/mesh";
import { parsePolicies } from "../../provider/model/spec";
import { isUnknown } from "../../provider/model/unknown";

export type CellKind =
  /** The namespace is made there. */
  | "create"
  /** It is there already and is taken. */
  | "adopt"
  /** It joins a cluster that could not be asked whether it is there already. */
  | "join"
  /** Labels or annotations change. */
  | "change"
  /** What an earlier run left undone is done. */
  | "repair"
  /** Our labels are taken back, the namespace stays. */
  | "release"
  /** We let go of it and write nothing. */
  | "retain"
  | "delete"
  | "same";

export interface KeyChange {
  readonly key: string;
  /** Absent where the key is new. */
  readonly from?: string;
  /** Absent where the key is removed. */
  readonly to?: string;
}

export interface Cell {
  readonly kind: CellKind;
  readonly labels: readonly KeyChange[];
  readonly annotations: readonly KeyChange[];
  /** Who injects pods that are made there, before and after; absent where that does not change. */
  readonly injection?: { readonly from?: string; readonly to?: string };
  /** Why, in words: the last error, a cluster that is made by the same program. */
  readonly remark?: string;
}

export interface Row {
  readonly namespace: string;
  /** The resource's name in the program. */
  readonly resource: string;
  readonly type: "GlobalNamespace" | "NamespaceSync";
  /** By cluster; the mesh's own API under {@link MESH}. */
  readonly cells: Readonly<Record<string, Cell>>;
}

export interface Report {
  readonly rows: readonly Row[];
  /** Namespaces of which nothing changes. */
  readonly unchanged: number;
  /** Sentences about what cannot be taken back, or takes protection away. */
  readonly destructive: readonly string[];
  /** Sentences about workloads that keep their old sidecar until they restart. */
  readonly restarts: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** What the provider said about single namespaces. */
  readonly remarks: readonly string[];
}

/** The column of the mesh's control plane. */
export const MESH = "mesh";

const RETAINED: Cell = { kind: "retain", labels: [], annotations: [] };

type Values = Readonly<Record<string, unknown>>;

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly old: State | undefined;
  readonly new: State | undefined;
}

interface State {
  readonly inputs: Values;
  readonly outputs: Values;
}

/** Throws a sentence where the text is not what `pulumi preview --json` prints. */
export function parseReport(text: string): Report {
  const preview = parsePreview(text);
  const steps = listOf(preview.steps).map(parseStep);
  const rows = steps.flatMap(rowsOf).sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
  const names = new Set(rows.map((row) => row.namespace));
  const messages = (severity: string) =>
    listOf(preview.diagnostics)
      .filter((item) => item.severity === severity)
      .map((item) =>
        textOf(item.message)
          .replace(/^error: /, "")
          .trim(),
      )
      .filter((message) => message !== "");
  return {
    rows: rows.filter((row) => !isSame(row)),
    unchanged: rows.filter(isSame).length,
    destructive: rows.flatMap(destructionsOf),
    restarts: rows.flatMap(restartsOf),
    errors: messages("error"),
    warnings: messages("warning"),
    remarks: messages("info").filter((line) => names.has(line.slice(0, line.indexOf(":")))),
  };
}

function parsePreview(text: string): Values {
  // Something else may have been printed before or after it.
  const json = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new Error("this is not the output of pulumi preview --json: it holds no JSON", { cause: error });
  }
  if (isRecord(parsed) && (Array.isArray(parsed.steps) || Array.isArray(parsed.diagnostics))) return parsed;
  throw new Error("this is not the output of pulumi preview --json: it has no steps");
}

function parseStep(json: Values): Step {
  return { op: textOf(json.op), urn: textOf(json.urn), old: parseState(json.oldState), new: parseState(json.newState) };
}

function parseState(json: unknown): State | undefined {
  return isRecord(json) ? { inputs: recordOf(json.inputs), outputs: recordOf(json.outputs) } : undefined;
}

function rowsOf(step: Step): Row[] {
  const [, type, resource] = /::pulumi-nodejs:dynamic\/global-namespace:(\w+)::(.+)$/.exec(step.urn) ?? [];
  if (resource === undefined) return [];
  if (type === "GlobalNamespace") return namespaceRows(step, resource);
  if (type === "NamespaceSync") return syncRows(step, resource);
  return [];
}

function namespaceRows(step: Step, resource: string): Row[] {
  const row = (name: unknown, cells: Row["cells"]): Row => ({
    namespace: isUnknown(name) ? resource : textOf(name),
    resource,
    type: "GlobalNamespace",
    cells,
  });
  const leaves = (old: State) => row(old.inputs.name, cellsOfEnd(old));
  const arrives = (now: State) => row(now.inputs.name, cellsOfChange(undefined, now));
  const { old, new: now } = step;
  switch (step.op) {
    case "create":
    case "import":
      return now === undefined ? [] : [arrives(now)];
    case "delete":
      return old === undefined ? [] : [leaves(old)];
    case "replace":
      return [...(now === undefined ? [] : [arrives(now)]), ...(old === undefined ? [] : [leaves(old)])];
    case "same":
    case "update":
    case "refresh":
      return old === undefined || now === undefined ? [] : [row(now.inputs.name, cellsOfChange(old, now))];
    default:
      // The parts of a replacement, which "replace" stands for; reads.
      return [];
  }
}

/** A namespace that stays, or comes. */
function cellsOfChange(old: State | undefined, now: State): Record<string, Cell> {
  const before = recordOf(old?.inputs.targets);
  const after = isUnknown(now.inputs.targets) ? {} : recordOf(now.inputs.targets);
  const members = recordOf(old?.outputs.members);
  const onLeave = parsePolicies(now.inputs).onLeave;
  const cells: Record<string, Cell> = {
    [MESH]: cellOfTarget(old?.inputs.controlPlaneTarget, now.inputs.controlPlaneTarget, old?.outputs.controlPlane),
  };
  for (const [cluster, target] of Object.entries(after)) {
    cells[cluster] = cellOfTarget(ownValue(before, cluster), target, ownValue(members, cluster));
  }
  for (const [cluster, target] of Object.entries(before)) {
    if (Object.hasOwn(after, cluster)) continue;
    cells[cluster] = cellOfLeaving(onLeave, target, ownValue(members, cluster));
  }
  return cells;
}

/** A namespace that is no longer declared. */
function cellsOfEnd(old: State): Record<string, Cell> {
  const { onDelete } = parsePolicies(old.inputs);
  const targets = recordOf(old.inputs.targets);
  const members = recordOf(old.outputs.members);
  const cells: Record<string, Cell> = {
    [MESH]: cellOfLeaving("delete", old.inputs.controlPlaneTarget, old.outputs.controlPlane),
  };
  for (const [cluster, status] of Object.entries(members)) {
    cells[cluster] = cellOfLeaving(onDelete, ownValue(targets, cluster), status);
  }
  return cells;
}

function cellOfTarget(old: unknown, now: unknown, status: unknown): Cell {
  const before = recordOf(old);
  const after = recordOf(now);
  const labels = keyChanges(before.labels, after.labels);
  const annotations = keyChanges(before.annotations, after.annotations);
  const moved = before.injectedBy !== after.injectedBy;
  const known = recordOf(status);
  const remark = after.pending === true ? "its kubeconfig is known after the update" : undefined;
  const cell = {
    labels,
    annotations,
    ...(moved && { injection: withoutAbsent({ from: before.injectedBy, to: after.injectedBy }) }),
    ...(remark !== undefined && { remark }),
  };
  if (!isRecord(old)) return { ...cell, kind: arrivalOf(after.origin) };
  if (labels.length > 0 || annotations.length > 0) return { ...cell, kind: "change" };
  const state = textOf(known.state);
  if (state === "" || state === "Ready") return { ...cell, kind: "same" };
  return { ...cell, kind: "repair", remark: textOf(known.error) || state };
}

function arrivalOf(origin: unknown): CellKind {
  if (origin === "created") return "create";
  return origin === "adopted" ? "adopt" : "join";
}

function cellOfLeaving(policy: "retain" | "release" | "delete", target: unknown, status: unknown): Cell {
  const { labels, annotations, injectedBy } = recordOf(target);
  const isOurs = recordOf(status).origin === "created";
  const kind = policy === "delete" && !isOurs ? "release" : policy;
  if (kind === "retain") return RETAINED;
  return {
    kind,
    labels: keyChanges(labels, undefined),
    annotations: keyChanges(annotations, undefined),
    ...(injectedBy !== undefined && { injection: withoutAbsent({ from: injectedBy, to: undefined }) }),
  };
}

/** On the mesh's namespace of that name alone: a NamespaceSync writes nowhere else. */
function syncRows({ op, old, new: now }: Step, resource: string): Row[] {
  const before = recordOf(old?.inputs.namespaces);
  const after = op === "delete" || isUnknown(now?.inputs.namespaces) ? {} : recordOf(now?.inputs.namespaces);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.map((namespace) => {
    const was = ownValue(before, namespace);
    const is = ownValue(after, namespace);
    const cell = is === undefined ? RETAINED : cellOfTarget(was, is, undefined);
    return { namespace, resource, type: "NamespaceSync", cells: { [MESH]: cell } };
  });
}

function keyChanges(before: unknown, after: unknown): KeyChange[] {
  const from = recordOf(before);
  const to = recordOf(after);
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .filter((key) => from[key] !== to[key])
    .map((key) => ({ key, ...withoutAbsent({ from: ownValue(from, key), to: ownValue(to, key) }) }));
}

function withoutAbsent(values: { readonly from: unknown; readonly to: unknown }): { from?: string; to?: string } {
  const shown = (value: unknown) => (isUnknown(value) ? "known after the update" : String(value));
  return {
    ...(values.from !== undefined && { from: shown(values.from) }),
    ...(values.to !== undefined && { to: shown(values.to) }),
  };
}

function isSame(row: Row): boolean {
  return Object.values(row.cells).every((cell) => cell.kind === "same" && cell.injection === undefined);
}

export function describeColumn(place: string): string {
  return place === MESH || place === CONTROL_PLANE ? "the mesh's control plane" : place;
}

function destructionsOf({ namespace, cells }: Row): string[] {
  return Object.entries(cells).flatMap(([place, { kind, injection }]) => {
    const where = describeColumn(place);
    if (kind === "delete") return [`${namespace} is deleted on ${where}, with everything in it.`];
    const losesSidecars = isInjected(injection?.from) && !isInjected(injection?.to);
    return losesSidecars
      ? [`Pods of ${namespace} on ${where} get no sidecar from now on (until now: ${injection?.from}).`]
      : [];
  });
}

function restartsOf({ namespace, cells }: Row): string[] {
  return Object.entries(cells).flatMap(([place, { kind, injection }]) => {
    if (injection?.from === undefined || kind === "delete" || injection.from === "ztunnel") return [];
    const now = injection.to === undefined ? "nobody" : injection.to;
    return [
      `Running pods of ${namespace} on ${describeColumn(place)} keep what ${injection.from} gave them until they restart (new ones: ${now}).`,
    ];
  });
}

function isInjected(injector: string | undefined): boolean {
  return injector !== undefined && injector !== "none";
}

function recordOf(value: unknown): Values {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): Values[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
