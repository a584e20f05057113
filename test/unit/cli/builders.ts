/** Previews for the tests of reports: real ones from the fixtures, and such as need only a few words. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cell } from "../../../cli/report/cell.ts";
import { parseReport, type Report } from "../../../cli/report/report.ts";

/** Real output of `pulumi preview --json`, without what differs from run to run. */
export function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, "..", "fixtures", "preview", `${name}.json`), "utf8");
}

const URN = "urn:pulumi:dev::x::pulumi-nodejs:dynamic/global-namespace";
const MESH_URN = "urn:pulumi:dev::x::pulumi:providers:pulumi-nodejs::mesh";

export interface Inputs {
  readonly [key: string]: unknown;
}

/** What is known of a namespace named `p` before, or wanted of it. */
export interface State {
  readonly targets?: Readonly<Record<string, object>>;
  readonly members?: Readonly<Record<string, object>>;
  readonly orphaned?: Readonly<Record<string, object>>;
  readonly inputs?: Inputs;
}

export function aTarget(labels: Readonly<Record<string, string>> = {}, more: object = {}): object {
  return { labels, origin: "created", ...more };
}

function stateOf(state: State): { readonly inputs: object; readonly outputs: object } {
  const { targets = {}, orphaned = {}, inputs = {} } = state;
  const members = state.members ?? Object.fromEntries(Object.keys(targets).map((name) => [name, READY]));
  return {
    inputs: { name: "p", controlPlaneTarget: aTarget(), targets, ...inputs },
    outputs: { controlPlaneTarget: aTarget(), ...inputs, targets, members, orphaned, controlPlane: READY },
  };
}

const READY = { state: "Ready", origin: "created" };

/** One step of a GlobalNamespace `p`: what is absent before is created, what is absent after is deleted. */
export function aStep({ before, after }: { readonly before?: State; readonly after?: State }): object {
  const op = before === undefined ? "create" : after === undefined ? "delete" : "update";
  return {
    op,
    urn: `${URN}:GlobalNamespace::p`,
    provider: `${MESH_URN}::id`,
    ...(before !== undefined && { oldState: stateOf(before) }),
    ...(after !== undefined && { newState: stateOf(after) }),
  };
}

/** One step of a GlobalNamespaces `many`; each namespace as in {@link aStep}. */
export function aManyStep(
  before: Readonly<Record<string, State>> | undefined,
  after: Readonly<Record<string, State>> | undefined,
  released?: readonly string[],
): object {
  const stateOfAll = (all: Readonly<Record<string, State>>, more: object = {}) => {
    const states = Object.entries(all).map(([name, state]) => [name, stateOf({ ...state, inputs: { name } })] as const);
    const part = (key: "inputs" | "outputs") => Object.fromEntries(states.map(([name, state]) => [name, state[key]]));
    return { inputs: { namespaces: part("inputs"), ...more }, outputs: { namespaces: part("outputs") } };
  };
  return {
    op: before === undefined ? "create" : after === undefined ? "delete" : "update",
    urn: `${URN}:GlobalNamespaces::many`,
    provider: `${MESH_URN}::id`,
    ...(before !== undefined && { oldState: stateOfAll(before) }),
    ...(after !== undefined && { newState: stateOfAll(after, released && { released }) }),
  };
}

/** The mesh's own step, which says which clusters it has. */
export function aMeshStep(
  clusters: readonly string[],
  controlPlane: unknown = { context: "mesh" },
  more: object = {},
): object {
  const contexts = Object.fromEntries(clusters.map((name) => [name, { context: name }]));
  const inputs = { controlPlane, clusters: contexts, ...more };
  return { op: "same", urn: MESH_URN, newState: { inputs } };
}

export function aSyncStep(before: Inputs | undefined, after: Inputs | undefined): object {
  return {
    op: before === undefined ? "create" : after === undefined ? "delete" : "update",
    urn: `${URN}:NamespaceSync::s`,
    provider: `${MESH_URN}::id`,
    ...(before !== undefined && { oldState: { inputs: before } }),
    ...(after !== undefined && { newState: { inputs: after } }),
  };
}

/** What the engine says of the GlobalNamespace `p`. */
export function aDiagnostic(severity: string, message: string): object {
  return { severity, message, urn: `${URN}:GlobalNamespace::p` };
}

/** How the engine words a failed check of `p`. */
export function aRefusal(property: string, reason: string): object {
  const introduction = "error: pulumi-nodejs:dynamic/global-namespace:GlobalNamespace resource 'p': property";
  return aDiagnostic("error", `${introduction} ${property} value {<nil>} has a problem: ${reason}\n`);
}

export function aPreview(steps: readonly object[], diagnostics: readonly object[] = []): string {
  return JSON.stringify({ steps, diagnostics });
}

export function aReport(steps: readonly object[], diagnostics: readonly object[] = []): Report {
  return parseReport(aPreview(steps, diagnostics));
}

export function cellOf(report: Report, namespace: string, place: string): Cell | undefined {
  return report.rows.find((row) => row.namespace === namespace)?.cells[place];
}
