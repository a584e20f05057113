import fc from "fast-check";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { renderProgram } from "../../../cli/generate/program.ts";
import { type Declaration, declarationOf } from "../../../provider/model/declaration.ts";
import type { Namespace } from "../../../provider/model/namespace.ts";
import { aNamespace } from "../kube/builders.ts";
import { aFakeEngine } from "../lifecycle/fake-engine.ts";

const OWNER = "global-namespace.dev/owner";
const MESH = { meshName: "m", kubeconfigPath: "k", context: "c", controlPlane: undefined };

function member(...namespaces: ReturnType<typeof aNamespace>[]) {
  return new Map(namespaces.map((namespace) => [namespace.name, namespace]));
}

describe("the declaration of a namespace that the mesh holds", () => {
  test("has its labels, without those of Kubernetes and of one cluster, and its injection", () => {
    const labels = {
      team: "a",
      "kubernetes.io/metadata.name": "payments",
      "topology.istio.io/network": "n1",
      "istio.io/rev": "canary",
    };
    expect(declarationOf(aNamespace({ labels }), {})).toMatchObject({
      labels: { team: "a" },
      injection: { revision: "canary" },
    });
  });

  const modes = [
    [{ "istio-injection": "enabled" }, "enabled"],
    [{ "istio-injection": "disabled" }, "disabled"],
    [{ "istio-injection": "disabled", "istio.io/rev": "canary" }, "disabled"],
    [{ "istio-injection": "enabled", "istio.io/dataplane-mode": "none" }, "enabled"],
    [{ "istio.io/dataplane-mode": "ambient" }, "ambient"],
    [{ "istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "w" }, { ambient: { waypoint: "w" } }],
  ] as const;
  for (const [labels, injection] of modes) {
    test(`says ${JSON.stringify(injection)} for ${JSON.stringify(labels)}`, () => {
      const declaration = declarationOf(aNamespace({ labels }), {});
      expect(declaration).toMatchObject({ injection });
      expect(declaration).not.toHaveProperty("labels");
    });
  }

  test("leaves labels alone that are no one mode, and says so", () => {
    const two = declarationOf(aNamespace({ labels: { "istio-injection": "enabled", "istio.io/rev": "x" } }), {});
    expect(two).not.toHaveProperty("injection");
    expect(two?.remarks).toEqual([expect.stringContaining("istio-injection and istio.io/rev")]);
    const odd = declarationOf(aNamespace({ labels: { "istio-injection": "true" } }), {});
    expect(odd?.remarks).toEqual(['Has istio-injection: "true", which is no mode of injection.']);
  });

  test("keeps a waypoint among the labels where no mode has it", () => {
    const labels = { "istio-injection": "enabled", "istio.io/use-waypoint": "w" };
    expect(declarationOf(aNamespace({ labels }), {})).toMatchObject({
      labels: { "istio.io/use-waypoint": "w" },
      injection: "enabled",
    });
  });

  test("belongs to the clusters that are written on the mesh", () => {
    const declared = { [OWNER]: "acme/mesh/dev/mesh/pay", "global-namespace.dev/cluster.west": "true" };
    const declaration = declarationOf(aNamespace({ annotations: declared }), { east: member(aNamespace()) });
    expect(declaration).toMatchObject({ resource: "pay", name: "payments", clusters: ["west"] });
    expect(declaration?.remarks[0]).toContain("Belongs to acme/mesh/dev/mesh/pay");
    const synced = { "global-namespace.dev/synced.east": "acme/mesh/dev/mesh/east" };
    expect(declarationOf(aNamespace({ annotations: synced }), {})?.clusters).toEqual(["east"]);
  });

  test("belongs, where nothing is written, to the clusters that hold it with the same labels", () => {
    const mesh = aNamespace({ labels: { team: "a" } });
    const declaration = declarationOf(mesh, {
      east: member(aNamespace({ labels: { team: "a", extra: "1" } })),
      west: member(aNamespace({ labels: {} })),
      north: member(),
    });
    expect(declaration?.clusters).toEqual(["east"]);
    expect(declaration?.remarks).toEqual(["Not on west by this program, which does not have team=a."]);
  });

  test("leaves out a cluster that is written on the mesh where the first up would change something there", () => {
    const labels = { "istio.io/rev": "canary" };
    const clusters = ["east", "north", "south", "west"];
    const annotations = Object.fromEntries(clusters.map((name) => [`global-namespace.dev/synced.${name}`, "x"]));
    const declaration = declarationOf(aNamespace({ labels, annotations }), {
      east: member(aNamespace({ labels: { ...labels, "istio-injection": "disabled" } })),
      north: member(),
      south: member(aNamespace({ labels, deletionTimestamp: "2026-11-01T00:00:00Z" })),
      west: member(aNamespace({ labels })),
    });
    expect(declaration?.clusters).toEqual(["west"]);
    expect(declaration?.remarks).toEqual([
      "Not on east by this program, which has istio-injection=disabled besides.",
      "Not on north by this program, which is written on the mesh and does not have it.",
      "Not on south by this program, which is deleting it.",
    ]);
  });

  test("is none for what no GlobalNamespace may declare", () => {
    for (const fields of [
      { name: "kube-system" },
      { name: "default" },
      { deletionTimestamp: "2026-11-01T00:00:00Z" },
    ]) {
      expect(declarationOf(aNamespace(fields), {})).toBeUndefined();
    }
  });
});

const aLabels = fc.record(
  {
    team: fc.constantFrom("a", "b"),
    "pod-security.kubernetes.io/enforce": fc.constant("baseline"),
    "istio-injection": fc.constantFrom("enabled", "disabled", "", "true"),
    "istio.io/rev": fc.constantFrom("canary", "stable"),
    "istio.io/dataplane-mode": fc.constantFrom("ambient", "none"),
    "istio.io/use-waypoint": fc.constant("w"),
  },
  { requiredKeys: [], noNullPrototype: true },
);

test("what a GlobalNamespace has made, and its stack has lost, is declared as that one did", async () => {
  const args = {
    labels: { team: "a" },
    annotations: { note: "x" },
    injection: { revision: "canary" },
    clusters: ["east", "west"],
    overrides: { east: { injection: { revision: "stable" }, labels: { tier: "1" } } },
  };
  const engine = aFakeEngine();
  await engine.process().namespace("payments", args);
  const api = (place: string) => engine.clusters.cluster(place);
  api("controlPlane").edit("payments", { labels: { "argocd.argoproj.io/instance": "mesh" } });
  const [mesh, east, west] = await Promise.all(
    ["controlPlane", "east", "west"].map((place) => api(place).get("payments")),
  );
  const members = { east: member(...(east ? [east] : [])), west: member(...(west ? [west] : [])) };
  const { resource, name, remarks, ...declared } = declarationOf(mesh as Namespace, members) as Declaration;
  expect({ resource, name, declared }).toEqual({ resource: "payments", name: "payments", declared: args });
  expect(remarks).toEqual([expect.stringContaining("Belongs to acme/mesh/dev/mesh/payments")]);
  const program = renderProgram({
    meshName: "m",
    kubeconfigPath: "k",
    context: "c",
    controlPlane: undefined,
    members: {},
    declarations: [{ resource, name, remarks, ...declared }],
  });
  expect(program).toContain('overrides: { east: { labels: { tier: "1" }, injection: { revision: "stable" } } },');
});

test("what others set on the mesh, and a GlobalNamespace has spread, is declared as spread and not for each cluster", async () => {
  const args = { labels: { team: "a" }, clusters: ["east", "west"], propagate: "all" };
  const engine = aFakeEngine();
  const api = (place: string) => engine.clusters.cluster(place);
  await engine.process().namespace("payments", args);
  api("controlPlane").edit("payments", { labels: { tier: "1", "istio-injection": "enabled" } });
  await engine.process().namespace("payments", args);
  const declared = async () => {
    const [mesh, east, west] = await Promise.all(
      ["controlPlane", "east", "west"].map((place) => api(place).get("payments")),
    );
    const members = { east: member(...(east ? [east] : [])), west: member(...(west ? [west] : [])) };
    return declarationOf(mesh as Namespace, members) as Declaration;
  };
  const { resource: _, name: __, remarks: ___, ...given } = await declared();
  expect(given).toEqual(args);
  const program = renderProgram({ ...MESH, members: {}, declarations: [await declared()] });
  expect(program).toContain('  propagate: "all",\n');
  // Whether it would have reached the clusters is not told by them.
  api("controlPlane").edit("payments", { labels: { late: "1" } });
  expect(await declared()).not.toHaveProperty("propagate");
});

test("the first up of what is declared changes no label, whatever the mesh and its clusters hold", async () => {
  const PLACES = ["controlPlane", "east", "west"];
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(aLabels, fc.option(aLabels), fc.option(aLabels)),
      fc.subarray(["east", "west"]),
      async (labels, written) => {
        const engine = aFakeEngine();
        const api = (place: string) => engine.clusters.cluster(place);
        for (const [index, place] of PLACES.entries()) {
          const set = labels[index];
          const marks = written.map((cluster) => [`global-namespace.dev/synced.${cluster}`, "acme/x/dev/mesh/sync"]);
          const annotations = place === "controlPlane" ? Object.fromEntries(marks) : {};
          if (set) await api(place).create({ name: "payments", labels: set, annotations }, "kubectl-create");
        }
        const live = () => Promise.all(PLACES.map(async (place) => (await api(place).get("payments"))?.labels));
        const before = await live();
        const [mesh, east, west] = await Promise.all(PLACES.map((place) => api(place).get("payments")));
        const members = { east: member(...(east ? [east] : [])), west: member(...(west ? [west] : [])) };
        const declaration = declarationOf(mesh as Namespace, members);
        const { resource, name: _, remarks: __, ...args } = declaration as Declaration;
        const made = await engine.process().namespace(resource, args);
        expect(made).toMatchObject({ checkFailures: [], failures: [] });
        expect(await live()).toEqual(before);
      },
    ),
    { numRuns: 300 },
  );
});

