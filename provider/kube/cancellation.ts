/** The end of all waiting when an operation is cancelled. What a cluster was asked to do by then, it may do or not. */

import { ClusterError } from "../model/cluster-error";
import type { Around } from "./around";

const CANCELLED = "the operation was cancelled before it was done";

/** A call ends with the signal, and none begins after it. `why` is the failure's sentence. */
export function untilCancelled(signal: AbortSignal | undefined, why: string = CANCELLED): Around {
  if (signal === undefined) return (call) => call();
  return (call) =>
    new Promise((resolve, reject) => {
      const cancel = () => reject(new ClusterError("cancelled", why));
      if (signal.aborted) return cancel();
      signal.addEventListener("abort", cancel, { once: true });
      call()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", cancel));
    });
}
