/** One resource's line in the report: what happens to its namespace, cluster by cluster. */

import { isRecord, mapValues, ownValue, pick, sameJson } from "../../provider/model/json";
import { affinityAnnotations } from "../../provider/model/owner";
import { isUnknown } from "../../provider/model/unknown";
import { type Cell, cellOfLeaving, cellOfTarget, type KeyChange, keyChanges, RETAINED, withRollout } from "./cell";
import { MESH, meshOf, type PreviewMesh } from "./mesh";
import { policiesOf, setPoliciesOf } from "./policies";
import { type Preview, type ResourceState, recordOf, type Step, textOf, type Values } from "./preview";
import { isSecret } from "./secret";

export interface Row {
  readonly namespace: string;
  /** The resource's name in the program. */
  readonly resource: string;
  readonly type: ResourceName["type"];
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
  /** Whether it is no longer declared. */
  readonly isEnd: boolean;
}

export interface ResourceName {
  readonly type: "GlobalNamespace" | "GlobalNamespaces" | "NamespaceSync";
  readonly resource: string;
}

/** Of the dynamic provider or of the plugin, also below a component, whose type stands in front. */
export const TYPES: string = /(?:pulumi-nodejs:dynamic\/global-namespace|global-namespace:index):/.source;
const URN = new RegExp(`(?:::|\\$)${TYPES}(GlobalNamespaces?|NamespaceSync)::(.+)$`);

export function parseUrn(urn: string): ResourceName | undefined {
  const [, type, resource] = URN.exec(urn) ?? [];
  return type === undefined || resource === undefined ? undefined : { type: type as ResourceName["type"], resource };
}

/** What a preview says of the namespaces that its resources declare or record. */
export function rowsOf(preview: Preview): Row[] {
  const named = preview.steps.flatMap((step) => {
    const name = parseUrn(step.urn);
    return name === undefined ? [] : [{ step, name, mesh: meshOf(step, preview) }];
  });
  const syncs = named.filter(({ name }) => name.type === "NamespaceSync");
  const lives = named.filter(({ name }) => name.type !== "NamespaceSync");
  const rows = moved(lives.flatMap(({ step, name, mesh }) => livesOf(step, name, mesh)))
    .map(rowOf)
    .filter((row) => !isSame(row) || (whyUntold(row.inputs.targets) === undefined && !isUnknown(row.inputs.name)));
  return [...rows, ...syncs.flatMap(({ step, name, mesh }) => syncRows(step, name, mesh))];
}

/** One namespace before and afterwards, as one resource has it. */
interface Life {
  readonly name: ResourceName;
  readonly mesh: PreviewMesh;
  /** The same for the same namespace of the same mesh. A name that is not told is no other's. */
  readonly key: string | symbol;
  /** The resource's name where its own is not told. */
  readonly namespace: string;
  readonly old: ResourceState | undefined;
  readonly new: ResourceState | undefined;
  /** Given up as it is. */
  readonly isReleased: boolean;
}

function livesOf(step: Step, name: ResourceName, mesh: PreviewMesh): Life[] {
  const { op, old, new: now, isRetained } = step;
  const provider = step.provider.slice(0, step.provider.lastIndexOf("::"));
  const split = (before: ResourceState | undefined, after: ResourceState | undefined): Life[] =>
    name.type === "GlobalNamespace"
      ? [life(before, after)]
      : livesAmong(before, after, { name, mesh, provider, isRetained });
  const life = (before: ResourceState | undefined, after: ResourceState | undefined): Life => {
    const given = (after ?? before)?.inputs.name;
    const isTold = whyUntold(given) === undefined;
    const namespace = isTold ? textOf(given) : name.resource;
    const key = isTold ? keyOf(provider, namespace) : Symbol(namespace);
    return { name, mesh, key, namespace, old: before, new: after, isReleased: after === undefined && isRetained };
  };
  switch (op) {
    case "create":
    case "import":
      return now === undefined ? [] : split(undefined, now);
    case "delete":
      return old === undefined ? [] : split(old, undefined);
    case "replace":
      return [...(now === undefined ? [] : split(undefined, now)), ...(old === undefined ? [] : split(old, undefined))];
    default:
      return old === undefined || now === undefined ? [] : split(old, now);
  }
}

function keyOf(provider: string, namespace: string): string {
  return `${provider} ${namespace}`;
}

