import { beforeAll, describe, expect, test } from "vitest";
import type { Face } from "./face.ts";
import { aWorld, MESH, type World } from "./world.ts";

const PROGRAM = `${MESH}
const sync = new NamespaceSync("sync", { cluster: "north", include: ["from-*"] }, { provider: mesh });
new GlobalNamespace("one", { labels: { team: "a" }, injection: "disabled" }, { provider: mesh, dependsOn: sync });
new GlobalNamespaces("many", { namespaces: { two: { labels: { team: "b" } }, three: {} } }, { provider: mesh });
`;

/** The types of a stack's resources, without the stack's own. */
const TYPES: Readonly<Record<Face, readonly string[]>> = {
  dynamic: [
    "pulumi-nodejs:dynamic/global-namespace:GlobalNamespace",
    "pulumi-nodejs:dynamic/global-namespace:GlobalNamespaces",
    "pulumi-nodejs:dynamic/global-namespace:NamespaceSync",
    "pulumi:providers:pulumi-nodejs",
  ],
  plugin: [
    "global-namespace:index:GlobalNamespace",
    "global-namespace:index:GlobalNamespaces",
    "global-namespace:index:NamespaceSync",
    "pulumi:providers:global-namespace",
  ],
};

describe.each<[Face, Face]>([
  ["dynamic", "plugin"],
  ["plugin", "dynamic"],
])("a stack of the %s provider that imports from the %s one's path", (from, to) => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld(`move-to-${to}`);
    await world.lab.cluster("north").kube.create("/api/v1/namespaces", { metadata: { name: "from-north" } });
    world.project.use(from);
    world.project.program(PROGRAM);
    await world.project.up();
  });

  test("moves without a change in any cluster, and replaces nothing", async () => {
    const before = world.project.namespace("one").outputs;
    world.project.use(to);
    world.project.program(PROGRAM);
    const writes = await world.writesDuring(async () => {
      expect(await world.project.up()).not.toMatch(/replaced|deleted/);
    });
    expect(writes).toEqual({});
    const { members, controlPlane } = world.project.namespace("one").outputs;
    expect({ members, controlPlane }).toEqual({ members: before.members, controlPlane: before.controlPlane });
    const types = world.project.resources().map(({ type }) => type);
    expect(types.filter((type) => type !== "pulumi:pulumi:Stack").sort()).toEqual(TYPES[to]);
  });

  test("has nothing to do after it, is refreshed, and changes one label with one write a cluster", async () => {
    await world.project.up("--expect-no-changes");
    await world.project.refresh("--expect-no-changes");
    world.project.program(PROGRAM.replace('team: "a"', 'team: "c"'));
    const writes = await world.writesDuring(() => world.project.up());
    const once = { "patch namespaces": 1 };
    expect(writes).toEqual({ mesh: once, east: once, west: once, north: once });
  });

  test("is destroyed with all that it made on the mesh", async () => {
    await world.project.destroy();
    expect(await world.labels("mesh", "one")).toBeUndefined();
    expect(await world.labels("mesh", "two")).toBeUndefined();
  });
});
