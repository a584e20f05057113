import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ControlPlaneError, read, reconcile } from "../../../provider/lifecycle/lifecycle.ts";
import { ClusterError } from "../../../provider/model/cluster-error.ts";
import { diff } from "../../../provider/model/diff.ts";
import type { Namespace } from "../../../provider/model/namespace.ts";
import { clustersOf, fieldManagerOf, isCreatorOf, OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import type { State } from "../../../provider/model/state.ts";
import { aMesh, labelMap, OWNER } from "../model/builders.ts";
import {
  ANSWER_LOST,
  aFakeMesh,
  CLUSTERS,
  checked,
  DOWN,
  type FakeMesh,
  FORBIDDEN,
  labelsOn,
  up,
} from "./fake-mesh.ts";

const ARGS = { labels: { team: "a" }, clusters: ["east", "west"] };

describe("a new namespace", () => {
  test("is written on the control plane first, then on its clusters, once each", async () => {
    const fake = aFakeMesh();
    const { state, failures } = await up(fake, ARGS);
    expect(failures).toEqual([]);
    const applies = fake.requests.filter((request) => request.endsWith("apply"));
    expect(applies[0]).toBe("controlPlane apply");
    expect(fake.writes()).toEqual(["controlPlane apply", "east apply", "west apply"]);
    expect(state.controlPlane).toMatchObject({ state: "Ready", origin: "created", labels: { team: "a" } });
    expect(Object.keys(state.members)).toEqual(["east", "west"]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
    expect(await labelsOn(fake, "north")).toBeUndefined();
  });

  test("says on the control plane which clusters it belongs to, and everywhere whose it is", async () => {
    const fake = aFakeMesh();
    await up(fake, ARGS);
    const annotations = async (place: string) => (await fake.cluster(place).get("payments"))?.annotations;
    expect(await annotations("controlPlane")).toMatchObject({
      [OWNER_ANNOTATION]: OWNER,
      "global-namespace.dev/cluster.east": "true",
      "global-namespace.dev/cluster.west": "true",
    });
    expect(await annotations("east")).toEqual({ [OWNER_ANNOTATION]: OWNER });
  });

  test("is written once on a control plane that is a member, and left there with it", async () => {
    const fake = aFakeMesh({ controlPlane: "east" });
    const { state } = await up(fake, ARGS);
    expect(fake.writes()).toEqual(["east apply", "west apply"]);
    expect(state.members.east).toEqual(state.controlPlane);
    const left = await up(fake, { ...ARGS, clusters: ["west"], onLeave: "delete", deleteNonEmpty: true }, state);
    expect(Object.keys(left.state.members)).toEqual(["west"]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
  });
});

describe("the pods of a namespace", () => {
  const INJECTED = { ...ARGS, injection: "enabled", revisionCheck: "off" };

  async function askedFor(fake: FakeMesh, args: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
    const asked: string[] = [];
    const api = (place: string) => {
      const real = fake.world.fleet.api(place);
      const request: typeof real.server.request = (call) => {
        asked.push(`${place} ${call.path}`);
        return real.server.request(call);
      };
      return { ...real, server: { request } };
    };
    const { inputs } = await checked(fake, args);
    await reconcile(inputs, undefined, { ...fake.world, fleet: { ...fake.world.fleet, api } });
    return asked;
  }

  test("are none where it was just made, also on a control plane that is a member", async () => {
    expect(await askedFor(aFakeMesh(), INJECTED)).toEqual([]);
    expect(await askedFor(aFakeMesh({ controlPlane: "east" }), INJECTED)).toEqual([]);
  });

  test("are looked at where it was there already, whoever had made it", async () => {
    const fake = aFakeMesh();
    await up(fake, { ...INJECTED, clusters: ["east"] });
    await fake.cluster("west").create({ name: "payments", labels: {}, annotations: {} }, "kubectl-create");
    const places = (await askedFor(fake.restart(), INJECTED)).map((request) => request.split(" ")[0]);
    expect(places).toEqual(["east", "west"]);
  });
});

describe("a change", () => {
  test("writes nothing where nothing is to be done", async () => {
    const fake = aFakeMesh();
    const first = await up(fake, ARGS);
    fake.forget();
    const second = await up(fake, ARGS, first.state);
    expect(fake.requests).toEqual([]);
    expect(second).toEqual(first);
  });

  test("writes only the cluster that differs", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.forget();
    await up(fake, { ...ARGS, overrides: { west: { labels: { tier: "1" } } } }, state);
    expect(fake.writes()).toEqual(["west apply"]);
  });

  test("of a label leaves those of others where they are", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.cluster("east").edit("payments", { labels: { foreign: "x" } });
    await up(fake, { ...ARGS, labels: { tier: "1" } }, state);
    expect(await labelsOn(fake, "east")).toEqual({ tier: "1", foreign: "x" });
  });

  test("of the injection removes the label of before in the same write", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, injection: "enabled" });
    fake.forget();
    await up(fake, { ...ARGS, injection: { revision: "canary" } }, state);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a", "istio.io/rev": "canary" });
    expect(fake.writes()).toEqual(["controlPlane apply", "east apply", "west apply"]);
  });

  test("of the affinity writes the cluster that joins and the control plane's marks", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.forget();
    const { state: after } = await up(fake, { ...ARGS, clusters: "all" }, state);
    expect(fake.writes()).toEqual(["controlPlane apply", "north apply"]);
    expect(after.members.north).toMatchObject({ origin: "created" });
  });
});

