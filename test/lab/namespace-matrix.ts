/** The namespaces of several clusters as a table for people: a row a cluster, a column a namespace. */

/** The labels of the namespaces of one cluster. */
export interface ClusterNamespaces {
  readonly cluster: string;
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Where a cluster does not have the namespace. */
const ABSENT = "-";

const UNLABELLED = "no labels";

const GAP = "   ";

/** The table's text; cells have a line for each label, without the one that the server gives every namespace. */
export function renderMatrix(clusters: readonly ClusterNamespaces[]): string {
  const names = [...new Set(clusters.flatMap(({ namespaces }) => Object.keys(namespaces)))].sort();
  const rows = clusters.map(({ cluster, namespaces }) => [
    [cluster],
    ...names.map((name) => renderCell(namespaces[name])),
  ]);
  const header = [[""], ...names.map((name) => [name])];
  const widths = header.map((_, column) => widthOf([header, ...rows].map((row) => row[column] ?? [])));
  const rule = [widths.map((width) => "─".repeat(width)).join(GAP)];
  return [...renderRow(header, widths), ...rows.flatMap((row) => [...rule, ...renderRow(row, widths)])].join("\n");
}

function renderCell(labels: Readonly<Record<string, string>> | undefined): string[] {
  if (labels === undefined) return [ABSENT];
  const lines = Object.entries(labels)
    .filter(([key]) => key !== "kubernetes.io/metadata.name")
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  return lines.length === 0 ? [UNLABELLED] : lines;
}

function renderRow(cells: readonly (readonly string[])[], widths: readonly number[]): string[] {
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((cell, column) => (cell[line] ?? "").padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function widthOf(cells: readonly (readonly string[])[]): number {
  return Math.max(...cells.flat().map((line) => line.length));
}
