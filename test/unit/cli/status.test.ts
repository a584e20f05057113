import { describe, expect, test } from "vitest";
import { isSettled, type PlaceStatus, statusOf } from "../../../cli/status/status.ts";
import { syncedAnnotation } from "../../../provider/model/owner.ts";
import { aNamespace } from "../kube/builders.ts";
import { anObject, ownedBy } from "../model/object-builders.ts";
import { aMeshOf, aSight, belongingTo, noSight, OWNER, owned, servedBy, without } from "./sights.ts";

const LABELS = { team: "a", "istio.io/rev": "canary" };
const mesh = belongingTo(owned(LABELS), "east");

function east(sight: Parameters<typeof aMeshOf>[1][string], onMesh = mesh): PlaceStatus | undefined {
  return statusOf(aMeshOf(onMesh, { east: sight })).namespaces[0]?.members.east;
}

describe("a namespace on a cluster", () => {
  test("is in step where it carries what its owner declared, whatever others have added", () => {
    expect(east(aSight([owned(LABELS, { others: { "cost-center": "42" } })]))).toEqual({
      state: "in step",
      remarks: [],
      injectedBy: "canary",
    });
  });

  test("is in step with an override of its own, the injection's among it", () => {
    expect(east(aSight([owned({ team: "b", "istio-injection": "disabled" })]))).toMatchObject({
      state: "in step",
      injectedBy: "none",
    });
  });

  test("differs where somebody has changed a label, and says who", () => {
    expect(east(aSight([owned(LABELS, { others: { team: "b" } })]))).toMatchObject({
      state: "differs",
      remarks: ['team is "b", set by kubectl-label; the mesh has "a"'],
    });
  });

  test("differs where somebody has removed a label", () => {
    expect(east(aSight([without(owned(LABELS), "team")]))?.remarks).toEqual(['team is not set; the mesh has "a"']);
  });

  test("differs where a label of others competes with the injection", () => {
    expect(east(aSight([owned(LABELS, { others: { "istio-injection": "disabled" } })]))).toMatchObject({
      state: "differs",
      remarks: ['istio-injection is "disabled", set by kubectl-label; the mesh has none'],
      injectedBy: "none",
    });
  });

  test("is missing, terminating, another's, or not known", () => {
    expect(east(aSight([]))?.state).toBe("missing");
    expect(east(aSight([{ ...owned(LABELS), deletionTimestamp: "2026-11-02T00:00:00Z" }]))?.state).toBe("terminating");
    expect(east(aSight([owned(LABELS, { owner: "acme/other/dev/mesh/payments" })]))).toMatchObject({
      state: "foreign",
      remarks: ["it belongs to acme/other/dev/mesh/payments"],
    });
    expect(east(aSight([aNamespace({ labels: LABELS })]))?.remarks).toEqual(["it has no owner's mark"]);
    expect(east(noSight("the connection was refused"))).toEqual({
      state: "unknown",
      remarks: ["the connection was refused"],
    });
  });

  test("that does not belong there is left out, unless its owner left it behind", () => {
    const members = (onWest: ReturnType<typeof owned>) =>
      statusOf(aMeshOf(mesh, { east: aSight([owned(LABELS)]), west: aSight([onWest]) })).namespaces[0]?.members;
    expect(Object.keys(members(aNamespace()) ?? {})).toEqual(["east"]);
    expect(members(owned(LABELS))?.west?.state).toBe("left behind");
  });

  test("says that nobody injects what its label asks for", () => {
    const status = east(aSight([owned(LABELS)], { webhooks: servedBy("default") }));
    expect(status?.injectedBy).toBe("none");
    expect(status?.remarks).toEqual([
      expect.stringMatching(/^pods start without a sidecar: no revision or tag "canary"/),
    ]);
  });

  test("lists the workloads whose pods have something else, of this namespace alone", () => {
    const hash = { "pod-template-hash": "5d9" };
    const pods = [
      anObject("api-5d9-x", { namespace: "payments", labels: hash, owners: ownedBy("ReplicaSet", "api-5d9") }),
      anObject("db-0", {
        namespace: "payments",
        annotations: { "istio.io/rev": "canary", "sidecar.istio.io/status": "{}" },
        owners: ownedBy("StatefulSet", "db"),
      }),
      anObject("elsewhere", { namespace: "orders" }),
    ];
    expect(east(aSight([owned(LABELS)], { pods }))?.waiting).toEqual({ "Deployment/api": "no sidecar" });
  });

  test("says nothing of injection where the webhooks could not be read, and the cluster says why", () => {
    const sight = { ...aSight([owned(LABELS)]), webhooks: { problem: "forbidden" } };
    expect(east(sight)).toEqual({ state: "in step", remarks: [] });
    const { clusters } = statusOf(aMeshOf(mesh, { east: sight }));
    expect(clusters.east).toEqual({ problems: ["who injects is not known: forbidden"] });
  });
});

