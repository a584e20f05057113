import { describe, expect, test } from "vitest";
import type { FieldManager, Namespace } from "../../../provider/model/namespace.ts";
import {
  affinityAnnotations,
  fieldManagerOf,
  OWNER_ANNOTATION,
  syncedAnnotation,
  syncFieldManagerOf,
} from "../../../provider/model/owner.ts";
import { planSync, type Synced, type SyncScene, writesOf } from "../../../provider/model/sync-plan.ts";
import type { SyncSpec } from "../../../provider/model/sync-spec.ts";
import { aNamespace } from "../kube/builders.ts";
import { OWNER as DECLARER } from "./builders.ts";

const OWNER = "acme/mesh/dev/mesh/east";
const OTHER = "acme/mesh/dev/mesh/west";

const INJECTION = "istio-injection";
const REVISION = "istio.io/rev";

/** Labels by who set them: `{ "kubectl-label": { team: "a" } }`. */
type Set = Readonly<Record<string, Readonly<Record<string, string>>>>;

function aNamespaceOf(name: string, set: Set = {}, fields: Partial<Namespace> = {}): Namespace {
  const fieldManagers: FieldManager[] = Object.entries(set).map(([manager, labels]) => ({
    manager,
    operation: manager.startsWith("global-namespace.dev/") ? "Apply" : "Update",
    labels: Object.keys(labels),
    annotations: [],
  }));
  return aNamespace({ name, labels: Object.assign({}, ...Object.values(set)), fieldManagers, ...fields });
}

const byKubectl = (labels: Readonly<Record<string, string>>): Set => ({ "kubectl-label": labels });
const byUs = (labels: Readonly<Record<string, string>>): Set => ({ [syncFieldManagerOf(OWNER)]: labels });
const byOther = (labels: Readonly<Record<string, string>>): Set => ({ [syncFieldManagerOf(OTHER)]: labels });
const record = (cluster = "east", owner = OWNER) => ({ annotations: { [syncedAnnotation(cluster)]: owner } });
const DELETED = { deletionTimestamp: "2026-11-02T00:00:00Z" };

const aSpec = (changes: Partial<SyncSpec> = {}): SyncSpec => ({
  cluster: "east",
  include: ["*"],
  exclude: [],
  conflicts: "cluster",
  ...changes,
});

const recordedBefore = (namespaces: Synced["namespaces"]) => ({ cluster: "east", namespaces, declared: {}, kept: {} });

function aScene(
  source: readonly Namespace[],
  mesh: readonly Namespace[],
  changes: Partial<Omit<SyncScene, "spec">> & { readonly spec?: Partial<SyncSpec> } = {},
): SyncScene {
  const byName = (all: readonly Namespace[]) => new Map(all.map((namespace) => [namespace.name, namespace]));
  return {
    owner: OWNER,
    protectedNamespaces: [],
    before: undefined,
    ...changes,
    spec: aSpec(changes.spec),
    source: byName(source),
    mesh: byName(mesh),
  };
}

