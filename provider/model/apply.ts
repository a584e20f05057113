/**
 * What a namespace will be once a forced server-side apply of ours is made: enough of the server's rules for a preview
 * to go on from. https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */

import type { StringMap } from "./json";
import type { FieldManager, Namespace, NamespaceApply } from "./namespace";

type Kind = "labels" | "annotations";

/** Of a namespace that is not there yet, what only the server can give is empty. */
export function afterApply(seen: Namespace | undefined, body: NamespaceApply, manager: string): Namespace {
  const before: Namespace = seen ?? {
    name: body.name,
    uid: "",
    resourceVersion: "",
    creationTimestamp: "",
    labels: { "kubernetes.io/metadata.name": body.name },
    annotations: {},
    finalizers: [],
    conditions: [],
    fieldManagers: [],
  };
  const isOurs = (entry: FieldManager) => entry.manager === manager && entry.operation === "Apply";
  const ours = before.fieldManagers.filter(isOurs);
  const others = before.fieldManagers.filter((entry) => !isOurs(entry));

  const values = (kind: Kind): StringMap => {
    const given = ours.flatMap((entry) => entry[kind]).filter((key) => !Object.hasOwn(body[kind], key));
    const gone = given.filter((key) => !others.some((entry) => entry[kind].includes(key)));
    return { ...without(before[kind], gone), ...body[kind] };
  };
  const stillTheirs = (kind: Kind, keys: readonly string[]) =>
    keys.filter((key) => !Object.hasOwn(body[kind], key) || body[kind][key] === before[kind][key]);

  return {
    ...before,
    labels: values("labels"),
    annotations: values("annotations"),
    fieldManagers: [
      ...others.map((entry) => ({
        ...entry,
        labels: stillTheirs("labels", entry.labels),
        annotations: stillTheirs("annotations", entry.annotations),
      })),
      { manager, operation: "Apply", labels: Object.keys(body.labels), annotations: Object.keys(body.annotations) },
    ],
  };
}

/** What it will be without some labels, whoever owns them. */
export function afterRemoval(seen: Namespace, labels: readonly string[]): Namespace {
  return {
    ...seen,
    labels: without(seen.labels, labels),
    fieldManagers: seen.fieldManagers.map((entry) => ({
      ...entry,
      labels: entry.labels.filter((key) => !labels.includes(key)),
    })),
  };
}

function without(map: StringMap, keys: readonly string[]): StringMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}