describe("a namespace on the mesh", () => {
  const stateOf = (onMesh: ReturnType<typeof owned>, ...members: readonly ReturnType<typeof owned>[]) => {
    const clusters = Object.fromEntries(members.map((member, index) => [`c${index}`, aSight([member])]));
    return statusOf(aMeshOf(belongingTo(onMesh, ...Object.keys(clusters)), clusters)).namespaces[0]?.controlPlane;
  };

  test("is declared by its owner", () => {
    expect(stateOf(owned(LABELS), owned(LABELS))).toEqual({ state: "declared", remarks: [] });
  });

  test("differs where somebody has changed there what all clusters carry", () => {
    const changed = owned(LABELS, { others: { team: "b" } });
    expect(stateOf(changed, owned(LABELS), owned(LABELS))?.remarks).toEqual([
      'team is "b", set by kubectl-label; each cluster has "a"',
    ]);
    expect(stateOf(without(owned(LABELS), "team"), owned(LABELS), owned(LABELS))?.state).toBe("differs");
  });

  test("does not differ by what one cluster has by an override", () => {
    expect(stateOf(owned(LABELS), owned({ ...LABELS, tier: "edge" }))?.state).toBe("declared");
    expect(stateOf(owned(LABELS), owned({ ...LABELS, tier: "edge" }), owned(LABELS))?.state).toBe("declared");
  });

  test("that names a cluster which was not asked says so", () => {
    const { namespaces } = statusOf(
      aMeshOf(belongingTo(owned(LABELS), "east", "west"), { east: aSight([owned(LABELS)]) }),
    );
    expect(namespaces[0]?.controlPlane.remarks).toEqual(["it belongs to west, of which nothing was said here"]);
  });

  test("that a NamespaceSync has recorded is held to the injection labels of its source", () => {
    const annotations = { [syncedAnnotation("east")]: "acme/shop/prod/mesh/from-east" };
    const onMesh = aNamespace({ labels: { "istio-injection": "enabled" }, annotations });
    const member = (labels: Record<string, string>) => {
      const { namespaces } = statusOf(aMeshOf(onMesh, { east: aSight([aNamespace({ labels })]) }));
      return [namespaces[0]?.controlPlane.state, namespaces[0]?.members.east?.state];
    };
    expect(member({ "istio-injection": "enabled", team: "x" })).toEqual(["synced", "in step"]);
    expect(member({ "istio.io/rev": "canary" })).toEqual(["synced", "differs"]);
  });
});

describe("a status", () => {
  test("leaves out what is the mesh's own affair, and what was not asked for", () => {
    const sight = aMeshOf(mesh, { east: aSight([owned(LABELS)]) });
    expect(statusOf(sight).namespaces.map(({ name }) => name)).toEqual(["payments"]);
    expect(statusOf(sight, (name) => name === "orders").namespaces).toEqual([]);
  });

  test("is settled only when everything answered and nothing differs or waits", () => {
    const settled = (sight: Parameters<typeof aMeshOf>[1][string]) =>
      isSettled(statusOf(aMeshOf(mesh, { east: sight })));
    expect(settled(aSight([owned(LABELS)]))).toBe(true);
    expect(settled(aSight([owned(LABELS)], { pods: [anObject("bare", { namespace: "payments" })] }))).toBe(false);
    expect(settled(aSight([owned(LABELS)], { webhooks: servedBy("default") }))).toBe(false);
    expect(settled(aSight([]))).toBe(false);
    expect(settled({ ...aSight([owned(LABELS)]), pods: { problem: "forbidden" } })).toBe(false);
  });

  test("keeps the whole name of the owner, and what each cluster serves", () => {
    const { namespaces, clusters } = statusOf(aMeshOf(mesh, { east: aSight([owned(LABELS)]) }));
    expect(namespaces[0]?.owner).toBe(OWNER);
    expect(clusters.east?.serves).toBe('revision "canary", revision "default"');
  });
});
