import { describe, expect, test } from "vitest";
import { remove } from "../../../provider/lifecycle/lifecycle.ts";
import { ClusterError } from "../../../provider/model/cluster-error.ts";
import { OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import type { State } from "../../../provider/model/state.ts";
import { ANSWER_LOST, aFakeMesh, DOWN, type FakeMesh, labelsOn, up } from "./fake-mesh.ts";

const ARGS = { labels: { team: "a" }, clusters: ["east", "west"], deleteNonEmpty: true };

async function made(
  args: Readonly<Record<string, unknown>>,
  prepare: (fake: FakeMesh) => Promise<unknown> = async () => {},
  mesh: Readonly<Record<string, unknown>> = {},
): Promise<{ fake: FakeMesh; state: State }> {
  const fake = aFakeMesh(mesh);
  await prepare(fake);
  const { state } = await up(fake, { ...ARGS, ...args });
  return { fake: fake.restart(), state };
}

const existing = (place: string) => (fake: FakeMesh) =>
  fake.cluster(place).create({ name: "payments", labels: { old: "x" }, annotations: {} }, "kubectl-create");

describe("a destroyed namespace", () => {
  test("goes on the mesh, and is kept as it is on the clusters, by default", async () => {
    const { fake, state } = await made({});
    expect(await remove(state, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "controlPlane")).toBeUndefined();
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
    expect(fake.writes()).toEqual(["controlPlane remove"]);
  });

  test("gives back with release what was set on the clusters", async () => {
    const { fake, state } = await made({ onDelete: "release" });
    fake.cluster("east").edit("payments", { labels: { foreign: "x" } });
    expect(await remove(state, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "east")).toEqual({ foreign: "x" });
    expect(await labelsOn(fake, "west")).toEqual({});
  });

  test("goes with delete everywhere where this resource made it, and only there", async () => {
    const { fake, state } = await made({ onDelete: "delete" }, existing("east"));
    expect(await remove(state, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "east")).toEqual({ old: "x" });
    expect(await labelsOn(fake, "west")).toBeUndefined();
    expect(await labelsOn(fake, "controlPlane")).toBeUndefined();
  });

  test("is given back on a mesh that had it before", async () => {
    const { fake, state } = await made({}, existing("controlPlane"));
    expect(await remove(state, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "controlPlane")).toEqual({ old: "x" });
  });

  test("goes on a control plane that is a member, whatever the clusters keep", async () => {
    const { fake, state } = await made({}, undefined, { controlPlane: "east" });
    expect(await remove(state, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "east")).toBeUndefined();
    expect(await labelsOn(fake, "west")).toEqual({ team: "a" });
  });

  test("is never deleted where it is default", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, name: "default", onDelete: "delete" });
    const claimed = { ...state, members: { east: { ...state.members.east, origin: "created" } } } as State;
    expect(await remove(claimed, fake.world)).toEqual([]);
    expect(fake.writes()).not.toContain("east remove");
    expect(await labelsOn(fake, "east", "default")).toEqual({});
  });

  test("is never deleted where the mesh protects it by now", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    const protecting = fake.restart({ protectedNamespaces: ["payments"] });
    expect(await remove(state, protecting.world)).toEqual([]);
    expect(await labelsOn(fake, "controlPlane")).toEqual({});
    expect(await labelsOn(fake, "east")).toEqual({});
  });
});

describe("a namespace is not deleted on doubt", () => {
  const doubts: readonly (readonly [string, (fake: FakeMesh) => Promise<unknown>])[] = [
    [
      "somebody made it anew under the same name",
      async (fake) => {
        fake.cluster("west").vanish("payments");
        await existing("west")(fake);
      },
    ],
    [
      "another owner has taken it over",
      async (fake) => {
        fake.cluster("west").edit("payments", { annotations: { [OWNER_ANNOTATION]: "acme/other/dev/mesh/payments" } });
      },
    ],
    [
      "the mark of its owner is gone",
      async (fake) => {
        fake.cluster("west").edit("payments", { annotations: { [OWNER_ANNOTATION]: null } });
      },
    ],
  ];
  test.each(doubts)("%s", async (_, change) => {
    const { fake, state } = await made({ onDelete: "delete" });
    await change(fake);
    expect(await remove(state, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "west")).toBeDefined();
    expect(fake.requests).not.toContain("west remove");
    expect(await labelsOn(fake, "east")).toBeUndefined();
  });

  test("the cluster is another one under the same name", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    const moved = { ...state, members: { ...state.members, west: { ...state.members.west, cluster: "00000000" } } };
    expect(await remove(moved as State, fake.world)).toEqual([
      expect.stringContaining("this is another cluster than the one of that name before"),
    ]);
    expect(await labelsOn(fake, "west")).toEqual({ team: "a" });
  });

  test("the control plane is another one under the same name: nothing is", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    const moved = { ...state, controlPlane: { ...state.controlPlane, cluster: "00000000" } };
    expect(await remove(moved, fake.world)).toEqual([
      expect.stringContaining("this is another cluster than the one of that name before"),
    ]);
    expect(fake.writes()).toEqual([]);
  });

  test("it says nothing of where it came from", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    const { origin: _, ...west } = state.members.west ?? { state: "Ready", labels: {} };
    expect(await remove({ ...state, members: { west } }, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "west")).toEqual({});
  });
});

