import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fieldManagerOf, OWNER_ANNOTATION, syncRecordsOf } from "../../../provider/model/owner.ts";
import { CONTROL_PLANE } from "../../../provider/model/place.ts";
import { UNKNOWN } from "../../../provider/model/unknown.ts";
import type { FakeApi } from "../../contract/fake-api.ts";
import { aFakeEngine, type Kept } from "./fake-engine.ts";
import { DOWN } from "./fake-mesh.ts";

const EAST = { cluster: "east", include: ["shop*"] };
const EAST_OWNER = "acme/mesh/dev/mesh/from-east";

const INJECTION = "istio-injection";
const REVISION = "istio.io/rev";

function aWorld() {
  const engine = aFakeEngine();
  const { clusters } = engine;
  return {
    ...engine,
    mesh: clusters.cluster(CONTROL_PLANE),
    east: clusters.cluster("east"),
    west: clusters.cluster("west"),
  };
}

async function add(api: FakeApi, name: string, labels: Record<string, string> = {}): Promise<void> {
  await api.create({ name, labels, annotations: {} }, "kubectl-create");
}

async function labelsOn(api: FakeApi, name: string): Promise<Record<string, string> | undefined> {
  const namespace = await api.get(name);
  if (namespace === undefined) return undefined;
  const { "kubernetes.io/metadata.name": _, ...labels } = namespace.labels;
  return labels;
}

async function recordsOn(api: FakeApi, name: string): Promise<Record<string, string>> {
  const namespace = await api.get(name);
  return namespace === undefined ? {} : syncRecordsOf(namespace);
}

