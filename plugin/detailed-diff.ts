/** The paths at which two values differ, as far down as both go: what a preview shows, line by line. Pure. */

import { describePath } from "../provider/model/failure";
import { isRecord, ownValue, sameJson } from "../provider/model/json";

export type ChangeKind = "add" | "delete" | "update";

export interface Change {
  /** In Pulumi's spelling: `targets.east.labels["istio.io/rev"]`. */
  readonly path: string;
  readonly kind: ChangeKind;
}

type Path = readonly (string | number)[];

export function changesBetween(before: unknown, after: unknown, path: Path = []): Change[] {
  if (sameJson(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => changesBetween(before[index], after[index], [...path, index])).flat();
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changesBetween(ownValue(before, key), ownValue(after, key), [...path, key]));
  }
  const kind = before === undefined ? "add" : after === undefined ? "delete" : "update";
  return [{ path: describePath(path), kind }];
}
