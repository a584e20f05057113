/** Labels that more than one has set: they stay on a namespace when one of them takes his back. */

import { describeList } from "./failure";
import type { Namespace } from "./namespace";
import { fieldManagerOf, managersOf } from "./owner";

/** Which of the labels somebody other than the owner has set as well. */
export function sharedLabels(existing: Namespace, keys: readonly string[], owner: string): string[] {
  const ours = fieldManagerOf(owner);
  const isShared = (key: string) => managersOf(existing, key).some((manager) => manager !== ours);
  return keys.filter((key) => Object.hasOwn(existing.labels, key) && isShared(key));
}

export interface Staying {
  readonly namespace: string;
  readonly cluster: string;
  readonly keys: readonly string[];
}

/** As a line of a preview. */
export function describeStaying(namespace: string, cluster: string, keys: readonly string[]): string {
  return `${namespace}: on ${cluster} stay ${describeList(keys)}, which somebody else has set as well`;
}

const STAYING = /^(\S+): on (\S+) stay (.+), which somebody else has set as well$/;

/** Such a line, read; `undefined` for any other. */
export function parseStaying(line: string): Staying | undefined {
  const [, namespace, cluster, keys] = STAYING.exec(line) ?? [];
  if (namespace === undefined || cluster === undefined || keys === undefined) return undefined;
  return { namespace, cluster, keys: [...keys.matchAll(/"([^"]+)"/g)].map(([, key]) => String(key)) };
}