describe("a NamespaceSync", () => {
  test("costs one list of the source, one of the mesh and one apply a namespace, and afterwards the lists alone", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [INJECTION]: "enabled" });
    await add(world.east, "shop-2");
    const first = world.process();
    await first.sync("from-east", EAST);
    expect(first.requests).toEqual(["east list", "controlPlane list", "controlPlane apply", "controlPlane apply"]);
    const second = world.process();
    expect((await second.sync("from-east", EAST)).changes).toBe(false);
    expect(second.requests).toEqual(["east list", "controlPlane list"]);
  });

  test("writes only what changed", async () => {
    const world = aWorld();
    await add(world.east, "shop");
    await add(world.east, "shop-2");
    await world.process().sync("from-east", EAST);
    world.east.edit("shop-2", { labels: { [REVISION]: "canary" } });
    const next = world.process();
    await next.sync("from-east", EAST);
    expect(next.requests).toEqual(["east list", "controlPlane list", "controlPlane apply"]);
    expect(await labelsOn(world.mesh, "shop-2")).toEqual({ [REVISION]: "canary" });
  });

  test("takes a competing label of somebody else away, and the forced one over", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [REVISION]: "canary" });
    await add(world.mesh, "shop", { [INJECTION]: "disabled", [REVISION]: "old", team: "shop" });
    const { failures } = await world.process().sync("from-east", EAST);
    expect(failures).toEqual([]);
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [REVISION]: "canary", team: "shop" });
    expect((await world.process().sync("from-east", EAST)).changes).toBe(false);
  });

  test("makes the membership alone where the mesh's labels are kept", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [INJECTION]: "enabled" });
    await add(world.mesh, "shop", { [INJECTION]: "disabled" });
    const { outputs } = await world.process().sync("from-east", { ...EAST, conflicts: "mesh" });
    expect(outputs).toMatchObject({ namespaces: { shop: { labels: {} } }, kept: { shop: expect.any(String) } });
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [INJECTION]: "disabled" });
    expect(await recordsOn(world.mesh, "shop")).toEqual({ east: EAST_OWNER });
  });

  test("adds up with that of another source, and the earlier value holds", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [INJECTION]: "enabled" });
    await add(world.west, "shop", { [INJECTION]: "disabled" });
    const process = world.process();
    await process.sync("from-east", EAST, "preview");
    const previewed = await process.sync("from-west", { ...EAST, cluster: "west" }, "preview");
    expect(previewed.inputs.kept).toEqual({ shop: expect.stringContaining("which came first") });

    const up = world.process();
    expect((await up.sync("from-east", EAST)).failures).toEqual([]);
    expect((await up.sync("from-west", { ...EAST, cluster: "west" })).failures).toEqual([]);
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [INJECTION]: "enabled" });
    expect(await recordsOn(world.mesh, "shop")).toEqual({
      east: EAST_OWNER,
      west: "acme/mesh/dev/mesh/from-west",
    });
    world.west.edit("shop", { labels: { [INJECTION]: "enabled" } });
    world.east.edit("shop", { labels: { [INJECTION]: "disabled" } });
    for (const _ of ["first", "second"]) {
      const next = world.process();
      await next.sync("from-east", EAST);
      await next.sync("from-west", { ...EAST, cluster: "west" });
    }
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [INJECTION]: "disabled" });
  });

  test("is refused by name where another stack records the same cluster, also when it does so between plan and write", async () => {
    const world = aWorld();
    await add(world.east, "shop");
    const process = world.process();
    await process.sync("from-east", EAST, "preview");
    const theirs = {
      name: "shop",
      labels: {},
      annotations: { "global-namespace.dev/synced.east": "acme/x/dev/mesh/east" },
    };
    await world.mesh.apply(theirs, { fieldManager: "global-namespace.dev/sync:acme/x/dev/mesh/east", force: false });
    const raced = await process.sync("from-east", EAST);
    expect(raced.failures).toEqual([
      'cannot sync namespace "shop" to the control plane: the NamespaceSync "acme/x/dev/mesh/east" has recorded it for cluster "east" (global-namespace.dev/synced.east)',
    ]);
    const [failure] = (await world.process().sync("from-east", EAST)).checkFailures;
    expect(failure?.reason).toContain('by the NamespaceSync "acme/x/dev/mesh/east" already');
  });

  test("takes back the record and nothing else when the source loses the namespace, and when it is destroyed", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [INJECTION]: "enabled" });
    await add(world.east, "shop-2", { [REVISION]: "canary" });
    await world.process().sync("from-east", EAST);
    world.east.vanish("shop");
    const { outputs } = await world.process().sync("from-east", EAST);
    expect(Object.keys(outputs?.namespaces as object)).toEqual(["shop-2"]);
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [INJECTION]: "enabled" });
    expect(await recordsOn(world.mesh, "shop")).toEqual({});

    expect(await world.destroy("from-east")).toEqual([]);
    expect(await labelsOn(world.mesh, "shop-2")).toEqual({ [REVISION]: "canary" });
    expect(await recordsOn(world.mesh, "shop-2")).toEqual({});
    expect(await labelsOn(world.east, "shop-2")).toEqual({ [REVISION]: "canary" });
  });

  test("moves its records when the cluster changes in place", async () => {
    const world = aWorld();
    await add(world.east, "shop");
    await add(world.east, "shop-east");
    await add(world.west, "shop");
    await world.process().sync("from", EAST);
    const { failures } = await world.process().sync("from", { ...EAST, cluster: "west" });
    expect(failures).toEqual([]);
    expect(await recordsOn(world.mesh, "shop")).toEqual({ west: "acme/mesh/dev/mesh/from" });
    expect(await recordsOn(world.mesh, "shop-east")).toEqual({});
    expect((await world.process().sync("from", { ...EAST, cluster: "west" })).changes).toBe(false);
  });

  test("shows after a refresh what was changed on the mesh, and puts it right", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [INJECTION]: "enabled" });
    await add(world.east, "shop-2");
    await world.process().sync("from-east", EAST);
    world.mesh.edit("shop", { labels: { [INJECTION]: "disabled" } });
    world.mesh.edit("shop-2", { annotations: { "global-namespace.dev/synced.east": null } });
    await world.refresh("from-east");
    expect(world.kept("from-east")?.inputs.namespaces).toEqual({
      shop: { origin: "created", labels: { [INJECTION]: "disabled" } },
    });
    const { changes } = await world.process().sync("from-east", EAST);
    expect(changes).toBe(true);
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [INJECTION]: "enabled" });
    expect(await recordsOn(world.mesh, "shop-2")).toEqual({ east: EAST_OWNER });
    await world.refresh("from-east");
    expect((await world.process().sync("from-east", EAST)).changes).toBe(false);
  });

  test("keeps what is recorded while the source or the mesh cannot be reached, and needs both for a first time", async () => {
    for (const place of ["east", CONTROL_PLANE]) {
      const world = aWorld();
      await add(world.east, "shop");
      world.clusters.fail(place, DOWN);
      const [failure] = (await world.process().sync("from-east", EAST)).checkFailures;
      expect(failure?.property).toBe("cluster");
      expect(failure?.reason).toContain("connection refused");
      world.clusters.heal(place);
      await world.process().sync("from-east", EAST);
      world.clusters.fail(place, DOWN);
      const { changes, said, checkFailures } = await world.process().sync("from-east", EAST);
      expect({ changes, checkFailures }).toEqual({ changes: false, checkFailures: [] });
      expect(said.join()).toMatch(
        /cannot list the namespaces of .*: connection refused.*; what is recorded stays as it is/,
      );
      await world.refresh("from-east");
      expect(Object.keys(world.kept("from-east")?.outputs.namespaces as object)).toEqual(["shop"]);
    }
  });

  test("that wrote in part says what is missing, and the next up does the rest alone", async () => {
    const world = aWorld();
    await add(world.east, "shop");
    await add(world.east, "shop-2");
    await add(world.mesh, "shop-2");
    const process = world.process();
    await process.sync("from-east", EAST, "preview");
    world.mesh.edit("shop-2", { finalizers: ["example.com/hold"] });
    const held = await world.mesh.get("shop-2");
    await world.mesh.remove({ name: "shop-2", uid: held?.uid ?? "" });
    const { outputs, failures } = await process.sync("from-east", EAST);
    expect(failures).toEqual([
      'cannot sync namespace "shop-2" to the control plane: it is being deleted there; run "pulumi up" again when it is gone',
    ]);
    expect(Object.keys(outputs?.namespaces as object)).toEqual(["shop"]);
    expect(outputs?.failed).toHaveProperty("shop-2");
    world.mesh.vanish("shop-2");
    const next = world.process();
    expect((await next.sync("from-east", EAST)).outputs).not.toHaveProperty("failed");
    expect(next.requests).toEqual(["east list", "controlPlane list", "controlPlane apply"]);
  });

  test("says once why many namespaces failed", async () => {
    const world = aWorld();
    for (let index = 0; index < 8; index++) await add(world.east, `shop-${index}`);
    const process = world.process();
    await process.sync("from-east", EAST, "preview");
    world.clusters.fail(CONTROL_PLANE, DOWN);
    expect((await process.sync("from-east", EAST)).failures).toEqual([
      'cannot sync namespaces "shop-0", "shop-1", "shop-2", "shop-3", "shop-4" and 3 more to the control plane: connection refused: test (ECONNREFUSED)',
    ]);
  });

  test("leaves unknown what depends on an argument that is not known yet", async () => {
    const world = aWorld();
    const process = world.process();
    const { inputs, checkFailures } = await process.sync("from-east", { cluster: UNKNOWN }, "preview");
    expect(checkFailures).toEqual([]);
    expect(inputs).toEqual({ cluster: UNKNOWN, owner: EAST_OWNER, namespaces: UNKNOWN });
    expect(process.requests).toEqual([]);
  });

  const refused = [
    { args: { cluster: "south" }, property: "cluster", reason: 'the mesh has no cluster "south"' },
    { args: { cluster: "controlPlane" }, property: "cluster", reason: "is the mesh's control plane" },
    { args: {}, property: "cluster", reason: "is missing" },
    {
      args: { cluster: "east", include: ["ok", "Shop"] },
      property: "include[1]",
      reason: '"Shop" matches no namespace',
    },
    { args: { cluster: "east", exclude: [7] }, property: "exclude[0]", reason: "expected string" },
    { args: { cluster: "east", conflicts: "both" }, property: "conflicts", reason: '"cluster", "mesh", "fail"' },
  ];
  for (const { args, property, reason } of refused) {
    test(`with ${JSON.stringify(args)} is refused before any request`, async () => {
      const process = aWorld().process();
      const { checkFailures } = await process.sync("from-east", args);
      expect(checkFailures).toEqual([{ property, reason: expect.stringContaining(reason) }]);
      expect(process.requests).toEqual([]);
    });
  }
});

