/** A report as a comment in a pull request: what is destructive first, then a row a namespace and a column a cluster. */

import type { Cell, CellKind, InjectionMove, KeyChange } from "./cell";
import { type FactoredRow, factorOut } from "./common";
import { describeColumn } from "./mesh";
import { placesOf, type Report, type ReportRow } from "./report";
import { describeChange, describeMove, describeOrigin, describeSummary, ENDS, WORDS } from "./words";

/** Kinds that catch the eye. */
const MARKS: Readonly<Partial<Record<CellKind, string>>> = { delete: "🔴 ", conflict: "⛔ ", unreachable: "⚠️ " };
const PLAIN: readonly CellKind[] = ["change", "same"];

/** The cell of a cluster that the namespace has nothing to do with. */
const NOTHING = "–";

/** Columns beyond which those that say the same become one: a comment is some 900 pixels wide. */
const MAX_COLUMNS = 8;
/** Names that a column's header shows at once. */
const MAX_NAMES = 3;

export function renderMarkdown(report: Report): string {
  const parts = [
    `### Global namespaces: ${describeSummary(report)}`,
    ...section("> [!CAUTION]", report.destructive.map(escapeText), "> - "),
    ...section("**The preview failed:**", report.errors.map(escapeText), "- "),
    ...(report.rows.length > 0 ? [renderTable(report.rows)] : []),
    ...section("**Warnings**", report.warnings.map(escapeText), "- "),
    ...section("**Restarts**", report.restarts.map(escapeText), "- "),
    ...section("**Remarks**", report.remarks.map(escapeText), "- "),
  ];
  return `${parts.join("\n\n")}\n`;
}

interface Column {
  readonly places: readonly string[];
  readonly cells: readonly string[];
}

function renderTable(rows: readonly ReportRow[]): string {
  const factored = rows.map(factorOut);
  const columns = placesOf(rows).map((place) => ({
    places: [place],
    cells: factored.map(({ cells }) => renderCell(cells[place])),
  }));
  const shown = columns.length > MAX_COLUMNS ? mergeEqual(columns) : columns;
  const header = ["namespace", ...shown.map(({ places }) => renderHeader(places))];
  const lines = rows.map((row, index) => [
    renderName(row, factored[index]),
    ...shown.map(({ cells }) => cells[index] ?? NOTHING),
  ]);
  return [header, header.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function mergeEqual(columns: readonly Column[]): Column[] {
  const merged = new Map<string, Column>();
  for (const { places, cells } of columns) {
    const key = cells.join("\n");
    merged.set(key, { places: [...(merged.get(key)?.places ?? []), ...places], cells });
  }
  return [...merged.values()];
}

function renderHeader(places: readonly string[]): string {
  const names = places.map((place) => escapeText(describeColumn(place)));
  if (names.length <= MAX_NAMES) return names.join("<br>");
  return `<details><summary>${names.length} clusters</summary>${names.join("<br>")}</details>`;
}

function renderName(row: ReportRow, factored: FactoredRow | undefined): string {
  const origin = describeOrigin(row);
  const { labels = [], annotations = [], injection } = factored?.common ?? {};
  const common = [...[...labels, ...annotations].map(renderChange), ...renderMove(injection)];
  const lines = [
    `**${escapeText(row.namespace)}**`,
    ...(origin === undefined ? [] : [escapeText(origin)]),
    ...row.policies.map(renderChange),
    ...(common.length > 0 ? ["everywhere:", ...common] : []),
  ];
  return lines.join("<br>");
}

function renderCell(cell: Cell | undefined): string {
  if (cell === undefined) return NOTHING;
  const { kind, labels, annotations, injection, remark } = cell;
  const end = ENDS[kind];
  const isGone = end !== undefined || kind === "delete";
  const word = PLAIN.includes(kind) ? WORDS[kind] : `**${WORDS[kind]}**`;
  const lines = [
    `${MARKS[kind] ?? ""}${word}${end === undefined ? "" : `: ${end}`}`,
    ...(isGone ? [] : [...labels, ...annotations].map(renderChange)),
    ...(kind === "delete" ? [] : renderMove(injection)),
    ...(remark === undefined ? [] : [escapeText(remark)]),
  ];
  return lines.join("<br>");
}

function renderChange(change: KeyChange): string {
  return `\`${escapeCode(describeChange(change))}\``;
}

function renderMove(move: InjectionMove | undefined): string[] {
  return move === undefined ? [] : [escapeText(describeMove(move))];
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
