import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, MESH, programOf, type World } from "./world.ts";

describe("affinity", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("affinity");
  });

  const declare = (name: string, args: string, mesh = MESH) => world.project.program(programOf(name, args, mesh));
  const annotations = async (cluster: string, name: string) =>
    (await world.lab.cluster(cluster).kube.get(`/api/v1/namespaces/${name}`)).metadata.annotations ?? {};

  test("a cluster joins, shown by the preview as one new target", async () => {
    declare("joining", `{ labels: { team: "a" }, clusters: ["east"] }`);
    await world.project.up();
    declare("joining", `{ labels: { team: "a" }, clusters: ["east", "west"] }`);
    const preview = await world.project.preview();
    expect(preview).toMatch(/\+ west\s*: \{/);
    expect(preview).not.toMatch(/[~+-] east\s*: \{/);
    await world.project.up();
    expect(await world.labels("west", "joining")).toEqual({ team: "a" });
    expect(await annotations("mesh", "joining")).toMatchObject({
      "global-namespace.dev/cluster.east": "true",
      "global-namespace.dev/cluster.west": "true",
    });
  });

  test("a cluster that is left keeps the namespace without our labels and marks", async () => {
    declare("released", `{ labels: { team: "a" }, clusters: ["east", "west"] }`);
    await world.project.up();
    declare("released", `{ labels: { team: "a" }, clusters: ["east"] }`);
    const preview = await world.project.preview();
    expect(preview).toContain(
      'released: leaves west: its labels are taken back, the namespace stays (onLeave: "release")',
    );
    expect(preview).toMatch(/- west\s*: \{/);
    await world.project.up();
    expect(await world.labels("west", "released")).toEqual({});
    expect(await annotations("west", "released")).toEqual({});
    expect(Object.keys(world.project.namespace("released").outputs.members)).toEqual(["east"]);
    expect(await annotations("mesh", "released")).not.toHaveProperty(["global-namespace.dev/cluster.west"]);
  });

  test("a cluster that is left with onLeave retain is not written to", async () => {
    declare("retained", `{ labels: { team: "a" }, clusters: ["east", "west"], onLeave: "retain" }`);
    await world.project.up();
    declare("retained", `{ labels: { team: "a" }, clusters: ["east"], onLeave: "retain" }`);
    await world.project.up();
    expect(await world.labels("west", "retained")).toEqual({ team: "a" });
  });

  test("a cluster that is left with onLeave delete loses the namespace that was created there", async () => {
    declare("deleted", `{ labels: { team: "a" }, clusters: ["east", "west"], onLeave: "delete" }`);
    await world.project.up();
    declare("deleted", `{ labels: { team: "a" }, clusters: ["east"], onLeave: "delete" }`);
    expect(await world.project.preview()).toContain("deleted: leaves west: the namespace is DELETED there");
    await world.project.up();
    expect(await world.labels("west", "deleted")).toBeUndefined();
    expect(await world.labels("east", "deleted")).toEqual({ team: "a" });
  });

  test("onLeave delete releases a namespace that was there before", async () => {
    await world.lab.cluster("west").kube.create("/api/v1/namespaces", { metadata: { name: "older" } });
    declare("older", `{ labels: { team: "a" }, clusters: ["east", "west"], onLeave: "delete" }`);
    await world.project.up();
    expect(world.project.namespace("older").outputs.members.west?.origin).toBe("adopted");
    declare("older", `{ labels: { team: "a" }, clusters: ["east"], onLeave: "delete" }`);
    await world.project.up();
    expect(await world.labels("west", "older")).toEqual({});
  });

  test("a selector picks up a cluster that is new in the mesh", async () => {
    const args = `{ labels: { team: "a" }, clusters: { matchLabels: { env: "prod" } } }`;
    declare("selected", args);
    await world.project.up();
    expect(Object.keys(world.project.namespace("selected").outputs.members)).toEqual(["east", "west"]);
    declare("selected", args, MESH.replace('"north", labels: { env: "dev" }', '"north", labels: { env: "prod" }'));
    expect(await world.project.preview()).toMatch(/\+ north\s*: \{/);
    await world.project.up();
    expect(await world.labels("north", "selected")).toEqual({ team: "a" });
  });

  test("except leaves a cluster out, and a draining cluster is left by everyone", async () => {
    declare("drained", `{ labels: { team: "a" }, clusters: { except: ["north"] } }`);
    await world.project.up();
    expect(await world.labels("north", "drained")).toBeUndefined();
    const draining = MESH.replace('{ context: "west"', '{ context: "west", draining: true');
    declare("drained", `{ labels: { team: "a" }, clusters: { except: ["north"] } }`, draining);
    await world.project.up();
    expect(await world.labels("west", "drained")).toEqual({});
  });

  test("a cluster that the mesh no longer has is an output, not a failure, and is taken up again when it is back", async () => {
    declare("orphan", `{ labels: { team: "a" } }`);
    await world.project.up();
    const without = MESH.replace(/\n\s*north: .*/, "");
    declare("orphan", `{ labels: { team: "b" } }`, without);
    expect(await world.project.preview()).toContain("orphan: north is no longer in the mesh");
    await world.project.up();
    expect(Object.keys(world.project.namespace("orphan").outputs.orphaned ?? {})).toEqual(["north"]);
    expect(await world.labels("north", "orphan")).toEqual({ team: "a" });
    await world.project.up("--expect-no-changes");
    declare("orphan", `{ labels: { team: "b" } }`);
    await world.project.up();
    expect(await world.labels("north", "orphan")).toEqual({ team: "b" });
    expect(world.project.namespace("orphan").outputs.members.north?.origin).toBe("created");
  });
});
