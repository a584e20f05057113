import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, MESH, PROVIDER, type World } from "./world.ts";

describe("pulumi up of a new GlobalNamespace", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("create");
    world.project.program(`${MESH}
      const shop = new GlobalNamespace("shop", {
        labels: { team: "shop" }, injection: "enabled", clusters: { matchLabels: { env: "prod" } },
      }, { provider: mesh });
      exports.name = shop.name;
      exports.members = shop.members;
    `);
  });

  test("shows each cluster in the preview and writes nothing", async () => {
    const preview = await world.project.preview();
    expect(preview).toMatch(/targets\s*:[\s\S]*east[\s\S]*istio-injection: "enabled"[\s\S]*west/);
    expect(preview.slice(preview.indexOf("GlobalNamespace"))).not.toContain("north");
    expect(await world.labels("mesh", "shop")).toBeUndefined();
  });

  test("makes the namespace on the mesh and on the clusters it belongs to, and nowhere else", async () => {
    await world.project.up();
    const labels = { team: "shop", "istio-injection": "enabled" };
    expect(await world.labels("mesh", "shop")).toEqual(labels);
    expect(await world.labels("east", "shop")).toEqual(labels);
    expect(await world.labels("west", "shop")).toEqual(labels);
    expect(await world.labels("north", "shop")).toBeUndefined();
  });

  test("says what each member is", () => {
    const { members, controlPlane } = world.project.namespace("shop").outputs;
    expect(Object.keys(members)).toEqual(["east", "west"]);
    const status = { state: "Ready", origin: "created", uid: expect.any(String) };
    expect(members).toMatchObject({ east: status, west: status });
    expect(controlPlane).toMatchObject(status);
  });

  test("does nothing and asks nothing the second time", async () => {
    const marks = world.lab.names.map((name) => [name, world.lab.cluster(name).mark()] as const);
    expect(await world.project.up("--expect-no-changes")).toContain("3 unchanged");
    for (const [name, since] of marks) {
      expect(world.lab.cluster(name).requests({ userAgent: PROVIDER, since }).total).toBe(0);
    }
  });
});