test("a NamespaceSync that meets another control plane keeps its record, and writes nothing there", async () => {
  const world = aWorld();
  await add(world.east, "shop");
  await world.process().sync("from-east", EAST);
  const kept = world.kept("from-east");
  if (kept === undefined) throw new Error("it was not made");
  const elsewhere = (values: Kept["inputs"]) => ({ ...values, meshUid: "00000000" });
  const moved = { inputs: elsewhere(kept.inputs), outputs: elsewhere(kept.outputs) };
  world.restore("from-east", moved);
  const process = world.process();
  const reason = expect.stringContaining("the control plane is another cluster than before");
  expect((await process.sync("from-east", { ...EAST, exclude: ["x"] })).checkFailures).toEqual([
    { property: "provider", reason },
  ]);
  await world.refresh("from-east");
  expect(world.kept("from-east")).toEqual(moved);
  expect(await world.destroy("from-east")).toEqual([reason]);
  expect(await recordsOn(world.mesh, "shop")).toEqual({ east: EAST_OWNER });
});

test("two NamespaceSyncs of one program that would record as one are refused, before anything is written", async () => {
  const world = aWorld();
  await add(world.east, "shop");
  await add(world.west, "shop");
  await world.process().sync("from-east", EAST);
  const kept = world.kept("from-east");
  const renamed = world.process();
  await renamed.sync("from-east", EAST);
  const again = await renamed.sync("from-east", EAST);
  expect(again).toMatchObject({ changes: false, checkFailures: [] });
  const second = await renamed.sync("from-east", { ...EAST, cluster: "west" });
  expect(second.checkFailures).toEqual([
    { property: "cluster", reason: expect.stringContaining('the NamespaceSync "from-east" of cluster "east"') },
  ]);
  expect(world.kept("from-east")).toEqual(kept);
});

