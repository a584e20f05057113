/** The inputs that say how a change is made and not what the clusters hold: `onDelete`, `force`, ... */

import { isRecord, pick } from "../../provider/model/json";
import { ARGS, type Policies, parsePolicies } from "../../provider/model/spec";
import { isSecret } from "./secret";

type Values = Readonly<Record<string, unknown>>;

/** What the clusters hold: told by the cells. */
const DECLARED = ["name", "labels", "annotations", "injection", "clusters", "overrides"];
export const POLICIES: readonly string[] = ARGS.filter((key) => !DECLARED.includes(key));

/** One that is a secret is taken at its default, and only that one: {@link secretPoliciesOf} names it. */
export function policiesOf(inputs: Values): Policies {
  return parsePolicies(withoutSecrets(pick(inputs, POLICIES)));
}

function withoutSecrets(values: Values): Values {
  const told = Object.entries(values).filter(([, value]) => !isSecret(value));
  return Object.fromEntries(told.map(([key, value]) => [key, isRecord(value) ? withoutSecrets(value) : value]));
}

/** What a preview must not say. */
export function secretPoliciesOf(inputs: Values): string[] {
  const isHidden = (value: unknown): boolean =>
    isRecord(value) ? Object.values(value).some(isHidden) : isSecret(value);
  return POLICIES.filter((key) => isHidden(inputs[key]));
}

/** Those that are set; `null` says the same as leaving one out. */
export function setPoliciesOf(inputs: Values): Values {
  return Object.fromEntries(Object.entries(pick(inputs, POLICIES)).filter(([, value]) => value !== null));
}
