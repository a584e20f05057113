/**
 * What a `pulumi preview --json` means for each namespace on each cluster. Pure: the preview's text comes in, values go
 * out, and how they look is decided elsewhere.
 */

import { MODE_LABELS } from "../../provider/model/injection";
import { parseStaying } from "../../provider/model/shared-labels";
import { parseUnseen } from "../../provider/model/unseen";
import type { Cell } from "./cell";
import { MESH, sortPlaces } from "./mesh";
import { type Diagnostic, parsePreview } from "./preview";
import { describeError, refusedRows } from "./refusals";
import { isSame, namesLeftAlone, type Row, rowsOf, untoldOf } from "./row";
import { destructionsOf, followsOf, restartsOf, warningsOf } from "./sentences";

export interface Report {
  readonly rows: readonly ReportRow[];
  /** Namespaces of which nothing changes. */
  readonly unchanged: number;
  /** Resources of which it is not told what becomes of their namespaces. */
  readonly untold: number;
  /** Sentences about what cannot be taken back, or takes protection away, and about what may be so and is not told. */
  readonly destructive: readonly string[];
  /** Sentences about workloads that keep their old sidecar until they restart, or are restarted. */
  readonly restarts: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** What the provider said about single namespaces. */
  readonly remarks: readonly string[];
}

export type ReportRow = Omit<Row, "inputs" | "before" | "isEnd">;

/** Throws a sentence where the text is not what `pulumi preview --json` prints. */
export function parseReport(text: string): Report {
  const preview = parsePreview(text);
  const all = rowsOf(preview);
  const changed = all.filter((row) => !isSame(row));
  const told = (severity: string) =>
    preview.diagnostics.filter((each) => each.severity === severity && each.message !== "");
  const errors = told("error");
  const remarks = remarksOf(told("info"), [
    ...all.map(({ namespace }) => namespace),
    ...preview.steps.flatMap(namesLeftAlone),
  ]);
  const rows = [...changed, ...refusedRows(errors)]
    .map((row) => withStaying(withUnreached(row, remarks), remarks))
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
  const untold = untoldOf(preview);
  const sentencesOf = (which: boolean) =>
    unique(untold.filter(({ mayDelete }) => mayDelete === which).map(({ sentence }) => sentence));
  const [mayGo, mayCome] = [sentencesOf(true), sentencesOf(false)];
  return {
    rows: rows.map(({ inputs: _, before: __, isEnd: ___, ...row }) => row),
    unchanged: all.length - changed.length,
    untold: mayGo.length + mayCome.length,
    destructive: [...mayGo, ...rows.flatMap(destructionsOf)],
    restarts: rows.flatMap(restartsOf),
    errors: unique(errors.map(describeError)),
    warnings: [...told("warning").map(({ message }) => message), ...mayCome, ...rows.flatMap(warningsOf)],
    remarks: [...remarks, ...rows.flatMap(followsOf)],
  };
}

/** Not all that Pulumi fails with is in its JSON: options that it refuses, `--expect-no-changes`. */
export function withEnd(report: Report, end: number | string | null): Report {
  if (end === 0 || report.errors.length > 0) return report;
  return { ...report, errors: [`pulumi preview ended with ${end}; what it said is on standard error`] };
}

/** The columns of a table: the mesh first. */
export function placesOf(rows: readonly Pick<Row, "cells">[]): string[] {
  return sortPlaces(rows.flatMap((row) => Object.keys(row.cells)));
}

/** What becomes of pods is said in sentences of the report's own, with who injects before and after. */
const ABOUT_PODS = /^\S+: on .+ \(restart: "(?:report|rollout)"\)$/;

/** The provider begins what it says about a namespace with its name; the engine says much else. */
function remarksOf(infos: readonly Diagnostic[], namespaces: readonly string[]): string[] {
  const lines = infos.flatMap(({ message }) => message.split("\n"));
  const isRemark = (line: string) => namespaces.includes(line.slice(0, line.indexOf(":"))) && !ABOUT_PODS.test(line);
  return unique(lines.filter(isRemark));
}

/** A cluster that could not be asked while the preview ran. */
function withUnreached(row: Row, remarks: readonly string[]): Row {
  const cells: Record<string, Cell> = { ...row.cells };
  for (const unseen of remarks.map(parseUnseen)) {
    if (unseen?.namespace !== row.namespace) continue;
    const { what, cluster = MESH, why } = unseen;
    const cell = cells[cluster];
    if (cell === undefined || cell.remark !== undefined) continue;
    cells[cluster] = { ...cell, remark: `${what === "who injects" ? what : "what stands there"} is not known: ${why}` };
  }
  return { ...row, cells };
}

/** What somebody else has set as well is not taken back, and injects as before. */
function withStaying(row: Row, remarks: readonly string[]): Row {
  const cells: Record<string, Cell> = { ...row.cells };
  for (const staying of remarks.map(parseStaying)) {
    const cell = staying === undefined ? undefined : cells[staying.cluster];
    if (staying?.namespace !== row.namespace || cell?.kind !== "release") continue;
    const { injection, labels, ...rest } = cell;
    const isInjected = staying.keys.some((key) => MODE_LABELS.includes(key));
    cells[staying.cluster] = {
      ...rest,
      labels: labels.filter(({ key }) => !staying.keys.includes(key)),
      ...(injection !== undefined && !isInjected && { injection }),
    };
  }
  return { ...row, cells };
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}
