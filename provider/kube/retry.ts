/**
 * Repeats what may pass by itself, and only that: errors that say `retryable`, with exponential waiting and full jitter,
 * bounded by a count and by a total time. `Retry-After` is obeyed as long as it ends within that time. A failure of
 * another kind than the one before has a count and a time of its own.
 *
 * What a repetition means for each verb, where the first try was done and only its answer was lost:
 * - `get`, `list`: nothing.
 * - `apply`: the same fields are applied again and the server answers 200 instead of 201, so `created` is false for a
 *   namespace that we have just made. Who must know looks at its field managers and its creation time.
 * - `create`: the server says AlreadyExists. If the namespace is then there as we wanted it, it is taken for ours.
 * - `removeLabels`: the resourceVersion has moved on, so the server says Conflict. If the labels are then gone and the
 *   uid is the same, that is the answer.
 * - `remove`: the uid protects; 404 is "absent".
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */

import { type ClusterError, type ClusterErrorCode, isClusterError, mayBeDone } from "../model/cluster-error";
import type { Namespace, NamespaceApply } from "../model/namespace";
import type { NamespaceApi } from "./namespace-api";

export interface RetryBudget {
  /** Tries that may fail so, the last included. */
  readonly tries: number;
  /** Milliseconds from the start of the first in a row of such tries after which no further one is begun. */
  readonly totalMs: number;
}

/**
 * What went wrong, as far as it matters here: neither a connection that broke (`broken`) nor a cluster that has answered
 * and refuses now (`away`) is a host that cannot be reached.
 */
type RetryKind = ClusterErrorCode | "broken" | "away";

/**
 * By what went wrong. A refused connection is refused in a millisecond and rarely heals within seconds, so that a dead
 * cluster is reported after 3 s, and a black hole after one connect limit (5 s). A cluster that has answered comes back: a
 * load balancer that is reloaded refuses for seconds, of which 12 are outlasted, whatever chance makes of the waits. Of a
 * connection that broke it does not matter how long it took to. A busy server heals: client-go waits for 429 and 503 up
 * to ten times. The largest `Retry-After` the API server sends by itself is 32 s.
 */
export const RETRY_BUDGETS: Readonly<Partial<Record<RetryKind, RetryBudget>>> = {
  unreachable: { tries: 3, totalMs: 3_000 },
  away: { tries: 20, totalMs: 20_000 },
  broken: { tries: 3, totalMs: 20_000 },
  timeout: { tries: 2, totalMs: 20_000 },
  throttled: { tries: 8, totalMs: 60_000 },
  unavailable: { tries: 6, totalMs: 30_000 },
};

/** Milliseconds from the first try's start after which no further one is begun, whatever has failed in between. */
const MAX_TOTAL_MS = 60_000;

/** Milliseconds: the wait before try n is a random part of `min(MAX_WAIT_MS, FIRST_WAIT_MS * 2^(n - 2))`. */
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 8_000;

/** Milliseconds, at most, that are added to a `Retry-After` so that not all come back in the same moment. */
const RETRY_AFTER_JITTER_MS = 1_000;

/** Milliseconds within which a connection fails that is refused, and not one of which nothing comes back. */
const REFUSED_WITHIN_MS = 3_000;

export interface RetryWorld {
  elapsed(): number;
  sleep(milliseconds: number): Promise<void>;
  random(): number;
}

/**
 * One call, repeated. `ambiguous` tells a repetition that an earlier try may have been done; with `repeatable: false`
 * there is no repetition after such a try.
 */
export type Retry = <T>(
  call: (ambiguous: boolean) => Promise<T>,
  options?: { readonly repeatable: boolean },
) => Promise<T>;

