/** The end of all waiting when an operation is cancelled. What a cluster was asked to do by then, it may do or not. */

import { ClusterError } from "../model/cluster-error";
import type { Around } from "./around";

/** A call ends with the signal, and none begins after it. */
export function untilCancelled(signal: AbortSignal | undefined): Around {
  if (signal === undefined) return (call) => call();
  return (call) =>
    new Promise((resolve, reject) => {
      const cancel = () => reject(new ClusterError("cancelled", "the operation was cancelled before it was done"));
      if (signal.aborted) return cancel();
      signal.addEventListener("abort", cancel, { once: true });
      call()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", cancel));
    });
}
