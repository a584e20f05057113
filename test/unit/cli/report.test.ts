import { describe, expect, test } from "vitest";
import { parseReport, withEnd } from "../../../cli/report/report.ts";
import { describeSummary } from "../../../cli/report/words.ts";
import { describeInjectionMove } from "../../../provider/model/restarts.ts";
import { describeStaying } from "../../../provider/model/shared-labels.ts";
import {
  aDiagnostic,
  aManyStep,
  aMeshStep,
  aRefusal,
  aReport,
  aStep,
  aSyncStep,
  aTarget,
  cellOf,
  fixture,
  type State,
} from "./builders.ts";

const cell = (name: string, namespace: string, place: string) => cellOf(parseReport(fixture(name)), namespace, place);

describe("a report of a preview", () => {
  test("tells a namespace that is made on a cluster from one that is adopted there", () => {
    expect(cell("create", "payments", "east")?.kind).toBe("create");
    expect(cell("create", "payments", "west")?.kind).toBe("adopt");
    expect(cell("create", "payments", "north")).toBeUndefined();
  });

  test("says label by label what changes, and who injects before and after", () => {
    expect(cell("change", "payments", "east")).toEqual({
      kind: "change",
      labels: [
        { key: "istio-injection", from: "enabled" },
        { key: "istio.io/rev", to: "canary" },
        { key: "tier", to: "1" },
      ],
      annotations: [],
      injection: { from: "default", to: "canary" },
    });
  });

  test("shows a changed name as one namespace that comes and one that goes", () => {
    expect(cell("change", "renamed2", "controlPlane")?.kind).toBe("create");
    expect(cell("change", "renamed", "controlPlane")?.kind).toBe("delete");
    expect(cell("change", "renamed", "east")?.kind).toBe("retain");
  });

  test("of a preview that failed gives its errors, without the engine's words around them", () => {
    const { errors, rows } = parseReport(fixture("fail"));
    expect(rows).toEqual([]);
    expect(errors).toEqual([expect.stringMatching(/^payments: labels\.team: "a!" is not a label's value: letters/)]);
  });

  test("that ended badly without a word of it in its JSON has failed", () => {
    const nothing = aReport([]);
    expect(withEnd(nothing, 0)).toEqual(nothing);
    const failed = withEnd(nothing, 255);
    expect(failed.errors).toEqual(["pulumi preview ended with 255; what it said is on standard error"]);
    expect(describeSummary(failed)).toBe("the preview failed");
    const told = parseReport(fixture("fail"));
    expect(withEnd(told, 255)).toEqual(told);
  });

  test("refuses what is no preview, in a sentence", () => {
    for (const text of ["", "error: no stack selected", "{}", "[1]"]) {
      expect(() => parseReport(text)).toThrow("this is not the output of pulumi preview --json");
    }
  });
});

describe("a cluster in a report", () => {
  const kindOf = (before: State | undefined, after: State | undefined, place = "east") =>
    cellOf(aReport([aStep({ ...(before && { before }), ...(after && { after }) })]), "p", place)?.kind;
  const onEast = { targets: { east: aTarget({ team: "a" }) } };

  test("that the namespace leaves is told what becomes of it there", () => {
    const leaving = (onLeave: string, origin = "created") =>
      kindOf({ ...onEast, members: { east: { state: "Ready", origin } } }, { targets: {}, inputs: { onLeave } });
    expect(leaving("release")).toBe("release");
    expect(leaving("retain")).toBe("retain");
    expect(leaving("delete")).toBe("delete");
    expect(leaving("delete", "adopted")).toBe("release");
  });

  describe("that carries a secret", () => {
    const state = (labels: Record<string, string>): State => ({ targets: { east: aTarget(labels) } });
    const labelsOf = (before: State, after: State, detailedDiff?: object) => {
      const step = { ...aStep({ before, after }), detailedDiff };
      return cellOf(aReport([step]), "p", "east")?.labels;
    };
    const secret = state({ team: "a", "acme.dev/token": "[secret]" });

    test("may get another one with any update, where the provider does not say what changes", () => {
      expect(labelsOf(secret, secret)).toEqual([
        { key: "acme.dev/token", from: "[secret]", to: "[secret], perhaps another" },
      ]);
    });

    test("gets another one where the provider says so", () => {
      const path = 'targets.east.labels["acme.dev/token"]';
      expect(labelsOf(secret, secret, { [path]: { kind: "update" } })).toEqual([
        { key: "acme.dev/token", from: "[secret]", to: "[secret], another" },
      ]);
      expect(labelsOf(secret, secret, { "annotations.note": { kind: "update" } })).toBeUndefined();
    });

    test("for the first time gets just that", () => {
      expect(labelsOf(state({ team: "a" }), secret)).toEqual([{ key: "acme.dev/token", to: "[secret]" }]);
    });
  });

  test("whose recorded targets are a secret output as a whole has what was declared", () => {
    const step = aStep({ before: onEast, after: onEast }) as { readonly oldState: { readonly outputs: object } };
    const outputs = { ...step.oldState.outputs, targets: "[secret]", controlPlaneTarget: "[secret]" };
    expect(aReport([{ ...step, oldState: { ...step.oldState, outputs } }]).rows).toEqual([]);
    const many = aManyStep({ p: onEast }, { p: onEast }) as { readonly oldState: object };
    expect(aReport([{ ...many, oldState: { ...many.oldState, outputs: { namespaces: "[secret]" } } }]).rows).toEqual(
      [],
    );
  });

  test("that is the secret source of a NamespaceSync is the same one after an update", () => {
    const inputs = { cluster: "[secret]", namespaces: { p: aTarget({ team: "a" }) } };
    expect(aReport([aSyncStep(inputs, inputs)]).rows).toEqual([]);
  });

  describe("with a policy that is a secret", () => {
    test("is told what the other policies do", () => {
      const inputs = { onLeave: "delete", onDelete: "[secret]" };
      const report = aReport([aStep({ before: { ...onEast, inputs }, after: { targets: {}, inputs } })]);
      expect(cellOf(report, "p", "east")?.kind).toBe("delete");
      expect(report.rows[0]?.policies).toEqual([
        { key: "onDelete", from: "[secret]", to: "[secret], perhaps another" },
      ]);
      expect(report.destructive).toEqual(["p is deleted on east, unless it holds something."]);
      expect(report.warnings).toEqual(["p: onDelete is a secret: what it does is not said here."]);
    });

    test("is deleted perhaps with what it holds, where that policy is not told", () => {
      const inputs = { onLeave: "delete", deleteNonEmpty: "[secret]" };
      const report = aReport([aStep({ before: { ...onEast, inputs }, after: { targets: {}, inputs } })]);
      expect(report.destructive).toEqual(["p is deleted on east, perhaps with everything in it."]);
    });

    test("may lose its namespace, which is said", () => {
      const end = aReport([aStep({ before: { ...onEast, inputs: { onDelete: "[secret]" } } })]);
      expect(end.destructive).toContain("p: onDelete is a secret: whether it deletes is not said here.");
      expect(end.warnings).toEqual([]);
    });
  });

  test("that joins or leaves is a change on the mesh too, whose namespace says where it belongs", () => {
    const targets = { west: aTarget({ team: "a" }) };
    expect(cellOf(aReport([aStep({ before: onEast, after: { targets } })]), "p", "controlPlane")).toMatchObject({
      kind: "change",
      annotations: [
        { key: "global-namespace.dev/cluster.east", from: "true" },
        { key: "global-namespace.dev/cluster.west", to: "true" },
      ],
    });
  });

  test("keeps a namespace that nobody may delete", () => {
    const inputs = { name: "default", onDelete: "delete" };
    const report = aReport([aStep({ before: { ...onEast, inputs } })]);
    expect(report.rows[0]?.cells).toMatchObject({ east: { kind: "release" }, controlPlane: { kind: "release" } });
    expect(report.destructive).toEqual([]);
  });

  test("keeps a namespace that the mesh protects", () => {
    const protecting = aMeshStep(["east"], undefined, { protectedNamespaces: ["p"] });
    const report = aReport([protecting, aStep({ before: { ...onEast, inputs: { onDelete: "delete" } } })]);
    expect(report.rows[0]?.cells).toMatchObject({ east: { kind: "release" }, controlPlane: { kind: "release" } });
  });

  test("that an earlier change left, and that could not be, is left by the next one", () => {
    const members = { east: { state: "Failed", origin: "created", labels: { team: "a" } } };
    const left = (onLeave: string) =>
      aReport([aStep({ before: { members, inputs: { onLeave } }, after: { inputs: { onLeave } } })]);
    expect(cellOf(left("release"), "p", "east")).toMatchObject({
      kind: "release",
      labels: [{ key: "team", from: "a" }],
    });
    expect(left("delete").destructive).toEqual(["p is deleted on east, unless it holds something."]);
  });

  describe("that was not in the mesh for a time", () => {
    const orphaned = { east: { state: "Ready", origin: "created", labels: { team: "a" } } };

    test("and is again is left like any other, and ends like any other", () => {
      const before = { orphaned, inputs: { onDelete: "release" } };
      const mesh = aMeshStep(["east"]);
      const left = aReport([mesh, aStep({ before, after: { inputs: { onLeave: "delete" } } })]);
      expect(left.destructive).toEqual(["p is deleted on east, unless it holds something."]);
      const end = aReport([mesh, aStep({ before })]);
      expect(cellOf(end, "p", "east")).toMatchObject({ kind: "release", labels: [{ key: "team", from: "a" }] });
    });

    test("and is not, as far as the preview says, is nobody's to leave", () => {
      const inputs = { onLeave: "delete" };
      const step = aStep({ before: { orphaned, inputs }, after: { inputs } });
      expect(aReport([aMeshStep(["west"]), step])).toMatchObject({ rows: [], destructive: [] });
      expect(aReport([step])).toMatchObject({ rows: [], destructive: [] });
    });
  });

  test("where the answer to the first write was lost may hold what this resource has made", () => {
    const before = { ...onEast, members: { east: { state: "Unreachable", unconfirmed: true } } };
    const report = aReport([aStep({ before, after: { inputs: { onLeave: "delete" } } })]);
    expect(cellOf(report, "p", "east")?.kind).toBe("delete");
  });

  describe("of which something is known after the update", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const step = (onLeave: string) => {
      const made = aStep({ before: onEast, after: { inputs: { onLeave } } });
      const inputs = { name: "p", controlPlaneTarget: aTarget(), onLeave, targets: unknown };
      return { ...made, newState: { inputs } };
    };

    test("is not said to be left", () => {
      const report = aReport([step("release")]);
      expect(report).toMatchObject({ rows: [{ policies: [{ key: "onLeave" }] }], untold: 1 });
      expect(cellOf(report, "p", "east")).toBeUndefined();
      expect(report.destructive).toEqual([
        "Where p belongs is known after the update: whether it leaves a cluster is not said here.",
      ]);
      expect(aReport([step("retain")])).toMatchObject({ untold: 1, destructive: [] });
    });

    test("may lose its namespace, where that is what becomes of it", () => {
      const inputs = { onLeave: unknown, restart: unknown };
      const report = aReport([aStep({ before: onEast, after: { targets: {}, inputs } })]);
      expect(report.destructive).toEqual([
        "p: onLeave is known after the update: whether it deletes is not said here.",
      ]);
      expect(report.warnings).toEqual(["p: restart is known after the update: what it does is not said here."]);
    });

    test("is left by the policy that is told, whatever the one for its end is", () => {
      const inputs = { onLeave: "release", onDelete: unknown };
      const report = aReport([aStep({ before: onEast, after: { targets: {}, inputs } })]);
      expect(report.destructive).toEqual([]);
      expect(report.warnings).toEqual(["p: onDelete is known after the update: what it does is not said here."]);
    });

    test("may be of another namespace, and then the one that it was is deleted", () => {
      const report = aReport([aStep({ before: onEast, after: { ...onEast, inputs: { name: unknown } } })]);
      expect(report).toMatchObject({ rows: [], unchanged: 0, untold: 1 });
      expect(report.destructive).toEqual([
        "Which namespace p declares is known after the update: whether it deletes p is not said here.",
      ]);
      const creation = aReport([aStep({ after: { ...onEast, inputs: { name: unknown } } })]);
      expect(creation).toMatchObject({ rows: [{ namespace: "p" }], untold: 0, destructive: [] });
    });

    test("loses none of its labels, nor its injection", () => {
      const target = aTarget({ "istio.io/rev": "canary" }, { injectedBy: "canary" });
      const report = aReport([
        aStep({ before: { targets: { east: target } }, after: { targets: { east: { labels: unknown } } } }),
      ]);
      expect(cellOf(report, "p", "east")).toMatchObject({
        labels: [{ key: "all of them", to: "known after the update" }],
        injection: { from: "canary", to: "not known" },
      });
      expect(report.destructive).toEqual([]);
    });
  });

  test("whose injection is switched off has lost it, though nobody was asked who injects", () => {
    const report = aReport([
      aStep({
        before: { targets: { east: aTarget({ "istio-injection": "enabled" }, { injectedBy: "default" }) } },
        after: { targets: { east: aTarget({ "istio-injection": "disabled" }) } },
      }),
    ]);
    expect(report.destructive).toEqual(["Pods of p on east get no sidecar from now on (until now: default)."]);
  });

  test("of which it was not known who injects has not got another injector when it is", () => {
    const enabled = { "istio-injection": "enabled" };
    const report = aReport([
      aStep({
        before: { targets: { east: aTarget(enabled) } },
        after: { targets: { east: aTarget({ ...enabled, team: "a" }, { injectedBy: "default" }) } },
      }),
    ]);
    expect(report.restarts).toEqual([]);
    expect(report.rows[0]?.cells.east).not.toHaveProperty("injection");
  });

  test("of which nobody was asked who injects has not lost its sidecars", () => {
    const report = aReport([
      aStep({
        before: { targets: { east: aTarget({ "istio.io/rev": "stable" }, { injectedBy: "stable" }) } },
        after: { targets: { east: aTarget({ "istio.io/rev": "canary" }) } },
      }),
    ]);
    expect(report.destructive).toEqual([]);
    expect(report.restarts).toEqual([
      "Running pods of p on east keep what stable gave them until they restart (new ones: not known).",
    ]);
  });

  test("that the mesh no longer has keeps the namespace as it is", () => {
    const step = aStep({ before: onEast, after: { targets: {}, inputs: { onLeave: "delete" } } });
    expect(cellOf(aReport([aMeshStep(["west"]), step]), "p", "east")?.kind).toBe("retain");
    expect(cellOf(aReport([aMeshStep(["east"]), step]), "p", "east")?.kind).toBe("delete");
  });

  describe("that is the control plane itself", () => {
    const mesh = aMeshStep(["east", "west"], "east");
    const state = (labels: Readonly<Record<string, string>>, more: object = {}): State => ({
      targets: { east: aTarget(labels, more) },
      inputs: { controlPlaneTarget: aTarget(labels) },
    });
    const injected = state({ "istio.io/rev": "canary" }, { injectedBy: "canary" });

    test("is one column", () => {
      const report = aReport([mesh, aStep({ before: onEast })]);
      expect(Object.keys(report.rows[0]?.cells ?? {})).toEqual(["east"]);
      expect(cellOf(report, "p", "east")?.kind).toBe("delete");
    });

    test("loses its sidecars like any other", () => {
      const lost = ["Pods of p on east get no sidecar from now on (until now: canary)."];
      expect(aReport([mesh, aStep({ before: injected, after: state({}) })]).destructive).toEqual(lost);
      const members = { east: { state: "Ready", origin: "adopted" } };
      const adopted = { ...injected, members, inputs: { ...injected.inputs, name: "default" } };
      expect(aReport([mesh, aStep({ before: adopted })]).destructive).toEqual([
        "Pods of default on east get no sidecar from now on (until now: canary).",
      ]);
    });

    test("has workloads that wait, and that the update restarts", () => {
      const restarts = { "Deployment/api": "revision stable" };
      const before = { ...injected, members: { east: { state: "Ready", origin: "created", restarts } } };
      const after = { ...injected, inputs: { ...injected.inputs, restart: "rollout" } };
      const report = aReport([mesh, aStep({ before, after })]);
      expect(cellOf(report, "p", "east")?.kind).toBe("restart");
      expect(report.restarts).toEqual(["This update restarts on east, since an earlier change of p: Deployment/api."]);
    });

    test("keeps the namespace and who injects where it is left, and says on it where it belongs", () => {
      const after = { targets: {}, inputs: { ...injected.inputs, onLeave: "delete" } };
      const report = aReport([mesh, aStep({ before: injected, after })]);
      expect(cellOf(report, "p", "east")).toEqual({
        kind: "change",
        labels: [],
        annotations: [{ key: "global-namespace.dev/cluster.east", from: "true" }],
      });
      const joining = aReport([mesh, aStep({ before: { ...after, inputs: injected.inputs ?? {} }, after: injected })]);
      expect(cellOf(joining, "p", "east")).toMatchObject({
        kind: "change",
        annotations: [{ key: "global-namespace.dev/cluster.east", to: "true" }],
      });
      expect(joining.restarts).toEqual([]);
    });
  });

  test("where the last run failed is tried again, and says why it failed", () => {
    const after = (east: object) => aReport([aStep({ before: { ...onEast, members: { east } }, after: onEast })]);
    expect(cellOf(after({ state: "Failed", error: "forbidden" }), "p", "east")).toMatchObject({
      kind: "repair",
      remark: "forbidden",
    });
    expect(cellOf(after({ state: "Unreachable", error: "no route" }), "p", "east")).toMatchObject({
      kind: "unreachable",
      remark: "no route",
    });
    expect(cellOf(after({ state: "Missing" }), "p", "east")?.remark).toBe("it is gone there, and made again");
  });

  describe("where the last run failed and that carries something else still", () => {
    const wanted = { targets: { east: aTarget({ team: "b", "istio.io/rev": "canary" }, { injectedBy: "canary" }) } };
    const after = (labels: Readonly<Record<string, string>>, inputs: State["inputs"] = {}, more: object = {}) => {
      const east = { state: "Failed", error: "forbidden", uid: "u", labels, ...more };
      return aReport([aStep({ before: { ...wanted, members: { east } }, after: { ...wanted, inputs } })]);
    };

    test("is told what the repair changes there, and whom it restarts", () => {
      const report = after({ team: "a", "istio.io/rev": "stable" }, { restart: "rollout" });
      expect(cellOf(report, "p", "east")).toEqual({
        kind: "repair",
        labels: [
          { key: "istio.io/rev", from: "stable", to: "canary" },
          { key: "team", from: "a", to: "b" },
        ],
        annotations: [],
        injection: { from: "stable", to: "canary" },
        remark: "forbidden",
      });
      expect(report.restarts).toEqual(["Workloads of p on east are restarted by this update (stable → canary)."]);
      expect(after({ "istio-injection": "enabled" }, { restart: "rollout" }).restarts).toEqual([
        "Workloads of p on east are restarted by this update (default → canary).",
      ]);
      expect(after({ "istio-injection": "disabled" }, { restart: "rollout" }).restarts).toEqual([
        "Workloads of p on east are restarted by this update (new pods: canary).",
      ]);
    });

    test("loses its sidecars now", () => {
      const none = { targets: { east: aTarget({ team: "b" }) } };
      const east = { state: "Unreachable", uid: "u", labels: { "istio-injection": "enabled" } };
      const report = aReport([aStep({ before: { ...none, members: { east } }, after: none })]);
      expect(cellOf(report, "p", "east")?.kind).toBe("unreachable");
      expect(report.destructive).toEqual(["Pods of p on east get no sidecar from now on (until now: default)."]);
    });

    test("has no pods where nothing was ever written, nor on the mesh", () => {
      expect(after({}, { restart: "rollout" }, { uid: undefined }).restarts).toEqual([]);
      const step = aStep({ before: {}, after: {} }) as { readonly oldState: { readonly outputs: object } };
      const controlPlane = { state: "Failed", uid: "u", labels: { "istio.io/rev": "stable" } };
      const outputs = { ...step.oldState.outputs, controlPlane };
      const report = aReport([{ ...step, oldState: { ...step.oldState, outputs } }]);
      expect(cellOf(report, "p", "controlPlane")).toMatchObject({
        kind: "repair",
        labels: [{ key: "istio.io/rev", from: "stable" }],
      });
      expect(report.destructive).toEqual([]);
    });
  });

  test("that cannot be asked while the preview runs is marked", () => {
    const step = aStep({ after: onEast });
    const line = 'p: who injects on cluster "east" is not known: the connection was refused';
    const report = aReport([step], [aDiagnostic("info", `${line}\n`)]);
    expect(cellOf(report, "p", "east")?.remark).toBe("who injects is not known: the connection was refused");
    expect(report.remarks).toEqual([line]);
  });

  test("whose kubeconfig the same program makes says so", () => {
    const pending = { targets: { east: { labels: {}, pending: true } } };
    expect(cellOf(aReport([aStep({ after: pending })]), "p", "east")).toMatchObject({
      kind: "join",
      remark: "its kubeconfig is known after the update",
    });
  });

  test("where something is in the way is a conflict, though the preview has no step for it", () => {
    const report = aReport(
      [],
      [
        aRefusal("name", 'namespace "payments" on cluster "east": it belongs to "acme/other/dev/mesh/payments"'),
        aRefusal("adopt", 'namespace "payments" on the control plane: it exists there already'),
      ],
    );
    expect(report.rows).toHaveLength(1);
    expect(cellOf(report, "payments", "east")).toMatchObject({
      kind: "conflict",
      remark: 'it belongs to "acme/other/dev/mesh/payments"',
    });
    expect(cellOf(report, "payments", "controlPlane")?.kind).toBe("conflict");
    expect(report.errors[0]).toMatch(/^p: name: namespace "payments" on cluster "east": it belongs/);
  });

  test("that refuses one of many is a conflict of that one, also with a hyphen in its name", () => {
    const refusal = (name: string) => aRefusal(`namespaces${name}.injection`, 'cluster "west": it serves none');
    const report = aReport([], [refusal('["team-a"]'), refusal('["team-b"]'), refusal(".orders")]);
    expect(report.rows.map(({ namespace }) => namespace)).toEqual(["orders", "team-a", "team-b"]);
  });

  test("that serves no such revision is a conflict of the resource's namespace", () => {
    const report = aReport(
      [],
      [aRefusal("injection", 'cluster "west": no revision or tag "x" is served there; it serves none')],
    );
    expect(cellOf(report, "p", "west")?.remark).toBe('no revision or tag "x" is served there; it serves none');
  });
});

describe("what a report puts into words", () => {
  const onEast = (target: object, inputs: State["inputs"] = {}): State => ({ targets: { east: target }, inputs });
  const injected = (by: string) => aTarget({ "istio.io/rev": by }, { injectedBy: by });

  test("is first what is destructive", () => {
    expect(parseReport(fixture("change")).destructive).toEqual([
      "gone is deleted on the mesh's control plane and east, unless it holds something.",
      "orders is deleted on north, unless it holds something.",
      "renamed is deleted on the mesh's control plane, unless it holds something.",
    ]);
  });

  test("says that the contents go too where they do", () => {
    const report = aReport([aStep({ before: onEast(aTarget(), { onDelete: "delete", deleteNonEmpty: true }) })]);
    expect(report.destructive).toEqual(["p is deleted on the mesh's control plane and east, with everything in it."]);
  });

  test("counts the end of injection as destructive", () => {
    const report = aReport([aStep({ before: onEast(injected("canary")), after: onEast(aTarget()) })]);
    expect(report.destructive).toEqual(["Pods of p on east get no sidecar from now on (until now: canary)."]);
  });

  test("names the restart that an injector's move asks for, once for all clusters that move alike", () => {
    expect(parseReport(fixture("change")).restarts).toEqual([
      "Running pods of payments on east and west keep what default gave them until they restart (new ones: canary).",
    ]);
  });

  test("tells a restart that the update makes from one that somebody has to make", () => {
    const step = (restart: string) =>
      aReport([aStep({ before: onEast(injected("default")), after: onEast(injected("canary"), { restart }) })]);
    expect(step("rollout").restarts).toEqual([
      "Workloads of p on east are restarted by this update (default → canary).",
    ]);
    expect(step("report").restarts).toEqual([
      "Running pods of p on east keep what default gave them until they restart (new ones: canary).",
    ]);
  });

  test("says what becomes of pods that have no sidecar yet", () => {
    const step = (restart: string, before: State) =>
      aReport([aStep({ before, after: onEast(injected("default"), { restart }) })]).restarts;
    expect(step("report", onEast(aTarget()))).toEqual([
      "Running pods of p on east stay without a sidecar until they restart (new ones: default).",
    ]);
    expect(step("rollout", onEast(aTarget()))).toEqual([
      "Workloads of p on east are restarted by this update (new pods: default).",
    ]);
  });

  test("names the restart of workloads in a namespace that is adopted, where the update makes it", () => {
    const adopted = aTarget({ "istio.io/rev": "default" }, { injectedBy: "default", origin: "adopted" });
    const step = (target: object, restart: string) => aReport([aStep({ after: onEast(target, { restart }) })]).restarts;
    expect(step(adopted, "rollout")).toEqual([
      "Workloads of p on east are restarted by this update (new pods: default).",
    ]);
    expect(step(adopted, "report")).toEqual([]);
    expect(step(injected("default"), "rollout")).toEqual([]);
  });

  describe("of workloads that wait already", () => {
    const restarts = { "Deployment/api": "revision stable", "Pod/bare": "no sidecar" };
    const before = { ...onEast(aTarget()), members: { east: { state: "Ready", origin: "created", restarts } } };

    test("names those that somebody has to restart", () => {
      expect(aReport([aStep({ before, after: onEast(aTarget({ team: "a" })) })]).restarts).toEqual([
        "Waiting for a restart on east, since an earlier change of p: Deployment/api and Pod/bare.",
      ]);
    });

    test("shows those that the update restarts, though it has nothing else to do", () => {
      const report = aReport([aStep({ before, after: onEast(aTarget(), { restart: "rollout" }) })]);
      expect(cellOf(report, "p", "east")?.kind).toBe("restart");
      expect(report.restarts).toEqual(["This update restarts on east, since an earlier change of p: Deployment/api."]);
    });

    test("shows that it restarts some also where it could not be told which", () => {
      const east = { state: "Ready", origin: "created", restartsUnknown: "no answer", restartsDue: true };
      const due = { ...onEast(aTarget()), members: { east } };
      const report = aReport([aStep({ before: due, after: onEast(aTarget(), { restart: "rollout" }) })]);
      expect(cellOf(report, "p", "east")?.kind).toBe("restart");
      expect(report.restarts).toEqual([
        "This update restarts on east, since an earlier change of p: workloads (which ones could not be told).",
      ]);
    });
  });

  test("warns of a policy that takes a protection away, when it is set and not again", () => {
    const set = { force: true, onDelete: "delete", propagate: "all" };
    const warnings = [
      "p takes over what other field managers and stacks own (force: true).",
      'p will be deleted on its clusters when the resource goes (onDelete: "delete").',
      'p carries on its clusters what others label on the mesh (propagate: "all").',
    ];
    const from = onEast(aTarget());
    expect(aReport([aStep({ after: onEast(aTarget(), set) })]).warnings).toEqual(warnings);
    expect(aReport([aStep({ before: from, after: onEast(aTarget(), set) })]).warnings).toEqual(warnings);
    const later = onEast(aTarget({ team: "a" }), set);
    expect(aReport([aStep({ before: onEast(aTarget(), set), after: later })]).warnings).toEqual([]);
  });

  test("shows a changed policy though no cluster changes", () => {
    const report = aReport([aStep({ before: onEast(aTarget()), after: onEast(aTarget(), { onDelete: "release" }) })]);
    expect(report.rows[0]?.policies).toEqual([{ key: "onDelete", to: "release" }]);
    expect(report.unchanged).toBe(0);
  });

  test("says whose word it is where clusters are left out and a NamespaceSync has recorded them", () => {
    const recorded = { recordedBy: { east: "acme/mesh/dev/mesh/from-east" } };
    const { remarks } = aReport([aStep({ before: onEast(aTarget()), after: onEast(aTarget({ a: "b" }), recorded) })]);
    expect(remarks).toEqual(["p belongs to east as the NamespaceSync from-east has recorded."]);
  });
});

describe("a NamespaceSync in a report", () => {
  const synced = (origin: string, labels = {}) => ({ origin, labels });
  const inputs = (namespaces: object, cluster = "east") => ({ cluster, namespaces });

  test("says for each namespace whether the mesh gets it, has it, or loses the record", () => {
    const before = inputs({ old: synced("joined") });
    const after = inputs({ made: synced("created"), there: synced("joined", { "istio.io/rev": "canary" }) });
    const report = aReport([aSyncStep(before, after)]);
    expect(report.rows.map(({ namespace, source, cells }) => [namespace, source, cells.controlPlane?.kind])).toEqual([
      ["made", "east", "create"],
      ["old", "east", "retain"],
      ["there", "east", "join"],
    ]);
  });

  test("whose source changes brings its namespaces anew", () => {
    const namespaces = { there: synced("joined") };
    const report = aReport([aSyncStep(inputs(namespaces, "east"), inputs(namespaces, "west"))]);
    expect(cellOf(report, "there", "controlPlane")?.kind).toBe("join");
  });

  test("keeps what the provider says of namespaces that it leaves alone", () => {
    const after = { ...inputs({}), declared: { payments: "acme/mesh/dev/mesh/payments" } };
    const line = 'payments: left to the GlobalNamespace acme/mesh/dev/mesh/payments; cluster "east" has nothing';
    expect(aReport([aSyncStep(undefined, after)], [{ severity: "info", message: line }]).remarks).toEqual([line]);
  });
});

describe("namespaces that are one resource, in a report", () => {
  const onEast = (team: string): State => ({ targets: { east: aTarget({ team }) } });

  test("are a row each, and only those that change", () => {
    const report = aReport([
      aManyStep({ p: onEast("a"), q: onEast("a") }, { p: onEast("a"), q: onEast("b"), r: onEast("a") }),
    ]);
    expect(report.rows.map(({ namespace, type, resource }) => [namespace, type, resource])).toEqual([
      ["q", "GlobalNamespaces", "many"],
      ["r", "GlobalNamespaces", "many"],
    ]);
    expect(report.unchanged).toBe(1);
    expect(cellOf(report, "q", "east")).toMatchObject({
      kind: "change",
      labels: [{ key: "team", from: "a", to: "b" }],
    });
    expect(cellOf(report, "r", "east")?.kind).toBe("create");
  });

  test("are destructive where one is taken out, or all are", () => {
    const both = { p: onEast("a"), q: onEast("a") };
    const sentence = (name: string) => `${name} is deleted on the mesh's control plane, unless it holds something.`;
    expect(aReport([aManyStep(both, { p: onEast("a") })]).destructive).toEqual([sentence("q")]);
    expect(aReport([aManyStep(both, undefined)]).destructive).toEqual([sentence("p"), sentence("q")]);
  });

  test("are given up with released, and nothing is destroyed", () => {
    const report = aReport([aManyStep({ p: onEast("a") }, {}, ["p"])]);
    expect(report.destructive).toEqual([]);
    expect(cellOf(report, "p", "east")?.kind).toBe("retain");
    expect(cellOf(report, "p", "controlPlane")?.kind).toBe("retain");
  });

  test("change nothing where one moves in or out, whichever the engine ends", () => {
    const single = aStep({ before: onEast("a") });
    const moved = aReport([aManyStep(undefined, { p: onEast("a") }), single]);
    expect(moved).toMatchObject({ rows: [], unchanged: 1, destructive: [] });
    const out = aReport([aManyStep({ p: onEast("a") }, {}, ["p"]), aStep({ after: onEast("a") })]);
    expect(out).toMatchObject({ rows: [], unchanged: 1, destructive: [] });
  });

  describe("of which an earlier run could not", () => {
    const after = (before: Readonly<Record<string, State>>, recorded: Readonly<Record<string, State>>) => {
      const step = aManyStep(before, before) as { readonly oldState: object };
      const { oldState } = aManyStep(recorded, {}) as { readonly oldState: { readonly outputs: object } };
      return aReport([{ ...step, oldState: { ...step.oldState, outputs: oldState.outputs } }]);
    };

    test("end one are destructive, though it is declared neither before nor now", () => {
      const report = after({ q: onEast("a") }, { p: onEast("a"), q: onEast("a") });
      expect(report.destructive).toEqual(["p is deleted on the mesh's control plane, unless it holds something."]);
    });

    test("begin one have it to make", () => {
      const report = after({ p: onEast("a"), q: onEast("a") }, { q: onEast("a") });
      expect(cellOf(report, "p", "east")?.kind).toBe("create");
      expect(report.unchanged).toBe(1);
    });

    test("write one to the mesh have all of it to write", () => {
      const report = after({ p: onEast("b") }, { p: onEast("a") });
      expect(cellOf(report, "p", "east")).toMatchObject({
        kind: "change",
        labels: [{ key: "team", from: "a", to: "b" }],
      });
    });
  });

  test("of which one is known after the update, or a secret, lose none of it", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const of = (entry: string) => {
      const step = aManyStep({ p: onEast("a"), q: onEast("a") }, { q: onEast("a") }) as {
        readonly newState: { readonly inputs: { readonly namespaces: object } };
      };
      const { namespaces } = step.newState.inputs;
      return aReport([{ ...step, newState: { inputs: { namespaces: { ...namespaces, p: entry } } } }]);
    };
    const untold = (why: string) => `Where p belongs ${why}: whether it leaves a cluster is not said here.`;
    expect(of(unknown)).toMatchObject({ rows: [], destructive: [untold("is known after the update")] });
    expect(of("[secret]").destructive).toEqual([untold("is a secret as a whole (single values can be one)")]);
  });

  test("of another mesh are others, whatever their names", () => {
    const elsewhere = {
      ...aStep({ before: onEast("a") }),
      provider: "urn:pulumi:dev::x::pulumi:providers:pulumi-nodejs::other::id",
    };
    expect(aReport([aManyStep(undefined, { p: onEast("a") }), elsewhere]).destructive).toEqual([
      "p is deleted on the mesh's control plane, unless it holds something.",
    ]);
  });

  test("of which nothing is known yet are said to be unknown", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const step = { ...aManyStep({ p: onEast("a") }, {}), newState: { inputs: { namespaces: unknown } } };
    const update = aReport([step]);
    expect(update).toMatchObject({ rows: [], untold: 1 });
    expect(update.destructive).toEqual([
      "Which namespaces many declares is known after the update: whether it deletes any is not said here.",
    ]);
    const creation = aReport([{ ...aManyStep(undefined, {}), newState: { inputs: { namespaces: unknown } } }]);
    expect(creation).toMatchObject({ untold: 1, destructive: [] });
    expect(creation.warnings).toEqual(["Which namespaces many declares is known after the update."]);
  });

  test("that are a secret as a whole are said to be untold, also where they go", () => {
    const hidden = { inputs: { namespaces: "[secret]" } };
    const untold =
      "Which namespaces many declares is a secret as a whole (single values can be one): whether it deletes any is not said here.";
    const update = aReport([{ ...aManyStep({}, {}), oldState: hidden, newState: hidden }]);
    expect(update).toMatchObject({ untold: 1, destructive: [untold] });
    expect(describeSummary(update)).toBe("some are not told");
    expect(aReport([{ ...aManyStep({}, undefined), oldState: hidden }]).destructive).toEqual([untold]);
    const same = aReport([{ ...aManyStep({}, {}), op: "same", oldState: hidden, newState: hidden }]);
    expect(same).toMatchObject({ untold: 0, destructive: [], warnings: [] });
    expect(describeSummary(same)).toBe("nothing changes");
  });
});

