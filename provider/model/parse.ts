/** zod, in this package's words: schemas that accept unknowns, and issues turned into check failures. */

import { type CheckFailure, describePath, describeValue } from "./failure";
import { isRecord } from "./json";
import { problemOfAnnotationValue, problemOfKey, problemOfLabelValue } from "./labels";
import { isUnknown, UNKNOWN, type Unknown } from "./unknown";
import * as z from "./zod";

/** The schema, or a value that is not known before the update. @internal */
export function orUnknown<T extends z.ZodType>(schema: T): z.ZodUnion<[z.ZodLiteral<Unknown>, T]> {
  return z.union([z.literal(UNKNOWN), schema]);
}

/** A map of labels or annotations; grammar is checked by `failuresOfKeys`, which names the key at fault. @internal */
export const keyValueMap: z.ZodRecord<z.ZodString, z.ZodUnknown> = z.record(z.string(), z.unknown());

/** zod's issues as failures. `root` is put before each path, `input` is what was parsed. @internal */
export function failuresOf(error: z.ZodError, input: unknown, root: readonly PropertyKey[] = []): CheckFailure[] {
  return flatten(error.issues).map((issue) => ({
    property: describePath([...root, ...issue.path]),
    reason: reasonOf(issue, valueAt(input, issue.path)),
  }));
}

type Issue = z.core.$ZodIssue;

/** Of a union's branches the last is the one that says what is expected: the others are the unknown's mark. */
function flatten(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    const branch = issue.code === "invalid_union" ? issue.errors.at(-1) : undefined;
    if (branch === undefined || branch.length === 0) return [issue];
    return flatten(branch).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  });
}

function reasonOf(issue: Issue, given: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return given === undefined
        ? `is missing; expected ${issue.expected}`
        : `is ${describeValue(given)}; expected ${issue.expected}`;
    case "invalid_value":
      return `is ${describeValue(given)}; allowed: ${issue.values.map((value) => describeValue(value)).join(", ")}`;
    case "unrecognized_keys":
      return `has no property ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "too_small":
      return `is ${describeValue(given)}; the least is ${issue.minimum}`;
    case "too_big":
      return `is ${describeValue(given)}; the most is ${issue.maximum}`;
    default:
      return issue.code === "custom" ? issue.message : `is ${describeValue(given)}: ${issue.message}`;
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else if (isRecord(value)) value = value[String(part)];
    else return undefined;
  }
  return value;
}

/** Grammar of every key and value of a map of labels or annotations. */
export function failuresOfKeys(
  kind: "labels" | "annotations",
  map: Readonly<Record<string, unknown>> | undefined,
  path: readonly PropertyKey[],
  options: { readonly podSecurityLabels: boolean },
): CheckFailure[] {
  const problemOfValue = kind === "labels" ? problemOfLabelValue : problemOfAnnotationValue;
  return Object.entries(map ?? {}).flatMap(([key, value]) => {
    const problem = problemOfKey(key, options) ?? (isUnknown(value) ? undefined : problemOfValue(value));
    return problem === undefined ? [] : [{ property: describePath([...path, key]), reason: problem }];
  });
}
