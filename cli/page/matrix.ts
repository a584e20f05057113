/** A table of namespaces and clusters. What a cell says is said in a word; its colour only repeats that. */

import { type Content, html, type Markup } from "./markup";

export type Tone = "danger" | "warn" | "add" | "change" | "leave" | "quiet";

export interface MatrixCell {
  readonly tone: Tone;
  readonly word: string;
  /** More about it, a line each. */
  readonly lines: readonly Content[];
}

export interface MatrixRow {
  readonly name: string;
  readonly notes: readonly Content[];
  /** By column. A column without one has nothing to do with the row. */
  readonly cells: Readonly<Record<string, MatrixCell>>;
}

export interface Matrix {
  readonly caption: string;
  readonly columns: readonly MatrixColumn[];
  readonly rows: readonly MatrixRow[];
}

export interface MatrixColumn {
  readonly key: string;
  readonly label: string;
  readonly notes?: readonly Content[];
}

/** Columns beyond which headers stand upright and what is said about a cell is folded. */
const MAX_SPACIOUS_COLUMNS = 10;

export function renderMatrix({ caption, columns, rows }: Matrix): Markup {
  const isCompact = columns.length > MAX_SPACIOUS_COLUMNS;
  return html`<form class="filters" role="search" hidden>
<label>Namespace <input type="search" name="namespace" placeholder="all" autocomplete="off" spellcheck="false"></label>
<label>Cluster <input type="search" name="cluster" placeholder="all" autocomplete="off" spellcheck="false"></label>
<output aria-live="polite"></output>
</form>
<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
<table class="matrix ${isCompact ? "compact" : "spacious"}">
<caption>${caption}</caption>
<thead><tr><th scope="col" class="corner">namespace</th>${columns.map(renderHead)}</tr></thead>
<tbody>
${rows.map((row) => renderRow(row, columns, isCompact))}</tbody>
</table>
</div>
`;
}

function renderHead({ label, notes = [] }: MatrixColumn): Markup {
  return html`<th scope="col" data-name="${label}"><span class="name">${label}</span>${notes.map(renderLine)}</th>`;
}

function renderRow({ name, notes, cells }: MatrixRow, columns: readonly MatrixColumn[], isCompact: boolean): Markup {
  return html`<tr data-name="${name}"><th scope="row"><span class="name">${name}</span>${notes.map(renderLine)}</th>${columns.map(
    ({ key }) => renderCell(Object.hasOwn(cells, key) ? cells[key] : undefined, isCompact),
  )}</tr>
`;
}

function renderCell(cell: MatrixCell | undefined, isCompact: boolean): Markup {
  if (cell === undefined) return html`<td class="none">–</td>`;
  const { tone, word, lines } = cell;
  const pill = html`<span class="pill">${word}</span>`;
  if (!isCompact || lines.length === 0) return html`<td class="${tone}">${pill}${lines.map(renderLine)}</td>`;
  return html`<td class="${tone}"><details><summary>${pill}</summary>${lines.map(renderLine)}</details></td>`;
}

function renderLine(line: Content): Markup {
  return html`<div class="line">${line}</div>`;
}