/** For all calls of one cluster: that one of them was answered is known to the others. */
export function createRetry(world: RetryWorld, budgets: typeof RETRY_BUDGETS = RETRY_BUDGETS): Retry {
  let hasAnswered = false;
  return async (call, options) => {
    const begun = world.elapsed();
    const triesByKind = new Map<RetryKind, number>();
    let row: { readonly kind: RetryKind; readonly begun: number } | undefined;
    let ambiguous = false;
    for (;;) {
      const tryBegun = world.elapsed();
      try {
        const result = await call(ambiguous);
        hasAnswered = true;
        return result;
      } catch (error) {
        if (!isClusterError(error)) throw error;
        hasAnswered ||= error.status !== undefined;
        if (!error.retryable) throw error;
        if (mayBeDone(error) && options?.repeatable === false) throw error;
        const isRefused = world.elapsed() - tryBegun < REFUSED_WITHIN_MS;
        const kind = kindOf(error, hasAnswered && isRefused);
        const budget = budgets[kind];
        const giveUp = (): never => {
          // It is gone for longer, and nobody else waits for it so long.
          if (kind === "away") hasAnswered = false;
          throw error;
        };
        // Not begun anew where two kinds take turns: that would be hundreds of tries.
        const tries = (triesByKind.get(kind) ?? 0) + 1;
        if (budget === undefined || tries >= budget.tries) return giveUp();
        triesByKind.set(kind, tries);
        if (row?.kind !== kind) row = { kind, begun: tryBegun };
        const waitMs = waitBefore(tries + 1, error, world);
        const next = world.elapsed() + waitMs;
        if (next - row.begun > budget.totalMs || next - begun > MAX_TOTAL_MS) return giveUp();
        ambiguous ||= mayBeDone(error);
        await world.sleep(waitMs);
      }
    }
  };
}

export function withRetry(api: NamespaceApi, retry: Retry): NamespaceApi {
  return {
    get: (name) => retry(() => api.get(name)),
    // Several requests, each of which is repeated for itself.
    list: () => api.list(),
    apply: (body, options) => retry(() => api.apply(body, options)),
    remove: (namespace) => retry(() => api.remove(namespace)),
    create: (body, fieldManager) =>
      retry(async (ambiguous) => {
        try {
          return await api.create(body, fieldManager);
        } catch (error) {
          if (!ambiguous || !hasCode(error, "already-exists")) throw error;
          const namespace = await api.get(body.name);
          if (namespace !== undefined && isAsCreated(namespace, body, fieldManager)) return namespace;
          throw error;
        }
      }),
    removeLabels: (wanted, keys, fieldManager) =>
      retry(async (ambiguous) => {
        try {
          return await api.removeLabels(wanted, keys, fieldManager);
        } catch (error) {
          if (!ambiguous || !hasCode(error, "changed")) throw error;
          const namespace = await api.get(wanted.name);
          const gone = namespace?.uid === wanted.uid && !keys.some((key) => Object.hasOwn(namespace.labels, key));
          if (gone) return namespace;
          throw error;
        }
      }),
  };
}

function kindOf({ code, isBroken }: ClusterError, isAway: boolean): RetryKind {
  if (isBroken) return "broken";
  return code === "unreachable" && isAway ? "away" : code;
}

function waitBefore(nextTry: number, error: ClusterError, world: RetryWorld): number {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs + world.random() * RETRY_AFTER_JITTER_MS;
  return world.random() * Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (nextTry - 2));
}

function hasCode(error: unknown, code: ClusterErrorCode): boolean {
  return isClusterError(error) && error.code === code;
}

function isAsCreated(namespace: Namespace, body: NamespaceApply, fieldManager: string): boolean {
  const holds = (have: Readonly<Record<string, string>>, want: Readonly<Record<string, string>>): boolean =>
    Object.entries(want).every(([key, value]) => Object.hasOwn(have, key) && have[key] === value);
  return (
    namespace.deletionTimestamp === undefined &&
    holds(namespace.labels, body.labels) &&
    holds(namespace.annotations, body.annotations) &&
    namespace.fieldManagers.some(({ manager }) => manager === fieldManager)
  );
}
