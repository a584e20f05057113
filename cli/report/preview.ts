/** The text that `pulumi preview --json` prints, as values. Knows the engine's words and nothing of namespaces. */

import { describePath } from "../../provider/model/failure";
import { isRecord, mapValues, ownValue, sameJson } from "../../provider/model/json";
import { POLICIES } from "./policies";
import { SECRET } from "./secret";

export type Values = Readonly<Record<string, unknown>>;

export interface ResourceState {
  readonly inputs: Values;
  readonly outputs: Values;
}

export interface Step {
  /** One of {@link WHOLE}. */
  readonly op: string;
  readonly urn: string;
  /** The urn of the provider's resource, and its id. */
  readonly provider: string;
  readonly old: ResourceState | undefined;
  readonly new: ResourceState | undefined;
  /** `retainOnDelete`: at its end the engine forgets the resource, and does not ask the provider to delete it. */
  readonly isRetained: boolean;
}

export interface Diagnostic {
  readonly severity: string;
  readonly message: string;
  /** Of the resource that it is about; empty where it is about none. */
  readonly urn: string;
}

export interface Preview {
  readonly steps: readonly Step[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Throws a sentence where the text is something else. */
export function parsePreview(text: string): Preview {
  // Something else may have been printed before or after it.
  const json = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new Error("this is not the output of pulumi preview --json: it holds no JSON", { cause: error });
  }
  if (!isRecord(parsed) || !(Array.isArray(parsed.steps) || Array.isArray(parsed.diagnostics))) {
    throw new Error("this is not the output of pulumi preview --json: it has no steps");
  }
  return {
    steps: wholeSteps(listOf(parsed.steps).map(parseStep)),
    diagnostics: listOf(parsed.diagnostics).map(parseDiagnostic),
  };
}

/** What is done to a resource as a whole. The engine may be told to show the parts of a replacement as well. */
const WHOLE: readonly string[] = ["same", "create", "import", "update", "replace", "delete"];

/**
 * One step a resource, the last: what a look (`--refresh`) has seen stands before what is done. And each deletion that
 * an earlier replacement has left to do, which is a part that no "replace" stands for.
 */
function wholeSteps(steps: readonly Step[]): Step[] {
  const whole = steps.filter(({ op }) => WHOLE.includes(op));
  const last = new Map(whole.map((step) => [step.urn, step]));
  const replaced = whole.filter(({ op }) => op === "replace");
  const isPart = ({ urn, old }: Step) => replaced.some((each) => each.urn === urn && sameJson(each.old, old));
  return steps.flatMap((step) => {
    if (step.op === "delete-replaced") return isPart(step) ? [] : [{ ...step, op: "delete" }];
    return last.get(step.urn) === step ? [step] : [];
  });
}

function parseStep(json: Values): Step {
  const op = textOf(json.op);
  const changed = isRecord(json.detailedDiff) ? Object.keys(json.detailedDiff) : undefined;
  const [old, now] = [parseState(json.oldState), parseState(json.newState)];
  return {
    op,
    urn: textOf(json.urn),
    provider: textOf(json.provider),
    old,
    new: op === "update" && old !== undefined && now !== undefined ? withSecretsTold(old, now, changed) : now,
    isRetained: isRecord(json.oldState) && json.oldState.retainOnDelete === true,
  };
}

/** What each cluster shall carry, and how that is brought about: of the other inputs a report compares no values. */
const COMPARED: readonly string[] = ["targets", "controlPlaneTarget", ...POLICIES];

/** The state after an update, its secrets told apart from those before. `changed` are paths, where the provider says them. */
function withSecretsTold(old: ResourceState, now: ResourceState, changed?: readonly string[]): ResourceState {
  const told = (before: unknown, value: unknown, path: readonly string[]): unknown => {
    if (isRecord(value))
      return mapValues(value, (item, key) => told(ownValue(recordOf(before), key), item, [...path, key]));
    if (before !== SECRET || value !== SECRET || !path.some((key) => COMPARED.includes(key))) return value;
    if (changed === undefined) return `${SECRET}, perhaps another`;
    return changed.includes(describePath(path)) ? `${SECRET}, another` : value;
  };
  return { ...now, inputs: recordOf(told(old.inputs, now.inputs, [])) };
}

function parseState(json: unknown): ResourceState | undefined {
  return isRecord(json) ? { inputs: recordOf(json.inputs), outputs: recordOf(json.outputs) } : undefined;
}

function parseDiagnostic(json: Values): Diagnostic {
  const message = textOf(json.message)
    .replace(/^error: /, "")
    .trim();
  return { severity: textOf(json.severity), message, urn: textOf(json.urn) };
}

export function recordOf(value: unknown): Values {
  return isRecord(value) ? value : {};
}

export function listOf(value: unknown): Values[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
