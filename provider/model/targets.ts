/** From what a program declares to what each cluster shall carry. Maps all the way: one cluster's change is one line. */

import { resolveAffinity } from "./affinity";
import { type CheckFailure, describePath } from "./failure";
import { labelsOfInjection } from "./injection";
import { ownValue, type StringMap } from "./json";
import type { Mesh } from "./mesh";
import { affinityAnnotations } from "./owner";
import type { Declaration, KnownMap, Spec } from "./spec";
import { isUnknown, type Known, UNKNOWN } from "./unknown";

/** Whether this resource makes a namespace on a cluster, or found it there. */
export type Origin = "created" | "adopted";

/** What a namespace shall carry on one cluster, without this package's own marks. */
export interface Target {
  readonly labels: StringMap;
  /** Absent where none are declared. */
  readonly annotations?: StringMap;
  /** Who injects a pod that is made there, see `injectedBy`. Absent where no injection is declared, or nobody knows. */
  readonly injectedBy?: string;
  /** What the look before the first write found. Absent where the cluster could not be asked. */
  readonly origin?: Origin;
}

/** A target as a preview may see it. */
export interface PreviewTarget {
  readonly labels: KnownMap;
  readonly annotations?: KnownMap;
  readonly injectedBy?: string;
  readonly origin?: Origin;
  /** The cluster's kubeconfig is not known before the update. */
  readonly pending?: true;
}

export interface Targets {
  readonly targets: Known<Readonly<Record<string, PreviewTarget>>>;
  readonly controlPlaneTarget: PreviewTarget;
}

export type TargetsResult = Targets | { readonly failures: readonly CheckFailure[] };

/** `propagated` are labels that others set on the mesh's namespace and that the members shall carry too. */
export function resolveTargets(spec: Spec, mesh: Mesh, propagated: StringMap = {}): TargetsResult {
  if (isUnknown(spec.clusters)) return { targets: UNKNOWN, controlPlaneTarget: targetOf(spec, {}) };
  const resolved = resolveAffinity(spec.clusters, mesh.clusters);
  if ("problem" in resolved) {
    return { failures: [{ property: describePath(["clusters", ...resolved.path]), reason: resolved.problem }] };
  }
  const targets: Record<string, PreviewTarget> = {};
  const onMembers: Declaration = { ...spec, labels: merge(propagated, spec.labels) };
  for (const cluster of resolved.clusters) {
    const override = isUnknown(spec.overrides) ? UNKNOWN : (ownValue(spec.overrides, cluster) ?? {});
    // The mesh's own namespace has those labels already.
    const base = cluster === mesh.controlPlane ? spec : onMembers;
    const target: PreviewTarget = isUnknown(override) ? { labels: UNKNOWN } : targetOf(base, override);
    targets[cluster] = mesh.clusters[cluster]?.pending === true ? { ...target, pending: true } : target;
  }
  const inItself = resolved.clusters.includes(mesh.controlPlane) ? targets[mesh.controlPlane] : undefined;
  return { targets, controlPlaneTarget: inItself ?? targetOf(spec, {}) };
}

/** What an apply on the control plane carries besides its target: which clusters the namespace belongs to. */
export function affinityMarks(targets: Readonly<Record<string, unknown>>): Record<string, string> {
  return affinityAnnotations(Object.keys(targets).sort());
}

function targetOf(base: Declaration, override: Partial<Declaration>): PreviewTarget {
  const injection = override.injection ?? base.injection;
  const declared = merge(base.labels, override.labels ?? {});
  const labels = isUnknown(injection) ? UNKNOWN : merge(declared, labelsOfInjection(injection));
  const annotations = merge(base.annotations, override.annotations ?? {});
  const none = !isUnknown(annotations) && Object.keys(annotations).length === 0;
  return none ? { labels } : { labels, annotations };
}

/** Sorted, so that the same declaration is the same text in the state. */
function merge(base: KnownMap, over: KnownMap): KnownMap {
  if (isUnknown(base) || isUnknown(over)) return UNKNOWN;
  return Object.fromEntries(Object.entries({ ...base, ...over }).sort(([a], [b]) => (a < b ? -1 : 1)));
}
