import { describe, expect, test } from "vitest";
import { createExpectations } from "../../../provider/lifecycle/expectations.ts";
import { importNamespace } from "../../../provider/lifecycle/import.ts";
import { diff } from "../../../provider/model/diff.ts";
import { pick } from "../../../provider/model/json.ts";
import { ARGS as ARG_NAMES } from "../../../provider/model/spec.ts";
import type { State } from "../../../provider/model/state.ts";
import { aMesh } from "../model/builders.ts";
import { aFakeMesh, checked, DOWN, type FakeMesh, STILL, up } from "./fake-mesh.ts";

async function imported(
  fake: FakeMesh,
  { resource = "payments", fleet = fake.world.fleet } = {},
): Promise<State | undefined> {
  const { mesh, say } = fake.world;
  const context = {
    mesh: { mesh },
    fleet: () => fleet,
    claims: new Map(),
    removals: new Map(),
    expectations: createExpectations(),
    clock: STILL,
    say,
  };
  return importNamespace({ name: "payments", resource }, { mesh, fleet }, context);
}

/** Whether a program with the imported arguments has an empty preview. */
async function isSettled(fake: FakeMesh, state: State): Promise<boolean> {
  const { inputs, failures } = await checked(fake, pick(state.inputs, ARG_NAMES), state.inputs);
  expect(failures).toEqual([]);
  return !diff(state, inputs, aMesh()).changes;
}

const ARGS = {
  labels: { team: "a" },
  annotations: { note: "x" },
  injection: { revision: "canary" },
  revisionCheck: "off",
  clusters: ["east", "west"],
  overrides: { west: { labels: { tier: "edge" }, injection: "disabled" } },
};

describe("the import of a namespace that a GlobalNamespace made", () => {
  test("gives the arguments it was made with, and what each cluster holds", async () => {
    const fake = aFakeMesh();
    const { state: made } = await up(fake, ARGS);
    const state = await imported(fake.restart());
    const { revisionCheck: _, ...declared } = ARGS;
    expect(state?.inputs).toMatchObject({ name: "payments", ...declared });
    expect(state?.members).toEqual(made.members);
    expect(state?.controlPlane).toEqual(made.controlPlane);
  });

  test("is done also where nobody serves what it carries, which is said", async () => {
    const fake = aFakeMesh();
    await up(fake, ARGS);
    const later = fake.restart();
    const fleet = { ...later.world.fleet, webhooks: async () => [] };
    const state = await imported(later, { fleet });
    expect(state?.inputs).not.toHaveProperty("revisionCheck");
    expect(later.said).toEqual([expect.stringContaining('payments: injection: cluster "east"')]);
  });

  test("leaves nothing to do, and writes nothing", async () => {
    const fake = aFakeMesh();
    await up(fake, ARGS);
    fake.forget();
    const state = await imported(fake);
    expect(state && (await isSettled(fake, state))).toBe(true);
    expect(fake.writes()).toEqual([]);
  });

  test("keeps its owner under another name in the program", async () => {
    const fake = aFakeMesh();
    const { state: made } = await up(fake, ARGS);
    expect((await imported(fake, { resource: "other" }))?.owner).toBe(made.owner);
  });

  test("leaves labels of others to them", async () => {
    const fake = aFakeMesh();
    await up(fake, ARGS);
    fake.cluster("controlPlane").edit("payments", { labels: { "cost-center": "42" } });
    expect((await imported(fake.restart()))?.inputs.labels).toEqual({ team: "a" });
  });
});

describe("the import of a namespace of nobody's", () => {
  test("takes its labels, its injection and the clusters that have it alike", async () => {
    const fake = aFakeMesh();
    for (const place of ["controlPlane", "east"]) {
      await fake.cluster(place).create({ name: "payments", labels: {}, annotations: {} }, "kubectl");
      fake.cluster(place).edit("payments", { labels: { team: "a", "istio-injection": "enabled" } });
    }
    const state = await imported(fake);
    expect(state?.inputs).toMatchObject({ labels: { team: "a" }, injection: "enabled", clusters: ["east"] });
    expect(state?.members.east).toMatchObject({ state: "Ready", origin: "adopted" });
    expect(state && (await isSettled(fake, state))).toBe(true);
    expect(fake.writes()).toEqual([]);
  });
});

describe("an import", () => {
  test("of a namespace that the mesh does not hold finds nothing", async () => {
    expect(await imported(aFakeMesh())).toBeUndefined();
  });

  test("is refused while a cluster cannot be asked, and names it", async () => {
    const fake = aFakeMesh();
    await up(fake, ARGS);
    const again = fake.restart();
    again.fail("west", DOWN);
    await expect(imported(again)).rejects.toThrow(/cannot import namespace "payments": cluster "west" cannot be asked/);
  });
});
