/**
 * Who will inject on each cluster, asked of the clusters' webhooks before anything is written, and refused where a label
 * would select nobody. A cluster is asked once a process, and only when its labels change.
 */

import { isClusterError } from "../model/cluster-error";
import { type CheckFailure, describePath } from "../model/failure";
import type { TargetMap } from "../model/findings";
import { injectedBy, problemOfInjection, saysInjection } from "../model/injection";
import { isRecord, type StringMap } from "../model/json";
import { describePlace } from "../model/place";
import type { Policies } from "../model/spec";
import type { PreviewTarget } from "../model/targets";
import { hasUnknown } from "../model/unknown";
import type { Fleet } from "./fleet";

export interface Question<T extends PreviewTarget> {
  readonly name: string;
  readonly targets: TargetMap<T>;
  readonly revisionCheck: Policies["revisionCheck"];
  readonly fleet: Pick<Fleet, "webhooks">;
  /** The overrides by cluster, to name the property that is at fault. */
  readonly overrides: unknown;
}

export interface Injectors<T extends PreviewTarget> {
  readonly targets: TargetMap<T>;
  readonly failures: readonly CheckFailure[];
  /** Sentences for the log. */
  readonly remarks: readonly string[];
}

export async function resolveInjectors<T extends PreviewTarget>(question: Question<T>): Promise<Injectors<T>> {
  const { name, revisionCheck, fleet } = question;
  const failures: CheckFailure[] = [];
  const remarks: string[] = [];
  const resolve = async (cluster: string, target: T): Promise<T> => {
    if (revisionCheck === "off" || target.pending === true || target.injectedBy !== undefined) return target;
    if (hasUnknown(target.labels) || !saysInjection(target.labels as StringMap)) return target;
    const namespace = { name, labels: target.labels as StringMap };
    try {
      const webhooks = await fleet.webhooks(cluster);
      const problem = problemOfInjection(namespace, webhooks);
      if (problem !== undefined) {
        const property = propertyOf(cluster, question.overrides);
        const reason = `${describePlace(cluster)}: ${problem}; pods would start there without a sidecar`;
        if (revisionCheck === "warn") remarks.push(`${name}: ${property}: ${reason}`);
        else failures.push({ property, reason: `${reason}. revisionCheck: "warn" lets it pass` });
      }
      return { ...target, injectedBy: injectedBy(namespace, { labels: {} }, webhooks) };
    } catch (error) {
      if (!isClusterError(error)) throw error;
      remarks.push(`${name}: who injects on ${describePlace(cluster)} is not known: ${error.message}`);
      return target;
    }
  };
  const entries = await Promise.all(
    Object.entries(question.targets).map(
      async ([cluster, target]) => [cluster, await resolve(cluster, target)] as const,
    ),
  );
  const byReason = (a: CheckFailure, b: CheckFailure) => (a.reason < b.reason ? -1 : 1);
  return { targets: Object.fromEntries(entries), failures: failures.sort(byReason), remarks: remarks.sort() };
}

function propertyOf(cluster: string, overrides: unknown): string {
  const override = isRecord(overrides) ? overrides[cluster] : undefined;
  const isOverridden = isRecord(override) && override.injection !== undefined && override.injection !== null;
  return isOverridden ? describePath(["overrides", cluster, "injection"]) : "injection";
}
