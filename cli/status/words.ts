/** The words of a status, the same in the terminal and on the page. */

import { AMBIENT, NOBODY } from "../../provider/model/injection";
import { isSettled, type NamespaceStatus, type PlaceStatus, type Status } from "./status";

/** How much a cell asks for attention. */
export type Urgency = "good" | "look" | "bad" | "quiet";

export function urgencyOf({ state, remarks, waiting }: PlaceStatus): Urgency {
  switch (state) {
    case "declared":
    case "synced":
      return remarks.length > 0 ? "look" : "quiet";
    case "in step":
      return remarks.length > 0 || waiting !== undefined ? "look" : "good";
    case "differs":
    case "terminating":
    case "left behind":
      return "look";
    case "missing":
    case "foreign":
    case "unknown":
      return "bad";
  }
}

/** What is no revision's name, as a person says it. */
const INJECTORS: Readonly<Record<string, string>> = { [NOBODY]: "not injected", [AMBIENT]: "ambient" };

export function describeInjector(injector: string): string {
  return INJECTORS[injector] ?? `injected by ${injector}`;
}

/** `in step, canary, 2 wait`. */
export function describePlace({ state, injectedBy, waiting }: PlaceStatus): string {
  const count = Object.keys(waiting ?? {}).length;
  return [
    state,
    ...(injectedBy === undefined ? [] : [INJECTORS[injectedBy] ?? injectedBy]),
    ...(count > 0 ? [`${count} ${count === 1 ? "waits" : "wait"}`] : []),
  ].join(", ");
}

/** Whose it is, without what the rest of the line says: `shop/prod` for `acme/shop/prod/mesh/payments`. */
export function describeOwner({ name, owner, syncs }: NamespaceStatus): string {
  if (owner === undefined) return `synced by ${[...new Set(Object.values(syncs))].map(shorten).join(", ")}`;
  const [, , , , resource] = owner.split("/");
  return resource === undefined || resource === name ? shorten(owner) : `${shorten(owner)} (${resource})`;
}

function shorten(owner: string): string {
  const [, project, stack] = owner.split("/");
  return project === undefined || stack === undefined ? owner : `${project}/${stack}`;
}

/** `payments on east and west: ...`, for everything that is not as it should be; once for places where it is the same. */
export function describeTrouble({ namespaces, clusters }: Status): string[] {
  return [
    ...Object.entries(clusters).flatMap(([cluster, { problems }]) => problems.map((why) => `${cluster}: ${why}`)),
    ...namespaces.flatMap(({ name, controlPlane, members }) => {
      const places = new Map<string, string[]>();
      for (const [place, { state, remarks }] of [["the mesh", controlPlane] as const, ...Object.entries(members)]) {
        // Of a cluster that did not answer it is said once.
        if (state === "unknown") continue;
        for (const remark of remarks) places.set(remark, [...(places.get(remark) ?? []), place]);
      }
      return [...places].map(([remark, where]) => `${name} on ${describeList(where)}: ${remark}`);
    }),
  ];
}

function describeList(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function describeWaiting({ namespaces }: Status): string[] {
  return namespaces.flatMap(({ name, members }) =>
    Object.entries(members).flatMap(([cluster, { injectedBy, waiting = {} }]) =>
      Object.entries(waiting).map(([workload, has]) => {
        const isNone = injectedBy === undefined || Object.hasOwn(INJECTORS, injectedBy);
        const gets = isNone ? "no sidecar" : `revision ${injectedBy}`;
        return `${name} on ${cluster}: ${workload} has ${has}, and would get ${gets}`;
      }),
    ),
  );
}

/** `12 global namespaces on 3 clusters, all in step`, in one line. */
export function describeStatus(status: Status): string {
  const { namespaces, clusters } = status;
  if (namespaces.length === 0)
    return "no namespace of the mesh is declared by a GlobalNamespace or recorded by a NamespaceSync";
  const places = namespaces.flatMap(({ controlPlane, members }) => [controlPlane, ...Object.values(members)]);
  const count = (isOne: (place: PlaceStatus) => boolean) => places.filter(isOne).length;
  const waiting = places.reduce((sum, place) => sum + Object.keys(place.waiting ?? {}).length, 0);
  const outOfStep = count(({ state, remarks }) => state !== "unknown" && state !== "in step" && remarks.length > 0);
  const silent = Object.values(clusters).filter(({ problems }) => problems.length > 0).length;
  return [
    `${plural(namespaces.length, "global namespace")} on ${plural(Object.keys(clusters).length, "cluster")}`,
    ...(isSettled(status) ? ["all in step"] : []),
    ...(outOfStep > 0 ? [`${outOfStep} not in step`] : []),
    ...(waiting > 0 ? [`${plural(waiting, "workload")} ${waiting === 1 ? "waits" : "wait"} for a restart`] : []),
    ...(silent > 0 ? [`${plural(silent, "cluster")} did not answer everything`] : []),
  ].join(", ");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
