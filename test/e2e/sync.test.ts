import { beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { refuseNamespace } from "../lab/refuse-namespace.ts";
import { aWorld, MESH, type World } from "./world.ts";

const INJECTION = "istio-injection";
const REVISION = "istio.io/rev";

describe("a NamespaceSync", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("sync");
  });

  /** A namespace as somebody with kubectl makes it. */
  const kubectlCreate = (cluster: string, name: string, labels: Record<string, string> = {}) =>
    world.lab
      .cluster(cluster)
      .kube.create("/api/v1/namespaces", { metadata: { name, labels } }, { fieldManager: "kubectl-create" });
  const kubectlLabel = (cluster: string, name: string, labels: Record<string, string | null>) =>
    world.lab
      .cluster(cluster)
      .kube.patch(`/api/v1/namespaces/${name}`, { metadata: { labels } }, { fieldManager: "kubectl-label" });
  const kubectlDelete = async (cluster: string, name: string) => {
    const { kube } = world.lab.cluster(cluster);
    await kube.delete(`/api/v1/namespaces/${name}`);
    await until(async () => (await kube.find(`/api/v1/namespaces/${name}`)) === undefined, {
      what: `the end of ${name}`,
    });
  };
  /** By cluster, which NamespaceSync has recorded the namespace on the mesh. */
  const records = async (name: string) => {
    const prefix = "global-namespace.dev/synced.";
    const found = Object.entries(await world.annotations("mesh", name)).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(found.map(([key, owner]) => [key.slice(prefix.length), owner]));
  };
  const ownerOf = (resource: string, project = "sync") => `organization/${project}/dev/mesh/${resource}`;
  const outputs = (resource: string) => {
    const found = world.project.resources().find(({ urn }) => urn.endsWith(`:NamespaceSync::${resource}`));
    if (found?.outputs === undefined) throw new Error(`the state has no NamespaceSync ${resource}`);
    return found.outputs;
  };
  /** All resources of the stack at once, since what is left out of the program is destroyed. */
  const declare = (...resources: string[]) => world.project.program([MESH, ...resources].join("\n"));
  const sync = (name: string, args: string, opts = "provider: mesh") =>
    `const ${name} = new NamespaceSync("${name}", ${args}, { ${opts} });`;

  test("shows in the preview what is created, what joins with which change, and what is left to a GlobalNamespace", async () => {
    await kubectlCreate("east", "first-new", { [INJECTION]: "enabled", team: "new" });
    await kubectlCreate("east", "first-old", { [REVISION]: "canary" });
    await kubectlCreate("east", "first-dev");
    await kubectlCreate("mesh", "first-old", { team: "old" });
    await kubectlCreate("east", "first-declared", { [INJECTION]: "enabled" });
    const declared = `new GlobalNamespace("first-declared", { injection: "disabled", clusters: ["west"] }, { provider: mesh });`;
    declare(declared);
    await world.project.up();

    declare(declared, sync("first", `{ cluster: "east", include: ["first-*"], exclude: ["*-dev"] }`));
    const preview = await world.project.preview();
    expect(preview).toContain(
      'first-new: created on the mesh, as cluster "east" has it, with istio-injection="enabled"',
    );
    expect(preview).toContain('first-old: joins cluster "east", istio.io/rev (not set) => "canary"');
    expect(preview).toContain(
      `first-declared: left to the GlobalNamespace ${ownerOf("first-declared")}; cluster "east" has istio-injection="enabled", the mesh has istio-injection="disabled"`,
    );
    expect(preview).toMatch(/first-new: \{\s+labels: \{\s+istio-injection: "enabled"\s+\}\s+origin: "created"/);
    expect(preview).toMatch(/first-old: \{\s+labels: \{\s+istio.io\/rev: "canary"\s+\}\s+origin: "joined"/);
    expect(preview).not.toContain("first-dev:");
    expect(await world.labels("mesh", "first-new")).toBeUndefined();

    await world.project.up();
    expect(await world.labels("mesh", "first-new")).toEqual({ [INJECTION]: "enabled" });
    expect(await world.labels("mesh", "first-old")).toEqual({ [REVISION]: "canary", team: "old" });
    expect(await world.labels("mesh", "first-dev")).toBeUndefined();
    expect(await records("first-new")).toEqual({ east: ownerOf("first") });
    expect(await records("first-old")).toEqual({ east: ownerOf("first") });
    expect(await world.labels("mesh", "first-declared")).toEqual({ [INJECTION]: "disabled" });
    expect(await records("first-declared")).toEqual({});
    expect(outputs("first")).toMatchObject({
      namespaces: { "first-new": { origin: "created" }, "first-old": { origin: "joined" } },
      declared: { "first-declared": expect.stringContaining('has istio-injection="enabled"') },
    });
  });

  test("costs one list of the source and one of the mesh where nothing changes, and writes nothing", async () => {
    const asked = await world.requestsDuring(() => world.project.up("--expect-no-changes"));
    expect(asked).toEqual({ mesh: { "list namespaces": 1 }, east: { "list namespaces": 1 } });
  });

  test("follows the source: a label changes and goes, a namespace is new, one is gone and leaves its membership alone", async () => {
    await kubectlCreate("east", "follow-a", { [INJECTION]: "enabled" });
    await kubectlCreate("east", "follow-b", { [REVISION]: "canary" });
    await kubectlCreate("east", "follow-c", { [INJECTION]: "enabled" });
    declare(sync("follow", `{ cluster: "east", include: ["follow-*"] }`));
    await world.project.up();

    await kubectlLabel("east", "follow-a", { [INJECTION]: null, [REVISION]: "stable" });
    await kubectlLabel("east", "follow-b", { [REVISION]: null });
    await kubectlDelete("east", "follow-c");
    await kubectlCreate("east", "follow-d");
    const preview = await world.project.preview();
    expect(preview).toMatch(/- istio-injection: "enabled"/);
    expect(preview).toMatch(/\+ istio.io\/rev\s*: "stable"/);
    expect(preview).toContain(
      'follow-c: leaves cluster "east", which no longer has it; its labels and the namespace stay on the mesh',
    );
    const asked = await world.requestsDuring(() => world.project.up());
    expect(asked).toEqual({ mesh: { "list namespaces": 1, "patch namespaces": 4 }, east: { "list namespaces": 1 } });
    expect(await world.labels("mesh", "follow-a")).toEqual({ [REVISION]: "stable" });
    expect(await world.labels("mesh", "follow-b")).toEqual({});
    expect(await world.labels("mesh", "follow-c")).toEqual({ [INJECTION]: "enabled" });
    expect(await records("follow-c")).toEqual({});
    expect(await records("follow-d")).toEqual({ east: ownerOf("follow") });
    await world.project.up("--expect-no-changes");
  });

  test("adds up with those of other sources; the label that was there first holds, and the other is told", async () => {
    await kubectlCreate("east", "several", { [INJECTION]: "enabled" });
    await kubectlCreate("west", "several", { [INJECTION]: "disabled" });
    await kubectlCreate("west", "several-west");
    const both = [
      sync("severalEast", `{ cluster: "east", include: ["several*"] }`),
      sync("severalWest", `{ cluster: "west", include: ["several*"] }`, "provider: mesh, dependsOn: severalEast"),
    ];
    declare(...both);
    await world.project.up();
    expect(await records("several")).toEqual({ east: ownerOf("severalEast"), west: ownerOf("severalWest") });
    expect(await records("several-west")).toEqual({ west: ownerOf("severalWest") });
    expect(await world.labels("mesh", "several")).toEqual({ [INJECTION]: "enabled" });
    expect(outputs("severalWest").kept).toEqual({
      several: `cluster "west" has istio-injection="disabled", the mesh has istio-injection="enabled", set by the NamespaceSync "${ownerOf("severalEast")}", which came first`,
    });
    await world.project.up("--expect-no-changes");
    await world.project.up("--refresh", "--expect-no-changes");
    await kubectlLabel("west", "several", { [INJECTION]: "enabled" });
    await world.project.up();
    expect(outputs("severalWest")).not.toHaveProperty("kept");
  });

  test("takes labels over that somebody else set on the mesh, those that compete included, and says whose they were", async () => {
    await kubectlCreate("east", "forced", { [REVISION]: "canary" });
    await kubectlCreate("mesh", "forced", { [INJECTION]: "disabled", [REVISION]: "old" });
    declare(sync("forced", `{ cluster: "east", include: ["forced"] }`));
    expect(await world.project.preview()).toContain(
      'istio.io/rev="canary" replaces istio.io/rev="old" and istio-injection="disabled", set by "kubectl-create"',
    );
    await world.project.up();
    expect(await world.labels("mesh", "forced")).toEqual({ [REVISION]: "canary" });
    await world.project.up("--refresh", "--expect-no-changes");
  });

  test('leaves them with conflicts: "mesh", and records the membership alone', async () => {
    await kubectlCreate("east", "yielding", { [INJECTION]: "enabled" });
    await kubectlCreate("mesh", "yielding", { [INJECTION]: "disabled" });
    declare(sync("yielding", `{ cluster: "east", include: ["yielding"], conflicts: "mesh" }`));
    await world.project.up();
    expect(await world.labels("mesh", "yielding")).toEqual({ [INJECTION]: "disabled" });
    expect(await records("yielding")).toEqual({ east: ownerOf("yielding") });
    expect(outputs("yielding").kept).toHaveProperty("yielding");
  });

  test('refuses with conflicts: "fail", naming the namespace, both values and the manager, and writes nothing', async () => {
    await kubectlCreate("east", "strict", { [INJECTION]: "enabled" });
    await kubectlCreate("mesh", "strict", { [INJECTION]: "disabled" });
    declare(sync("strict", `{ cluster: "east", include: ["strict"], conflicts: "fail" }`));
    expect(await world.project.previewFails()).toContain(
      'namespace "strict": cluster "east" has istio-injection="enabled", the mesh has istio-injection="disabled", set by "kubectl-create"',
    );
    await world.project.upFails();
    expect(await records("strict")).toEqual({});
  });

  test("never touches a protected namespace, and copies nothing but injection labels", async () => {
    declare(sync("wide", `{ cluster: "east", include: ["kube-*", "guarded"] }`));
    await kubectlCreate("east", "guarded", { team: "a", "pod-security.kubernetes.io/enforce": "privileged" });
    await world.project.up();
    expect(Object.keys(outputs("wide").namespaces as object)).toEqual(["guarded"]);
    expect(await records("kube-system")).toEqual({});
    expect(await world.labels("mesh", "guarded")).toEqual({});
  });

  test("shows drift on the mesh after a refresh, and puts it right", async () => {
    await kubectlCreate("east", "drifted", { [INJECTION]: "enabled" });
    declare(sync("drifted", `{ cluster: "east", include: ["drifted"] }`));
    await world.project.up();
    await kubectlLabel("mesh", "drifted", { [INJECTION]: "disabled" });
    expect(await world.project.preview("--refresh")).toContain('~ istio-injection: "disabled" => "enabled"');
    await world.project.up("--refresh");
    expect(await world.labels("mesh", "drifted")).toEqual({ [INJECTION]: "enabled" });
  });

  test("is refused by name where another stack has recorded the same cluster", async () => {
    await kubectlCreate("east", "claimed");
    declare(sync("claimed", `{ cluster: "east", include: ["claimed"] }`));
    await world.project.up();
    const other = await world.anotherProject("sync-other");
    other.program([MESH, sync("theirs", `{ cluster: "east", include: ["*"], exclude: ["kube-*"] }`)].join("\n"));
    expect(await other.upFails()).toContain(
      `namespace "claimed" on the mesh is recorded for cluster "east" by the NamespaceSync "${ownerOf("claimed")}" already`,
    );
  });

  test("keeps what is recorded while the source cannot be reached, and says so", async () => {
    await kubectlCreate("north", "offline");
    declare(sync("offline", `{ cluster: "north", include: ["offline"] }`));
    await world.project.up();
    await world.lab.cluster("north").stop();
    try {
      const output = await world.project.up("--expect-no-changes");
      expect(output).toMatch(/cannot list the namespaces of cluster "north": .*; what is recorded stays as it is/);
      declare(sync("offline", `{ cluster: "north", include: ["offline"] }`), sync("late", `{ cluster: "north" }`));
      expect(await world.project.upFails()).toContain('cannot list the namespaces of cluster "north"');
    } finally {
      await world.lab.cluster("north").start();
    }
    expect(await records("offline")).toEqual({ north: ownerOf("offline") });
  });

  test("that was refused one namespace does the others, says which and why, and the next up does the rest", async () => {
    const { kube } = world.lab.cluster("mesh");
    const allow = await refuseNamespace(kube, "partial-b", "partial-b is not for this mesh");

    // What an earlier test declared goes first: its end would be among the requests that are counted.
    declare();
    await world.project.up();
    for (const name of ["partial-a", "partial-b"]) await kubectlCreate("east", name);
    declare(sync("partial", `{ cluster: "east", include: ["partial-*"] }`));
    const output = await world.project.upFails();
    expect(output).toMatch(/cannot sync namespace "partial-b" to the control plane: .*partial-b is not for this mesh/);
    expect(await records("partial-a")).toEqual({ east: ownerOf("partial") });
    expect(Object.keys(outputs("partial").namespaces as object)).toEqual(["partial-a"]);

    await allow();
    expect(await world.project.preview()).toContain("partial-b is written again: ");
    const asked = await world.requestsDuring(() => world.project.up());
    expect(asked.mesh).toEqual({ "list namespaces": 1, "patch namespaces": 1 });
    expect(await records("partial-b")).toEqual({ east: ownerOf("partial") });
    expect(outputs("partial")).not.toHaveProperty("failed");
    await world.project.up("--expect-no-changes");
  });

  test("releases on destroy what it recorded, and deletes nothing", async () => {
    await kubectlCreate("east", "ended", { [INJECTION]: "enabled" });
    declare(sync("ended", `{ cluster: "east", include: ["ended"] }`));
    await world.project.up();
    declare();
    await world.project.up();
    expect(await records("ended")).toEqual({});
    expect(await world.labels("mesh", "ended")).toEqual({ [INJECTION]: "enabled" });
    expect(await world.labels("east", "ended")).toEqual({ [INJECTION]: "enabled" });
  });

  test("with a cluster that is the control plane is refused by the preview", async () => {
    declare(sync("wrong", `{ cluster: "controlPlane" }`));
    expect(await world.project.previewFails()).toContain('"controlPlane" is the mesh\'s control plane');
  });
});

