import { describe, expect, test } from "vitest";
import { diff } from "../../../provider/model/diff.ts";
import { aMesh } from "../model/builders.ts";
import { aFakeMesh, checked, DOWN, FORBIDDEN, labelsOn, up } from "./fake-mesh.ts";

const ROLLOUT = { waves: ["west", ["north"]] };
const ARGS = { labels: { team: "a" }, rollout: ROLLOUT };
const CHANGED = { ...ARGS, labels: { team: "b" } };

describe("a rollout in waves", () => {
  test("writes wave after wave, and last the clusters that no wave names", async () => {
    const fake = aFakeMesh();
    const { failures } = await up(fake, ARGS);
    expect(failures).toEqual([]);
    const applies = fake.requests.filter((request) => request.endsWith("apply"));
    expect(applies).toEqual(["controlPlane apply", "west apply", "north apply", "east apply"]);
  });

  test("ends with the first wave in which a cluster fails: beyond it nothing is written or asked", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.forget();
    fake.fail("north", FORBIDDEN);
    const stopped = await up(fake, CHANGED, state);
    expect(fake.writes()).toEqual(["controlPlane apply", "north apply", "west apply"]);
    expect(stopped.failures).toEqual([
      expect.stringContaining('cannot apply namespace "payments" on cluster "north": '),
      'namespace "payments" was not written to cluster "east": a wave before failed (rollout)',
    ]);
    expect(stopped.state.members).toMatchObject({
      west: { state: "Ready", labels: { team: "b" } },
      north: { state: "Failed", labels: { team: "a" } },
      east: { state: "Pending", labels: { team: "a" }, error: "it waits for its wave: one before it failed" },
    });
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
  });

  test("goes on where it ended, and says so before", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.fail("north", FORBIDDEN);
    const stopped = await up(fake, CHANGED, state);
    fake.heal("north");
    expect(diff(stopped.state, stopped.state.inputs, aMesh()).remarks).toEqual([
      "payments: east is written again: it waits for its wave: one before it failed",
      expect.stringContaining("payments: north is written again: "),
    ]);
    const next = fake.restart();
    const done = await up(next, CHANGED, stopped.state);
    expect(done.failures).toEqual([]);
    expect(next.requests.filter((request) => request.endsWith("apply"))).toEqual(["north apply", "east apply"]);
    expect(diff(done.state, done.state.inputs, aMesh()).changes).toBe(false);
    expect(done.state.members.east).toEqual(expect.not.objectContaining({ error: expect.anything() }));
  });

  test("of a new namespace that ends has never been on the clusters beyond", async () => {
    const fake = aFakeMesh();
    fake.fail("west", DOWN);
    const { state } = await up(fake, ARGS);
    expect(state.members).toMatchObject({
      west: { state: "Unreachable" },
      north: { state: "Pending", labels: {} },
      east: { state: "Pending", labels: {} },
    });
    expect(await labelsOn(fake, "east")).toBeUndefined();
    fake.heal("west");
    const done = await up(fake.restart(), ARGS, state);
    expect(Object.values(done.state.members).map((member) => member.state)).toEqual(["Ready", "Ready", "Ready"]);
  });

  test("that was taken back writes what waited as it was", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.fail("west", FORBIDDEN);
    const stopped = await up(fake, CHANGED, state);
    fake.heal("west");
    const back = await up(fake.restart(), ARGS, stopped.state);
    expect(back.failures).toEqual([]);
    expect(Object.values(back.state.members).map((member) => member.state)).toEqual(["Ready", "Ready", "Ready"]);
    expect(diff(back.state, back.state.inputs, aMesh()).changes).toBe(false);
  });

  test("leaves a cluster in that cluster's wave", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, clusters: ["north", "west"] });
    fake.forget();
    fake.fail("west", FORBIDDEN);
    const moved = { ...CHANGED, clusters: ["west", "east"] };
    const stopped = await up(fake, moved, state);
    expect(fake.writes()).toEqual(["controlPlane apply", "west apply"]);
    expect(stopped.state.members.north).toMatchObject({ state: "Ready", labels: { team: "a" } });
    fake.heal("west");
    const done = await up(fake.restart(), moved, stopped.state);
    expect(done.failures).toEqual([]);
    expect(Object.keys(done.state.members)).toEqual(["east", "west"]);
    expect(await labelsOn(fake, "north")).toEqual({});
  });

  test("is announced where a change takes more than one step", async () => {
    const fake = aFakeMesh();
    await checked(fake, ARGS);
    expect(fake.said).toEqual([
      "payments: in waves: west; then north; then east; the first that fails ends it (rollout)",
    ]);
  });

  test("is refused where a wave names a cluster that the mesh does not have", async () => {
    const { failures } = await checked(aFakeMesh(), { ...ARGS, rollout: { waves: [["west", "nowhere"]] } });
    expect(failures).toEqual([
      { property: "rollout.waves[0]", reason: expect.stringContaining('the mesh has no cluster "nowhere"') },
    ]);
  });
});
