/** How an operation that was not done, or done in part, ends: what the engine keeps, and what the next run does. */

/** Of one cause, where what was done is kept. */
export function describePart(failure: string): string {
  return `${failure}. What was done is recorded; the next "pulumi up" goes on from there`;
}

/** Where nothing was done. */
export function describeNothing(failures: readonly string[]): string {
  return `${failures.join("; ")}. Nothing was written; the next "pulumi up" begins anew`;
}

/** Of a deletion, which keeps the resource. */
export function describeUndeleted(failures: readonly string[]): string {
  return `${failures.join("; ")}. The next "pulumi destroy" goes on from there`;
}