describe("a cluster that leaves", () => {
  const leave = async (
    onLeave: "release" | "retain" | "delete",
    prepare: (fake: FakeMesh) => Promise<unknown> = ready,
  ) => {
    const fake = aFakeMesh();
    await prepare(fake);
    const { state } = await up(fake, ARGS);
    fake.forget();
    const after = await up(fake, { ...ARGS, clusters: ["east"], onLeave, deleteNonEmpty: true }, state);
    return { fake, state, after };
  };
  const ready = async () => {};

  test("gives back by default what was set, and keeps the namespace", async () => {
    const { fake, after } = await leave("release");
    expect(await labelsOn(fake, "west")).toEqual({});
    expect(after.failures).toEqual([]);
    expect(Object.keys(after.state.members)).toEqual(["east"]);
  });

  test("is not written again where a run that was cut off has given everything back", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const without = { ...ARGS, clusters: ["east"] };
    await up(fake, without, state);
    const later = fake.restart();
    const seen = await read(state, later.world);
    await up(later, without, seen);
    expect(later.writes()).not.toContain("west apply");
    expect(await labelsOn(fake, "west")).toEqual({});
  });

  test("is not written with retain", async () => {
    const { fake } = await leave("retain");
    expect(fake.writes()).toEqual(["controlPlane apply"]);
    expect(await labelsOn(fake, "west")).toEqual({ team: "a" });
  });

  test("loses with delete the namespace that this resource made", async () => {
    const { fake } = await leave("delete");
    expect(await labelsOn(fake, "west")).toBeUndefined();
  });

  test("keeps with delete a namespace that was there before", async () => {
    const { fake, state } = await leave("delete", (mesh) =>
      mesh.cluster("west").create({ name: "payments", labels: { old: "x" }, annotations: {} }, "kubectl-create"),
    );
    expect(state.members.west).toMatchObject({ origin: "adopted" });
    expect(await labelsOn(fake, "west")).toEqual({ old: "x" });
  });

  test("stays in the state while it cannot be left, and is left by the next run", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.fail("west", DOWN);
    const after = await up(fake, { ...ARGS, clusters: ["east"] }, state);
    expect(after.failures).toEqual([
      'cannot release namespace "payments" on cluster "west": connection refused: test (ECONNREFUSED)',
    ]);
    expect(after.state.members.west).toMatchObject({ state: "Unreachable" });
    expect(diff(after.state, after.state.inputs, aMesh()).remarks).toEqual([
      'payments: leaves west: its labels are taken back, the namespace stays (onLeave: "release")',
    ]);
    fake.heal("west");
    const next = await up(fake.restart(), { ...ARGS, clusters: ["east"] }, after.state);
    expect(next.failures).toEqual([]);
    expect(await labelsOn(fake, "west")).toEqual({});
    expect(Object.keys(next.state.members)).toEqual(["east"]);
  });

  test("is listed as orphaned when the mesh no longer has it, and taken up again when it comes back", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { labels: { team: "a" } });
    const without = fake.restart({ clusters: { east: {}, north: {} } });
    const { state: after } = await up(without, { labels: { team: "a" } }, state);
    expect(Object.keys(after.members)).toEqual(["east", "north"]);
    expect(after.orphaned).toEqual({ west: state.members.west });
    const back = fake.restart();
    const { state: again } = await up(back, { labels: { team: "a" } }, after);
    expect(again.members.west).toEqual(state.members.west);
    expect(again.orphaned).toEqual({});
    expect(back.writes()).toEqual(["controlPlane apply", "west apply"]);
  });

  test("that comes back to the mesh and is not declared leaves, which the diff says before", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { labels: { team: "a" }, onLeave: "delete" });
    const without = fake.restart({ clusters: { east: {}, north: {} } });
    const { state: after } = await up(without, { labels: { team: "a" }, onLeave: "delete" }, state);
    const back = fake.restart();
    const args = { labels: { team: "a" }, onLeave: "delete", clusters: ["east", "north"] };
    const { inputs } = await checked(back, args, after.inputs);
    expect(diff(after, inputs, aMesh())).toMatchObject({
      changes: true,
      remarks: [expect.stringContaining("payments: leaves west: the namespace is DELETED there")],
    });
    const { state: left } = await up(back, args, after);
    expect(await labelsOn(fake, "west")).toBeUndefined();
    expect(left).toMatchObject({ orphaned: {}, members: { east: {}, north: {} } });
  });

  test("is refused where it is a cluster of the namespace by another name, and not given back where that was not seen", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, clusters: ["east"] });
    const renamed = fake.restart();
    for (const ask of ["list", "get", "apply"] as const) {
      const api = renamed.world.fleet.api("west");
      Object.assign(api, { [ask]: fake.restart().world.fleet.api("east")[ask] });
    }
    const moved = { ...ARGS, clusters: ["west"] };
    const { inputs, failures } = await checked(renamed, moved, state.inputs);
    expect(failures).toEqual([
      { property: "provider", reason: expect.stringContaining('cluster "east" and cluster "west" are one cluster') },
    ]);
    const { state: after } = await reconcile(inputs, state, renamed.world);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
    expect(Object.keys(after.members)).toEqual(["west"]);
    expect(renamed.said).toContain(
      'payments: cluster "east" and cluster "west" are one cluster; nothing is taken back there',
    );
  });

  test("is known for another name of a cluster also where nothing is recorded of it", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, clusters: ["west"] });
    const never = { state: "Unreachable", labels: {}, error: "no answer" } as const;
    const again = fake.restart();
    for (const ask of ["list", "get", "apply"] as const) {
      Object.assign(again.world.fleet.api("east"), { [ask]: fake.restart().world.fleet.api("west")[ask] });
    }
    const left = { ...state, members: { ...state.members, east: never } };
    const { state: after } = await up(again, { ...ARGS, clusters: ["west"] }, left);
    expect(Object.keys(after.members)).toEqual(["west"]);
    expect(await labelsOn(fake, "west")).toEqual({ team: "a" });
  });

  test("stays in the record where its name leads to a cluster of the namespace by now", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.fail("east", DOWN);
    const only = { ...ARGS, clusters: ["west"] };
    const { state: left } = await up(fake, only, state);
    fake.heal("east");
    const astray = fake.restart();
    for (const ask of ["list", "get", "apply"] as const) {
      Object.assign(astray.world.fleet.api("east"), { [ask]: fake.restart().world.fleet.api("west")[ask] });
    }
    const { state: after, failures } = await up(astray, only, left);
    expect(failures).toEqual([expect.stringContaining("this is another cluster than the one of that name before")]);
    expect(after.members.east?.cluster).toBe(state.members.east?.cluster);
    expect(await labelsOn(fake, "west")).toEqual({ team: "a" });
  });

  test("by a run that was cut off is not looked for where nothing is declared anew, and nobody was told of it", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    await up(fake.restart(), { ...ARGS, clusters: "all" }, state);
    const later = fake.restart();
    await later.world.fleet.list("controlPlane");
    const { state: after } = await up(later, { ...ARGS, onDelete: "release" }, state);
    expect(await labelsOn(fake, "north")).toEqual({ team: "a" });
    expect(later.said).toEqual([]);
    // Nor is it forgotten where the mesh is written all the same.
    fake.cluster("controlPlane").edit("payments", { labels: { team: "x" } });
    const drifted = { ...after, controlPlane: { ...after.controlPlane, labels: { team: "x" } } };
    await reconcile(after.inputs, drifted, later.world);
    expect(clustersOf((await fake.cluster("controlPlane").get("payments")) as Namespace)).toContain("north");
    await up(later, { ...ARGS, labels: { team: "b" } }, after);
    expect(await labelsOn(fake, "north")).toEqual({});
    expect(later.said).toContainEqual(expect.stringContaining("payments: leaves north: its labels are taken back"));
  });

  test("that comes back to the mesh holds what others have set there meanwhile", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { labels: { team: "a" } });
    const less = fake.restart({ clusters: { east: {}, north: {} } });
    const { state: after } = await up(less, { labels: { team: "a" } }, state);
    fake.cluster("west").edit("payments", { labels: { team: "z" } });
    const back = fake.restart();
    const { inputs } = await checked(back, { labels: { team: "a" } }, after.inputs);
    const { failures } = await reconcile(inputs, after, back.world);
    expect(failures).toEqual([expect.stringContaining('label "team" is owned by "kubectl-label"')]);
  });

  test("that comes back to the mesh is not believed to hold what it held", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { labels: { team: "a" } });
    const { state: after } = await up(
      fake.restart({ clusters: { east: {}, north: {} } }),
      { labels: { team: "a" } },
      state,
    );
    fake.cluster("west").vanish("payments");
    const { state: again } = await up(fake.restart(), { labels: { team: "a" } }, after);
    expect(await labelsOn(fake, "west")).toEqual({ team: "a" });
    expect(again.members.west?.uid).not.toBe(state.members.west?.uid);
  });
});

