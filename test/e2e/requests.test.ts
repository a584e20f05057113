import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, MESH, type World } from "./world.ts";

const NAMESPACES = 20;
const CLUSTERS = ["mesh", "east", "west", "north"];

describe("twenty namespaces over a control plane and three clusters", () => {
  let world: World;
  const declare = (team: string) =>
    world.project.program(`${MESH}
      for (let index = 0; index < ${NAMESPACES}; index++) {
        new GlobalNamespace("many-" + index, {
          labels: { team: "${team}" }, clusters: ["east", "west", "north"],
        }, { provider: mesh });
      }
    `);
  /** The same number of requests at the mesh and at each cluster, and none of any other kind. */
  const each = (counts: Record<string, number>) => Object.fromEntries(CLUSTERS.map((cluster) => [cluster, counts]));

  beforeAll(async () => {
    world = await aWorld("requests");
  });

  test("are created with one write a namespace a cluster, after one look at each cluster", async () => {
    declare("a");
    const asked = await world.requestsDuring(() => world.project.up());
    expect(asked).toEqual(each({ "list namespaces": 1, "patch namespaces": NAMESPACES }));
  });

  test("cost no request at all where nothing changes", async () => {
    expect(await world.requestsDuring(() => world.project.up("--expect-no-changes"))).toEqual({});
  });

  test("are refreshed with one list a cluster", async () => {
    expect(await world.requestsDuring(() => world.project.refresh())).toEqual(each({ "list namespaces": 1 }));
  });

  test("are changed with one write a namespace a cluster, after one look at each cluster", async () => {
    declare("b");
    const asked = await world.requestsDuring(() => world.project.up());
    expect(asked).toEqual(each({ "list namespaces": 1, "patch namespaces": NAMESPACES }));
  });

  test("are previewed with one list a cluster where something changes", async () => {
    declare("c");
    expect(await world.requestsDuring(() => world.project.preview())).toEqual(each({ "list namespaces": 1 }));
  });

  test("are destroyed with one deletion each on the mesh, and without a write on clusters that keep theirs", async () => {
    const writes = await world.writesDuring(() => world.project.destroy());
    expect(writes).toEqual({ mesh: { "delete namespaces": NAMESPACES } });
  });
});
