/**
 * What the clusters shall be after an up, said as plainly as it can be: from what they were, whose each label was, and
 * what the program declares. It knows nothing of the provider's state and shares no code with the provider.
 */

import type { KubeObject } from "../../lab/kube-client.ts";

export interface Declaration {
  readonly labels: Readonly<Record<string, string>>;
  readonly injection: "enabled" | "disabled" | "ambient" | "canary" | undefined;
  readonly clusters: readonly string[];
  readonly onLeave: "release" | "retain" | "delete";
  readonly onDelete: "release" | "retain" | "delete";
  readonly force: boolean;
}

/** A namespace as the model looks at one. */
export interface Seen {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that are this resource's alone. */
  readonly ours: ReadonlySet<string>;
  readonly owner: string | undefined;
  readonly going: boolean;
}

export type Expectation =
  /** Byte for byte. */
  | { readonly kind: "untouched" }
  | { readonly kind: "carries"; readonly labels: Readonly<Record<string, string>>; readonly owner: string | undefined }
  | { readonly kind: "gone" };

const INJECTION: Readonly<Record<string, readonly [string, string]>> = {
  enabled: ["istio-injection", "enabled"],
  disabled: ["istio-injection", "disabled"],
  canary: ["istio.io/rev", "canary"],
  ambient: ["istio.io/dataplane-mode", "ambient"],
};
export const INJECTION_KEYS: readonly string[] = ["istio-injection", "istio.io/rev", "istio.io/dataplane-mode"];

export function declaredLabels({ labels, injection }: Declaration): Record<string, string> {
  const [key, value] = INJECTION[injection ?? ""] ?? [];
  return key === undefined || value === undefined ? { ...labels } : { ...labels, [key]: value };
}

export function seenBy(resourceOwner: string, object: KubeObject | undefined): Seen | undefined {
  if (object === undefined) return undefined;
  const { uid = "", labels = {}, annotations = {}, managedFields = [], deletionTimestamp } = object.metadata;
  const { "kubernetes.io/metadata.name": _, ...own } = labels;
  const managersOf = (key: string) =>
    managedFields.filter((entry) => labelsIn(entry).includes(key)).map(({ manager }) => manager);
  const isOurs = (key: string) => {
    const managers = managersOf(key);
    return managers.length > 0 && managers.every((manager) => manager === `global-namespace.dev/${resourceOwner}`);
  };
  return {
    uid,
    labels: own,
    ours: new Set(Object.keys(own).filter(isOurs)),
    owner: annotations["global-namespace.dev/owner"],
    going: deletionTimestamp !== undefined,
  };
}

function labelsIn(entry: object): string[] {
  const { fieldsV1 } = entry as { readonly fieldsV1?: Record<string, Record<string, object>> };
  const labels = fieldsV1?.["f:metadata"]?.["f:labels"] ?? {};
  return Object.keys(labels).map((key) => key.slice("f:".length));
}

/** A target after an up that succeeded and had looked. */
export function targeted(declaration: Declaration, owner: string, before: Seen | undefined): Expectation {
  return { kind: "carries", owner, labels: { ...foreign(before), ...declaredLabels(declaration) } };
}

/** A cluster that is left, or all of them where the resource ends. */
export function left(
  policy: Declaration["onLeave"],
  owner: string,
  before: Seen | undefined,
  isMade: boolean,
): Expectation {
  if (before === undefined || before.owner !== owner || policy === "retain") return { kind: "untouched" };
  if (policy === "delete" && isMade) return { kind: "gone" };
  return { kind: "carries", owner: undefined, labels: foreign(before) };
}

function foreign(before: Seen | undefined): Record<string, string> {
  const entries = Object.entries(before?.labels ?? {});
  return Object.fromEntries(entries.filter(([key]) => before?.ours.has(key) !== true));
}

/** Whether an up may say no there: somebody else has set a label to another value, or one that competes. */
export function mayConflict(declaration: Declaration, before: Seen | undefined): boolean {
  if (before === undefined) return false;
  const declared = declaredLabels(declaration);
  const isForeign = (key: string) => Object.hasOwn(before.labels, key) && !before.ours.has(key);
  const differs = Object.keys(declared).some((key) => isForeign(key) && before.labels[key] !== declared[key]);
  const competes = declaration.injection !== undefined && INJECTION_KEYS.some(isForeign);
  return before.going || differs || competes;
}