describe("a cluster that fails", () => {
  test("does not stop the others, and is repaired by the next run", async () => {
    const fake = aFakeMesh();
    fake.fail("east", DOWN);
    const { state, failures } = await up(fake, { labels: { team: "a" } });
    expect(failures).toEqual([
      'cannot apply namespace "payments" on cluster "east": connection refused: test (ECONNREFUSED)',
    ]);
    expect(state.members).toMatchObject({
      east: { state: "Unreachable", error: "connection refused: test (ECONNREFUSED)" },
      north: { state: "Ready" },
      west: { state: "Ready" },
    });
    expect(diff(state, state.inputs, aMesh()).changes).toBe(true);

    fake.heal("east");
    const next = fake.restart();
    const repaired = await up(next, { labels: { team: "a" } }, state);
    expect(repaired.failures).toEqual([]);
    expect(next.writes()).toEqual(["east apply"]);
    expect(repaired.state.members.east).toEqual(expect.not.objectContaining({ error: expect.anything() }));
    expect(diff(repaired.state, repaired.state.inputs, aMesh()).changes).toBe(false);
  });

  test("keeps what was known of it", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.fail("east", FORBIDDEN);
    const { state: after, failures } = await up(fake, { ...ARGS, labels: { team: "b" } }, state);
    expect(failures).toHaveLength(1);
    expect(after.members.east).toEqual({
      ...state.members.east,
      state: "Failed",
      error: 'namespaces is forbidden: User "ci" cannot',
    });
    expect(after.members.west).toMatchObject({ state: "Ready", labels: { team: "b" } });
  });

  test("whose answer is lost is found again by the next run, with no second namespace", async () => {
    const fake = aFakeMesh();
    fake.fail("east", ANSWER_LOST);
    const { state } = await up(fake, ARGS);
    expect(state.members.east).toMatchObject({ state: "Unreachable" });
    const made = await fake.cluster("east").get("payments");
    fake.heal("east");
    const { state: after } = await up(fake.restart(), ARGS, state);
    expect(after.members.east).toMatchObject({ state: "Ready", uid: made?.uid });
  });

  test("whose answer was lost is written again, also where the program has gone back to what was before", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, labels: { team: "a" } });
    fake.fail("east", ANSWER_LOST);
    const lost = await up(fake, { ...ARGS, labels: { team: "b" } }, state);
    expect(lost.state.members.east).toMatchObject({ labels: { team: "a" }, unconfirmed: true });
    fake.heal("east");
    const next = fake.restart();
    const back = await up(next, { ...ARGS, labels: { team: "a" } }, lost.state);
    expect(await labelsOn(next, "east")).toEqual({ team: "a" });
    expect(back.state.members).toEqual(state.members);
    const seen = await read(lost.state, next.world);
    expect(seen?.members).toEqual(back.state.members);
  });

  test("that was cancelled under way may be written, also the control plane", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, labels: { team: "a" } });
    const cancelled = new ClusterError("cancelled", "the operation was cancelled");
    fake.fail("controlPlane", { error: cancelled, verbs: ["apply"], after: true });
    const cut = await up(fake, { ...ARGS, labels: { team: "b" } }, state);
    expect(cut.state.controlPlane).toMatchObject({ state: "Pending", unconfirmed: true });
    fake.heal("controlPlane");
    await up(fake.restart(), { ...ARGS, labels: { team: "a" } }, cut.state);
    expect(await labelsOn(fake, "controlPlane")).toEqual({ team: "a" });
  });

  test("whose answer was lost is written again also where it is the control plane", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, labels: { team: "a" } });
    fake.fail("controlPlane", ANSWER_LOST);
    const lost = await up(fake, { ...ARGS, labels: { team: "b" } }, state);
    expect(lost.failures).toEqual([expect.stringContaining("Nothing was written to the clusters")]);
    const unknown = { state: "Unreachable", error: expect.any(String), unconfirmed: true, unbegun: true };
    expect(lost.state).toEqual({ ...state, controlPlane: { ...state.controlPlane, ...unknown } });
    fake.heal("controlPlane");
    const back = await up(fake.restart(), { ...ARGS, labels: { team: "a" } }, lost.state);
    expect(await labelsOn(fake, "controlPlane")).toEqual({ team: "a" });
    expect(back.state).toEqual(state);
  });

  test("that was not reached is not written again where the program has gone back", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, labels: { team: "a" } });
    const next = fake.restart();
    next.fail("east", DOWN);
    const down = await up(next, { ...ARGS, labels: { team: "b" } }, state);
    expect(down.state.members.east).toMatchObject({ state: "Unreachable" });
    expect(down.state.members.east).not.toHaveProperty("unconfirmed");
    const back = await up(next, { ...ARGS, labels: { team: "a" } }, down.state);
    expect(back.failures).toEqual([]);
  });

  test("whose answer was lost is left like any other: what was written there is ours", async () => {
    const fake = aFakeMesh();
    fake.fail("east", ANSWER_LOST);
    const { state } = await up(fake, ARGS);
    fake.heal("east");
    const { failures } = await up(fake.restart(), { ...ARGS, clusters: ["west"] }, state);
    expect(failures).toEqual([]);
    expect(await labelsOn(fake, "east")).toEqual({});
  });

  test("is not the control plane: without that nothing is written, and nothing remembered", async () => {
    const fake = aFakeMesh();
    fake.fail("controlPlane", DOWN);
    await expect(up(fake, ARGS)).rejects.toThrow(ControlPlaneError);
    await expect(up(fake, ARGS)).rejects.toThrow(
      'cannot apply namespace "payments" on the control plane: connection refused: test (ECONNREFUSED). Nothing was written to the clusters',
    );
    expect(fake.writes()).toEqual([]);
    for (const place of CLUSTERS) expect(await labelsOn(fake, place)).toBeUndefined();
  });

  test("may be all of them: each says so, and the control plane is kept", async () => {
    const fake = aFakeMesh();
    for (const place of ["east", "north", "west"]) fake.fail(place, DOWN);
    const { state, failures } = await up(fake, {});
    expect(failures.map((failure) => /cluster "(\w+)"/.exec(failure)?.[1])).toEqual(["east", "north", "west"]);
    expect(state.controlPlane).toMatchObject({ state: "Ready" });
  });
});

