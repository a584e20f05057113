/** What is the same on every cluster of a row is said once, so that thirty clusters read as easily as three. */

import { mapValues, sameJson } from "../../provider/model/json";
import type { Cell, InjectionMove, KeyChange } from "./cell";
import type { Row } from "./row";

export interface Common {
  readonly labels: readonly KeyChange[];
  readonly annotations: readonly KeyChange[];
  readonly injection?: InjectionMove;
}

export interface FactoredRow {
  /** What happens in every cell that is written, where there are several. */
  readonly common: Common;
  /** What happens there besides. */
  readonly cells: Readonly<Record<string, Cell>>;
}

const WRITTEN: readonly Cell["kind"][] = ["create", "adopt", "join", "change", "repair", "unreachable"];

export function factorOut({ cells }: Pick<Row, "cells">): FactoredRow {
  const written = Object.values(cells).filter(({ kind }) => WRITTEN.includes(kind));
  const [first] = written;
  if (first === undefined || written.length < 2) return { common: { labels: [], annotations: [] }, cells };
  const inAll = (kind: "labels" | "annotations") => (change: KeyChange) =>
    written.every((cell) => cell[kind].some((each) => sameJson(each, change)));
  const labels = first.labels.filter(inAll("labels"));
  const annotations = first.annotations.filter(inAll("annotations"));
  // The mesh's control plane has no pods.
  const moves = written.flatMap(({ injection }) => (injection === undefined ? [] : [injection]));
  const [move] = moves;
  const injection = moves.length > 1 && moves.every((each) => sameJson(each, move)) ? move : undefined;
  return {
    common: { labels, annotations, ...(injection !== undefined && { injection }) },
    cells: mapValues(cells, (cell) => {
      if (!WRITTEN.includes(cell.kind)) return cell;
      const { injection: own, ...rest } = cell;
      return {
        ...rest,
        labels: without(cell.labels, labels),
        annotations: without(cell.annotations, annotations),
        ...(own !== undefined && injection === undefined && { injection: own }),
      };
    }),
  };
}

function without(changes: readonly KeyChange[], taken: readonly KeyChange[]): KeyChange[] {
  return changes.filter((change) => !taken.some((each) => sameJson(each, change)));
}
