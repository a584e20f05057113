/**
 * Injection as one mode per namespace, and the labels that say it. Istio reads three labels; `istio-injection` wins over
 * `istio.io/rev`, and any value but `enabled` blocks injection, so two of them together mean something else than either.
 * Rules: istio manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml.
 */

import type { StringMap } from "./json";
import { pick } from "./json";
import type { Known } from "./unknown";
import { isUnknown } from "./unknown";

export const INJECTION_LABEL = "istio-injection";
export const REVISION_LABEL = "istio.io/rev";
export const DATAPLANE_MODE_LABEL = "istio.io/dataplane-mode";

export type Injection =
  | { readonly kind: "enabled" }
  | { readonly kind: "disabled" }
  | { readonly kind: "ambient" }
  | { readonly kind: "revision"; readonly value: Known<string> };

/** The labels that set a mode. No mode (`undefined`) sets none and leaves those of others alone. */
export function labelsOfInjection(injection: Injection | undefined): Record<string, string> {
  switch (injection?.kind) {
    case undefined:
      return {};
    case "enabled":
      return { [INJECTION_LABEL]: "enabled" };
    case "disabled":
      return { [INJECTION_LABEL]: "disabled" };
    case "ambient":
      return { [DATAPLANE_MODE_LABEL]: "ambient" };
    case "revision":
      return { [REVISION_LABEL]: injection.value };
  }
}

/**
 * The labels on a namespace that would make the declared mode mean something else, with their values. Our own earlier
 * ones are removed by leaving them out of the apply; what this finds in the answer was set by somebody else.
 *
 * `declared` are the labels an apply sets; without an injection label among them nothing competes. A declared `disabled`
 * wins over everything the sidecar webhooks read, and `disabled` beside `ambient` is legal, so nothing competes there.
 */
export function competingLabels(declared: StringMap, observed: StringMap): Record<string, string> {
  const competitors = keysCompetingWith(declared).filter((key) => !Object.hasOwn(declared, key));
  const found = pick(observed, competitors);
  if (found[DATAPLANE_MODE_LABEL] === "none") delete found[DATAPLANE_MODE_LABEL];
  if (Object.hasOwn(declared, DATAPLANE_MODE_LABEL) && found[INJECTION_LABEL] === "disabled") {
    delete found[INJECTION_LABEL];
  }
  return found;
}

function keysCompetingWith(declared: StringMap): readonly string[] {
  const injection = Object.hasOwn(declared, INJECTION_LABEL) ? declared[INJECTION_LABEL] : undefined;
  if (injection === "disabled") return [];
  if (injection !== undefined) return [REVISION_LABEL, DATAPLANE_MODE_LABEL];
  if (Object.hasOwn(declared, REVISION_LABEL)) return [INJECTION_LABEL, DATAPLANE_MODE_LABEL];
  if (Object.hasOwn(declared, DATAPLANE_MODE_LABEL)) return [INJECTION_LABEL, REVISION_LABEL];
  return [];
}

/** A mode in the words a user would write. */
export function describeInjection(injection: Injection | undefined): string {
  if (injection === undefined) return "not given";
  if (injection.kind !== "revision") return JSON.stringify(injection.kind);
  return isUnknown(injection.value)
    ? "a revision that is not known yet"
    : `revision ${JSON.stringify(injection.value)}`;
}
