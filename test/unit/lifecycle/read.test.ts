import { describe, expect, test } from "vitest";
import { read } from "../../../provider/lifecycle/lifecycle.ts";
import { diff } from "../../../provider/model/diff.ts";
import { OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import type { State } from "../../../provider/model/state.ts";
import { aMesh } from "../model/builders.ts";
import { aFakeMesh, CLUSTERS, checked, DOWN, type FakeMesh, FORBIDDEN, labelsOn, up } from "./fake-mesh.ts";

const ARGS = { labels: { team: "a" }, annotations: { note: "b" } };

async function aNamespaceEverywhere(): Promise<{ fake: FakeMesh; state: State }> {
  const first = aFakeMesh();
  const { state } = await up(first, ARGS);
  return { fake: first.restart(), state };
}

async function seen(fake: FakeMesh, state: State): Promise<State> {
  const found = await read(state, fake.world);
  if (found === undefined) throw new Error("it was read as gone");
  return found;
}

describe("a refresh", () => {
  test("writes nothing, looks once at each cluster, and finds what was left", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    expect(await seen(fake, state)).toEqual(state);
    expect([...fake.requests].sort()).toEqual(CLUSTERS.map((place) => `${place} list`));
  });

  test("of many namespaces still looks once at each cluster", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    const { state: other } = await up(fake, { ...ARGS, name: "billing", resource: "billing" });
    const later = fake.restart();
    await Promise.all([read(state, later.world), read(other, later.world), read(state, later.world)]);
    expect(later.requests).toHaveLength(CLUSTERS.length);
  });

  test("shows a label that was changed, in the inputs of that cluster alone", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    fake.cluster("east").edit("payments", { labels: { team: "drifted", foreign: "x" } });
    const after = await seen(fake, state);
    expect(after.members.east?.labels).toEqual({ team: "drifted" });
    expect(after.inputs.targets).toMatchObject({
      east: { labels: { team: "drifted" } },
      west: { labels: { team: "a" } },
    });
    expect(diff({ ...after, inputs: state.inputs }, state.inputs, aMesh()).remarks).toEqual([
      "payments: east is written again: it carries something else than is declared",
    ]);
  });

  test("shows a namespace that went away on one cluster", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    fake.cluster("east").vanish("payments");
    const after = await seen(fake, state);
    expect(after.members.east).toMatchObject({ state: "Missing", labels: {} });
    expect(after.members.east).not.toHaveProperty("uid");
    expect(Object.keys(after.inputs.targets as object)).toEqual(["north", "west"]);
  });

  test("shows one that is being deleted", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    const east = fake.cluster("east");
    east.edit("payments", { finalizers: ["example.com/hold"] });
    const found = await east.get("payments");
    if (found !== undefined) await east.remove(found);
    expect((await seen(fake, state)).members.east).toMatchObject({ state: "Terminating" });
  });

  test("keeps the last state of a cluster that does not answer or refuses, and does not fail", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    fake.fail("east", DOWN);
    fake.fail("west", FORBIDDEN);
    const after = await seen(fake, state);
    expect(after.members.east).toEqual({
      ...state.members.east,
      state: "Unreachable",
      error: "connection refused: test (ECONNREFUSED)",
    });
    expect(after.members.west).toMatchObject({ ...state.members.west, state: "Failed" });
    expect(after.targets).toEqual(state.targets);
    expect(diff(after, state.inputs, aMesh()).changes).toBe(false);
  });

  test("asks for the one name where listing is forbidden", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    fake.fail("east", { ...FORBIDDEN, verbs: ["list"] });
    expect(await seen(fake, state)).toEqual(state);
    // The second is for the cluster's identity, once for all names.
    expect(fake.requests.filter((request) => request.startsWith("east"))).toEqual([
      "east list",
      "east get",
      "east get",
    ]);
  });

  test("says gone only where every cluster says so", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    for (const place of CLUSTERS) fake.cluster(place).vanish("payments");
    expect(await read(state, fake.restart().world)).toBeUndefined();
    fake.fail("north", DOWN);
    expect(await read(state, fake.restart().world)).toMatchObject({
      controlPlane: { state: "Missing" },
      members: { north: { state: "Unreachable" }, east: { state: "Missing" } },
    });
  });

  test("takes another cluster of the same name neither for gone nor for missing", async () => {
    const { state } = await aNamespaceEverywhere();
    const moved = <T extends object>(status: T) => ({ ...status, cluster: "00000000" });
    const members = Object.fromEntries(Object.entries(state.members).map(([name, status]) => [name, moved(status)]));
    const elsewhere = { ...state, members, controlPlane: moved(state.controlPlane) };
    const after = await seen(aFakeMesh(), elsewhere);
    const error = expect.stringContaining("this is another cluster than the one of that name before");
    const unknown = { state: "Failed", error, unconfirmed: true };
    expect(after.controlPlane).toEqual({ ...elsewhere.controlPlane, ...unknown });
    expect(after.members.east).toEqual({ ...elsewhere.members.east, ...unknown });
    expect(diff(after, state.inputs, aMesh()).changes).toBe(true);
  });

  test("keeps what a NamespaceSync has recorded, also where the namespace is gone everywhere", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    for (const place of CLUSTERS) fake.cluster(place).vanish("payments");
    const recorded = { ...state, inputs: { ...state.inputs, recordedBy: { east: "acme/mesh/dev/mesh/from-east" } } };
    expect((await seen(fake, recorded)).inputs.recordedBy).toEqual(recorded.inputs.recordedBy);
    // A record that was followed and is gone means no cluster, and without the resource it would mean all.
    const none = { ...recorded, inputs: { ...state.inputs, recordedBy: {} } };
    expect((await seen(fake, none)).inputs.recordedBy).toEqual({});
  });

  test("leaves to others what was declared and never reached a cluster", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    fake.fail("east", DOWN);
    const more = { ...ARGS, labels: { team: "a", cost: "7" } };
    const { state: partial } = await up(fake, more, state);
    fake.heal("east");
    fake.cluster("east").edit("payments", { labels: { cost: "42" } });
    const refreshed = await seen(fake.restart(), partial);
    expect(refreshed.members.east?.labels).toEqual({ team: "a" });
    const { failures } = await checked(fake.restart(), more, refreshed.inputs);
    expect(failures).toEqual([
      { property: "labels.cost", reason: expect.stringContaining('label "cost" is owned by "kubectl-label"') },
    ]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a", cost: "42" });
  });

  test("does not say gone while a cluster that left the mesh may still have it", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    const smaller = fake.restart({ clusters: { east: {}, north: {} } });
    const { state: after } = await up(smaller, ARGS, state);
    for (const place of CLUSTERS) fake.cluster(place).vanish("payments");
    expect(await read(after, smaller.restart().world)).toMatchObject({ orphaned: { west: { state: "Ready" } } });
  });

  test("does not take another's namespace of the same name for ours", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    const east = fake.cluster("east");
    east.vanish("payments");
    await east.create({ name: "payments", labels: { team: "a" }, annotations: {} }, "kubectl-create");
    expect((await seen(fake, state)).members.east).toMatchObject({ state: "Missing", labels: {} });
  });

  test("finds our own that was made again, as one that it did not make", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    const east = fake.cluster("east");
    east.vanish("payments");
    const annotations = { [OWNER_ANNOTATION]: state.owner };
    const made = await east.create({ name: "payments", labels: {}, annotations }, "restore");
    expect((await seen(fake, state)).members.east).toMatchObject({ state: "Ready", origin: "adopted", uid: made.uid });
  });

  test("does not ask a cluster that the mesh no longer has, or whose kubeconfig is not known yet", async () => {
    const { fake, state } = await aNamespaceEverywhere();
    const smaller = fake.restart({
      clusters: { east: {}, north: {} },
      kubeconfigs: { north: "global-namespace.dev/pending" },
    });
    expect((await seen(smaller, state)).members).toEqual(state.members);
    expect([...smaller.requests].sort()).toEqual(["controlPlane list", "east list"]);
  });
});
