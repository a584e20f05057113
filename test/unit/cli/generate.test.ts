import fc from "fast-check";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { declarationOf } from "../../../cli/generate/declaration.ts";
import { renderProgram } from "../../../cli/generate/program.ts";
import { aNamespace } from "../kube/builders.ts";

const OWNER = "global-namespace.dev/owner";

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
    [{ "istio.io/dataplane-mode": "ambient" }, "ambient"],
    [{ "istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "w" }, { ambient: { waypoint: "w" } }],
  ] as const;
  for (const [labels, injection] of modes) {
    test(`says ${JSON.stringify(injection)} for ${JSON.stringify(labels)}`, () => {
      expect(declarationOf(aNamespace({ labels }), {})).toMatchObject({ labels: {}, injection });
    });
  }

  test("leaves labels alone that are no one mode, and says so", () => {
    const two = declarationOf(aNamespace({ labels: { "istio-injection": "enabled", "istio.io/rev": "x" } }), {});
    expect(two).not.toHaveProperty("injection");
    expect(two?.remarks).toEqual([expect.stringContaining("istio-injection and istio.io/rev")]);
    const odd = declarationOf(aNamespace({ labels: { "istio-injection": "true" } }), {});
    expect(odd?.remarks).toEqual(['Has istio-injection: "true", which is no mode of injection.']);
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
    expect(declaration?.remarks).toEqual(["Not on west by this program: joining would set team=a on west."]);
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
        const program = renderProgram({ meshName: "m", kubeconfigPath: "k", context: "c", members, declarations });
        const { diagnostics } = ts.transpileModule(program, { reportDiagnostics: true });
        expect(diagnostics).toEqual([]);
        expect(program.match(/^new GlobalNamespace\(/gm) ?? []).toHaveLength(declarations.length);
      }),
      { numRuns: 50 },
    );
  });
});
