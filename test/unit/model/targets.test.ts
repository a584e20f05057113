import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PENDING_KUBECONFIG } from "../../../provider/model/connection.ts";
import type { Spec } from "../../../provider/model/spec.ts";
import { affinityMarks, resolveTargets, type Targets } from "../../../provider/model/targets.ts";
import { UNKNOWN } from "../../../provider/model/unknown.ts";
import { aMesh, labelMap } from "./builders.ts";

function aSpec(changes: Partial<Spec> = {}): Spec {
  return {
    name: "payments",
    labels: { team: "a" },
    annotations: {},
    injection: undefined,
    clusters: { kind: "all" },
    overrides: {},
    ...changes,
  };
}

function resolved(spec: Spec, mesh = aMesh()): Targets {
  const result = resolveTargets(spec, mesh);
  if ("failures" in result) throw new Error(JSON.stringify(result.failures));
  return result;
}

describe("the targets of a namespace", () => {
  test("are one a cluster it belongs to, and the control plane's", () => {
    const spec = aSpec({ clusters: { kind: "names", names: ["west", "east"] }, annotations: { note: "b" } });
    const target = { labels: { team: "a" }, annotations: { note: "b" } };
    expect(resolved(spec)).toEqual({ targets: { east: target, west: target }, controlPlaneTarget: target });
  });

  test("have their labels sorted, so that the same declaration is the same text", () => {
    const { controlPlaneTarget } = resolved(aSpec({ labels: { z: "1", a: "2", m: "3" } }));
    expect(Object.keys(controlPlaneTarget.labels)).toEqual(["a", "m", "z"]);
  });

  test("have no annotations where none are declared", () => {
    expect(resolved(aSpec()).controlPlaneTarget).toEqual({ labels: { team: "a" } });
  });

  test("carry the label of the injection, and an override's in its place", () => {
    const spec = aSpec({
      injection: { kind: "enabled" },
      overrides: {
        east: { injection: { kind: "revision", value: "canary" } },
        west: { injection: { kind: "disabled" } },
      },
    });
    const { targets, controlPlaneTarget } = resolved(spec);
    expect(targets).toEqual({
      east: { labels: { "istio.io/rev": "canary", team: "a" } },
      north: { labels: { "istio-injection": "enabled", team: "a" } },
      west: { labels: { "istio-injection": "disabled", team: "a" } },
    });
    expect(controlPlaneTarget.labels).toEqual({ "istio-injection": "enabled", team: "a" });
  });

  test("add an override's labels and annotations to the namespace's own, same keys replaced", () => {
    const spec = aSpec({
      labels: { team: "a", tier: "1" },
      annotations: { note: "all" },
      overrides: { east: { labels: { tier: "2", zone: "e" }, annotations: { note: "east" } } },
    });
    expect(resolved(spec).targets).toMatchObject({
      east: { labels: { team: "a", tier: "2", zone: "e" }, annotations: { note: "east" } },
      west: { labels: { team: "a", tier: "1" }, annotations: { note: "all" } },
    });
  });

  test("of a control plane that is a member are that member's", () => {
    const mesh = aMesh({ controlPlane: "east" });
    const overrides = { east: { labels: { tier: "2" } } };
    expect(resolved(aSpec({ overrides }), mesh).controlPlaneTarget.labels).toEqual({ team: "a", tier: "2" });
    const elsewhere = aSpec({ overrides, clusters: { kind: "names", names: ["west"] } });
    expect(resolved(elsewhere, mesh).controlPlaneTarget.labels).toEqual({ team: "a" });
  });

  test("say which cluster is only being made", () => {
    const mesh = aMesh({ kubeconfigs: { east: PENDING_KUBECONFIG } });
    expect(resolved(aSpec(), mesh).targets).toMatchObject({ east: { pending: true }, west: { labels: { team: "a" } } });
    expect(resolved(aSpec(), mesh).targets).not.toHaveProperty("west.pending");
  });

  test("of a cluster called constructor are like any other's", () => {
    const mesh = aMesh({ clusters: { constructor: { context: "c" } } });
    const { targets } = resolved(aSpec({ injection: { kind: "enabled" } }), mesh);
    expect(JSON.parse(JSON.stringify(targets))).toEqual({
      constructor: { labels: { "istio-injection": "enabled", team: "a" } },
    });
  });

  test("are refused where the affinity is, at its path", () => {
    expect(resolveTargets(aSpec({ clusters: { kind: "names", names: ["est"] } }), aMesh())).toEqual({
      failures: [{ property: "clusters[0]", reason: expect.stringContaining('no cluster "est"') }],
    });
  });
});

describe("what a preview does not know", () => {
  const cases: readonly (readonly [string, Partial<Spec>, Partial<Targets>])[] = [
    ["the clusters", { clusters: UNKNOWN }, { targets: UNKNOWN, controlPlaneTarget: { labels: { team: "a" } } }],
    ["the labels", { labels: UNKNOWN }, { controlPlaneTarget: { labels: UNKNOWN } }],
    ["one label", { labels: { team: UNKNOWN } }, { controlPlaneTarget: { labels: { team: UNKNOWN } } }],
    ["the injection", { injection: UNKNOWN }, { controlPlaneTarget: { labels: UNKNOWN } }],
    [
      "the revision",
      { injection: { kind: "revision", value: UNKNOWN } },
      { controlPlaneTarget: { labels: { "istio.io/rev": UNKNOWN, team: "a" } } },
    ],
    [
      "the annotations",
      { annotations: UNKNOWN },
      { controlPlaneTarget: { labels: { team: "a" }, annotations: UNKNOWN } },
    ],
    ["the overrides", { overrides: UNKNOWN }, { targets: expect.objectContaining({ east: { labels: UNKNOWN } }) }],
    [
      "one override",
      { overrides: { east: UNKNOWN } },
      { targets: expect.objectContaining({ east: { labels: UNKNOWN }, west: { labels: { team: "a" } } }) },
    ],
  ];
  test.each(cases)("%s: is unknown there and nowhere else", (_, changes, expected) => {
    expect(resolved(aSpec(changes))).toMatchObject(expected);
  });
});

describe("any declaration", () => {
  test("gives a cluster its override, and else what all have", () => {
    fc.assert(
      fc.property(labelMap, labelMap, (labels, over) => {
        const { targets, controlPlaneTarget } = resolved(aSpec({ labels, overrides: { east: { labels: over } } }));
        expect(controlPlaneTarget).toEqual({ labels });
        expect(targets).toEqual({
          east: { labels: { ...labels, ...over } },
          north: { labels },
          west: { labels },
        });
      }),
    );
  });
});

describe("the marks on the control plane", () => {
  test("say which clusters the namespace belongs to", () => {
    expect(affinityMarks({ west: {}, east: {} })).toEqual({
      "global-namespace.dev/cluster.east": "true",
      "global-namespace.dev/cluster.west": "true",
    });
  });
});
