/** A report as a comment in a pull request: what is destructive first, then a row a namespace and a column a cluster. */

import { type Cell, type CellKind, type KeyChange, MESH, type Report, type Row } from "./report";

const WORDS: Readonly<Record<CellKind, string>> = {
  create: "**create**",
  adopt: "**adopt**",
  join: "**join**",
  change: "change",
  repair: "**repair**",
  release: "**leave**: labels taken back",
  retain: "**leave**: stays as it is",
  delete: "🔴 **DELETE**",
  same: "",
};

/** The cell of a cluster that the namespace has nothing to do with. */
const NOTHING = "–";

export function renderMarkdown(report: Report): string {
  const parts = [
    `### ${describeSummary(report)}`,
    ...section("> [!CAUTION]", report.destructive.map(escapeText), "> - "),
    ...section("**The preview failed:**", report.errors.map(escapeText), "- "),
    ...(report.rows.length > 0 ? [renderTable(report.rows)] : []),
    ...section("**Restarts**", report.restarts.map(escapeText), "- "),
    ...section("**Remarks**", [...report.warnings, ...report.remarks].map(escapeText), "- "),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** `Global namespaces: 2 change, 1 unchanged`, in one line. */
export function describeSummary({ rows, unchanged, errors }: Report): string {
  const names = new Set(rows.map((row) => row.namespace));
  const parts = [
    ...(errors.length > 0 ? ["the preview failed"] : []),
    ...(names.size > 0 ? [`${names.size} ${names.size === 1 ? "changes" : "change"}`] : []),
    ...(names.size === 0 && errors.length === 0 ? ["nothing changes"] : []),
    // A preview that was not told to show them counts none.
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
  ];
  return `Global namespaces: ${parts.join(", ")}`;
}

/** The columns of a table: the mesh first. */
export function placesOf(rows: readonly Row[]): string[] {
  const clusters = new Set(rows.flatMap((row) => Object.keys(row.cells)));
  clusters.delete(MESH);
  return [MESH, ...[...clusters].sort()];
}

function renderTable(rows: readonly Row[]): string {
  const places = placesOf(rows);
  const lines = rows.map((row) => [
    `**${escapeText(row.namespace)}**${row.type === "NamespaceSync" ? `<br>from ${escapeText(row.resource)}` : ""}`,
    ...places.map((place) => renderCell(row.cells[place])),
  ]);
  const header = ["namespace", ...places.map(escapeText)];
  return [header, header.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function renderCell(cell: Cell | undefined): string {
  if (cell === undefined) return NOTHING;
  const isGone = cell.kind === "delete" || cell.kind === "release" || cell.kind === "retain";
  const lines = [
    WORDS[cell.kind],
    ...(isGone ? [] : [...cell.labels, ...cell.annotations].map(renderChange)),
    ...(cell.injection === undefined ? [] : [renderMove(cell.injection)]),
    ...(cell.remark === undefined ? [] : [escapeText(cell.remark)]),
  ].filter((line) => line !== "");
  return lines.length === 0 ? "same" : lines.join("<br>");
}

function renderChange({ key, from, to }: KeyChange): string {
  if (from === undefined) return `\`+ ${escapeCode(`${key}=${to}`)}\``;
  if (to === undefined) return `\`- ${escapeCode(key)}\``;
  return `\`${escapeCode(key)}: ${escapeCode(from)} → ${escapeCode(to)}\``;
}

function renderMove({ from, to }: NonNullable<Cell["injection"]>): string {
  if (from === undefined) return `injected by ${escapeText(to ?? "nobody")}`;
  return `injected by ${escapeText(from)} → ${escapeText(to ?? "nobody")}`;
}

function section(title: string, lines: readonly string[], mark: string): string[] {
  return lines.length === 0 ? [] : [[title, ...lines.map((line) => mark + line)].join("\n")];
}

/** Labels come from a pull request's author: they may not become Markdown, HTML or another cell. */
function escapeText(text: string): string {
  return text
    .replace(/[\r\n]+/g, " ")
    .replace(/[\\`*_[\]|~@]/g, (character) => `\\${character}`)
    .replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Inside of backticks nothing is special but the backtick, the line's end and, in a table, the bar. */
function escapeCode(text: string): string {
  return text
    .replace(/[\r\n]+/g, " ")
    .replaceAll("`", "'")
    .replaceAll("|", "\\|");
}
