import { describe, expect, test } from "vitest";
import type { ObjectMetadata } from "../../../provider/model/object.ts";
import {
  describeSidecar,
  keyOf,
  parseKey,
  type WaitingPod,
  waitingPods,
  withoutHandInjected,
  workloadsOf,
} from "../../../provider/model/workload.ts";
import { anObject, ownedBy } from "./object-builders.ts";

const STATUS = "sidecar.istio.io/status";

/** A pod as istiod's webhook of that revision leaves it. */
function injectedPod(name: string, revision: string, fields: Partial<ObjectMetadata> = {}): ObjectMetadata {
  const status = { initContainers: ["istio-init"], containers: ["istio-proxy"], volumes: null, revision };
  const annotations = { "istio.io/rev": revision, [STATUS]: JSON.stringify(status) };
  return anObject(name, { ...fields, annotations: { ...annotations, ...fields.annotations } });
}

describe("what a pod has", () => {
  const status = (json: unknown) => ({ [STATUS]: JSON.stringify(json) });
  const cases: readonly { title: string; pod: Partial<ObjectMetadata>; expected: string }[] = [
    { title: "is nothing without annotations", pod: {}, expected: "no sidecar" },
    {
      title: "is the annotated revision",
      pod: { annotations: { "istio.io/rev": "stable" } },
      expected: "revision stable",
    },
    {
      title: "is the status' revision, with the proxy among the containers",
      pod: { annotations: status({ initContainers: ["istio-init"], containers: ["istio-proxy"], revision: "stable" }) },
      expected: "revision stable",
    },
    {
      title: "is the same with the proxy as an init container, a native sidecar",
      pod: {
        annotations: status({ initContainers: ["istio-init", "istio-proxy"], containers: null, revision: "stable" }),
      },
      expected: "revision stable",
    },
    {
      title: "is nothing where the status lists nothing that was put in",
      pod: { annotations: status({ initContainers: null, containers: null, revision: "stable" }) },
      expected: "no sidecar",
    },
    {
      title: "is the label's revision where an old Istio wrote no other",
      pod: { annotations: status({ containers: ["istio-proxy"] }), labels: { "istio.io/rev": "1-6" } },
      expected: "revision 1-6",
    },
    {
      title: "is a sidecar of an unknown revision where nothing says which",
      pod: { annotations: status({ containers: ["istio-proxy"] }) },
      expected: "a sidecar of an unknown revision",
    },
    {
      title: "is a sidecar where the status is no JSON",
      pod: { annotations: { [STATUS]: "injected" } },
      expected: "a sidecar of an unknown revision",
    },
    {
      title: "is not whatever text a pod's annotation holds",
      pod: { annotations: { "istio.io/rev": "x".repeat(64) } },
      expected: "a sidecar of an unknown revision",
    },
    {
      title: "is nothing where the label alone is there, which asks for a revision",
      pod: { labels: { "istio.io/rev": "canary" } },
      expected: "no sidecar",
    },
  ];
  for (const { title, pod, expected } of cases) {
    test(title, () => expect(describeSidecar(anObject("api", pod))).toBe(expected));
  }
});

describe("the pods that wait", () => {
  const waiting = (pods: readonly ObjectMetadata[], expected: string) =>
    waitingPods(pods, () => expected).map(({ pod, has }) => `${pod.name}: ${has}`);

  const table: readonly { has: ObjectMetadata; expected: string; waits: boolean }[] = [
    { has: injectedPod("a", "stable"), expected: "stable", waits: false },
    { has: injectedPod("a", "stable"), expected: "canary", waits: true },
    { has: injectedPod("a", "stable"), expected: "none", waits: true },
    { has: injectedPod("a", "stable"), expected: "ztunnel", waits: true },
    { has: anObject("a"), expected: "stable", waits: true },
    { has: anObject("a"), expected: "none", waits: false },
    { has: anObject("a"), expected: "ztunnel", waits: false },
  ];
  for (const { has, expected, waits } of table) {
    test(`${waits ? "are" : "are not"} those with ${describeSidecar(has)} where ${expected} is asked for`, () =>
      expect(waiting([has], expected)).toEqual(waits ? [`a: ${describeSidecar(has)}`] : []));
  }

  test("are told pod by pod, by its labels and annotations", () => {
    const pods = [anObject("a", { labels: { app: "a" } }), anObject("b", { labels: { app: "b" } })];
    const found = waitingPods(pods, ({ labels }) => (labels.app === "a" ? "stable" : "none"));
    expect(found.map(({ pod }) => pod.name)).toEqual(["a"]);
  });

  const passed: Readonly<Record<string, ObjectMetadata>> = {
    "is being deleted": anObject("a", { deletionTimestamp: "2026-11-01T00:00:00Z" }),
    "opts out by its label": anObject("a", { labels: { "sidecar.istio.io/inject": "false" } }),
    "opts out by its annotation": anObject("a", { annotations: { "sidecar.istio.io/inject": "false" } }),
    "is on the host's network": anObject("a", { setFields: [{ "f:spec": { "f:hostNetwork": {} } }] }),
  };
  for (const [why, pod] of Object.entries(passed)) {
    test(`are never one that ${why}`, () => expect(waiting([pod], "stable")).toEqual([]));
  }

  test("opt out by the label, which wins over the annotation", () => {
    const pod = anObject("a", {
      labels: { "sidecar.istio.io/inject": "true" },
      annotations: { "sidecar.istio.io/inject": "false" },
    });
    expect(waiting([pod], "stable")).toEqual(["a: no sidecar"]);
  });

  test("are not those that were applied with the sidecar in them, where nobody injects", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": `{"annotations":{"${STATUS}":"..."}}` };
    const pod = injectedPod("a", "stable", { annotations });
    expect(waiting([pod], "none")).toEqual([]);
    // A webhook replaces what was put in by hand.
    expect(waiting([pod], "canary")).toEqual(["a: revision stable"]);
  });
});

