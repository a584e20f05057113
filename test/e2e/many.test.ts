import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, MESH, type World } from "./world.ts";

const ARGS: Record<string, string> = {
  "many-a": `{ labels: { team: "a" }, clusters: ["east", "west"] }`,
  "many-b": `{ labels: { team: "b" }, clusters: ["east"], overrides: { east: { labels: { tier: "1" } } } }`,
  "many-c": `{ labels: { team: "c" }, clusters: ["north"] }`,
};

describe("GlobalNamespaces", () => {
  let world: World;

  beforeAll(async () => {
    world = await aWorld("many");
  });

  /** `more` is what else the program declares. */
  const declare = (args: Readonly<Record<string, string>>, more = "", rest = "") => {
    const namespaces = Object.entries(args).map(([name, each]) => `${JSON.stringify(name)}: ${each}`);
    const many = `new GlobalNamespaces("teams", { namespaces: { ${namespaces.join(", ")} }${rest} }, { provider: mesh });`;
    world.project.program(`${MESH}\n${many}\n${more}\n`);
  };
  const single = (name: string) => `new GlobalNamespace("${name}", ${ARGS[name]}, { provider: mesh });`;
  const without = (name: string) => Object.fromEntries(Object.entries(ARGS).filter(([each]) => each !== name));
  const uid = async (cluster: string, name: string) =>
    (await world.lab.cluster(cluster).kube.get(`/api/v1/namespaces/${name}`)).metadata.uid;

  test("brings each of its namespaces to the mesh and to its own clusters, with one write each", async () => {
    declare(ARGS);
    expect(await world.writesDuring(() => world.project.up())).toEqual({
      mesh: { "patch namespaces": 3 },
      east: { "patch namespaces": 2 },
      west: { "patch namespaces": 1 },
      north: { "patch namespaces": 1 },
    });
    expect(await world.labels("east", "many-b")).toEqual({ team: "b", tier: "1" });
    expect(await world.labels("north", "many-c")).toEqual({ team: "c" });
    expect(await world.labels("north", "many-a")).toBeUndefined();
  });

  test("costs no request where nothing changes, and a refresh one list a cluster", async () => {
    expect(await world.requestsDuring(() => world.project.up("--expect-no-changes"))).toEqual({});
    const lists = { "list namespaces": 1 };
    expect(await world.requestsDuring(() => world.project.refresh("--expect-no-changes"))).toEqual({
      mesh: lists,
      east: lists,
      west: lists,
      north: lists,
    });
  });

  test("shows in a preview the namespace that changes and no other, and writes that one alone", async () => {
    declare({ ...ARGS, "many-b": `{ labels: { team: "z" }, clusters: ["east"] }` });
    const preview = await world.project.preview();
    expect(preview).toContain('~ team: "b" => "z"');
    expect(preview).toContain('- tier: "1"');
    expect(preview).not.toMatch(/[~+-] many-[ac]/);
    expect(await world.writesDuring(() => world.project.up())).toEqual({
      mesh: { "patch namespaces": 1 },
      east: { "patch namespaces": 1 },
    });
    declare(ARGS);
    await world.project.up();
  });

  test("puts drift right where it is", async () => {
    await world.lab.cluster("north").kube.patch("/api/v1/namespaces/many-c", { metadata: { labels: { team: null } } });
    const writes = await world.writesDuring(() => world.project.up("--refresh"));
    expect(writes).toEqual({ north: { "patch namespaces": 1 } });
    expect(await world.labels("north", "many-c")).toEqual({ team: "c" });
  });

  test("keeps what was done where a cluster is down, and goes on when it is back", async () => {
    await world.lab.cluster("east").stop();
    const changed = Object.fromEntries(
      Object.entries(ARGS).map(([name, args]) => [name, args.replace('team: "', 'team: "x')]),
    );
    declare(changed);
    const output = await world.project.upFails();
    expect(output).toMatch(/cannot apply namespaces "many-a" and "many-b" on cluster "east": /);
    expect(await world.labels("west", "many-a")).toEqual({ team: "xa" });
    expect(await world.labels("north", "many-c")).toEqual({ team: "xc" });
    await world.lab.cluster("east").start();
    expect(await world.writesDuring(() => world.project.up())).toEqual({ east: { "patch namespaces": 2 } });
    declare(ARGS);
    await world.project.up();
  });

  test("gives a namespace to a GlobalNamespace and takes it back, without a write on any cluster", async () => {
    const before = await uid("mesh", "many-a");
    declare(without("many-a"), single("many-a"));
    expect(await world.project.previewFails()).toContain('write released: ["many-a"] there');
    declare(without("many-a"), single("many-a"), `, released: ["many-a"]`);
    expect(await world.writesDuring(() => world.project.up())).toEqual({});
    await world.project.up("--expect-no-changes");
    declare(ARGS);
    let output = "";
    const writes = await world.writesDuring(async () => {
      output = await world.project.up();
    });
    expect(writes).toEqual({});
    expect(output).toContain('many-a: nothing is deleted: the GlobalNamespaces "teams" of this program declares it');
    expect(await uid("mesh", "many-a")).toBe(before);
  });

  test("deletes nothing where the engine is told to replace it", async () => {
    const before = await uid("mesh", "many-b");
    await world.project.up("--replace", "**:GlobalNamespaces::teams");
    expect(await uid("mesh", "many-b")).toBe(before);
    await world.project.up("--expect-no-changes");
  });

  test("ends a namespace that is no longer declared, and says so before", async () => {
    declare(without("many-c"));
    expect(await world.project.preview()).toContain(
      "many-c: is no longer declared: on the mesh it is DELETED unless it holds something",
    );
    await world.project.up();
    expect(await world.labels("mesh", "many-c")).toBeUndefined();
    expect(await world.labels("north", "many-c")).toEqual({ team: "c" });
    expect(await world.labels("mesh", "many-a")).toEqual({ team: "a" });
  });

  test("is destroyed with what it created on the mesh", async () => {
    await world.project.destroy();
    expect(await world.labels("mesh", "many-a")).toBeUndefined();
    expect(await world.labels("mesh", "many-b")).toBeUndefined();
    expect(await world.labels("east", "many-b")).toEqual({ team: "b", tier: "1" });
  });
});

describe("a GlobalNamespace that the engine replaces", () => {
  let world: World;

  beforeAll(async () => {
    world = await aWorld("replaced");
  });

  test("keeps its namespace, which the program still declares", async () => {
    const name = "replaced";
    world.project.program(`${MESH}\nnew GlobalNamespace("${name}", { clusters: ["east"] }, { provider: mesh });\n`);
    await world.project.up();
    const path = `/api/v1/namespaces/${name}`;
    const before = (await world.lab.cluster("mesh").kube.get(path)).metadata.uid;
    const output = await world.project.up("--replace", `**:GlobalNamespace::${name}`);
    expect(output).toContain(`${name}: nothing is deleted: the GlobalNamespace "${name}" of this program declares it`);
    expect((await world.lab.cluster("mesh").kube.get(path)).metadata.uid).toBe(before);
  });

  test("is destroyed all the same, also by a destroy that runs the program", async () => {
    await world.project.ok("destroy", "--yes", "--skip-preview", "--run-program");
    expect(await world.labels("mesh", "replaced")).toBeUndefined();
  });
});
