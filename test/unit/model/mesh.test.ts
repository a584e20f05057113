import { describe, expect, test } from "vitest";
import { PENDING_KUBECONFIG } from "../../../provider/model/connection.ts";
import { parseMesh } from "../../../provider/model/mesh.ts";
import { describePlace } from "../../../provider/model/place.ts";
import { aMesh, MESH_INPUTS } from "./builders.ts";

const SECRET = "canary-kubeconfig-6f1d9c";

function failures(changes: Readonly<Record<string, unknown>>) {
  const parsed = parseMesh({ ...MESH_INPUTS, ...changes });
  return "failures" in parsed ? parsed.failures : [];
}

describe("a mesh", () => {
  test("has its clusters, and its control plane under a name that no cluster can have", () => {
    const mesh = aMesh();
    expect(mesh.controlPlane).toBe("controlPlane");
    expect(Object.keys(mesh.clusters)).toEqual(["east", "north", "west"]);
    expect(Object.keys(mesh.connections)).toEqual(["east", "north", "west", "controlPlane"]);
    expect(mesh.clusters.east).toEqual({
      connection: { context: "east" },
      labels: { env: "prod", region: "us-east-1" },
      draining: false,
      pending: false,
    });
    expect(describePlace("east")).toBe('cluster "east"');
    expect(describePlace(mesh.controlPlane)).toBe("the control plane");
  });

  test("may have a member as its control plane, which is then one connection", () => {
    const mesh = aMesh({ controlPlane: "east" });
    expect(mesh.controlPlane).toBe("east");
    expect(Object.keys(mesh.connections)).toEqual(["east", "north", "west"]);
  });

  test("gives each cluster its own kubeconfig", () => {
    const mesh = aMesh({
      clusters: { east: {}, west: { context: "w" }, north: { inCluster: true } },
      kubeconfigs: { east: "e", west: "w", controlPlane: "c" },
    });
    expect(mesh.clusters.east?.connection).toEqual({ kubeconfig: "e" });
    expect(mesh.clusters.west?.connection).toEqual({ kubeconfig: "w", context: "w" });
    expect(mesh.clusters.north?.connection).toEqual({ inCluster: true });
    expect(mesh.connections.controlPlane?.connection).toEqual({ kubeconfig: "c", context: "mesh" });
  });

  test("marks a cluster whose kubeconfig is not known yet", () => {
    const mesh = aMesh({ kubeconfigs: { east: PENDING_KUBECONFIG } });
    expect(mesh.clusters.east?.pending).toBe(true);
    expect(mesh.clusters.west?.pending).toBe(false);
  });

  test("has limits that a preview in CI can live with", () => {
    expect(aMesh()).toMatchObject({ requestTimeoutSeconds: 15, concurrency: 32 });
    expect(aMesh({ requestTimeoutSeconds: 1, concurrency: 1000 })).toMatchObject({
      requestTimeoutSeconds: 1,
      concurrency: 1000,
    });
  });

  test("does not find a kubeconfig under a name that every object has", () => {
    const mesh = aMesh({ clusters: { constructor: { context: "c" } }, kubeconfigs: {} });
    expect(mesh.clusters.constructor).toMatchObject({ connection: { context: "c" } });
  });
});

describe("a mesh that is refused", () => {
  const both = { kubeconfigPath: "/k" };
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, string, string])[] = [
    ["a cluster's name", { clusters: { "East Side": {} } }, 'clusters["East Side"]', "is not a cluster's name"],
    ["a misspelled property", { clusters: { east: { lables: {} } } }, "clusters.east", 'has no property "lables"'],
    [
      "a label's value",
      { clusters: { east: { labels: { env: 1 } } } },
      "clusters.east.labels.env",
      'is 1, a number; Kubernetes wants a string: write "1"',
    ],
    ["draining as text", { clusters: { east: { draining: "yes" } } }, "clusters.east.draining", 'is "yes"'],
    [
      "two ways to one cluster",
      { clusters: { east: both }, kubeconfigs: { east: SECRET } },
      "clusters.east",
      "has both kubeconfig and kubeconfigPath; give one",
    ],
    [
      "inCluster and a context",
      { clusters: { east: { inCluster: true, context: "east" } } },
      "clusters.east",
      "has inCluster: true and a kubeconfig or context; give one",
    ],
    [
      "two ways to the control plane",
      { controlPlane: both, kubeconfigs: { controlPlane: SECRET } },
      "controlPlane",
      "has both kubeconfig and kubeconfigPath; give one",
    ],
    ["a control plane that is no member", { controlPlane: "est" }, "controlPlane", '"est" is not the name of one of'],
    ["a time limit of nothing", { requestTimeoutSeconds: 0 }, "requestTimeoutSeconds", "is 0; the least is 1"],
    ["a time limit of hours", { requestTimeoutSeconds: 601 }, "requestTimeoutSeconds", "is 601; the most is 600"],
    ["no requests at all", { concurrency: 0 }, "concurrency", "is 0; the least is 1"],
    ["half a request", { concurrency: 1.5 }, "concurrency", "is 1.5"],
    ["a policy for exec plugins", { execPlugins: "ask" }, "execPlugins", 'is "ask"; allowed: "allow", "deny"'],
  ];
  test.each(cases)("for %s", (_, changes, property, reason) => {
    expect(failures(changes)).toEqual([{ property, reason: expect.stringContaining(reason) }]);
  });

  test("names every cluster that is wrong", () => {
    const properties = failures({ clusters: { "-a": {}, "b-": {}, c: {} } }).map(({ property }) => property);
    expect(properties).toEqual(['clusters["-a"]', 'clusters["b-"]']);
  });

  test("never repeats a kubeconfig", () => {
    const misplaced = `apiVersion: v1\nusers:\n- user: { token: ${SECRET} }`;
    const everywhere = [
      failures({ controlPlane: misplaced }),
      failures({ kubeconfigs: { east: { users: [SECRET] } } }),
      failures({ kubeconfigs: misplaced }),
      failures({ clusters: { east: { kubeconfig: misplaced } } }),
      failures({ clusters: { east: both }, kubeconfigs: { east: misplaced } }),
    ];
    for (const found of everywhere) expect(found).not.toEqual([]);
    expect(JSON.stringify(everywhere)).not.toContain(SECRET);
  });

  test("is none at all where the resource was given another provider", () => {
    for (const config of [undefined, null, {}, { "aws:region": "eu-west-1" }, []]) {
      expect(parseMesh(config)).toEqual({
        failures: [{ property: "provider", reason: expect.stringContaining("{ provider: mesh }") }],
      });
    }
  });
});