describe("the plan of a NamespaceSync", () => {
  test("creates on the mesh what it lacks, with the injection labels and no other", () => {
    const labels = { [INJECTION]: "enabled", team: "payments", "pod-security.kubernetes.io/enforce": "privileged" };
    const plan = planSync(aScene([aNamespaceOf("payments", byKubectl(labels))], []));
    expect(plan.namespaces).toEqual({ payments: { origin: "created", labels: { [INJECTION]: "enabled" } } });
    expect(plan.lines).toEqual([
      'payments: created on the mesh, as cluster "east" has it, with istio-injection="enabled"',
    ]);
  });

  test("joins a namespace that the mesh has, and says which label changes", () => {
    const source = aNamespaceOf("orders", byKubectl({ [INJECTION]: "enabled" }));
    const plan = planSync(aScene([source], [aNamespaceOf("orders")]));
    expect(plan.namespaces).toEqual({ orders: { origin: "joined", labels: { [INJECTION]: "enabled" } } });
    expect(plan.lines).toEqual(['orders: joins cluster "east", istio-injection (not set) => "enabled"']);
  });

  test("takes what is included, not excluded, not protected and not being deleted", () => {
    const source = ["shop", "shop-dev", "kube-system", "istio-system", "vault", "billing"].map((name) =>
      aNamespaceOf(name),
    );
    const scene = aScene([...source, aNamespaceOf("shop-old", {}, DELETED)], [], {
      spec: { include: ["shop*", "kube-*", "istio-*", "vault"], exclude: ["*-dev"] },
      protectedNamespaces: ["vault"],
    });
    expect(Object.keys(planSync(scene).namespaces)).toEqual(["shop"]);
  });

  test("keeps the origin that was recorded, and is silent about what does not change", () => {
    const entry = { origin: "created", labels: { [INJECTION]: "enabled" } } as const;
    const source = aNamespaceOf("payments", byKubectl(entry.labels));
    const mesh = aNamespaceOf("payments", byUs(entry.labels), record());
    const plan = planSync(aScene([source], [mesh], { before: recordedBefore({ payments: entry }) }));
    expect(plan).toMatchObject({ namespaces: { payments: entry }, lines: [], kept: {}, declared: {} });
  });

  test("follows a label that changed or went away in the source", () => {
    const mesh = aNamespaceOf("payments", byUs({ [INJECTION]: "enabled" }), record());
    const planned = (set: Set) => planSync(aScene([aNamespaceOf("payments", set)], [mesh])).namespaces.payments?.labels;
    expect(planned(byKubectl({ [REVISION]: "canary" }))).toEqual({ [REVISION]: "canary" });
    expect(planned({})).toEqual({});
  });

  test("says what leaves, and why", () => {
    const entry = { origin: "joined", labels: {} } as const;
    const before = recordedBefore({ gone: entry, excluded: entry, dying: entry, stays: entry });
    const source = [aNamespaceOf("excluded"), aNamespaceOf("dying", {}, DELETED), aNamespaceOf("stays")];
    const plan = planSync(aScene(source, [], { before, spec: { exclude: ["excl*"] } }));
    expect(Object.keys(plan.namespaces)).toEqual(["stays"]);
    const stays = "its labels and the namespace stay on the mesh";
    expect(plan.lines).toEqual([
      `dying: leaves cluster "east", where it is being deleted; ${stays}`,
      `excluded: leaves cluster "east", where it is no longer selected; ${stays}`,
      `gone: leaves cluster "east", which no longer has it; ${stays}`,
    ]);
  });

  test("moves all to another source when the cluster changes", () => {
    const entry = { origin: "created", labels: {} } as const;
    const before = { ...recordedBefore({ both: entry, "only-west": entry }), cluster: "west" };
    const mesh = ["both", "only-west"].map((name) => aNamespaceOf(name, {}, record("west")));
    const plan = planSync(aScene([aNamespaceOf("both")], mesh, { before }));
    expect(plan.namespaces).toEqual({ both: entry });
    expect(plan.lines).toEqual([
      'both: joins cluster "east"',
      'only-west: leaves cluster "west"; its labels and the namespace stay on the mesh',
    ]);
    const writes = writesOf(plan, {
      owner: OWNER,
      cluster: "east",
      mesh: new Map(mesh.map((each) => [each.name, each])),
    });
    expect(writes.records).toEqual(["both"]);
    expect(writes.leaves.map(({ name }) => name)).toEqual(["only-west"]);
  });

  test("leaves a namespace alone that is being deleted on the mesh", () => {
    const plan = planSync(aScene([aNamespaceOf("dying")], [aNamespaceOf("dying", {}, DELETED)]));
    expect(plan.namespaces).toEqual({});
    expect(plan.kept.dying).toContain("being deleted on the mesh");
  });

  test("is refused where another NamespaceSync has recorded the same cluster", () => {
    const mesh = aNamespaceOf("payments", {}, record("east", "acme/other/prod/mesh/east"));
    const [failure] = planSync(aScene([aNamespaceOf("payments")], [mesh])).failures;
    expect(failure).toEqual({
      property: "cluster",
      reason:
        'namespace "payments" on the mesh is recorded for cluster "east" by the NamespaceSync "acme/other/prod/mesh/east" already; ' +
        "destroy that one, or let their include and exclude not overlap; if it is gone, remove the annotation global-namespace.dev/synced.east",
    });
    const renamed = aNamespaceOf("payments", {}, record("east", "acme/mesh/dev/mesh/old"));
    expect(planSync(aScene([aNamespaceOf("payments")], [renamed])).failures[0]?.reason).toContain(
      'aliases: [{ name: "old" }]',
    );
  });

  test("does not stumble over a namespace that is called as a property of every object", () => {
    const plan = planSync(aScene([aNamespaceOf("constructor")], [], { before: recordedBefore({}) }));
    expect(plan.namespaces).toHaveProperty("constructor", { origin: "created", labels: {} });
  });
});