describe("a GlobalNamespace that leaves clusters out", () => {
  test("belongs to the clusters that are recorded, in the first preview already", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [INJECTION]: "enabled" });
    const preview = world.process();
    await preview.sync("from-east", EAST, "preview");
    const { inputs } = await preview.namespace("shop", { labels: { team: "shop" } }, "preview");
    expect(inputs.recordedBy).toEqual({ east: EAST_OWNER });
    expect(Object.keys(inputs.targets as object)).toEqual(["east"]);

    const up = world.process();
    await up.sync("from-east", EAST);
    const made = await up.namespace("shop", { labels: { team: "shop" } });
    expect(made.failures).toEqual([]);
    expect(await labelsOn(world.east, "shop")).toEqual({ [INJECTION]: "enabled", team: "shop" });
    expect(await labelsOn(world.west, "shop")).toBeUndefined();

    const again = world.process();
    expect((await again.sync("from-east", EAST)).changes).toBe(false);
    expect((await again.namespace("shop", { labels: { team: "shop" } })).changes).toBe(false);
  });

  test("belongs to all where nothing is recorded, after one list of the mesh", async () => {
    const world = aWorld();
    await world.process().namespace("shop", {});
    const process = world.process();
    expect((await process.namespace("shop", {})).changes).toBe(false);
    expect(process.requests).toEqual(["controlPlane list"]);
    expect(Object.keys(world.kept("shop")?.inputs.targets as object)).toEqual(["east", "north", "west"]);
    expect(world.kept("shop")?.inputs).not.toHaveProperty("recordedBy");
  });

  test("belongs to none, and says so, when the last record is gone", async () => {
    const world = aWorld();
    await add(world.east, "shop");
    const first = world.process();
    await first.sync("from-east", EAST);
    await first.namespace("shop", {});
    world.east.vanish("shop");
    const second = world.process();
    await second.sync("from-east", EAST);
    const { inputs, said } = await second.namespace("shop", {});
    expect(inputs).toMatchObject({ recordedBy: {}, targets: {} });
    expect(said).toContain(
      'shop: no NamespaceSync records it any more, so it belongs to no cluster; clusters can name them, or be "all"',
    );
    const third = world.process();
    expect(await third.namespace("shop", {})).toMatchObject({ changes: false, inputs: { targets: {} }, said: [] });
    expect(await third.namespace("shop", { clusters: "all" }, "preview")).toMatchObject({
      changes: true,
      inputs: { targets: { east: {}, north: {}, west: {} } },
    });
  });

  test("does not take the end of the mesh's namespace for the end of its records", async () => {
    const world = aWorld();
    await add(world.east, "shop");
    const first = world.process();
    await first.sync("from-east", EAST);
    await first.namespace("shop", {});
    world.mesh.vanish("shop");
    const refused = [{ property: "clusters", reason: expect.stringContaining('run "pulumi up --refresh"') }];
    expect((await world.process().namespace("shop", {}, "preview")).checkFailures).toEqual(refused);
    // Nor where somebody has made another one in its place.
    await add(world.mesh, "shop");
    expect((await world.process().namespace("shop", {}, "preview")).checkFailures).toEqual(refused);
  });

  test("keeps its clusters while the mesh cannot be reached, and is not begun without it", async () => {
    const world = aWorld();
    await add(world.east, "shop");
    const first = world.process();
    await first.sync("from-east", EAST);
    await first.namespace("shop", {});
    world.clusters.fail(CONTROL_PLANE, DOWN);
    expect(await world.process().namespace("shop", {})).toMatchObject({
      changes: false,
      checkFailures: [],
      inputs: { recordedBy: { east: EAST_OWNER } },
    });
    expect((await world.process().namespace("new", {})).checkFailures).toEqual([
      {
        property: "clusters",
        reason: expect.stringMatching(
          /^is left out, and whether .* "new" cannot be read from the control plane: connection refused/,
        ),
      },
    ]);
    expect((await world.process().namespace("new", { clusters: ["east"] }, "preview")).checkFailures).toEqual([]);
  });

  test("takes the injection labels of a NamespaceSync over without force, also those that compete", async () => {
    const world = aWorld();
    await add(world.east, "shop", { [INJECTION]: "enabled" });
    const first = world.process();
    await first.sync("from-east", EAST);
    const made = await first.namespace("shop", { injection: { revision: "canary" }, clusters: ["west"] });
    expect(made).toMatchObject({ checkFailures: [], failures: [] });
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [REVISION]: "canary" });
    const second = world.process();
    const { inputs } = await second.sync("from-east", EAST);
    expect(inputs.declared).toHaveProperty("shop");
    expect(await labelsOn(world.mesh, "shop")).toEqual({ [REVISION]: "canary" });
  });
});