test("a report says once what becomes of pods: in its own words, and not in the provider's as well", () => {
  const target = (injectedBy: string) => ({
    targets: { east: aTarget({ "istio.io/rev": injectedBy }, { injectedBy }) },
  });
  const labelled = (injectedBy: string) => ({ east: { labels: {}, injectedBy } });
  const move = { before: labelled("stable"), after: labelled("canary") };
  const lines = [describeInjectionMove("p", move, "report"), describeInjectionMove("p", move, "rollout")].flat();
  const step = aStep({ before: target("stable"), after: target("canary") });
  const report = aReport(
    [step],
    [...lines, "p: leaves west"].map((line) => aDiagnostic("info", line)),
  );
  expect(lines).toHaveLength(2);
  expect(report.remarks).toEqual(["p: leaves west"]);
  expect(report.restarts).toHaveLength(1);
});

test("a report counts what somebody else has set as well as neither taken back nor lost", () => {
  const labels = { team: "a", "istio-injection": "enabled" };
  const leaving = { before: { targets: { east: aTarget(labels, { injectedBy: "default" }) } }, after: { targets: {} } };
  const of = (...keys: string[]) =>
    aReport([aStep(leaving)], [aDiagnostic("info", describeStaying("p", "east", keys))]);
  const all = of("istio-injection", "team");
  expect(all.rows[0]?.cells.east).toEqual({ kind: "release", labels: [], annotations: [] });
  expect([all.destructive, all.restarts]).toEqual([[], []]);
  const some = of("team");
  expect(some.rows[0]?.cells.east?.labels).toEqual([{ key: "istio-injection", from: "enabled" }]);
  expect(some.destructive).toHaveLength(1);
});

