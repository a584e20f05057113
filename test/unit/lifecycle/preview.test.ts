import { describe, expect, test } from "vitest";
import { preview } from "../../../provider/lifecycle/preview.ts";
import { ClusterError } from "../../../provider/model/cluster-error.ts";
import { fieldManagerOf, OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import type { MemberStatus, State } from "../../../provider/model/state.ts";
import { UNKNOWN } from "../../../provider/model/unknown.ts";
import { OWNER } from "../model/builders.ts";
import { aFakeMesh, checked, DOWN, type FakeMesh, FORBIDDEN, labelsOn, up } from "./fake-mesh.ts";

const ARGS = { labels: { team: "a" }, clusters: ["east", "west"] };

async function previewed(fake: FakeMesh, args: Readonly<Record<string, unknown>>, remembered?: State) {
  const { inputs, failures } = await checked(fake, args, remembered?.inputs);
  expect(failures).toEqual([]);
  const { outputs, refusals } = await preview(inputs, remembered, fake.world);
  const { members, controlPlane } = outputs as {
    readonly members: Readonly<Record<string, MemberStatus>>;
    readonly controlPlane: MemberStatus;
  };
  return { outputs, refusals, members, controlPlane };
}

describe("the preview of a new namespace", () => {
  test("has each member as the update makes it, and writes nothing", async () => {
    const fake = aFakeMesh();
    const { members, controlPlane } = await previewed(fake, ARGS);
    const made = { state: "Ready", origin: "created", labels: { team: "a" } };
    expect({ controlPlane, ...members }).toMatchObject({ controlPlane: made, east: made, west: made });
    expect(Object.keys(members)).toEqual(["east", "west"]);
    expect(members.east).not.toHaveProperty("uid");
    expect(await labelsOn(fake, "controlPlane")).toBeUndefined();
    expect(await labelsOn(fake, "east")).toBeUndefined();
    const { state } = await up(fake, ARGS);
    const withoutUid = ({ uid: _, ...status }: MemberStatus) => status;
    expect(Object.values(members).map(withoutUid)).toEqual(Object.values(state.members).map(withoutUid));
  });

  test("says of a namespace that is there that it is adopted, and which it is", async () => {
    const fake = aFakeMesh();
    const { uid } = await fake.cluster("west").create({ name: "payments", labels: {}, annotations: {} }, "kubectl");
    const { members } = await previewed(fake, ARGS);
    expect(members).toMatchObject({ east: { origin: "created" }, west: { origin: "adopted", uid } });
  });

  test("has a cluster that is back in the mesh as the update makes it, and not as it was recorded", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { labels: { team: "a" } });
    const { state: without } = await up(
      fake.restart({ clusters: { east: {}, north: {} } }),
      { labels: { team: "a" } },
      state,
    );
    fake.cluster("west").vanish("payments");
    const { members } = await previewed(fake.restart(), { labels: { team: "a" } }, without);
    expect(members.west).toMatchObject({ state: "Ready" });
    expect(members.west).not.toHaveProperty("uid");
  });

  test("which a cluster's admission refuses says so, before anything is written", async () => {
    const fake = aFakeMesh();
    fake.fail("west", { error: new ClusterError("rejected", 'policy "teams" denied the request'), verbs: ["apply"] });
    const { members, refusals } = await previewed(fake, ARGS);
    expect(members).toMatchObject({ east: { state: "Ready" }, west: { state: "Failed" } });
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatch(/cluster "west".*policy "teams" denied the request/);
    expect(await labelsOn(fake, "west")).toBeUndefined();
  });

  test("is told from a look where the user may only read", async () => {
    const fake = aFakeMesh();
    fake.fail("east", { ...FORBIDDEN, verbs: ["apply"] });
    const { members, refusals } = await previewed(fake, ARGS);
    expect(refusals).toEqual([]);
    expect(members.east).toMatchObject({ state: "Ready", origin: "created", labels: { team: "a" } });
  });

  test("is told from a look where a webhook takes no dry run", async () => {
    const fake = aFakeMesh();
    const message = 'admission webhook "policy" does not support dry run';
    fake.fail("east", { error: new ClusterError("rejected", message), verbs: ["apply"] });
    const { members } = await previewed(fake, ARGS);
    expect(members.east).toMatchObject({ state: "Ready", labels: { team: "a" } });
  });

  test("goes on without a cluster that does not answer", async () => {
    const fake = aFakeMesh();
    fake.fail("west", DOWN);
    const { members } = await previewed(fake, ARGS);
    expect(members).toMatchObject({ east: { state: "Ready" }, west: { state: "Unreachable" } });
  });

  test("leaves open what is not known yet, and tells the rest", async () => {
    const fake = aFakeMesh();
    const { members } = await previewed(fake, { ...ARGS, overrides: { west: { labels: { zone: UNKNOWN } } } });
    expect(members.east).toMatchObject({ origin: "created", labels: { team: "a" } });
    expect(members.west).toMatchObject({ labels: { team: "a", zone: UNKNOWN } });
    const { outputs } = await previewed(aFakeMesh(), { ...ARGS, clusters: UNKNOWN });
    expect(outputs).toMatchObject({ members: UNKNOWN, controlPlane: UNKNOWN });
  });

  test("with adopt never asks for no more than that it is not there", async () => {
    const fake = aFakeMesh();
    const { members } = await previewed(fake, { ...ARGS, adopt: "never" });
    expect(members.east).toMatchObject({ origin: "created" });
    expect(fake.writes().filter((request) => request.endsWith("create"))).toEqual([]);
  });
});

describe("the preview of a change", () => {
  test("asks only the clusters that change, and keeps what is known of the others", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    fake.forget();
    const changed = { ...ARGS, overrides: { west: { labels: { zone: "b" } } } };
    const { members, controlPlane } = await previewed(fake, changed, state);
    expect(fake.writes()).toEqual(["west apply"]);
    expect(members.east).toEqual(state.members.east);
    expect(controlPlane).toEqual(state.controlPlane);
    expect(members.west).toMatchObject({ uid: state.members.west?.uid, labels: { team: "a", zone: "b" } });
  });

  test("no longer has a member that leaves", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const { members } = await previewed(fake, { ...ARGS, clusters: ["east"] }, state);
    expect(Object.keys(members)).toEqual(["east"]);
  });

  test("with force shows the label of another manager taken over and a competing one removed", async () => {
    const fake = aFakeMesh();
    const args = { ...ARGS, injection: "enabled", revisionCheck: "off" };
    const { state } = await up(fake, args);
    fake.cluster("west").edit("payments", { labels: { "istio.io/rev": "canary" } });
    const { members, refusals } = await previewed(fake, { ...args, labels: { team: "b" }, force: true }, state);
    expect(refusals).toEqual([]);
    expect(members.west?.labels).toEqual({ team: "b", "istio-injection": "enabled" });
    expect(await labelsOn(fake, "west")).toMatchObject({ "istio.io/rev": "canary" });
  });
});

test("the owner of these tests is the one that marks the namespaces", async () => {
  const fake = aFakeMesh();
  await up(fake, ARGS);
  const found = await fake.cluster("east").get("payments");
  expect(found?.annotations[OWNER_ANNOTATION]).toBe(OWNER);
  expect(found?.fieldManagers.map(({ manager }) => manager)).toEqual([fieldManagerOf(OWNER)]);
});
