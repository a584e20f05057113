import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, MESH, type World } from "./world.ts";

describe("Pulumi's own resource options on a GlobalNamespace", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("options");
  });

  const declare = (...resources: string[]) => world.project.program(`${MESH}\n${resources.join("\n")}\n`);
  const namespace = (resource: string, args: string, options = "provider: mesh") =>
    `new GlobalNamespace("${resource}", ${args}, { ${options} });`;
  const labelsEverywhere = (name: string) =>
    Promise.all(["mesh", "east"].map((cluster) => world.labels(cluster, name)));
  const TEAM_A = `{ name: "kept", labels: { team: "a" }, clusters: ["east"] }`;

  test("aliases: a resource that is renamed keeps its namespace, without a write", async () => {
    declare(namespace("before", TEAM_A));
    await world.project.up();
    const { uid } = world.project.namespace("before").outputs.controlPlane;
    declare(namespace("kept", TEAM_A, `provider: mesh, aliases: [{ name: "before" }]`));
    expect(await world.writesDuring(() => world.project.up())).toEqual({});
    expect(world.project.namespace("kept").outputs.controlPlane.uid).toBe(uid);
    expect(await labelsEverywhere("kept")).toEqual([{ team: "a" }, { team: "a" }]);
  });

  test("ignoreChanges: what the program says of it is not looked at, the rest is", async () => {
    const args = `{ name: "kept", labels: { team: "b" }, annotations: { contact: "ops" }, clusters: ["east"] }`;
    declare(namespace("kept", args, `provider: mesh, ignoreChanges: ["labels"]`));
    await world.project.up();
    expect(await labelsEverywhere("kept")).toEqual([{ team: "a" }, { team: "a" }]);
    expect(await world.annotations("east", "kept")).toMatchObject({ contact: "ops" });
  });

  test("a component hands its provider down, and a namespace moves below it without a write", async () => {
    declare(`
      class Team extends pulumi.ComponentResource {
        constructor(name, args, opts) {
          super("acme:index:Team", name, args, opts);
          new GlobalNamespace("kept", args, { parent: this, aliases: [{ parent: pulumi.rootStackResource }] });
        }
      }
      new Team("team", ${TEAM_A.replace("}, clusters", `}, annotations: { contact: "ops" }, clusters`)}, { providers: [mesh] });
    `);
    expect(await world.writesDuring(() => world.project.up())).toEqual({});
    const { urn } = world.project.resources().find(({ type }) => type.endsWith("GlobalNamespace")) ?? { urn: "" };
    expect(urn).toContain("acme:index:Team$");
  });

  test("protect: it is not destroyed, and nothing is written on the way", async () => {
    const args = `{ labels: { team: "a" }, clusters: ["east"] }`;
    declare(namespace("guarded", args, "provider: mesh, protect: true"));
    await world.project.up();
    declare();
    const writes = await world.writesDuring(async () => {
      expect(await world.project.upFails()).toMatch(/guarded[\s\S]*protect/);
    });
    expect(writes).toEqual({});
    expect(await labelsEverywhere("guarded")).toEqual([{ team: "a" }, { team: "a" }]);
  });

  test("retainOnDelete: it leaves the stack, and every cluster keeps it as it is", async () => {
    const args = `{ labels: { team: "a" }, clusters: ["east"] }`;
    declare(namespace("guarded", args, "provider: mesh, retainOnDelete: true"));
    await world.project.up();
    declare();
    expect(await world.writesDuring(() => world.project.up())).toEqual({});
    expect(world.project.resources().some(({ urn }) => urn.endsWith("::guarded"))).toBe(false);
    expect(await labelsEverywhere("guarded")).toEqual([{ team: "a" }, { team: "a" }]);
  });
});