describe("a resource in a report", () => {
  const onEast: State = { targets: { east: aTarget({ team: "a" }) } };
  const at = (urn: string) => aReport([{ ...aStep({ before: onEast }), urn }]).destructive;

  test("is one of the dynamic provider's or of the plugin's, also below a component", () => {
    const deleted = ["p is deleted on the mesh's control plane, unless it holds something."];
    expect(at("urn:pulumi:dev::x::global-namespace:index:GlobalNamespace::p")).toEqual(deleted);
    expect(at("urn:pulumi:dev::x::acme:infra:Team$pulumi-nodejs:dynamic/global-namespace:GlobalNamespace::p")).toEqual(
      deleted,
    );
    expect(at("urn:pulumi:dev::x::acme:other:GlobalNamespace::p")).toEqual([]);
  });

  test("of the plugin that is refused says where, like one of the dynamic provider's", () => {
    const message =
      "error: global-namespace:index:GlobalNamespaces resource 'many': property namespaces.q.adopt value {<nil>} has a problem: cluster \"east\": it exists";
    const urn = "urn:pulumi:dev::x::global-namespace:index:GlobalNamespaces::many";
    const report = aReport([], [{ severity: "error", message, urn }]);
    expect(report.errors).toEqual(['many: namespaces.q.adopt: cluster "east": it exists']);
    expect(cellOf(report, "q", "east")).toMatchObject({ kind: "conflict", remark: "it exists" });
  });
});

