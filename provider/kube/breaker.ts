/**
 * Spares a dead cluster, and us, the waiting: once a call has spent its whole budget of retries without reaching the
 * cluster, calls fail at once with the same error for a while, then one goes through as a probe. A hundred namespaces
 * on a dead cluster so cost a few budgets and not a hundred.
 */

import { type ClusterError, isClusterError } from "../model/cluster-error";
import type { Around } from "./around";

/** Milliseconds. Longer than the budget for `unreachable`, shorter than a person waits before a second `up`. */
export const OPEN_MS = 10_000;

export function createBreaker(world: { elapsed(): number }, openMs: number = OPEN_MS): Around {
  let open: { readonly error: ClusterError; readonly since: number } | undefined;
  let probing = false;
  let lastReached = Number.NEGATIVE_INFINITY;

  return async (call) => {
    if (open !== undefined && (probing || world.elapsed() - open.since < openMs)) throw open.error;
    const isProbe = open !== undefined;
    if (isProbe) probing = true;
    const begun = world.elapsed();
    try {
      const result = await call();
      open = undefined;
      lastReached = world.elapsed();
      return result;
    } catch (error) {
      if (isClusterError(error) && isUnreached(error)) {
        // Another call got through while this one waited: it is this call that is slow, not the cluster that is dead.
        if (lastReached < begun) open = { error, since: world.elapsed() };
      } else {
        open = undefined;
        lastReached = world.elapsed();
      }
      throw error;
    } finally {
      if (isProbe) probing = false;
    }
  };
}

function isUnreached(error: ClusterError): boolean {
  return error.code === "unreachable" || error.code === "timeout";
}