describe("the workloads of waiting pods", () => {
  const waits = (pod: ObjectMetadata, has = "no sidecar"): WaitingPod => ({ pod, has, wantsNone: false });
  const told = (...[pods, replicaSets]: Parameters<typeof workloadsOf>) =>
    workloadsOf(pods, replicaSets).map((workload) => `${keyOf(workload)}: ${workload.has}`);

  test("are Deployments by way of their ReplicaSets, StatefulSets and DaemonSets themselves, each once", () => {
    const pods = [
      anObject("db-0", { owners: ownedBy("StatefulSet", "db") }),
      anObject("db-1", { owners: ownedBy("StatefulSet", "db") }),
      anObject("agent-x", { owners: ownedBy("DaemonSet", "agent") }),
      anObject("api-1-a", { owners: ownedBy("ReplicaSet", "api-1") }),
    ];
    const replicaSets = [anObject("api-1", { owners: ownedBy("Deployment", "api") })];
    expect(
      told(
        pods.map((pod) => waits(pod)),
        replicaSets,
      ),
    ).toEqual(["DaemonSet/agent: no sidecar", "Deployment/api: no sidecar", "StatefulSet/db: no sidecar"]);
  });

  test("are the pods themselves where no such controller stands behind them", () => {
    const pods = [
      anObject("bare"),
      anObject("batch-x", { owners: ownedBy("Job", "batch") }),
      anObject("rollout-1-a", { owners: ownedBy("ReplicaSet", "rollout-1") }),
      anObject("orphan-1-a", { owners: ownedBy("ReplicaSet", "orphan-1") }),
      anObject("held", { owners: [{ kind: "Deployment", name: "x", uid: "x", controller: false }] }),
    ];
    const replicaSets = [anObject("rollout-1", { owners: ownedBy("Rollout", "rollout") })];
    expect(
      told(
        pods.map((pod) => waits(pod)),
        replicaSets,
      ),
    ).toEqual([
      "Pod/bare: no sidecar",
      "Pod/batch-x: no sidecar",
      "Pod/held: no sidecar",
      "Pod/orphan-1-a: no sidecar",
      "Pod/rollout-1-a: no sidecar",
    ]);
  });

  test("are told from the ReplicaSet's name where ReplicaSets may not be read", () => {
    const owners = ownedBy("ReplicaSet", "api-gateway-5d4f");
    const pod = anObject("api-gateway-5d4f-a", { owners, labels: { "pod-template-hash": "5d4f" } });
    expect(told([waits(pod)], undefined)).toEqual(["Deployment/api-gateway: no sidecar"]);
    expect(told([waits({ ...pod, labels: {} })], undefined)).toEqual(["Pod/api-gateway-5d4f-a: no sidecar"]);
  });

  test("have all that their waiting pods have", () => {
    const owners = ownedBy("StatefulSet", "db");
    const pods = [waits(anObject("db-0", { owners }), "revision stable"), waits(anObject("db-1", { owners }))];
    expect(told(pods, [])).toEqual(["StatefulSet/db: no sidecar and revision stable"]);
  });
});

describe("a workload whose template has the sidecar in it", () => {
  const template = { "f:spec": { "f:template": { "f:metadata": { "f:annotations": { [`f:${STATUS}`]: {} } } } } };
  const objects = [anObject("byhand", { setFields: [template] }), anObject("api")];
  const waiting = (name: string, wantsNone: boolean) => ({
    kind: "Deployment" as const,
    name,
    has: "revision stable",
    wantsNone,
  });

  test("does not wait where nobody injects: a restart would bring the same again", () => {
    const left = withoutHandInjected([waiting("api", true), waiting("byhand", true)], "Deployment", objects);
    expect(left.map(keyOf)).toEqual(["Deployment/api"]);
  });

  test("waits where a revision injects, which replaces it", () => {
    expect(withoutHandInjected([waiting("byhand", false)], "Deployment", objects)).toHaveLength(1);
  });

  test("is not one of another kind with the same name", () => {
    expect(withoutHandInjected([waiting("byhand", true)], "StatefulSet", objects)).toHaveLength(1);
  });
});

test("a key is read back as what it was made from", () => {
  expect(parseKey(keyOf({ kind: "StatefulSet", name: "db" }))).toEqual({ kind: "StatefulSet", name: "db" });
  expect(() => parseKey("Pod/bare")).toThrow("no workload that can be restarted");
});