describe("a resource that ends, in a report", () => {
  const onEast: State = { targets: { east: aTarget({ team: "a" }) }, inputs: { onDelete: "delete" } };
  const deleted = ["p is deleted on the mesh's control plane and east, unless it holds something."];

  test("is let go of where the engine does not ask the provider to delete it", () => {
    const retained = (step: object) => {
      const { oldState } = step as { readonly oldState: object };
      return aReport([{ ...step, oldState: { ...oldState, retainOnDelete: true } }]);
    };
    const single = retained(aStep({ before: onEast }));
    expect(single).toMatchObject({ destructive: [], rows: [{ namespace: "p" }] });
    expect(single.rows[0]?.cells).toMatchObject({ east: { kind: "retain" }, controlPlane: { kind: "retain" } });
    expect(retained(aStep({ before: { ...onEast, inputs: { onDelete: "[secret]" } } })).destructive).toEqual([]);
    expect(retained(aManyStep({ p: onEast }, undefined)).destructive).toEqual([]);
    expect(retained(aManyStep({ p: onEast, q: onEast }, { q: onEast })).destructive).toEqual([
      "p is deleted on the mesh's control plane, unless it holds something.",
    ]);
  });

  test("is destroyed on its clusters also where its members are a secret as a whole", () => {
    const step = aStep({ before: onEast }) as { readonly oldState: { readonly outputs: object } };
    const outputs = { ...step.oldState.outputs, members: "[secret]", controlPlane: "[secret]" };
    expect(aReport([{ ...step, oldState: { ...step.oldState, outputs } }]).destructive).toEqual(deleted);
  });

  test("among many, and is a secret as a whole, may be destroyed", () => {
    const step = aManyStep({ p: onEast, q: onEast }, { q: onEast }) as {
      readonly oldState: { readonly inputs: { readonly namespaces: object } };
    };
    const namespaces = { ...step.oldState.inputs.namespaces, p: "[secret]" };
    const report = aReport([{ ...step, oldState: { inputs: { namespaces }, outputs: { namespaces } } }]);
    expect(report).toMatchObject({ rows: [], unchanged: 1, untold: 1 });
    expect(report.destructive).toEqual([
      "Where p belonged is a secret as a whole (single values can be one): whether it is deleted is not said here.",
    ]);
  });

  test("is not another one that comes because the names of both are secrets", () => {
    const secret = { ...onEast, inputs: { ...onEast.inputs, name: "[secret]" } };
    const come = { ...aStep({ after: secret }), urn: "urn:pulumi:dev::x::global-namespace:index:GlobalNamespace::q" };
    const report = aReport([aStep({ before: secret }), come]);
    expect(report.rows.map(({ namespace }) => namespace)).toEqual(["p", "q"]);
    expect(report.destructive).toEqual(deleted);
    const replaced = { ...aStep({ before: secret, after: secret }), op: "replace" };
    expect(aReport([replaced]).destructive).toEqual(deleted);
  });
});

