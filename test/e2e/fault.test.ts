import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { aWorld, MESH, type World } from "./world.ts";

describe("a cluster that is down", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("fault");
  });
  /** For a test that fails before it has put things right; a cluster that runs is left alone. */
  afterEach(async () => {
    for (const name of world.lab.names) await world.lab.cluster(name).start();
  });

  /** All namespaces of the stack at once, since what is left out of the program is deleted. */
  const declare = (namespaces: Record<string, string>, mesh = MESH) => {
    const texts = Object.entries(namespaces).map(
      ([name, args]) => `new GlobalNamespace("${name}", ${args}, { provider: mesh });`,
    );
    world.project.program([mesh, ...texts].join("\n"));
  };
  const ofTeam = (team: string, rest = "") => `{ labels: { team: "${team}" }, clusters: ["east", "west"]${rest} }`;
  const membersOf = (name: string) => world.project.namespace(name).outputs.members;

  /** What went wrong, in the sentence that must name the namespace, the cluster and the cause. */
  const refused = (verb: string, name: string, place: string) =>
    new RegExp(
      `cannot ${verb} namespace "${name}" on ${place}: connection refused: 127\\.0\\.0\\.1:\\d+ \\(ECONNREFUSED\\)`,
    );

  test("at the creation is named, the others are done, the state holds it, and the next up does the rest alone", async () => {
    declare({ first: ofTeam("a") });
    await world.lab.cluster("west").stop();
    const output = await world.project.upFails();
    expect(output).toMatch(refused("apply", "first", 'cluster "west"'));
    expect(output).toContain('the next "pulumi up" goes on from there');
    expect(await world.labels("mesh", "first")).toEqual({ team: "a" });
    expect(await world.labels("east", "first")).toEqual({ team: "a" });
    expect(membersOf("first")).toMatchObject({
      east: { state: "Ready", origin: "created" },
      west: { state: "Unreachable", error: expect.stringContaining("ECONNREFUSED") },
    });

    await world.lab.cluster("west").start();
    const writes = await world.writesDuring(async () => {
      expect(await world.project.up()).toContain("west is written again: connection refused");
    });
    expect(writes).toEqual({ west: { "patch namespaces": 1 } });
    expect(await world.labels("west", "first")).toEqual({ team: "a" });
    expect(membersOf("first").west).toMatchObject({ state: "Ready", origin: "created" });
    expect(membersOf("first").west).not.toHaveProperty("error");
    await world.project.up("--expect-no-changes");
  });

  test("is found unreachable by a refresh, which keeps what was known, and an up after it still does the rest", async () => {
    await world.lab.cluster("west").stop();
    declare({ first: ofTeam("b"), second: ofTeam("b") });
    const output = await world.project.upFails("--continue-on-error");
    expect(output).toMatch(refused("apply", "first", 'cluster "west"'));
    expect(output).toMatch(refused("apply", "second", 'cluster "west"'));
    expect(await world.labels("east", "first")).toEqual({ team: "b" });
    expect(await world.labels("east", "second")).toEqual({ team: "b" });

    const known = membersOf("first").west;
    await world.project.refresh();
    expect(membersOf("first").west).toMatchObject({
      state: "Unreachable",
      origin: "created",
      uid: known?.uid,
      labels: { team: "a" },
      error: expect.stringContaining("ECONNREFUSED"),
    });
    expect(membersOf("second")).toMatchObject({ east: { state: "Ready" }, west: { state: "Unreachable" } });

    await world.lab.cluster("west").start();
    const preview = await world.project.preview();
    expect(preview).toMatch(/~ west: \{\s+~ labels: \{\s+~ team: "a" => "b"/);
    expect(preview).toMatch(/\+ west: \{\s+\+ labels: \{\s+\+ team: "b"/);
    expect(preview).not.toMatch(/[~+-] east\s*: \{/);
    await world.project.up();
    expect(await world.labels("west", "first")).toEqual({ team: "b" });
    expect(await world.labels("west", "second")).toEqual({ team: "b" });
    expect(membersOf("second").west).toMatchObject({ state: "Ready", origin: "created" });
    await world.project.up("--expect-no-changes");
  });

  test("does not stand in the way of a refresh and an up that change nothing there", async () => {
    await world.lab.cluster("west").stop();
    await world.project.refresh();
    expect(membersOf("first").west).toMatchObject({ state: "Unreachable", labels: { team: "b" } });
    await world.project.up("--expect-no-changes");
    await world.lab.cluster("west").start();
    await world.project.refresh();
    expect(membersOf("first").west).toMatchObject({ state: "Ready", labels: { team: "b" } });
    expect(membersOf("first").west).not.toHaveProperty("error");
  });

  test("that takes connections and answers nothing is named after the time limit", async () => {
    declare({ first: ofTeam("c"), second: ofTeam("b") });
    await world.lab.cluster("east").pause();
    try {
      expect(await world.project.upFails()).toContain(
        'cannot apply namespace "first" on cluster "east": no connection within 5 s to 127.0.0.1',
      );
    } finally {
      await world.lab.cluster("east").resume();
    }
    expect(await world.labels("west", "first")).toEqual({ team: "c" });
    expect(membersOf("first").east?.state).toBe("Unreachable");
    await world.project.up();
    expect(await world.labels("east", "first")).toEqual({ team: "c" });
  });

  test("as the control plane leaves the clusters unwritten: at a creation nothing is recorded, at a change the old state", async () => {
    declare({ first: ofTeam("d"), second: ofTeam("b"), third: ofTeam("a") });
    await world.lab.cluster("mesh").stop();
    let output = "";
    const writes = await world.writesDuring(async () => {
      output = await world.project.upFails("--continue-on-error");
    });
    expect(writes).toEqual({});
    expect(output).toMatch(refused("apply", "third", "the control plane"));
    expect(output).toMatch(refused("apply", "first", "the control plane"));
    expect(output).toContain('Nothing was written to the clusters; the next "pulumi up" begins anew');
    expect(() => world.project.namespace("third")).toThrow("no GlobalNamespace");
    expect(membersOf("first").east?.labels).toEqual({ team: "c" });

    await world.lab.cluster("mesh").start();
    await world.project.up();
    expect(await world.labels("east", "third")).toEqual({ team: "a" });
    expect(await world.labels("east", "first")).toEqual({ team: "d" });
  });

  test("at a destroy keeps the namespace in the state, and the next destroy does the rest", async () => {
    declare({ doomed: ofTeam("a", ', onDelete: "delete"') });
    await world.project.up();
    await world.lab.cluster("west").stop();
    const output = await world.project.fails("destroy", "--yes", "--skip-preview");
    expect(output).toMatch(refused("delete", "doomed", 'cluster "west"'));
    expect(output).toContain('The next "pulumi destroy" goes on from there');
    expect(await world.labels("east", "doomed")).toBeUndefined();
    expect(await world.labels("mesh", "doomed")).toEqual({ team: "a" });
    expect(Object.keys(membersOf("doomed"))).toEqual(["east", "west"]);

    await world.lab.cluster("west").start();
    await world.project.destroy();
    expect(await world.labels("west", "doomed")).toBeUndefined();
    expect(await world.labels("mesh", "doomed")).toBeUndefined();
  });
});
