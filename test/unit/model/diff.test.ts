import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff, isInStep } from "../../../provider/model/diff.ts";
import { outputsOf, parseState, type State } from "../../../provider/model/state.ts";
import { UNKNOWN } from "../../../provider/model/unknown.ts";
import { aMesh, aState, aStatus, labelMap, OWNER } from "./builders.ts";

/** As the engine asks: what is recorded, through the outputs, and the checked inputs of the program. */
function between(state: State, changes: Readonly<Record<string, unknown>> = {}) {
  return diff(parseState(outputsOf(state)), { ...state.inputs, ...changes }, aMesh());
}

const NOTHING = { changes: false, replaces: [], remarks: [] };

describe("a diff", () => {
  test("is empty where everything is in step", () => {
    expect(between(aState())).toEqual(NOTHING);
  });

  test("is empty where an unreachable cluster is in step as far as is known", () => {
    const members = { ...aState().members, west: aStatus({ state: "Unreachable", error: "no answer within 15 s" }) };
    expect(between(aState({ members }))).toEqual(NOTHING);
  });

  test("does not see the order of keys, nor the loader's text", () => {
    const { targets } = aState();
    const reversed = Object.fromEntries(Object.entries(targets).reverse());
    expect(between(aState(), { targets: reversed, __provider: "another text", resource: "x" })).toEqual(NOTHING);
  });

  const target = { labels: { team: "a" } };
  const other = { labels: { team: "b" } };
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["a policy", { onDelete: "delete" }],
    ["a policy that is left out now", { labels: undefined }],
    ["one cluster's target", { targets: { east: target, west: other } }],
    ["a cluster that joins", { targets: { east: target, north: target, west: target } }],
    ["everything at once", { labels: { team: "b" }, targets: { east: other, west: other }, controlPlaneTarget: other }],
    ["labels that are not known yet", { labels: UNKNOWN }],
    ["one label that is not known yet", { labels: { team: UNKNOWN } }],
  ];
  test.each(cases)("sees %s, of which the engine's own diff says all", (_, changes) => {
    expect(between(aState(), changes)).toEqual({ changes: true, replaces: [], remarks: [] });
  });

  test("says what becomes of a cluster that leaves", () => {
    const leaving = (onLeave: string) => between(aState(), { targets: { east: target }, onLeave });
    for (const [onLeave, what] of [
      ["release", "its labels are taken back, the namespace stays"],
      ["retain", "the namespace and its labels stay as they are"],
      ["delete", "the namespace is DELETED there unless it holds something"],
    ] as const) {
      const { remarks } = leaving(onLeave);
      expect(remarks).toEqual([expect.stringContaining(`payments: leaves west: ${what}`)]);
    }
  });

  test("says it also where the last run has not come to it, and the program is the same", () => {
    const inputs = { targets: { east: target }, onLeave: "delete" };
    const stopped = { ...aState(), inputs: { ...aState().inputs, ...inputs } };
    expect(between(stopped).remarks).toEqual([
      expect.stringContaining("payments: leaves west: the namespace is DELETED"),
    ]);
  });

  test("says nothing of what leaves where it gets another name: the old one ends as a whole", () => {
    expect(between(aState(), { name: "billing", targets: { east: target } }).remarks).toEqual([]);
  });

  test("says of a cluster that the mesh no longer has that its namespace stays", () => {
    const { inputs } = aState();
    const smaller = aMesh({ clusters: { east: {} } });
    expect(diff(aState(), { ...inputs, targets: { east: target } }, smaller).remarks).toEqual([
      expect.stringContaining("payments: west is no longer in the mesh; its namespace stays as it is"),
    ]);
  });

  test("says that what becomes of it is known after the update, where its policy is", () => {
    expect(between(aState(), { targets: { east: target }, onLeave: UNKNOWN }).remarks).toEqual([
      "payments: leaves west: whether the namespace is DELETED there is known after the update, with onLeave",
    ]);
  });

  test("says what becomes of it where an unknown policy decides nothing", () => {
    expect(between(aState(), { targets: { east: target }, deleteNonEmpty: UNKNOWN }).remarks).toEqual([
      expect.stringContaining("payments: leaves west: its labels are taken back"),
    ]);
  });

  test("says it of a cluster that was not in the mesh and is again", () => {
    const orphaned = { north: aStatus() };
    expect(between(aState({ orphaned })).remarks).toEqual([expect.stringContaining("payments: leaves north: ")]);
    const smaller = aMesh({ clusters: { east: {}, west: {} } });
    expect(diff(aState({ orphaned }), aState().inputs, smaller)).toEqual(NOTHING);
  });

  test("says nothing of a control plane that is left, and that keeps the namespace", () => {
    const { inputs } = aState();
    const onWest = aMesh({ controlPlane: "west" });
    expect(diff(aState(), { ...inputs, targets: { east: target } }, onWest).remarks).toEqual([]);
  });

  test("replaces for another name, and not for one that is not known yet", () => {
    expect(between(aState(), { name: "billing" })).toMatchObject({ changes: true, replaces: ["name"] });
    expect(between(aState(), { name: UNKNOWN })).toMatchObject({ changes: true, replaces: [] });
  });

  test("says nothing of gaps where the targets are not known yet", () => {
    const members = { ...aState().members, west: aStatus({ state: "Missing", labels: {} }) };
    expect(between(aState({ members }), { targets: UNKNOWN })).toMatchObject({ changes: true, remarks: [] });
  });
});