describe("of the engine's steps", () => {
  const named = (name: string): State => ({ targets: { east: aTarget({ team: "a" }) }, inputs: { name } });
  const deleted = (name: string) => `${name} is deleted on the mesh's control plane, unless it holds something.`;
  const part = (op: string, states: { readonly before?: State; readonly after?: State }) => ({ ...aStep(states), op });

  test("a deletion that an earlier replacement could not do is destructive until it is done", () => {
    const left = part("delete-replaced", { before: named("p-old") });
    const same = part("same", { before: named("p-new"), after: named("p-new") });
    const report = aReport([same, left]);
    expect(report).toMatchObject({ rows: [{ namespace: "p-old" }], unchanged: 1, destructive: [deleted("p-old")] });
    const again = part("replace", { before: named("p-new"), after: named("p-newer") });
    const parts = [
      part("create-replacement", { before: named("p-new"), after: named("p-newer") }),
      part("delete-replaced", { before: named("p-new") }),
    ];
    const both = aReport([again, ...parts, left]);
    expect(both.rows.map(({ namespace }) => namespace)).toEqual(["p-new", "p-newer", "p-old"]);
    expect(both.destructive).toEqual([deleted("p-new"), deleted("p-old")]);
  });

  test("the parts of a NamespaceSync's replacement are not told beside the whole", () => {
    const inputs = { cluster: "east", namespaces: { p: aTarget() } };
    const ops = ["create-replacement", "replace", "delete-replaced"];
    const steps = ops.map((op) => ({ ...aSyncStep(inputs, inputs), op }));
    expect(aReport(steps)).toMatchObject({ rows: [], unchanged: 1 });
  });

  test("a look is not told as what is done, whatever it has seen", () => {
    const drifted = { targets: { east: aTarget({ team: "b" }) }, inputs: { name: "p" } };
    const inputs = (team: string) => ({ cluster: "east", namespaces: { s: aTarget({ team }) } });
    const look = [
      part("refresh", { before: drifted, after: drifted }),
      { ...aSyncStep(inputs("a"), inputs("a")), op: "refresh" },
    ];
    const same = [
      part("same", { before: named("p"), after: named("p") }),
      { ...aSyncStep(inputs("a"), inputs("a")), op: "same" },
    ];
    expect(aReport([...look, ...same])).toMatchObject({ rows: [], unchanged: 2 });
    const report = aReport([
      part("update", { before: named("p"), after: drifted }),
      part("update", { before: drifted, after: named("p") }),
    ]);
    expect(report.rows).toHaveLength(1);
    expect(cellOf(report, "p", "east")?.labels).toEqual([{ key: "team", from: "b", to: "a" }]);
  });
});