/** Of a GlobalNamespaces each namespace for itself. One of which nothing is known yet is not among them. */
function livesAmong(
  old: ResourceState | undefined,
  now: ResourceState | undefined,
  { name, mesh, provider, isRetained }: Pick<Life, "name" | "mesh"> & Pick<Step, "provider" | "isRetained">,
): Life[] {
  if (isUnknown(now?.inputs.namespaces)) return [];
  const given = recordOf(old?.inputs.namespaces);
  const recorded = recordOf(told(old?.outputs.namespaces) ?? given);
  const declared = recordOf(now?.inputs.namespaces);
  /** What an earlier run could not begin is declared and not recorded; what it could not end is only recorded. */
  const before = (namespace: string): ResourceState | undefined => {
    const outputs = ownValue(recorded, namespace);
    if (outputs === undefined) return undefined;
    return { inputs: inputsTold(ownValue(given, namespace) ?? outputs), outputs: recordOf(outputs) };
  };
  const after = (namespace: string): ResourceState | undefined => {
    const inputs = ownValue(declared, namespace);
    if (inputs === undefined) return undefined;
    const isTold = whyUntold(inputs) === undefined;
    return { inputs: { ...(!isTold && before(namespace)?.inputs), ...inputsTold(inputs) }, outputs: {} };
  };
  const released = now?.inputs.released;
  const isReleased = (namespace: string) =>
    now === undefined ? isRetained : Array.isArray(released) && released.includes(namespace);
  return [...new Set([...Object.keys(recorded), ...Object.keys(declared)])].map((namespace) => ({
    name,
    mesh,
    key: keyOf(provider, namespace),
    namespace,
    old: before(namespace),
    new: after(namespace),
    isReleased: isReleased(namespace),
  }));
}

/** Of one that is not told nobody knows where it belongs. */
function inputsTold(inputs: unknown): Values {
  return whyUntold(inputs) === undefined ? recordOf(inputs) : { targets: inputs };
}

/** What one resource gives up and another declares moves: the provider deletes nothing that the program still has. */
function moved(lives: readonly Life[]): Life[] {
  const isEnd = (life: Life) => life.new === undefined;
  const ends = new Map(lives.filter(isEnd).map(({ key, old }) => [key, old]));
  const declared = new Set(lives.filter((life) => !isEnd(life)).map(({ key }) => key));
  return lives
    .filter((life) => !(isEnd(life) && declared.has(life.key)))
    .map((life) => ({ ...life, old: life.old ?? ends.get(life.key) }));
}

function rowOf({ name, mesh, namespace, old, new: now, isReleased }: Life): Row {
  const before = old?.inputs ?? {};
  // Of one that is given up as it is no policy decides.
  const inputs = now?.inputs ?? (isReleased ? {} : before);
  const isChange = old !== undefined && now !== undefined;
  const policies = isChange ? keyChanges(setPoliciesOf(before), setPoliciesOf(inputs)) : [];
  const cells = () => {
    if (now !== undefined) return cellsOfChange(old, now, mesh);
    return old === undefined ? {} : isReleased ? cellsOfRelease(old, mesh) : cellsOfEnd(old, mesh);
  };
  return { ...name, namespace, cells: cells(), policies, inputs, before, isEnd: now === undefined };
}

/** A namespace that stays, or comes. */
function cellsOfChange(old: ResourceState | undefined, now: ResourceState, mesh: PreviewMesh): Record<string, Cell> {
  // Whether it is still this one is not told.
  if (old !== undefined && isUnknown(now.inputs.name)) return {};
  const { controlPlane } = mesh;
  const isTold = whyUntold(now.inputs.targets) === undefined;
  const before = recordOf(old?.inputs.targets);
  const after: Values = isTold ? recordOf(now.inputs.targets) : {};
  const members = membersOf(old, mesh);
  // What is done to a member that is the control plane is done to the mesh's own namespace.
  const given = { [controlPlane]: old?.inputs.controlPlaneTarget, ...before };
  const targets = recordOf(told(old?.outputs.targets) ?? before);
  const recorded = { [controlPlane]: old?.outputs.controlPlaneTarget, ...targets };
  const statuses = { [controlPlane]: old?.outputs.controlPlane, ...members };
  const { onLeave, restart } = policiesOf(now.inputs);
  const cellOn = (place: string, wanted: unknown): Cell => {
    const target = carried(ownValue(given, place), ownValue(recorded, place), wanted);
    const cell = cellOfTarget({ target, status: ownValue(statuses, place) }, wanted);
    const isMember = Object.hasOwn(before, place) || Object.hasOwn(after, place);
    if (!isMember) return withoutPods(cell);
    return restart === "rollout" ? withRollout(cell) : cell;
  };
  const onMesh = cellOn(controlPlane, ownValue(after, controlPlane) ?? now.inputs.controlPlaneTarget);
  if (!isTold) return { [controlPlane]: onMesh };
  const isDeletable = mesh.isDeletable(textOf(now.inputs.name));
  // Also those that an earlier change left, and that could not be.
  const left = Object.keys({ ...before, ...members }).filter((cluster) => !Object.hasOwn(after, cluster));
  const leaving = (cluster: string) => {
    const status = ownValue(members, cluster);
    return cellOfLeaving(onLeave, { target: ownValue(before, cluster) ?? status, status }, isDeletable);
  };
  return {
    ...Object.fromEntries(left.map((cluster) => [cluster, mesh.has(cluster) ? leaving(cluster) : RETAINED])),
    ...mapValues(after, (wanted, cluster) => cellOn(cluster, wanted)),
    // Last: a member that is the control plane keeps the namespace also where it is left.
    [controlPlane]: withMarks(onMesh, old === undefined ? after : before, after),
  };
}