describe("a GlobalNamespace that leaves clusters out", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("sync-affinity");
    await world.lab
      .cluster("east")
      .kube.create("/api/v1/namespaces", { metadata: { name: "followed", labels: { [INJECTION]: "enabled" } } });
  });

  const SYNC = `const sync = new NamespaceSync("east", { cluster: "east", include: ["followed"] }, { provider: mesh });`;
  const followed = (args: string) =>
    `new GlobalNamespace("followed", ${args}, { provider: mesh, dependsOn: typeof sync === "undefined" ? [] : [sync] });`;

  test("belongs to the clusters that a NamespaceSync of the same program records, shown by its first preview", async () => {
    world.project.program([MESH, SYNC, followed(`{ labels: { team: "a" } }`)].join("\n"));
    const preview = await world.project.preview();
    expect(preview).toMatch(/recordedBy\s*: \{\s+east: "organization\/sync-affinity\/dev\/mesh\/east"\s+\}/);
    const targets = preview.slice(preview.indexOf("targets"));
    expect(targets).toMatch(/east\s*: \{/);
    expect(targets).not.toMatch(/(west|north)\s*: \{/);

    await world.project.up();
    expect(await world.labels("mesh", "followed")).toEqual({ [INJECTION]: "enabled", team: "a" });
    expect(await world.labels("east", "followed")).toEqual({ [INJECTION]: "enabled", team: "a" });
    expect(await world.labels("west", "followed")).toBeUndefined();
    expect(world.project.namespace("followed").outputs).toMatchObject({
      recordedBy: { east: "organization/sync-affinity/dev/mesh/east" },
    });
  });

  test("costs no further request where nothing changes: the mesh is listed once for both", async () => {
    const asked = await world.requestsDuring(() => world.project.up("--expect-no-changes"));
    expect(asked).toEqual({ mesh: { "list namespaces": 1 }, east: { "list namespaces": 1 } });
  });

  test("takes the injection labels that the sync set over, also those that compete, without force", async () => {
    world.project.program(
      [
        MESH,
        SYNC,
        followed(`{ labels: { team: "a" }, injection: { revision: "canary" }, revisionCheck: "off", force: false }`),
      ].join("\n"),
    );
    // In east somebody else set the competing label: that is taken back by hand.
    await world.lab
      .cluster("east")
      .kube.patch("/api/v1/namespaces/followed", { metadata: { labels: { [INJECTION]: null } } });
    await world.project.up();
    expect(await world.labels("mesh", "followed")).toEqual({ [REVISION]: "canary", team: "a" });
    expect(await world.labels("east", "followed")).toEqual({ [REVISION]: "canary", team: "a" });
    await world.project.up("--expect-no-changes");
    await world.project.up("--refresh", "--expect-no-changes");
  });

  test("belongs to no cluster when the record is gone, and to all only when it says so", async () => {
    world.project.program([MESH, followed(`{ labels: { team: "a" } }`)].join("\n"));
    // The sync is destroyed after everything else is done, so that the record is missed by the next run.
    await world.project.up();
    const preview = await world.project.preview();
    expect(preview).toContain("followed: no NamespaceSync records it any more, so it belongs to no cluster");
    expect(preview).toContain("followed: leaves east");
    await world.project.up();
    expect(await world.labels("east", "followed")).toEqual({});
    expect(await world.labels("west", "followed")).toBeUndefined();
    await world.project.up("--expect-no-changes");
    world.project.program([MESH, followed(`{ labels: { team: "a" }, clusters: "all" }`)].join("\n"));
    await world.project.up();
    expect(await world.labels("west", "followed")).toEqual({ team: "a" });
  });
});
