/** What the plugin can and the dynamic provider cannot. */

import { beforeAll, describe, expect, test } from "vitest";
import { until } from "../../lab/condition.ts";
import { startFaultProxy } from "../../lab/fault-proxy.ts";
import { generatorFolder } from "../../lab/programs.ts";
import { refuseNamespace } from "../../lab/refuse-namespace.ts";
import { useFace } from "../face.ts";
import { aWorld, MESH, programOf, type World } from "../world.ts";

useFace("plugin");

let world: World;
beforeAll(async () => {
  world = await aWorld("plugin");
});

const kubeOf = (cluster: string) => world.lab.cluster(cluster).kube;
const apply = (cluster: string, name: string, labels: Record<string, string>) =>
  kubeOf(cluster).create("/api/v1/namespaces", { metadata: { name, labels } });

describe("a preview", () => {
  test("of a creation says of each cluster what it will be: created, adopted, refused", async () => {
    await apply("west", "foreseen", {});
    await refuseNamespace(kubeOf("north"), "foreseen", "foreseen is not for the north");
    world.project.program(`${MESH}
      const foreseen = new GlobalNamespace("foreseen", { labels: { team: "a" } }, { provider: mesh });
      exports.members = foreseen.members;`);
    const preview = await world.project.preview();
    const members = preview.slice(preview.indexOf("members:"));
    expect(members).toMatch(/east *: \{[^}]*labels *: \{[^}]*\}\s*origin *: "created"\s*state *: "Ready"/);
    expect(members).toMatch(/west *: \{[^}]*labels *: \{[^}]*\}\s*origin *: "adopted"\s*state *: "Ready"\s*uid/);
    expect(members).toMatch(/north *: \{[^}]*error *: ".*foreseen is not for the north/);
    expect(preview).toContain('warning: cannot apply namespace "foreseen" on cluster "north"');
    expect(await world.labels("mesh", "foreseen")).toBeUndefined();
    expect(await world.labels("west", "foreseen")).toEqual({});
  });

  test("of one label of one cluster is a few lines", async () => {
    const declare = (zone: string) =>
      world.project.program(
        programOf(
          "few",
          `{ labels: { team: "a", tier: "gold" }, injection: "disabled", overrides: { west: { labels: { zone: "${zone}" } } } }`,
        ),
      );
    declare("a");
    await world.project.up();
    declare("b");
    const preview = await world.project.preview();
    const changes = preview.split("\n").filter((line) => /^\s*[~+-] /.test(line) && !line.includes("GlobalNamespace"));
    expect(changes.map((line) => line.trim())).toEqual([
      "~ overrides: {",
      "~ west: {",
      "~ labels: {",
      '~ zone: "a" => "b"',
      "~ targets  : {",
      "~ west: {",
      "~ labels: {",
      '~ zone: "a" => "b"',
      "~ 1 to update",
    ]);
  });

  test("of a kubeconfig that is not known yet says what the other clusters will be", async () => {
    const mesh = MESH.replace(
      '{ context: "west"',
      '{ kubeconfig: later.stdout, labels: { env: "later" } }, old: { context: "west"',
    );
    const later = `const { ResourceOptions, CustomResource } = pulumi;
      class Later extends pulumi.dynamic.Resource {
        constructor(name) { super({ create: async () => ({ id: name, outs: { stdout: "x" } }) }, name, { stdout: undefined }); }
      }
      const later = new Later("later");`;
    world.project.program(`${later}${mesh}
      const n = new GlobalNamespace("early", { labels: { team: "a" }, clusters: ["east", "west"] }, { provider: mesh });
      exports.members = n.members;`);
    const preview = await world.project.preview();
    expect(preview).toMatch(/west *: \{[^}]*labels *: \{[^}]*\}\s*pending *: true/);
    expect(preview.slice(preview.indexOf("members:"))).toMatch(
      /east *: \{[^}]*labels *: \{[^}]*\}[\s+]*origin *: "created"/,
    );
  });
});

test("a line is attached to the resource that it concerns", async () => {
  world.project.program(programOf("told", `{ clusters: ["east", "west"] }`));
  await world.project.up();
  world.project.program(programOf("told", `{ clusters: ["east"] }`));
  const { stdout } = await world.project.execute("pulumi", ["preview", "--json"]);
  const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: { urn: string; message: string }[] };
  const line = diagnostics.find(({ message }) => message.includes("leaves west"));
  expect(line?.urn).toMatch(/::global-namespace:index:GlobalNamespace::told$/);
});

describe("^C", () => {
  test("ends requests that wait, and the next up does what was left", async () => {
    const proxy = await startFaultProxy(world.lab.cluster("west"));
    try {
      proxy.judge(({ isWrite }) => (isWrite ? { kind: "silence" } : undefined));
      const kubeconfig = JSON.stringify(proxy.kubeconfig);
      const mesh = MESH.replace('{ context: "west"', `{ kubeconfig: ${kubeconfig}`);
      // East first: its answer is there when west is written to.
      const args = `{ labels: { team: "a" }, clusters: ["east", "west"], rollout: { waves: ["east", "west"] } }`;
      world.project.program(programOf("stopped", args, mesh));
      const { exitCode, output } = await world.project.interrupted(["up", "--yes", "--skip-preview"], () =>
        until(() => proxy.requests.some(({ isWrite }) => isWrite), { what: "the write to west" }),
      );
      expect(exitCode).not.toBe(0);
      expect(output).toContain("cancelled");
      const { members } = world.project.namespace("stopped").outputs;
      expect(members).toMatchObject({ east: { state: "Ready" }, west: { state: "Pending" } });
      proxy.heal();
      await world.project.up();
      expect(await world.labels("west", "stopped")).toEqual({ team: "a" });
      expect(world.project.namespace("stopped").outputs.members).toMatchObject({
        west: { state: "Ready", origin: "created" },
      });
    } finally {
      proxy.close();
    }
  });
});