/** Random worlds: whatever is on the source and the mesh, and whoever set it. */
const aLabels = fc.record(
  { [INJECTION]: fc.constantFrom("enabled", "disabled"), [REVISION]: fc.constantFrom("canary", "stable") },
  { requiredKeys: [], noNullPrototype: true },
);
const aName = fc.constantFrom("shop-a", "shop-b", "shop-c");
const aStory = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("source" as const), name: aName, labels: aLabels }),
    fc.record({ kind: fc.constant("gone" as const), name: aName }),
    fc.record({ kind: fc.constant("mesh" as const), name: aName, labels: aLabels }),
    fc.record({ kind: fc.constant("declared" as const), name: aName, labels: aLabels }),
    fc.record({ kind: fc.constant("west" as const), labels: aLabels, name: aName }),
    fc.record({ kind: fc.constant("up" as const), conflicts: fc.constantFrom("cluster", "mesh") }),
  ),
  { minLength: 3, maxLength: 14 },
);

test("an up after an up changes nothing, after two where two syncs wait for each other, and what is declared is never written", async () => {
  const set = async (api: FakeApi, name: string, labels: Record<string, string>) => {
    if ((await api.get(name)) === undefined) await add(api, name);
    api.edit(name, { labels: { [INJECTION]: null, [REVISION]: null, ...labels } });
  };
  const WEST = { cluster: "west", include: ["shop*"] };
  await fc.assert(
    fc.asyncProperty(aStory, fc.constantFrom("cluster", "mesh"), fc.boolean(), async (story, last, isAlone) => {
      const world = aWorld();
      const declared = new Set<string>();
      const up = async (conflicts: string) => {
        const process = world.process();
        const results = [await process.sync("from-east", { ...EAST, conflicts })];
        if (!isAlone) results.push(await process.sync("from-west", WEST));
        for (const result of results) expect(result).toMatchObject({ checkFailures: [], failures: [] });
        return process.requests.filter((request) => !request.endsWith(" list"));
      };
      for (const step of story) {
        if (step.kind === "source") await set(world.east, step.name, step.labels);
        else if (step.kind === "west") await set(world.west, step.name, step.labels);
        else if (step.kind === "gone") world.east.vanish(step.name);
        else if (step.kind === "mesh") await set(world.mesh, step.name, step.labels);
        else if (step.kind === "declared") {
          const owner = `acme/mesh/dev/mesh/${step.name}`;
          const body = { name: step.name, labels: step.labels, annotations: { [OWNER_ANNOTATION]: owner } };
          await world.mesh.apply(body, { fieldManager: fieldManagerOf(owner), force: true });
          declared.add(step.name);
        } else {
          const before = await Promise.all([...declared].map((name) => labelsOn(world.mesh, name)));
          await up(step.conflicts);
          expect(await Promise.all([...declared].map((name) => labelsOn(world.mesh, name)))).toEqual(before);
        }
      }
      const settle = async () => {
        await up(last);
        // What west gives up in this one, east takes in the next.
        if (!isAlone) await up(last);
        expect(await up(last)).toEqual([]);
      };
      const refresh = async () => {
        for (const name of isAlone ? ["from-east"] : ["from-east", "from-west"]) await world.refresh(name);
      };
      await settle();
      await refresh();
      await settle();
      const kept = structuredClone([world.kept("from-east"), world.kept("from-west")]);
      await refresh();
      expect(await up(last)).toEqual([]);
      expect([world.kept("from-east"), world.kept("from-west")]).toEqual(kept);
    }),
    { numRuns: 200 },
  );
});