describe("what an earlier run left undone is seen from the outputs alone", () => {
  const withEast = (east: State["members"][string]) => aState({ members: { ...aState().members, east } });
  const cases: readonly (readonly [string, State, string])[] = [
    [
      "a cluster that could not be reached",
      withEast({ state: "Unreachable", labels: {}, error: "connection refused: east:6443 (ECONNREFUSED)" }),
      "east is written again: connection refused: east:6443 (ECONNREFUSED)",
    ],
    [
      "a cluster that refused",
      withEast(aStatus({ state: "Failed", labels: { team: "old" }, error: "forbidden" })),
      "east is written again: forbidden",
    ],
    ["a namespace that went away", withEast({ state: "Missing", labels: {} }), "east is written again: Missing"],
    [
      "a namespace that is going away",
      withEast(aStatus({ state: "Terminating" })),
      "east is written again: Terminating",
    ],
    [
      "a label that was changed there",
      withEast(aStatus({ labels: { team: "kubectl" } })),
      "east is written again: it carries something else than is declared",
    ],
    [
      "a label of ours that is still there",
      withEast(aStatus({ labels: { team: "a", old: "x" } })),
      "east is written again: it carries something else than is declared",
    ],
    [
      "an annotation that was changed there",
      withEast(aStatus({ annotations: { note: "x" } })),
      "east is written again: it carries something else than is declared",
    ],
    [
      "a control plane that is not in step",
      aState({ controlPlane: aStatus({ labels: {} }) }),
      "controlPlane is written again: it carries something else than is declared",
    ],
    ["a cluster that was never written", aState({ members: { west: aStatus() } }), "east is written: it never was"],
    [
      "a cluster that was not left",
      aState({ members: { ...aState().members, north: aStatus() } }),
      'leaves north: its labels are taken back, the namespace stays (onLeave: "release")',
    ],
  ];
  test.each(cases)("%s", (_, state, line) => {
    expect(between(state)).toEqual({ changes: true, replaces: [], remarks: [`payments: ${line}`] });
  });

  test("also that pods are met where the injection is still another one", () => {
    const injected = (mode: string) => ({ "istio.io/rev": mode });
    const targets = { east: { labels: injected("canary") }, west: { labels: injected("canary") } };
    const declared = { injection: { revision: "canary" }, restart: "rollout", targets };
    const members = {
      east: aStatus({ state: "Failed", labels: injected("stable"), error: "forbidden" }),
      west: { state: "Unreachable", labels: {}, error: "no answer" },
    } as const;
    const state = aState({ members, targets, inputs: { ...aState().inputs, ...declared } });
    expect(between(state).remarks).toEqual([
      "payments: east is written again: forbidden",
      "payments: west is written again: no answer",
      'payments: on east workloads whose pods would get something else now are RESTARTED (restart: "rollout")',
    ]);
  });

  test("also what a run was to do that could not begin: the engine takes its inputs for those of before", () => {
    const controlPlane = aStatus({ state: "Failed", error: "an admission webhook said no", unbegun: true });
    const targets = { ...aState().targets, west: { labels: { team: "b", "istio-injection": "enabled" } } };
    expect(between(aState({ controlPlane }), { targets, restart: "rollout" }).remarks).toEqual([
      "payments: west is written as declared: the last run could not begin",
      'payments: on west workloads whose pods would get something else now are RESTARTED (restart: "rollout")',
    ]);
    // Where nothing is to be done any more, the mark goes with the next up.
    expect(between(aState({ controlPlane: aStatus({ unbegun: true }) }))).toMatchObject({ changes: true, remarks: [] });
    // A refresh that could not read it is no run.
    const unread = aStatus({ state: "Failed", error: "forbidden" });
    expect(between(aState({ controlPlane: unread }), { targets }).remarks).toEqual([]);
  });

  test("also of a cluster called constructor", () => {
    const labels = { team: "a" };
    const targets = { constructor: { labels } } as unknown as State["targets"];
    const inputs = { name: "payments", owner: OWNER, targets, controlPlaneTarget: { labels } };
    expect(between(aState({ targets, inputs, members: {} })).remarks).toEqual([
      "payments: constructor is written: it never was",
    ]);
  });

  test("whatever the targets are: in step is what carries exactly its target", () => {
    fc.assert(
      fc.property(labelMap, labelMap, (wanted, live) => {
        const inStep = isInStep(aStatus({ labels: live }), { labels: wanted });
        expect(inStep).toBe(JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(live)));
      }),
    );
  });
});

describe("workloads that wait for a restart", () => {
  const restarts = { "Deployment/api": "no sidecar", "Pod/tool": "no sidecar" };
  const waiting = aState({ members: { ...aState().members, east: aStatus({ restarts }) } });
  const withRestart = (restart: string) => ({ ...waiting, inputs: { ...waiting.inputs, restart } });

  test("are left undone where they shall be restarted", () => {
    expect(between(withRestart("rollout"))).toEqual({
      changes: true,
      replaces: [],
      remarks: ["payments: east has still to restart Deployment/api"],
    });
  });

  test("are left undone also where it could not be told which they are", () => {
    const east = aStatus({ restartsUnknown: "no answer within 15 s", restartsDue: true });
    const untold = aState({ members: { ...aState().members, east } });
    const declared = { ...untold, inputs: { ...untold.inputs, restart: "rollout" } };
    expect(between(declared).remarks).toEqual([
      "payments: east has still to restart workloads (which ones could not be told)",
    ]);
    expect(between(untold).changes).toBe(false);
  });

  test("are nothing to do where they are only reported", () => {
    expect(between(withRestart("report")).changes).toBe(false);
    expect(between(waiting).changes).toBe(false);
  });
});

function sorted(labels: Record<string, string>): readonly (readonly [string, string])[] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
