/**
 * Who will inject on each cluster, asked of the clusters' webhooks before anything is written, and refused where a label
 * would select nobody. A cluster is asked once a process, and only when its labels change.
 */

import { isClusterError } from "../model/cluster-error";
import { type CheckFailure, describePath } from "../model/failure";
import type { TargetMap } from "../model/findings";
import { describeUnserved, injectedBy, problemOfInjection, saysInjection } from "../model/injection";
import { isRecord, mapValues, type StringMap } from "../model/json";
import { describePlace } from "../model/place";
import type { Policies } from "../model/spec";
import type { PreviewTarget } from "../model/targets";
import { hasUnknown } from "../model/unknown";
import { describeUnseen } from "../model/unseen";
import type { Fleet } from "./fleet";
import { ENDLESS, type Patience } from "./patience";

export interface Question<T extends PreviewTarget> {
  readonly name: string;
  readonly targets: TargetMap<T>;
  readonly revisionCheck: Policies["revisionCheck"];
  readonly fleet: Pick<Fleet, "webhooks">;
  /** The overrides by cluster, to name the property that is at fault. */
  readonly overrides: unknown;
  /** Without it each cluster is waited for. */
  readonly patience?: Patience;
}

export interface Injectors<T extends PreviewTarget> {
  readonly targets: TargetMap<T>;
  readonly failures: readonly CheckFailure[];
  /** Sentences for the log. */
  readonly remarks: readonly string[];
  /** Clusters that could not be asked, or not in time; a remark says so of each. */
  readonly unseen: readonly string[];
}

export async function resolveInjectors<T extends PreviewTarget>(question: Question<T>): Promise<Injectors<T>> {
  const { name, revisionCheck, fleet } = question;
  const failures: CheckFailure[] = [];
  const remarks: string[] = [];
  const unseen: string[] = [];
  const resolve = async (cluster: string, target: T): Promise<T> => {
    if (revisionCheck === "off" || target.pending === true || target.injectedBy !== undefined) return target;
    if (hasUnknown(target.labels) || !saysInjection(target.labels as StringMap)) return target;
    const namespace = { name, labels: target.labels as StringMap };
    try {
      const webhooks = await fleet.webhooks(cluster);
      const problem = problemOfInjection(namespace, webhooks);
      if (problem !== undefined) {
        const property = propertyOf(cluster, question.overrides);
        const isRefused = revisionCheck === "error";
        const reason = `${describePlace(cluster)}: ${describeUnserved(problem, isRefused)}`;
        if (isRefused) failures.push({ property, reason });
        else remarks.push(`${name}: ${property}: ${reason}`);
      }
      return { ...target, injectedBy: injectedBy(namespace, { labels: {} }, webhooks) };
    } catch (error) {
      if (!isClusterError(error)) throw error;
      unseen.push(cluster);
      remarks.push(describeUnseen(name, "who injects", cluster, error.message));
      return target;
    }
  };
  const asked = new Map(
    Object.entries(question.targets).map(([cluster, target]) => [cluster, resolve(cluster, target)]),
  );
  const answers = await (question.patience ?? ENDLESS).inTime(asked);
  const late = Object.keys(question.targets).filter((cluster) => !answers.has(cluster));
  const unanswered = late.map((cluster) => describeUnseen(name, "who injects", cluster, "it has not answered yet"));
  const byReason = (a: CheckFailure, b: CheckFailure) => (a.reason < b.reason ? -1 : 1);
  return {
    targets: mapValues(question.targets, (target, cluster) => answers.get(cluster) ?? target),
    failures: failures.toSorted(byReason),
    remarks: [...remarks, ...unanswered].sort(),
    unseen: [...unseen, ...late],
  };
}

function propertyOf(cluster: string, overrides: unknown): string {
  const override = isRecord(overrides) ? overrides[cluster] : undefined;
  const isOverridden = isRecord(override) && override.injection !== undefined && override.injection !== null;
  return isOverridden ? describePath(["overrides", cluster, "injection"]) : "injection";
}
