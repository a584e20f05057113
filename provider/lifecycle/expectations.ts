/**
 * What this process has planned for the mesh's namespaces and not written yet. In a first preview nothing is written at
 * all, and what a NamespaceSync will record must still be seen by the GlobalNamespaces that depend on it.
 */

import type { Namespace } from "../model/namespace";

/** A namespace as it will be, from what it is. */
export type Expectation = (seen: Namespace | undefined) => Namespace;

export interface Expectations {
  /** All that a planner expects now; it replaces what the same one expected before. */
  set(planner: string, expected: ReadonlyMap<string, Expectation>): void;
  /** The namespace as the planners will leave it, `except` aside. */
  of(name: string, seen: Namespace | undefined, except?: string): Namespace | undefined;
  /** The same, of all namespaces. */
  all(seen: ReadonlyMap<string, Namespace>, except?: string): ReadonlyMap<string, Namespace>;
}

export function createExpectations(): Expectations {
  const planners = new Map<string, ReadonlyMap<string, Expectation>>();
  const of: Expectations["of"] = (name, seen, except) => {
    let namespace = seen;
    for (const [planner, expected] of planners) {
      const expectation = planner === except ? undefined : expected.get(name);
      if (expectation !== undefined) namespace = expectation(namespace);
    }
    return namespace;
  };
  return {
    set: (planner, expected) => planners.set(planner, expected),
    of,
    all: (seen, except) => {
      const names = new Set([...seen.keys(), ...[...planners.values()].flatMap((expected) => [...expected.keys()])]);
      const all = new Map<string, Namespace>();
      for (const name of names) {
        const namespace = of(name, seen.get(name), except);
        if (namespace !== undefined) all.set(name, namespace);
      }
      return all;
    },
  };
}
