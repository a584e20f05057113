/** How an operation that was not done, or done in part, ends: what the engine keeps, and what the next run does. */

/** Of one cause, where what was done is kept. */
export function describePart(failure: string): string {
  return `${failure}. What was done is recorded; the next "pulumi up" goes on from there`;
}

/** Where the control plane could not be written, and so nothing was. */
export function describeAnew(failures: readonly string[]): string {
  return `${failures.join("; ")}; the next "pulumi up" begins anew`;
}

/** Where nothing was done. */
export function describeNothing(failures: readonly string[]): string {
  return `${failures.join("; ")}. Nothing was written; the next "pulumi up" begins anew`;
}

/** Of a deletion, which keeps the resource. */
export function describeUndeleted(failures: readonly string[]): string {
  return `${failures.join("; ")}. The next "pulumi destroy" goes on from there`;
}

/** What went wrong with one of many namespaces. */
export interface NamespaceFailure {
  readonly namespace: string;
  /** A sentence that may name the namespace. */
  readonly failure: string;
}

/** Names that a joined sentence gives. */
const NAMED = 3;

/**
 * A dead cluster says the same of every namespace: sentences that begin with what was to become of `namespace "its-name"`
 * and differ in nothing but the name become one, the first of them. In the order of the alphabet.
 */
export function joinFailures(failures: readonly NamespaceFailure[]): string[] {
  const alike = new Map<string, NamespaceFailure[]>();
  for (const one of failures) {
    const isAbout = one.failure.includes(mention([one.namespace]));
    const sentence = isAbout ? one.failure.replaceAll(JSON.stringify(one.namespace), "?") : one.failure;
    alike.set(sentence, [...(alike.get(sentence) ?? []), one]);
  }
  const joined = [...alike.values()].map((all) => {
    const names = all.map(({ namespace }) => namespace).sort();
    const first = all.find(({ namespace }) => namespace === names[0]) as NamespaceFailure;
    return first.failure.replace(mention([first.namespace]), mention(names));
  });
  return joined.sort();
}

function mention(names: readonly string[]): string {
  const quoted = names.map((name) => JSON.stringify(name));
  if (quoted.length === 1) return `namespace ${quoted[0]}`;
  const isLong = quoted.length > NAMED + 1;
  const first = quoted.slice(0, isLong ? NAMED : -1);
  return `namespaces ${first.join(", ")} and ${isLong ? `${quoted.length - NAMED} more` : quoted.at(-1)}`;
}
