/** One resource's line in the report: what happens to its namespace, cluster by cluster. */

import { mapValues, ownValue, pick } from "../../provider/model/json";
import { UNDELETABLE_NAMESPACES } from "../../provider/model/name";
import { affinityAnnotations } from "../../provider/model/owner";
import { ARGS, parsePolicies } from "../../provider/model/spec";
import { isUnknown } from "../../provider/model/unknown";
import { type Cell, cellOfLeaving, cellOfTarget, type KeyChange, keyChanges, RETAINED, withRollout } from "./cell";
import { MESH, meshOf, type PreviewMesh } from "./mesh";
import { type Preview, type ResourceState, recordOf, type Step, textOf, type Values } from "./preview";

export interface Row {
  readonly namespace: string;
  /** The resource's name in the program. */
  readonly resource: string;
  readonly type: "GlobalNamespace" | "NamespaceSync";
  /** Of a NamespaceSync: the cluster from which it comes. */
  readonly source?: string;
  /** By cluster; the mesh's own API under {@link MESH}. */
  readonly cells: Readonly<Record<string, Cell>>;
  /** Inputs that say how a change is made and not what the clusters hold: `onDelete`, `force`, ... */
  readonly policies: readonly KeyChange[];
  /** The inputs that decide: those afterwards; of a resource that goes, those before. */
  readonly inputs: Values;
  /** The inputs of the last run. */
  readonly before: Values;
}

export interface ResourceName {
  readonly type: Row["type"];
  readonly resource: string;
}

/** What the clusters hold: told by the cells. */
const DECLARED = ["name", "labels", "annotations", "injection", "clusters", "overrides"];
const POLICIES = ARGS.filter((key) => !DECLARED.includes(key));

export function parseUrn(urn: string): ResourceName | undefined {
  const [, type, resource] = /::pulumi-nodejs:dynamic\/global-namespace:(\w+)::(.+)$/.exec(urn) ?? [];
  if (resource === undefined || (type !== "GlobalNamespace" && type !== "NamespaceSync")) return undefined;
  return { type, resource };
}

export function rowsOf(step: Step, preview: Preview): Row[] {
  const name = parseUrn(step.urn);
  if (name === undefined) return [];
  const rows = name.type === "GlobalNamespace" ? namespaceRows : syncRows;
  return rows(step, name, meshOf(step, preview));
}

function namespaceRows({ op, old, new: now }: Step, name: ResourceName, mesh: PreviewMesh): Row[] {
  const row = (before: Values, { inputs }: ResourceState, cells: Row["cells"]): Row => {
    const namespace = isUnknown(inputs.name) ? name.resource : textOf(inputs.name);
    const policies = Object.keys(before).length === 0 ? [] : keyChanges(pickSet(before), pickSet(inputs));
    return { ...name, namespace, cells, policies, inputs, before };
  };
  const arrives = now === undefined ? [] : [row({}, now, cellsOfChange(undefined, now, mesh))];
  const leaves = old === undefined ? [] : [row(old.inputs, old, cellsOfEnd(old, mesh))];
  switch (op) {
    case "create":
    case "import":
      return arrives;
    case "delete":
      return leaves;
    case "replace":
      return [...arrives, ...leaves];
    case "same":
    case "update":
    case "refresh":
      return old === undefined || now === undefined ? [] : [row(old.inputs, now, cellsOfChange(old, now, mesh))];
    default:
      // The parts of a replacement, which "replace" stands for; reads.
      return [];
  }
}

