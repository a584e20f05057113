/** The inputs that say how a change is made and not what the clusters hold: `onDelete`, `force`, ... */

import { isRecord, pick } from "../../provider/model/json";
import { ARGS, type Policies, parsePolicies } from "../../provider/model/spec";
import { isUnknown } from "../../provider/model/unknown";
import { isSecret } from "./secret";

type Values = Readonly<Record<string, unknown>>;

/** What the clusters hold: told by the cells. */
const DECLARED = ["name", "labels", "annotations", "injection", "clusters", "overrides"];
export const POLICIES: readonly string[] = ARGS.filter((key) => !DECLARED.includes(key));

/** One that is not told is taken at its default, and only that one: {@link hiddenPoliciesOf} names it. */
export function policiesOf(inputs: Values): Policies {
  return parsePolicies(withoutSecrets(pick(inputs, POLICIES)));
}

function withoutSecrets(values: Values): Values {
  const told = Object.entries(values).filter(([, value]) => !isSecret(value));
  return Object.fromEntries(told.map(([key, value]) => [key, isRecord(value) ? withoutSecrets(value) : value]));
}

export interface HiddenPolicy {
  readonly key: string;
  /** `is a secret`, or what else keeps it from being told. */
  readonly why: string;
}

/** What a preview must not say, or cannot say yet. */
export function hiddenPoliciesOf(inputs: Values): HiddenPolicy[] {
  return POLICIES.flatMap((key) => {
    const why = whyHidden(inputs[key]);
    return why === undefined ? [] : [{ key, why }];
  });
}

function whyHidden(value: unknown): string | undefined {
  if (isUnknown(value)) return "is known after the update";
  if (isSecret(value)) return "is a secret";
  if (typeof value !== "object" || value === null) return undefined;
  return Object.values(value)
    .map(whyHidden)
    .find((why) => why !== undefined);
}

/** Those that are set; `null` says the same as leaving one out. */
export function setPoliciesOf(inputs: Values): Values {
  return Object.fromEntries(Object.entries(pick(inputs, POLICIES)).filter(([, value]) => value !== null));
}