test("customTimeouts end a create and an update", async () => {
  const proxy = await startFaultProxy(world.lab.cluster("west"));
  try {
    const mesh = MESH.replace('{ context: "west"', `{ kubeconfig: ${JSON.stringify(proxy.kubeconfig)}`);
    const declare = (team: string, options = "") =>
      world.project.program(
        `${mesh}\nnew GlobalNamespace("bounded", { labels: { team: "${team}" }, clusters: ["east", "west"] }, ` +
          `{ provider: mesh${options} });`,
      );
    const bounds = ', customTimeouts: { create: "5s", update: "6s" }';
    proxy.judge(({ isWrite }) => (isWrite ? { kind: "silence" } : undefined));
    declare("a", bounds);
    expect(await world.project.upFails()).toContain("the 5 s that customTimeouts grants are over");
    declare("b", bounds);
    expect(await world.project.upFails()).toMatch(/the [56] s that customTimeouts grants are over/);
    proxy.heal();
    declare("b");
    await world.project.up();
    expect(await world.labels("west", "bounded")).toEqual({ team: "b" });
  } finally {
    proxy.close();
  }
});

test("customTimeouts bound the wait for a deletion", async () => {
  const declare = (timeouts: string) =>
    world.project.program(
      `${MESH}\nnew GlobalNamespace("held", { clusters: ["east"], onDelete: "delete", deleteNonEmpty: true }, { provider: mesh${timeouts} });`,
    );
  declare(', customTimeouts: { delete: "1s" }');
  await world.project.up();
  const path = "/api/v1/namespaces/held";
  const finalizers = (list: readonly string[]) =>
    kubeOf("east").patch(path, { metadata: { finalizers: list } }, { type: "merge", fieldManager: "kubectl" });
  await finalizers(["example.com/hold"]);
  world.project.program(MESH);
  expect(await world.project.upFails()).toContain("it is still being deleted after 1 s");
  await finalizers([]);
  await until(async () => (await world.project.run("up", "--yes", "--skip-preview")).exitCode === 0, {
    what: "the deletion within its time limit",
  });
  expect(await world.labels("east", "held")).toBeUndefined();
});

describe("pulumi import", () => {
  test("takes a live global namespace from the mesh, and leaves nothing to do", async () => {
    const args = `{ labels: { team: "a" }, injection: "disabled", clusters: ["east", "west"], overrides: { west: { labels: { zone: "b" } } } }`;
    world.project.program(programOf("imported", args));
    await world.project.up();
    const other = await world.anotherProject("importer");
    await other.ok("config", "set", "--path", "global-namespace:controlPlane.context", "mesh");
    for (const name of ["east", "west", "north"]) {
      await other.ok("config", "set", "--path", `global-namespace:clusters.${name}.context`, name);
    }
    other.program("");
    const generator = other.withFirst(await generatorFolder((line) => process.stdout.write(`lab: ${line}\n`)));
    const writes = await world.writesDuring(async () => {
      const what = ["global-namespace:index:GlobalNamespace", "imported", "imported"];
      const { exitCode, stderr } = await other.execute(
        "pulumi",
        ["import", ...what, "--yes", "--out", "index.ts"],
        generator,
      );
      expect(exitCode, stderr).toBe(0);
    });
    expect(writes).toEqual({});
    expect(other.namespace("imported").outputs.members).toMatchObject({
      east: { state: "Ready", origin: "created" },
      west: { state: "Ready", origin: "created" },
    });
    // The program is the code that Pulumi has made, whose types are checked before it runs.
    other.main("index.ts");
    expect(await other.preview("--expect-no-changes")).toContain("2 unchanged");
  });
});

test("functions tell what a cluster holds, and who would inject a pod there", async () => {
  world.project.program(`${MESH}
    const { getInjection, getNamespaces } = functions;
    const opts = { provider: mesh };
    exports.held = getNamespaces({ cluster: "east" }, opts).then(({ namespaces }) => namespaces.asked);
    exports.none = getNamespaces({ cluster: "south" }, opts).catch(({ message }) => message);
    exports.injection = getInjection({ namespace: "asked", cluster: "east", namespaceLabels: { "istio.io/rev": "nowhere" } }, opts);
  `);
  await apply("east", "asked", { team: "a" });
  await world.project.up();
  const outputs = JSON.parse(await world.project.ok("stack", "output", "--json")) as Record<string, unknown>;
  expect(outputs.held).toMatchObject({ labels: { team: "a" }, terminating: false });
  expect(outputs.none).toContain('the mesh has no cluster "south"; it has east, north, west');
  expect(outputs.injection).toMatchObject({ injectedBy: "none", problem: expect.stringContaining("nowhere") });
});

test("the schema is one that Pulumi takes", async () => {
  const plugin = "./node_modules/.bin/pulumi-resource-global-namespace";
  const { stdout } = await world.project.execute("pulumi", ["package", "get-schema", plugin]);
  const schema = JSON.parse(stdout) as { readonly version: string; readonly resources: object };
  expect(Object.keys(schema.resources)).toContain("global-namespace:index:GlobalNamespace");
  await world.project.ok("schema", "check", "node_modules/pulumi-global-namespace/schema.json");
});