describe("what stands there already", () => {
  test("is adopted, and its own labels stay", async () => {
    const fake = aFakeMesh();
    await fake.cluster("east").create({ name: "payments", labels: { old: "x" }, annotations: {} }, "kubectl-create");
    const { state } = await up(fake, ARGS);
    expect(state.members).toMatchObject({
      east: { origin: "adopted", labels: { team: "a" } },
      west: { origin: "created" },
    });
    expect(await labelsOn(fake, "east")).toEqual({ old: "x", team: "a" });
  });

  test("is not ours to delete because it was ours before: who made it counts", async () => {
    const fake = aFakeMesh();
    await fake.cluster("east").create({ name: "payments", labels: { old: "x" }, annotations: {} }, "kubectl-create");
    const { state } = await up(fake, ARGS);
    const left = await up(fake.restart(), { ...ARGS, clusters: ["west"], onLeave: "retain" }, state);
    const declared = { labels: { team: "b" }, clusters: ["east", "west"], adopt: "never" };
    const back = await up(fake.restart(), declared, left.state);
    expect(back.failures).toEqual([]);
    expect(back.state.members.east).toMatchObject({ state: "Ready", origin: "adopted" });
  });

  test("is asked about its workloads by the next run, where a write was not as declared", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.cluster("east").edit("payments", { labels: { "istio-injection": "enabled" } });
    const changed = { ...ARGS, injection: { revision: "canary" }, revisionCheck: "off" };
    const { inputs } = await checked(aFakeMesh(), changed, state.inputs);
    const { state: after } = await reconcile(inputs, state, fake.world);
    expect(after.members.east).toMatchObject({
      state: "Failed",
      restartsUnknown: "the namespace could not be written as declared",
    });
  });

  test("is not asked about workloads where no injection is declared", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.cluster("east").edit("payments", { finalizers: ["example.com/hold"] });
    const found = await fake.cluster("east").get("payments");
    const { inputs } = await checked(fake, { ...ARGS, labels: { team: "b" } }, state.inputs);
    if (found !== undefined) await fake.cluster("east").remove(found);
    const { state: after } = await reconcile(inputs, state, fake.restart().world);
    expect(after.members.east).toMatchObject({ state: "Terminating" });
    expect(after.members.east).not.toHaveProperty("restartsUnknown");
  });

  test("is recorded as it was written, where what competes with it could not be removed", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.cluster("east").edit("payments", { labels: { "istio-injection": "enabled" } });
    fake.fail("east", { ...FORBIDDEN, verbs: ["removeLabels"] });
    const changed = { ...ARGS, injection: { revision: "canary" }, revisionCheck: "off", force: true };
    const half = await up(fake.restart(), changed, state);
    expect(half.state.members.east).toMatchObject({
      state: "Failed",
      labels: { "istio-injection": "enabled", "istio.io/rev": "canary", team: "a" },
    });
    fake.heal("east");
    const next = fake.restart();
    const back = await up(next, ARGS, half.state);
    expect(back.failures).toEqual([]);
    expect(await labelsOn(fake, "east")).not.toHaveProperty("istio.io/rev");
  });

  test("is not touched where somebody made it anew after the last run", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, adopt: "never" });
    fake.cluster("east").vanish("payments");
    await fake.cluster("east").create({ name: "payments", labels: { theirs: "x" }, annotations: {} }, "kubectl-create");
    const { state: after, failures } = await up(
      fake.restart(),
      { ...ARGS, labels: { team: "b" }, adopt: "never" },
      state,
    );
    expect(failures).toEqual([expect.stringContaining("it was made anew by somebody else")]);
    expect(after.members.east).toMatchObject({ state: "Failed" });
    expect(await labelsOn(fake, "east")).toEqual({ theirs: "x" });
    expect(await labelsOn(fake, "west")).toEqual({ team: "b" });
  });

  test("is made again where it went away", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.cluster("east").vanish("payments");
    const { state: after } = await up(fake.restart(), { ...ARGS, labels: { team: "b" } }, state);
    expect(after.members.east).toMatchObject({ state: "Ready", origin: "created" });
    expect(after.members.east?.uid).not.toBe(state.members.east?.uid);
  });

  test("is not written while it is going away", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const east = fake.cluster("east");
    east.edit("payments", { finalizers: ["example.com/hold"] });
    const found = await east.get("payments");
    if (found !== undefined) await east.remove(found);
    const { state: after, failures } = await up(fake.restart(), { ...ARGS, labels: { team: "b" } }, state);
    expect(failures).toEqual([expect.stringContaining("it is being deleted there")]);
    expect(after.members.east).toMatchObject({ state: "Terminating" });
    expect(diff(after, after.inputs, aMesh()).remarks).toHaveLength(1);
  });

  test("keeps what another manager has set there, which is named, until force takes it", async () => {
    const fake = aFakeMesh();
    const { inputs } = await checked(fake, ARGS);
    await fake.cluster("east").create({ name: "payments", labels: { team: "theirs" }, annotations: {} }, "argocd");
    const why = 'label "team" is owned by "argocd"; take it out there or here, or force: true takes it over';
    await expect(up(fake.restart(), ARGS)).rejects.toThrow(`namespace "payments" on cluster "east": ${why}`);
    expect(await labelsOn(fake, "controlPlane")).toBeUndefined();
    // Set after the check.
    const { state, failures } = await reconcile(inputs, undefined, fake.world);
    expect(failures).toEqual([`cannot apply namespace "payments" on cluster "east": ${why}`]);
    const forced = await up(fake, { ...ARGS, force: true }, state);
    expect(forced.failures).toEqual([]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
  });

  test("stays another's though a refresh has seen it: it competes with what is declared, and was never ours", async () => {
    const fake = aFakeMesh();
    const declared = { ...ARGS, injection: { revision: "canary" }, revisionCheck: "off" };
    const { state } = await up(fake, declared);
    fake.cluster("east").edit("payments", { labels: { "istio-injection": "enabled" } });
    const seen = (await read(state, fake.restart().world)) as State;
    expect(seen.members.east?.labels).toHaveProperty("istio-injection");
    const later = fake.restart();
    const { inputs, failures } = await checked(later, { ...declared, injection: "disabled" }, seen.inputs);
    const why = 'label "istio-injection" is owned by "kubectl-label"';
    expect(failures).toEqual([{ property: 'labels["istio-injection"]', reason: expect.stringContaining(why) }]);
    const recorded = { ...seen, inputs: { ...seen.inputs, targets: seen.targets } };
    const { state: refused, failures: first } = await reconcile(inputs, recorded, later.world);
    const { failures: second } = await reconcile(inputs, refused, fake.restart().world);
    expect([first, second]).toEqual([[expect.stringContaining(why)], [expect.stringContaining(why)]]);
    expect(await labelsOn(fake, "east")).toMatchObject({ "istio-injection": "enabled" });
  });

  test("of what we wrote before is put right without force: that is drift", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.cluster("east").edit("payments", { labels: { team: "drifted" } });
    const { failures } = await up(fake, { ...ARGS, labels: { team: "a", tier: "1" } }, state);
    expect(failures).toEqual([]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a", tier: "1" });
  });

  test("of another stack is taken by force as a whole: what this one gives up then goes", async () => {
    const fake = aFakeMesh();
    const both = { ...ARGS, labels: { team: "a", stage: "prod" }, injection: "enabled", revisionCheck: "off" };
    const theirs = { ...both, labels: { ...both.labels, theirs: "x" }, clusters: ["east", "north", "west"] };
    await up(fake.restart({ owner: "acme/other/dev/mesh" }), theirs);
    const { state, failures } = await up(fake.restart(), { ...both, force: true });
    expect(failures).toEqual([]);
    const marksOf = async () => clustersOf((await fake.cluster("controlPlane").get("payments")) as Namespace);
    expect(await marksOf()).toEqual(["east", "west"]);
    const less = { ...both, labels: { team: "a" }, injection: { revision: "canary" }, clusters: ["east"] };
    const { state: after, failures: none } = await up(fake.restart(), less, state);
    expect(none).toEqual([]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a", theirs: "x", "istio.io/rev": "canary" });
    expect(await labelsOn(fake, "west")).toEqual({ theirs: "x" });
    expect(await marksOf()).toEqual(["east"]);
    // It made none of them, however little of the other's is left to see.
    const found = (await fake.cluster("east").get("payments")) as Namespace;
    expect([after.members.east?.origin, isCreatorOf(OWNER, found)]).toEqual(["adopted", false]);
  });

  test("of another stack is taken by force also from a third, and from one with which nothing was shared", async () => {
    const fake = aFakeMesh();
    const args = (team: string) => ({ ...ARGS, labels: { team, stage: "prod" }, force: true });
    await up(fake.restart({ owner: "acme/first/dev/mesh" }), { ...args("a"), force: false });
    await up(fake.restart({ owner: "acme/second/dev/mesh" }), args("a"));
    const { state, failures } = await up(fake.restart(), args("a"));
    expect(failures).toEqual([]);
    await up(fake.restart(), { ...ARGS, labels: { team: "a" } }, state);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });

    const other = aFakeMesh();
    await up(other.restart({ owner: "acme/first/dev/mesh" }), { ...ARGS, labels: { team: "z" } });
    await up(other.restart(), { ...ARGS, force: true });
    const found = (await other.cluster("east").get("payments")) as Namespace;
    expect(isCreatorOf(OWNER, found)).toBe(false);
  });

  test("of another stack that force could not take as a whole is taken by the next run", async () => {
    const fake = aFakeMesh();
    const both = { ...ARGS, labels: { team: "a", stage: "prod" } };
    await up(fake.restart({ owner: "acme/other/dev/mesh" }), both);
    const cut = fake.restart();
    for (const place of ["controlPlane", "east", "west"]) {
      const api = cut.world.fleet.api(place);
      const { apply } = api;
      const dying: typeof apply = (body, options) =>
        options.fieldManager === fieldManagerOf(OWNER) ? apply(body, options) : Promise.reject(DOWN.error);
      Object.assign(api, { apply: dying });
    }
    await expect(up(cut, { ...both, force: true })).rejects.toThrow(ControlPlaneError);
    const { state, failures } = await up(fake.restart(), { ...both, force: true });
    expect(failures).toEqual([]);
    await up(fake.restart(), { ...both, labels: { team: "a" } }, state);
    expect(await labelsOn(fake, "controlPlane")).toEqual({ team: "a" });
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
  });

  test("of another stack is refused on the server, with whose it is", async () => {
    const fake = aFakeMesh();
    await up(fake.restart({ owner: "acme/other/dev/mesh" }), { ...ARGS, clusters: ["west"] });
    const other = await checked(fake, ARGS);
    expect(other.failures).toMatchObject([
      { property: "name", reason: expect.stringContaining("acme/other/dev/mesh/payments") },
      { property: "name", reason: expect.stringContaining("acme/other/dev/mesh/payments") },
    ]);
  });

  test("keeps its identity in the record where that may not be read for one run", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const blind = fake.restart();
    const fleet = { ...blind.world.fleet, identity: async () => undefined };
    const { inputs } = await checked(blind, { ...ARGS, labels: { team: "b" } }, state.inputs);
    const { state: after } = await reconcile(inputs, state, { ...blind.world, fleet });
    expect(after.members.east?.cluster).toBe(state.members.east?.cluster);
  });

  test("that was refused is settled by declaring what the cluster carries, and not by another change", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const failed = { ...state.members.east, state: "Failed", error: "forbidden" } as const;
    const unread = { ...state, members: { ...state.members, east: failed } } as State;
    const { state: still } = await up(fake.restart(), { ...ARGS, onDelete: "delete" }, unread);
    expect(still.members.east).toMatchObject({ state: "Failed" });
    const refused = { ...unread, targets: { ...state.targets, east: { labels: { team: "b" } } } };
    const { state: after } = await up(fake.restart(), ARGS, {
      ...refused,
      inputs: { ...state.inputs, labels: { team: "b" } },
    });
    expect(after.members.east).toMatchObject({ state: "Ready" });
    expect(after.members.east).not.toHaveProperty("error");
  });

  test("is another cluster under the name of one before, and is not written", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const moved = { ...state, members: { ...state.members, east: { ...state.members.east, cluster: "00000000" } } };
    const after = await up(fake.restart(), { ...ARGS, labels: { team: "b" } }, moved as typeof state);
    expect(after.failures).toEqual([
      expect.stringContaining("this is another cluster than the one of that name before"),
    ]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
  });
});

