/**
 * What is found out about a target when it changes, and kept with it: who injects there, and whether the namespace was
 * there before. A check in which nothing changes asks no cluster, so it repeats what the last one found.
 */

import { isRecord, mapValues, ownValue, sameJson } from "./json";
import type { Origin, PreviewTarget } from "./targets";

export type TargetMap<T extends PreviewTarget> = Readonly<Record<string, T>>;

/** `olds` are the targets of the last check, by the same names. */
export function rememberFindings<T extends PreviewTarget>(targets: TargetMap<T>, olds: unknown): TargetMap<T> {
  return mapValues(targets, (target, name) =>
    rememberFinding(target, isRecord(olds) ? ownValue(olds, name) : undefined),
  );
}

/** Who injects is a matter of the labels; where the namespace came from is not. */
export function rememberFinding<T extends PreviewTarget>(target: T, old: unknown): T {
  if (!isRecord(old)) return target;
  const { origin, injectedBy, labels, annotations } = old;
  const hasLabels = sameJson(labels, target.labels);
  const isSame = hasLabels && sameJson(annotations, target.annotations);
  return {
    // Where a cluster carries what it shall, its kubeconfig need not be known.
    ...(isSame && old.pending !== true ? withoutPending(target) : target),
    ...((origin === "created" || origin === "adopted") && { origin }),
    ...(typeof injectedBy === "string" && hasLabels && { injectedBy }),
  };
}

function withoutPending<T extends PreviewTarget>({ pending: _, ...target }: T): T {
  return target as unknown as T;
}

/** The first finding counts: a namespace that we made is not adopted by the next change. */
export function withOrigin<T extends PreviewTarget>(target: T, origin: Origin | undefined): T {
  return origin === undefined || target.origin !== undefined ? target : { ...target, origin };
}
