/** A report as a page for people: the matrix in colours and words, what is destructive on top. */

import { type Content, html, type Markup } from "../page/markup";
import { type MatrixCell, renderMatrix, type Tone } from "../page/matrix";
import { renderList, renderPage } from "../page/page";
import type { Cell, CellKind, InjectionMove, KeyChange } from "./cell";
import { factorOut } from "./common";
import { describeColumn } from "./mesh";
import { placesOf, type Report, type ReportRow } from "./report";
import { describeChange, describeMove, describeOrigin, describeSummary, ENDS, WORDS } from "./words";

/** In the order in which the page counts them: the worst first. */
const TONES: Readonly<Record<CellKind, Tone>> = {
  delete: "danger",
  conflict: "danger",
  unreachable: "warn",
  repair: "warn",
  release: "leave",
  retain: "leave",
  create: "add",
  adopt: "add",
  join: "add",
  change: "change",
  restart: "change",
  same: "quiet",
};

export function renderHtml(report: Report): string {
  const { rows } = report;
  return renderPage({
    title: "Global namespaces",
    summary: describeSummary(report),
    body: [
      renderCounts(rows),
      renderList("The preview failed", report.errors, "danger"),
      renderList("Destructive", report.destructive, "danger"),
      renderList("Warnings", report.warnings, "warn"),
      rows.length === 0 ? undefined : renderTable(rows),
      renderList("Restarts", report.restarts),
      renderList("Remarks", report.remarks),
    ],
  });
}

function renderCounts(rows: readonly ReportRow[]): Markup | undefined {
  const kinds = rows.flatMap(({ cells }) => Object.values(cells).map(({ kind }) => kind));
  const words = new Map<string, { readonly tone: Tone; count: number }>();
  for (const kind of Object.keys(TONES) as CellKind[]) {
    if (kind === "same") continue;
    const count = kinds.filter((each) => each === kind).length;
    const word = WORDS[kind];
    if (count > 0) words.set(word, { tone: TONES[kind], count: count + (words.get(word)?.count ?? 0) });
  }
  if (words.size === 0) return undefined;
  const items = [...words].map(
    ([word, { tone, count }]) => html`<li class="${tone}">${count} <span class="pill">${word}</span></li>`,
  );
  return html`<ul class="counts" aria-label="cells by what happens in them">${items}</ul>
`;
}

function renderTable(rows: readonly ReportRow[]): Markup {
  return renderMatrix({
    caption: "What happens to each namespace on each cluster",
    columns: placesOf(rows).map((place) => ({ key: place, label: describeColumn(place) })),
    rows: rows.map((row) => {
      const { common, cells } = factorOut(row);
      const shared = [...renderChanges([...common.labels, ...common.annotations]), ...renderMove(common.injection)];
      return {
        name: row.namespace,
        notes: [
          ...(describeOrigin(row) === undefined ? [] : [describeOrigin(row)]),
          ...renderChanges(row.policies),
          ...(shared.length > 0 ? ["everywhere:", ...shared] : []),
        ],
        cells: Object.fromEntries(Object.entries(cells).map(([place, cell]) => [place, renderCell(cell)])),
      };
    }),
  });
}

function renderCell({ kind, labels, annotations, injection, remark, waiting = {} }: Cell): MatrixCell {
  const end = ENDS[kind];
  const isGone = end !== undefined || kind === "delete";
  return {
    tone: TONES[kind],
    word: WORDS[kind],
    lines: [
      ...(end === undefined ? [] : [end]),
      ...(isGone ? [] : renderChanges([...labels, ...annotations])),
      ...(kind === "delete" ? [] : renderMove(injection)),
      ...(remark === undefined ? [] : [remark]),
      ...Object.entries(waiting).map(([workload, has]) => html`<code>${workload}</code> has ${has}`),
    ],
  };
}

function renderChanges(changes: readonly KeyChange[]): Content[] {
  return changes.map((change) => html`<code>${describeChange(change)}</code>`);
}

function renderMove(move: InjectionMove | undefined): Content[] {
  return move === undefined ? [] : [describeMove(move)];
}