describe("a namespace that holds something", () => {
  const args = { onDelete: "delete", deleteNonEmpty: false };

  test("stays, with the mesh's own, and the empty ones go", async () => {
    const { fake, state } = await made(args);
    fake.fill("east", "settings");
    expect(await remove(state, fake.world)).toEqual([
      'cannot delete namespace "payments" on cluster "east": it holds ConfigMap settings; ' +
        'empty it, or let a "pulumi up" set deleteNonEmpty: true, which lets the contents go with it',
    ]);
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
    expect(await labelsOn(fake, "west")).toBeUndefined();
    expect(await labelsOn(fake, "controlPlane")).toEqual({ team: "a" });
  });

  test("on the mesh keeps the clusters' namespaces too", async () => {
    const { fake, state } = await made(args);
    fake.fill("controlPlane", "policy");
    expect(await remove(state, fake.world)).toEqual([expect.stringContaining("on the control plane: it holds")]);
    expect(fake.writes()).toEqual([]);
  });

  test("goes all the same where the contents are what every namespace has", async () => {
    const { fake, state } = await made(args);
    fake.fill("east", "istio-ca-root-cert");
    expect(await remove(state, fake.world)).toEqual([]);
    expect(await labelsOn(fake, "east")).toBeUndefined();
  });
});

describe("a cluster that fails during a destroy", () => {
  test("does not stop the others; the mesh's own stays until all are done, and the next run ends it", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    fake.fail("east", DOWN);
    expect(await remove(state, fake.world)).toEqual([
      'cannot delete namespace "payments" on cluster "east": connection refused: test (ECONNREFUSED)',
    ]);
    expect(await labelsOn(fake, "west")).toBeUndefined();
    expect(await labelsOn(fake, "controlPlane")).toEqual({ team: "a" });
    fake.heal("east");
    expect(await remove(state, fake.restart().world)).toEqual([]);
    expect(await labelsOn(fake, "east")).toBeUndefined();
    expect(await labelsOn(fake, "controlPlane")).toBeUndefined();
  });

  test("is not the control plane: while that does not answer, nothing is undone behind its back", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    fake.fail("controlPlane", DOWN);
    expect(await remove(state, fake.world)).toEqual([
      'cannot delete namespace "payments" on the control plane: connection refused: test (ECONNREFUSED)',
    ]);
    expect(fake.writes()).toEqual([]);
  });

  test("is not asked where it is no longer in the mesh; the user is told", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    const smaller = fake.restart({ clusters: { east: {} } });
    expect(await remove(state, smaller.world)).toEqual([]);
    expect(await labelsOn(fake, "west")).toEqual({ team: "a" });
    expect(smaller.said).toEqual(["payments: west is no longer in the mesh; its namespace is left as it is"]);
  });

  test("is ended like any other where it was taken out of the mesh and is back", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    const { west, ...members } = state.members;
    const orphaned = { ...state, members, orphaned: { west } } as State;
    const back = fake.restart();
    expect(await remove(orphaned, back.world)).toEqual([]);
    expect(await labelsOn(fake, "west")).toBeUndefined();
    expect(back.said).toEqual([]);
  });

  test("whose answer was lost when the namespace was made is cleaned like any other", async () => {
    const fake = aFakeMesh();
    fake.fail("east", ANSWER_LOST);
    const { state } = await up(fake, { ...ARGS, onDelete: "release" });
    fake.heal("east");
    expect(await remove(state, fake.restart().world)).toEqual([]);
    expect(await labelsOn(fake, "east")).toEqual({});
  });

  test("that somebody writes to at the same moment is looked at again", async () => {
    const { fake, state } = await made({ onDelete: "delete" });
    const east = fake.cluster("east");
    const before = await east.get("payments");
    let writes = 0;
    fake.world.fleet.api("east").remove = async (namespace) => {
      if (writes++ === 0) throw new ClusterError("changed", "Precondition failed: ResourceVersion");
      return east.remove(namespace);
    };
    expect(await remove(state, fake.world)).toEqual([]);
    expect(before).toBeDefined();
    expect(await labelsOn(fake, "east")).toBeUndefined();
  });
});

describe("a namespace that does not go", () => {
  test("is waited for as long as deleteTimeoutSeconds says, and what holds it is named", async () => {
    const { fake, state } = await made({ onDelete: "delete", deleteTimeoutSeconds: 60 });
    fake.cluster("west").edit("payments", { finalizers: ["example.com/hold"] });
    const [failure] = await remove(state, fake.world);
    expect(failure).toContain(
      'cannot delete namespace "payments" on cluster "west": it is still being deleted after 60 s',
    );
    expect(failure).toContain("example.com/hold");
    expect(fake.world.clock.now()).toBeGreaterThanOrEqual(60_000);
    expect(fake.requests.filter((request) => request === "west remove")).toHaveLength(1);
  });
});