describe("the generated program", () => {
  test("reads as a person writes it", () => {
    const declaration = {
      resource: "payments",
      name: "payments",
      labels: { team: "a", "acme.com/tier": "1" },
      injection: { revision: "canary" },
      clusters: ["east"],
      remarks: ["A remark."],
    };
    const members = { east: "east", "eu-west": "arn:eu" };
    expect(
      renderProgram({
        meshName: "mesh",
        kubeconfigPath: "clusters.yaml",
        context: "mesh",
        controlPlane: undefined,
        members,
        declarations: [declaration],
      }),
    ).toMatchInlineSnapshot(`
      "import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

      const mesh = new Mesh("mesh", {
        controlPlane: { kubeconfigPath: "clusters.yaml", context: "mesh" },
        clusters: {
          east: { kubeconfigPath: "clusters.yaml", context: "east" },
          "eu-west": { kubeconfigPath: "clusters.yaml", context: "arn:eu" },
        },
      });

      // A remark.
      new GlobalNamespace("payments", {
        labels: { team: "a", "acme.com/tier": "1" },
        injection: { revision: "canary" },
        clusters: ["east"],
      }, { provider: mesh });
      "
    `);
  });

  test("names the member that is the control plane", () => {
    const program = renderProgram({ ...MESH, controlPlane: "east", members: { east: "east" }, declarations: [] });
    expect(program).toContain('controlPlane: "east",');
  });

  test("allows what decides on what pods may do, where that is declared, for all clusters or one", () => {
    const enforce = { "pod-security.kubernetes.io/enforce": "baseline" };
    const program = (declared: object) => {
      const declaration = { resource: "payments", name: "payments", clusters: [], remarks: [], ...declared };
      return renderProgram({ ...MESH, members: { east: "east" }, declarations: [declaration] });
    };
    expect(program({ labels: enforce })).toContain("  podSecurityLabels: true,\n});");
    expect(program({ overrides: { east: { labels: enforce } } })).toContain("  podSecurityLabels: true,\n});");
    expect(program({ labels: { team: "a" } })).not.toContain("podSecurityLabels");
  });

  test("calls resources of the same name as their namespaces", () => {
    const called = (...declared: readonly (readonly [string, string])[]) => {
      const declarations = declared.map(([resource, name]) => ({ resource, name, clusters: [], remarks: [] }));
      const program = renderProgram({ ...MESH, members: {}, declarations });
      return [...program.matchAll(/^new GlobalNamespace\("(.*)", \{\n( {2}name: "(.*)",\n)?/gm)].map(
        ([, resource, , name]) => [resource, name ?? resource],
      );
    };
    expect(called(["team", "a"], ["other", "b"])).toEqual([
      ["team", "a"],
      ["other", "b"],
    ]);
    expect(called(["team", "a"], ["team", "b"], ["b", "team"])).toEqual([
      ["a", "a"],
      ["b", "b"],
      ["team", "team"],
    ]);
  });

  test("is TypeScript whatever the names, labels and remarks are", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("__proto__", "constructor", "*/", "\n//", "\u2028"),
    );
    const declaration = fc.record({
      resource: text,
      name: text,
      labels: fc.dictionary(text, text),
      clusters: fc.array(text),
      remarks: fc.array(text),
    });
    fc.assert(
      fc.property(fc.array(declaration, { maxLength: 3 }), fc.dictionary(text, text), (declarations, members) => {
        const program = renderProgram({ ...MESH, members, declarations });
        const { diagnostics } = ts.transpileModule(program, { reportDiagnostics: true });
        expect(diagnostics).toEqual([]);
        expect(program.match(/^new GlobalNamespace\(/gm) ?? []).toHaveLength(declarations.length);
      }),
      { numRuns: 50 },
    );
  });
});
