/** Kubernetes' label selectors. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */

import { ownValue, type StringMap } from "./json";

export interface LabelRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

/** Everything in it must hold; an empty one selects everything. */
export interface LabelSelector {
  readonly matchLabels: StringMap;
  readonly matchExpressions: readonly LabelRequirement[];
}

export function selects({ matchLabels, matchExpressions }: LabelSelector, labels: StringMap): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => ownValue(labels, key) === value) &&
    matchExpressions.every((requirement) => holds(requirement, labels))
  );
}

/** A label that is absent is in no set, so `NotIn` holds. */
function holds({ key, operator, values }: LabelRequirement, labels: StringMap): boolean {
  const value = ownValue(labels, key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