/** A namespace that stays, or comes. */
function cellsOfChange(old: ResourceState | undefined, now: ResourceState, mesh: PreviewMesh): Record<string, Cell> {
  const before = recordOf(old?.inputs.targets);
  const after = isUnknown(now.inputs.targets) ? {} : recordOf(now.inputs.targets);
  const members = recordOf(old?.outputs.members);
  const { onLeave, restart } = parsePolicies(now.inputs);
  const isDeletable = !UNDELETABLE_NAMESPACES.includes(textOf(now.inputs.name));
  const seen = (cluster: string) => ({ target: ownValue(before, cluster), status: ownValue(members, cluster) });
  const left = Object.keys(before).filter((cluster) => !Object.hasOwn(after, cluster));
  return {
    ...Object.fromEntries(
      left.map((cluster) => [
        cluster,
        mesh.has(cluster) ? cellOfLeaving(onLeave, seen(cluster), isDeletable) : RETAINED,
      ]),
    ),
    ...mapValues(after, (target, cluster) => {
      const cell = cellOfTarget(seen(cluster), target);
      return restart === "rollout" ? withRollout(cell) : cell;
    }),
    // Last: where a member is the control plane, what is done there is what is done to the mesh's own namespace.
    [mesh.controlPlane]: withMarks(
      cellOfTarget(
        { target: old?.inputs.controlPlaneTarget, status: old?.outputs.controlPlane },
        now.inputs.controlPlaneTarget,
      ),
      old === undefined ? after : before,
      after,
    ),
  };
}

/** Which clusters the namespace belongs to is written on the mesh's own. */
function withMarks(cell: Cell, before: Values, after: Values): Cell {
  const marks = (targets: Values) => affinityAnnotations(Object.keys(targets));
  const changes = keyChanges(marks(before), marks(after));
  if (changes.length === 0) return cell;
  const kind = cell.kind === "same" ? "change" : cell.kind;
  return { ...cell, kind, annotations: [...cell.annotations, ...changes] };
}

/** A namespace that is no longer declared. */
function cellsOfEnd({ inputs, outputs }: ResourceState, mesh: PreviewMesh): Record<string, Cell> {
  const { onDelete } = parsePolicies(inputs);
  const targets = recordOf(inputs.targets);
  const isDeletable = !UNDELETABLE_NAMESPACES.includes(textOf(inputs.name));
  return {
    ...mapValues(recordOf(outputs.members), (status, cluster) =>
      mesh.has(cluster)
        ? cellOfLeaving(onDelete, { target: ownValue(targets, cluster), status }, isDeletable)
        : RETAINED,
    ),
    [mesh.controlPlane]: cellOfLeaving(
      "delete",
      { target: inputs.controlPlaneTarget, status: outputs.controlPlane },
      isDeletable,
    ),
  };
}

/** A NamespaceSync writes the mesh's namespaces of those names, and nowhere else. */
function syncRows({ op, old, new: now }: Step, name: ResourceName, mesh: PreviewMesh): Row[] {
  const state = op === "delete" ? old : (now ?? old);
  if (state === undefined) return [];
  const before = recordOf(old?.inputs.namespaces);
  const after = op === "delete" || isUnknown(now?.inputs.namespaces) ? {} : recordOf(now?.inputs.namespaces);
  const source = textOf(state.inputs.cluster);
  const isSameSource = source === textOf(old?.inputs.cluster);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.map((namespace): Row => {
    const was = isSameSource ? ownValue(before, namespace) : undefined;
    const is = ownValue(after, namespace);
    const cell = is === undefined ? RETAINED : cellOfTarget({ target: was, status: undefined }, is);
    return {
      ...name,
      namespace,
      source,
      cells: { [mesh.controlPlane]: cell },
      policies: [],
      inputs: state.inputs,
      before: {},
    };
  });
}

/** Namespaces that a NamespaceSync reports and does not record. */
export function namesLeftAlone({ new: now }: Step): string[] {
  return [...Object.keys(recordOf(now?.inputs.declared)), ...Object.keys(recordOf(now?.inputs.kept))];
}

/** The policies that are set; `null` says the same as leaving one out. */
function pickSet(inputs: Values): Values {
  return Object.fromEntries(Object.entries(pick(inputs, POLICIES)).filter(([, value]) => value !== null));
}

/** Whether nothing happens, neither on a cluster nor to how later changes are made. */
export function isSame({ cells, policies }: Row): boolean {
  const isQuiet = ({ kind, injection }: Cell) => kind === "same" && injection === undefined;
  return policies.length === 0 && Object.values(cells).every(isQuiet);
}