describe("a control plane that is a member", () => {
  test("is not asked who injects where that is known", async () => {
    const fake = aFakeMesh({ controlPlane: "east" });
    const declared = { ...ARGS, injection: { revision: "canary" } };
    const { inputs } = await checked(fake, declared);
    const targets = {
      ...(inputs.targets as object),
      east: { labels: { team: "a", "istio.io/rev": "canary" }, injectedBy: "canary" },
    };
    const asked: string[] = [];
    const webhooks = async (place: string) => {
      asked.push(place);
      return [];
    };
    await reconcile({ ...inputs, targets }, undefined, { ...fake.world, fleet: { ...fake.world.fleet, webhooks } });
    expect(asked).toEqual(["west"]);
  });
});

describe("a label that nobody serves", () => {
  const CANARY = { ...ARGS, injection: { revision: "canary" } };

  test("is not written to a cluster that could not be asked before, and answers now", async () => {
    const fake = aFakeMesh();
    const { inputs } = await checked(fake, CANARY);
    const fleet = { ...fake.world.fleet, webhooks: async () => [] };
    const { state, failures } = await reconcile(inputs, undefined, { ...fake.world, fleet });
    expect(failures).toEqual([
      expect.stringContaining('on cluster "east": no revision or tag "canary" is served there'),
      expect.stringContaining('on cluster "west": no revision or tag "canary" is served there'),
    ]);
    expect(state.members.east).toMatchObject({ state: "Failed", labels: {} });
    expect(fake.writes()).toEqual(["controlPlane apply"]);
  });

  test.each([
    ["revisionCheck lets it pass", { revisionCheck: "warn" }, async () => []],
    ["the cluster does not say who injects", {}, () => Promise.reject(FORBIDDEN.error)],
  ])("is written where %s", async (_, changes, webhooks) => {
    const fake = aFakeMesh();
    const { inputs } = await checked(fake, { ...CANARY, ...changes });
    const fleet = { ...fake.world.fleet, webhooks };
    const { failures } = await reconcile(inputs, undefined, { ...fake.world, fleet });
    expect(failures).toEqual([]);
    expect(await labelsOn(fake, "east")).toMatchObject({ "istio.io/rev": "canary" });
  });
});