describe("a namespace that a GlobalNamespace declares", () => {
  const declared = (set: Set = {}, annotations = {}) =>
    aNamespaceOf("payments", set, { annotations: { [OWNER_ANNOTATION]: DECLARER, ...annotations } });
  const byDeclarer = (labels: Readonly<Record<string, string>>): Set => ({ [fieldManagerOf(DECLARER)]: labels });

  test("is reported with the difference and not recorded", () => {
    const source = aNamespaceOf("payments", byKubectl({ [INJECTION]: "enabled" }));
    const plan = planSync(aScene([source], [declared(byDeclarer({ [REVISION]: "canary" }))]));
    expect(plan.namespaces).toEqual({});
    expect(plan.declared).toEqual({
      payments: `${DECLARER}; cluster "east" has istio-injection="enabled", the mesh has istio.io/rev="canary"`,
    });
    expect(plan.lines).toEqual([`payments: left to the GlobalNamespace ${plan.declared.payments}`]);
  });

  test("keeps a record that was made before, without a word while nothing differs", () => {
    const entry = { origin: "created", labels: { [INJECTION]: "enabled" } } as const;
    const set = { ...byUs(entry.labels), ...byDeclarer(entry.labels) };
    const plan = planSync(
      aScene([aNamespaceOf("payments", byKubectl(entry.labels))], [declared(set, record().annotations)], {
        before: recordedBefore({ payments: entry }),
      }),
    );
    expect(plan).toMatchObject({ namespaces: { payments: entry }, declared: {}, lines: [] });
  });

  test("is no difference where the GlobalNamespace itself made it, by an override", () => {
    const source = aNamespaceOf("payments", byDeclarer({ [INJECTION]: "disabled" }), {
      annotations: { [OWNER_ANNOTATION]: DECLARER },
    });
    const mesh = declared(byDeclarer({ [INJECTION]: "enabled" }), affinityAnnotations(["east"]));
    expect(planSync(aScene([source], [mesh])).declared).toEqual({});
  });

  test("is a difference where somebody set the label in the source by hand", () => {
    const source = aNamespaceOf("payments", byKubectl({ [INJECTION]: "disabled" }), {
      annotations: { [OWNER_ANNOTATION]: DECLARER },
    });
    expect(planSync(aScene([source], [declared(byDeclarer({ [INJECTION]: "enabled" }))])).declared).toHaveProperty(
      "payments",
    );
  });
});

describe("injection labels that differ between the source and the mesh", () => {
  const planned = (
    mesh: Namespace,
    spec: Partial<SyncSpec> = {},
    labels: Record<string, string> = { [INJECTION]: "enabled" },
  ) => planSync(aScene([aNamespaceOf("orders", byKubectl(labels))], [mesh], { spec }));
  const disabled = aNamespaceOf("orders", byKubectl({ [INJECTION]: "disabled" }));

  test("are the source's by default, and whose value they replace is said", () => {
    const plan = planned(disabled);
    expect(plan.namespaces.orders?.labels).toEqual({ [INJECTION]: "enabled" });
    expect(plan.lines).toEqual([
      'orders: joins cluster "east", istio-injection "disabled" => "enabled"; istio-injection="enabled" replaces istio-injection="disabled", set by "kubectl-label"',
    ]);
  });

  test("that compete go away with the source's", () => {
    const plan = planned(disabled, {}, { [REVISION]: "canary" });
    expect(plan.namespaces.orders?.labels).toEqual({ [REVISION]: "canary" });
    expect(plan.removals.orders).toEqual([INJECTION]);
  });

  test('stay the mesh\'s with conflicts: "mesh", and the membership alone is recorded', () => {
    const plan = planned(disabled, { conflicts: "mesh" });
    expect(plan.namespaces).toEqual({ orders: { origin: "joined", labels: {} } });
    expect(plan.kept).toEqual({
      orders:
        'cluster "east" has istio-injection="enabled", the mesh has istio-injection="disabled", set by "kubectl-label"',
    });
  });

  test('are a failure with conflicts: "fail", which names the namespace, both values and the manager', () => {
    expect(planned(disabled, { conflicts: "fail" }).failures).toEqual([
      {
        property: "conflicts",
        reason:
          'namespace "orders": cluster "east" has istio-injection="enabled", the mesh has istio-injection="disabled", set by "kubectl-label"; make them the same, or choose with conflicts: "cluster" or "mesh"',
      },
    ]);
  });

  test("are never taken from another NamespaceSync, whatever conflicts says", () => {
    const theirs = aNamespaceOf("orders", byOther({ [INJECTION]: "disabled" }), record("west", OTHER));
    for (const conflicts of ["cluster", "mesh"] as const) {
      const plan = planned(theirs, { conflicts });
      expect(plan.namespaces).toEqual({ orders: { origin: "joined", labels: {} } });
      expect(plan.kept.orders).toContain(`set by the NamespaceSync "${OTHER}"`);
    }
    expect(planned(theirs, { conflicts: "fail" }).failures).toHaveLength(1);
  });

  test("of a NamespaceSync that no longer records anything there are anybody's", () => {
    const left = aNamespaceOf("orders", byOther({ [INJECTION]: "disabled" }));
    expect(planned(left).namespaces.orders?.labels).toEqual({ [INJECTION]: "enabled" });
  });

  test("are no conflict where both have the same, or the source has none", () => {
    for (const labels of [{ [INJECTION]: "disabled" }, {}]) {
      expect(planned(disabled, { conflicts: "fail" }, labels).failures).toEqual([]);
    }
  });
});
