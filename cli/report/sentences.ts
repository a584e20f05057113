/** What a table does not say by itself, in words: what is destructive, what restarts, what takes protection away. */

import { enumerate } from "../../provider/model/contents";
import { describeContents } from "../../provider/model/departures";
import { AMBIENT, NOBODY } from "../../provider/model/injection";
import { isRecord, type StringMap, sameJson } from "../../provider/model/json";
import { type Cell, describeRollout } from "./cell";
import { describePlaces } from "./mesh";
import { hiddenPoliciesOf } from "./policies";
import { textOf } from "./preview";
import type { Row } from "./row";

/** What cannot be taken back. */
export function destructionsOf(row: Row): string[] {
  const { namespace, cells, inputs } = row;
  const all = Object.entries(cells);
  const deleted = all.filter(([, { kind }]) => kind === "delete").map(([place]) => place);
  const isHidden = hiddenPoliciesOf(inputs).some(({ key }) => key === "deleteNonEmpty");
  const contents = isHidden ? "perhaps with everything in it" : describeContents(inputs.deleteNonEmpty === true);
  const unprotected = groupBy(
    all.filter(([, { kind, injection }]) => kind !== "delete" && losesSidecars(injection)),
    ([, { injection }]) => injection?.from ?? "",
  );
  return [
    ...hiddenPolicies(row, true),
    ...(deleted.length > 0 ? [`${namespace} is deleted on ${describePlaces(deleted)}, ${contents}.`] : []),
    ...[...unprotected].map(([from, group]) => {
      const places = describePlaces(group.map(([place]) => place));
      return `Pods of ${namespace} on ${places} get no sidecar from now on (until now: ${from}).`;
    }),
  ];
}

/** Workloads keep what they were started with until they are restarted: by this very update, or by somebody. */
export function restartsOf({ namespace, cells, inputs }: Row): string[] {
  const isRollout = inputs.restart === "rollout";
  const moved = Object.entries(cells).filter(([, cell]) => movesPods(cell, isRollout));
  const groups = groupBy(moved, ([, { injection }]) => `${injection?.from ?? NOBODY} => ${injection?.to ?? NOBODY}`);
  const moves = [...groups.values()].map((group) => {
    const { from = NOBODY, to = "nobody" } = group[0]?.[1].injection ?? {};
    const places = describePlaces(group.map(([place]) => place));
    const move = from === NOBODY ? `new pods: ${to}` : `${from} → ${to}`;
    if (isRollout) return `Workloads of ${namespace} on ${places} are restarted by this update (${move}).`;
    const kept = from === NOBODY ? "stay without a sidecar" : `keep what ${from} gave them`;
    return `Running pods of ${namespace} on ${places} ${kept} until they restart (new ones: ${to}).`;
  });
  const waits = Object.entries(cells).flatMap(([place, cell]) => {
    const pending = isRollout ? describeRollout(cell) : describeAll(cell.waiting);
    if (pending === undefined) return [];
    const where = describePlaces([place]);
    return [
      isRollout
        ? `This update restarts on ${where}, since an earlier change of ${namespace}: ${pending}.`
        : `Waiting for a restart on ${where}, since an earlier change of ${namespace}: ${pending}.`,
    ];
  });
  return [...moves, ...waits];
}

function describeAll(waiting: StringMap = {}): string | undefined {
  const keys = Object.keys(waiting);
  return keys.length === 0 ? undefined : enumerate(keys);
}

/** Policies that take a protection away, said when they are set, and those of which it cannot be said. */
export function warningsOf(row: Row): string[] {
  const { namespace, type, inputs, before } = row;
  if (type === "NamespaceSync") return [];
  const isSet = (key: string, value: unknown) => inputs[key] === value && before[key] !== value;
  const lines: readonly (readonly [boolean, string])[] = [
    [isSet("force", true), "takes over what other field managers and stacks own (force: true)"],
    [isSet("deleteNonEmpty", true), "may be deleted together with what it holds (deleteNonEmpty: true)"],
    [isSet("onDelete", "delete"), 'will be deleted on its clusters when the resource goes (onDelete: "delete")'],
    [isSet("onLeave", "delete"), 'will be deleted on clusters that it leaves (onLeave: "delete")'],
    [isSet("revisionCheck", "off"), 'is labelled without a look at who injects (revisionCheck: "off")'],
    [isSet("propagate", "all"), 'carries on its clusters what others label on the mesh (propagate: "all")'],
  ];
  return [
    ...lines.filter(([applies]) => applies).map(([, text]) => `${namespace} ${text}.`),
    ...hiddenPolicies(row, false),
  ];
}

/** Policies that the preview does not tell: those by which something may be deleted now, or the others. */
function hiddenPolicies({ namespace, cells, inputs, isEnd }: Row, mayDelete: boolean): string[] {
  const isLeft = Object.values(cells).some(({ kind }) => kind === "release" || kind === "retain");
  const deletes = (key: string) => isLeft && key === (isEnd ? "onDelete" : "onLeave");
  return hiddenPoliciesOf(inputs)
    .filter(({ key }) => deletes(key) === mayDelete)
    .map(
      ({ key, why }) =>
        `${namespace}: ${key} ${why}: ${mayDelete ? "whether it deletes" : "what it does"} is not said here.`,
    );
}

/** Which clusters it belongs to is not the program's word but a NamespaceSync's. */
export function followsOf({ namespace, inputs, before }: Row): string[] {
  const { recordedBy } = inputs;
  if (!isRecord(recordedBy) || sameJson(recordedBy, before.recordedBy)) return [];
  const bySync = groupBy(Object.entries(recordedBy), ([, owner]) => textOf(owner));
  return [...bySync].map(([owner, records]) => {
    const sync = owner.slice(owner.lastIndexOf("/") + 1);
    return `${namespace} belongs to ${describePlaces(records.map(([cluster]) => cluster))} as the NamespaceSync ${sync} has recorded.`;
  });
}

function losesSidecars(injection: Cell["injection"]): boolean {
  return isInjected(injection?.from) && !isInjected(injection?.to);
}

/**
 * Whether pods that run have something else than new ones get. The ambient mesh is left without a restart, and a namespace
 * that is made or deleted has no pods; one that is taken may have them, and only a rollout does something about those.
 */
function movesPods({ kind, injection }: Cell, isRollout: boolean): boolean {
  if (kind === "create" || kind === "delete") return false;
  const hasSidecars = (injector: string | undefined) => isInjected(injector) && injector !== AMBIENT;
  const isTaken = kind === "adopt" || kind === "join";
  return hasSidecars(injection?.from) || (hasSidecars(injection?.to) && (isRollout || !isTaken));
}

function isInjected(injector: string | undefined): boolean {
  return injector !== undefined && injector !== NOBODY;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