describe("any way from one declaration to the next", () => {
  const declaration = fc.record({
    labels: labelMap,
    injection: fc.constantFrom(undefined, "enabled", "disabled", "ambient", { revision: "canary" }),
    clusters: fc.subarray(["east", "north", "west"]),
    onLeave: fc.constantFrom("release", "delete"),
    rollout: fc.constantFrom(undefined, { waves: ["west", ["north"]] }),
    deleteNonEmpty: fc.constant(true),
  });

  test("ends where the declaration says, and a second time changes nothing and asks nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(declaration, { minLength: 1, maxLength: 4 }), async (declarations) => {
        const fake = aFakeMesh();
        let state: State | undefined;
        for (const args of declarations) {
          const done = await up(fake.restart(), args, state);
          expect(done.failures).toEqual([]);
          state = done.state;
          await expectDone(fake, state);
          const again = fake.restart();
          expect(await up(again, args, state)).toEqual(done);
          expect(again.requests).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("is finished by one run after the clusters are back, wherever they were down on the way", async () => {
    const fault = fc.constantFrom(undefined, DOWN, FORBIDDEN, ANSWER_LOST);
    const step = fc.record({ args: declaration, faults: fc.record({ east: fault, west: fault }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 4 }), declaration, async (steps, args) => {
        const fake = aFakeMesh();
        let state: State | undefined;
        for (const { args: before, faults } of steps) {
          for (const [place, one] of Object.entries(faults)) if (one !== undefined) fake.fail(place, one);
          state = (await up(fake.restart(), before, state)).state;
          for (const place of Object.keys(faults)) fake.heal(place);
        }
        const done = await up(fake.restart(), args, state);
        expect(done.failures).toEqual([]);
        await expectDone(fake, done.state);
      }),
      { numRuns: 50 },
    );
  });

  /** Each place carries exactly its target, nothing of ours is anywhere else, and the next diff is empty. */
  async function expectDone(fake: FakeMesh, state: State): Promise<void> {
    expect(diff(state, state.inputs, aMesh())).toMatchObject({ changes: false, remarks: [] });
    for (const place of CLUSTERS) {
      const target = place === "controlPlane" ? state.controlPlaneTarget : state.targets[place];
      if (target !== undefined) expect(await labelsOn(fake, place)).toEqual(target.labels);
      else expect(await managersOn(fake, place)).not.toContain(fieldManagerOf(OWNER));
    }
  }

  async function managersOn(fake: FakeMesh, place: string): Promise<readonly string[]> {
    const found = await fake.cluster(place).get("payments");
    return found?.fieldManagers.map(({ manager }) => manager) ?? [];
  }
});
