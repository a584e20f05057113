/** What could not be asked of a cluster before a change, as a line of a preview. */

import { describePlace } from "./place";

export type Unseen = "who injects" | "what stands";

export function describeUnseen(namespace: string, what: Unseen, place: string, why: string): string {
  return `${namespace}: ${what} on ${describePlace(place)} is not known: ${why}`;
}

const UNSEEN = /^(\S+): (who injects|what stands) on (?:cluster "([^"]+)"|the control plane) is not known: (.*)$/;

/** Such a line, read; `undefined` for any other. The control plane has no cluster's name. */
export function parseUnseen(
  line: string,
): { readonly namespace: string; readonly what: string; readonly cluster?: string; readonly why: string } | undefined {
  const [, namespace, what, cluster, why] = UNSEEN.exec(line) ?? [];
  if (namespace === undefined || what === undefined || why === undefined) return undefined;
  return { namespace, what, ...(cluster !== undefined && { cluster }), why };
}
