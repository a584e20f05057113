import { describe, expect, test } from "vitest";
import { meshConfigOf } from "../../../plugin/mesh-config.ts";
import { PENDING_KUBECONFIG } from "../../../provider/model/connection.ts";
import { parseMesh } from "../../../provider/model/mesh.ts";
import { UNKNOWN } from "../../../provider/model/unknown.ts";

const URN = "urn:pulumi:dev::shop::pulumi:providers:global-namespace::mesh";

describe("the configuration of a Mesh", () => {
  test("as the SDK for TypeScript sends it stays as it is", () => {
    const config = {
      owner: "acme/shop/dev/mesh",
      controlPlane: "east",
      clusters: { east: { context: "e" }, west: { labels: { env: "prod" } } },
      kubeconfigs: { west: "text" },
      execPlugins: "deny",
    };
    expect(meshConfigOf(config, URN)).toEqual(config);
  });

  test("has the same owner whatever the version of the plugin that the engine names its default provider by", () => {
    const ownerOf = (name: string) =>
      meshConfigOf({ clusters: {} }, `urn:pulumi:dev::shop::pulumi:providers:global-namespace::${name}`).owner;
    expect(ownerOf("default_0_1_0")).toBe("organization/shop/dev/default");
    expect(ownerOf("default_1_12_0-alpha.1")).toBe("organization/shop/dev/default");
    expect(ownerOf("default_mesh")).toBe("organization/shop/dev/default_mesh");
  });

  test("with kubeconfigs beside their clusters has them apart", () => {
    const config = meshConfigOf(
      {
        controlPlane: { kubeconfig: "mesh text", context: "m" },
        clusters: { east: { kubeconfig: { apiVersion: "v1" }, labels: { env: "prod" } }, west: { context: "w" } },
      },
      URN,
    );
    expect(config).toMatchObject({
      controlPlane: { context: "m" },
      clusters: { east: { labels: { env: "prod" } }, west: { context: "w" } },
      kubeconfigs: { controlPlane: "mesh text", east: '{"apiVersion":"v1"}' },
    });
    expect(JSON.stringify(config.clusters)).not.toContain("apiVersion");
  });

  test("sent as JSON, as SDKs that are generated do, is the same", () => {
    const config = meshConfigOf(
      {
        controlPlane: '"1"',
        clusters: '{"1":{"context":"one"},"east":{"kubeconfig":"text"}}',
        concurrency: "8",
        podSecurityLabels: "true",
        execPlugins: '{"allow":["aws"]}',
      },
      URN,
    );
    expect(config).toMatchObject({ controlPlane: "1", kubeconfigs: { east: "text" }, concurrency: 8 });
    expect(parseMesh(config)).toHaveProperty("mesh");
    expect(meshConfigOf({ controlPlane: "1", clusters: { 1: {} } }, URN).controlPlane).toBe("1");
  });

  test("is owned by what the Mesh's URN says, where the program does not say it", () => {
    const clusters = { east: {} };
    expect(meshConfigOf({ clusters }, URN).owner).toBe("organization/shop/dev/mesh");
    expect(meshConfigOf({ clusters }, `${URN}::east`).owner).toBe("organization/shop/dev/mesh::east");
    expect(meshConfigOf({ clusters, owner: "acme/x" }, URN).owner).toBe("acme/x");
  });

  test("of a preview marks a cluster whose kubeconfig is not known, and leaves the others known", () => {
    const clusters = { east: { kubeconfig: UNKNOWN }, west: { kubeconfig: "text" } };
    expect(meshConfigOf({ clusters }, URN).kubeconfigs).toEqual({ east: PENDING_KUBECONFIG, west: "text" });
  });

  test("that is empty is refused in the words for a resource without a Mesh", () => {
    expect(parseMesh(meshConfigOf({}, URN))).toMatchObject({ failures: [{ property: "provider" }] });
  });
});
