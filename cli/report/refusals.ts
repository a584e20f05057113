/** A check that fails leaves no step in the preview, only its sentences: which namespace they are about, and where. */

import type { Cell } from "./cell";
import { MESH } from "./mesh";
import { type Diagnostic, textOf } from "./preview";
import { parseUrn, type Row, TYPES } from "./row";

/** How the engine introduces the sentence of a failed check. */
const INTRODUCTION = new RegExp(`^${TYPES}\\w+ resource '[^']*':\\s*`);
/** How it words one failure. The value is `{<nil>}` for whatever a dynamic provider computes from. */
const FAILURE = /^property (\S+) value \{.*?\} has a problem: (.*)$/s;
/** How the provider says where: in front of what is in the way there. */
const PLACE = /^(?:namespace "([^"]*)" on )?(?:cluster "([^"]*)"|the control plane): (.*)$/s;

/** The sentence without the engine's words around it, behind the resource's name. */
export function describeError({ message, urn }: Diagnostic): string {
  const name = parseUrn(urn);
  if (name === undefined || !INTRODUCTION.test(message)) return message;
  const [, property, reason] = FAILURE.exec(message.replace(INTRODUCTION, "")) ?? [];
  return property === undefined || reason === undefined
    ? `${name.resource}: ${message.replace(INTRODUCTION, "")}`
    : `${name.resource}: ${property}: ${reason}`;
}

/** A property of one namespace of a GlobalNamespaces. */
const ONE_OF_MANY = /^namespaces(?:\.([^.[]+)|\["([^"]+)"\])/;

/** One row a namespace whose check failed because of what is on its clusters. */
export function refusedRows(errors: readonly Diagnostic[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { message, urn } of errors) {
    const name = parseUrn(urn);
    const [, property = "", reason = ""] = FAILURE.exec(message.replace(INTRODUCTION, "")) ?? [];
    const [found, namespace = "", cluster = MESH, remark] = PLACE.exec(reason) ?? [];
    if (name === undefined || found === undefined || remark === undefined) continue;
    const cell: Cell = { kind: "conflict", labels: [], annotations: [], remark };
    const [, plain, quoted] = ONE_OF_MANY.exec(property) ?? [];
    const about = textOf(namespace) || (plain ?? quoted ?? name.resource);
    const key = `${urn} ${about}`;
    const row = rows.get(key) ?? {
      ...name,
      namespace: about,
      cells: {},
      policies: [],
      inputs: {},
      before: {},
      isEnd: false,
    };
    rows.set(key, { ...row, cells: { ...row.cells, [cluster]: cell } });
  }
  return [...rows.values()];
}
