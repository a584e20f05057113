/** The words of a report, the same in every format. */

import type { CellKind, InjectionMove, KeyChange } from "./cell";
import type { Report } from "./report";
import type { Row } from "./row";

export const WORDS: Readonly<Record<CellKind, string>> = {
  create: "create",
  adopt: "adopt",
  join: "join",
  change: "change",
  repair: "repair",
  unreachable: "unreachable",
  conflict: "CONFLICT",
  release: "leave",
  retain: "leave",
  delete: "DELETE",
  restart: "restart",
  same: "same",
};

/** What is done to a namespace that goes, beside the word; what it loses is not told label by label. */
export const ENDS: Readonly<Partial<Record<CellKind, string>>> = {
  release: "labels taken back",
  retain: "stays as it is",
};

/** `Global namespaces: 2 change, 1 unchanged`, in one line. */
export function describeSummary({ rows, unchanged, untold, errors }: Report): string {
  const names = new Set(rows.map((row) => row.namespace));
  const parts = [
    ...(errors.length > 0 ? ["the preview failed"] : []),
    ...(names.size > 0 ? [`${names.size} ${names.size === 1 ? "changes" : "change"}`] : []),
    ...(untold > 0 ? ["some are not told"] : []),
    ...(names.size + untold === 0 && errors.length === 0 ? ["nothing changes"] : []),
    // A preview that was not told to show them counts none.
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
  ];
  return parts.join(", ");
}

export function describeChange({ key, from, to }: KeyChange): string {
  if (from === undefined) return `+ ${key}=${to}`;
  if (to === undefined) return `- ${key}`;
  return `${key}: ${from} → ${to}`;
}

export function describeMove({ from, to }: InjectionMove): string {
  if (from === undefined) return `injected by ${to ?? "nobody"}`;
  return `injected by ${from} → ${to ?? "nobody"}`;
}

/** Where a row comes from that is not a resource of the namespace's own. */
export function describeOrigin({
  type,
  resource,
  source,
}: Pick<Row, "type" | "resource" | "source">): string | undefined {
  if (type !== "NamespaceSync") return undefined;
  return source === undefined || source === "" ? `from ${resource}` : `from ${source} (${resource})`;
}