/** What is recorded, also of a cluster that the mesh has again; where that is a secret, what was declared. */
function membersOf(old: ResourceState | undefined, mesh: PreviewMesh): Values {
  const { members, orphaned } = old?.outputs ?? {};
  const again = Object.keys(recordOf(orphaned)).filter((cluster) => mesh.hasAgain(cluster));
  return { ...pick(recordOf(orphaned), again), ...recordOf(isRecord(members) ? members : old?.inputs.targets) };
}

/** The workloads of a mesh run on its members. */
function withoutPods({ injection: _, ...cell }: Cell): Cell {
  return cell;
}

/** What a place was to carry before. A run that could not begin has left its inputs, and no record of them. */
function carried(given: unknown, recorded: unknown, wanted: unknown): unknown {
  return sameJson(given, wanted) && !isSecret(recorded) ? recorded : given;
}

/** A program may call any output a secret as a whole. */
function told(output: unknown): unknown {
  return isSecret(output) ? undefined : output;
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
function cellsOfEnd(old: ResourceState, mesh: PreviewMesh): Record<string, Cell> {
  const { inputs, outputs } = old;
  if (whyUntold(inputs.targets) !== undefined) return {};
  const { onDelete } = policiesOf(inputs);
  const given = { [mesh.controlPlane]: inputs.controlPlaneTarget, ...recordOf(inputs.targets) };
  const isDeletable = mesh.isDeletable(textOf(inputs.name));
  return {
    ...mapValues(membersOf(old, mesh), (status, cluster) =>
      mesh.has(cluster)
        ? cellOfLeaving(onDelete, { target: ownValue(given, cluster) ?? status, status }, isDeletable)
        : RETAINED,
    ),
    [mesh.controlPlane]: cellOfLeaving(
      "delete",
      { target: ownValue(given, mesh.controlPlane), status: outputs.controlPlane },
      isDeletable,
    ),
  };
}

/** A namespace that its resource gives up without a change on any cluster. */
function cellsOfRelease(old: ResourceState, mesh: PreviewMesh): Record<string, Cell> {
  return { ...mapValues(membersOf(old, mesh), () => RETAINED), [mesh.controlPlane]: RETAINED };
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
      isEnd: false,
    };
  });
}

/** A resource of which the preview does not say what becomes of its namespaces. */
export interface Untold {
  readonly sentence: string;
  /** It has some already. */
  readonly mayDelete: boolean;
}

/** What is known after the update, or is a secret as a whole: many namespaces, or where one of them belongs. */
export function untoldOf(preview: Preview): Untold[] {
  return preview.steps.flatMap((step): Untold[] => {
    const name = parseUrn(step.urn);
    if (name === undefined || name.type === "NamespaceSync" || step.op === "same") return [];
    const { old, new: now } = step;
    const why = whyUntold(now?.inputs.namespaces) ?? whyUntold(old?.inputs.namespaces);
    if (why !== undefined) {
      const mayDelete = old !== undefined;
      const deletes = mayDelete ? ": whether it deletes any is not said here" : "";
      return [{ sentence: `Which namespaces ${name.resource} declares ${why}${deletes}.`, mayDelete }];
    }
    return livesOf(step, name, meshOf(step, preview)).flatMap(untoldOfLife);
  });
}

function untoldOfLife({ name, namespace, old, new: now, isReleased }: Life): Untold[] {
  const untold = (what: string, end: string) => [{ sentence: `${what}: ${end} is not said here.`, mayDelete: true }];
  if (now === undefined) {
    const hidden = isReleased ? undefined : whyUntold(old?.inputs.targets);
    return hidden === undefined ? [] : untold(`Where ${namespace} belonged ${hidden}`, "whether it is deleted");
  }
  if (old !== undefined && isUnknown(now.inputs.name)) {
    const before = whyUntold(old.inputs.name) === undefined ? textOf(old.inputs.name) : namespace;
    const which = `Which namespace ${name.resource} declares is known after the update`;
    return untold(which, `whether it deletes ${before}`);
  }
  const hidden = whyUntold(now.inputs.targets);
  if (hidden === undefined) return [];
  const mayDelete = old !== undefined && policiesOf(now.inputs).onLeave !== "retain";
  const leaves = mayDelete ? ": whether it leaves a cluster is not said here" : "";
  return [{ sentence: `Where ${namespace} belongs ${hidden}${leaves}.`, mayDelete }];
}

function whyUntold(value: unknown): string | undefined {
  if (isUnknown(value)) return "is known after the update";
  return isSecret(value) ? "is a secret as a whole (single values can be one)" : undefined;
}

/** Namespaces that a NamespaceSync reports and does not record. */
export function namesLeftAlone({ new: now }: Step): string[] {
  return [...Object.keys(recordOf(now?.inputs.declared)), ...Object.keys(recordOf(now?.inputs.kept))];
}

/** Whether nothing happens, neither on a cluster nor to how later changes are made. */
export function isSame({ cells, policies }: Row): boolean {
  const isQuiet = ({ kind, injection }: Cell) => kind === "same" && injection === undefined;
  return policies.length === 0 && Object.values(cells).every(isQuiet);
}
