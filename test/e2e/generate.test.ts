import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, type World } from "./world.ts";

const run = promisify(execFile);
const NAMES = ["found", "found-synced", "found-apart"];

describe("generate", () => {
  let world: World;
  let program: string;
  let asked: Awaited<ReturnType<World["requestsDuring"]>>;
  const cli = (...args: string[]) =>
    run("node", [join(world.project.dir, "node_modules/pulumi-global-namespace/dist/cli/index.js"), ...args], {
      env: { ...process.env, KUBECONFIG: world.lab.kubeconfigPath },
    });
  const make = (cluster: string, name: string, labels: Record<string, string>, annotations = {}) =>
    world.lab.cluster(cluster).kube.create("/api/v1/namespaces", { metadata: { name, labels, annotations } });
  const everything = async () => {
    const found: Record<string, unknown> = {};
    for (const cluster of world.lab.names) {
      for (const name of NAMES) found[`${cluster}/${name}`] = await world.labels(cluster, name);
    }
    return found;
  };

  beforeAll(async () => {
    world = await aWorld("generate");
    const labels = { team: "a", "istio.io/rev": "canary" };
    await make("mesh", "found", labels);
    await make("east", "found", { ...labels, "cost-center": "42" });
    await make("west", "found", { team: "b" });
    await make("mesh", "found-synced", { "istio-injection": "enabled" }, { "global-namespace.dev/synced.west": "x" });
    await make("west", "found-synced", { "istio-injection": "enabled" });
    await make("mesh", "found-apart", {});
    const members = ["east", "west", "north"].flatMap((name) => ["--cluster", name]);
    asked = await world.requestsDuring(async () => {
      program = (await cli("generate", "--context", "mesh", ...members, "--include", "found*")).stdout;
    });
  });

  test("lists the namespaces of each cluster once, and asks for nothing else", () => {
    const once = { "list namespaces": 1 };
    expect(asked).toEqual({ mesh: once, east: once, west: once, north: once });
  });

  test("prints the program of what a mesh holds, with a remark where joining would change something", () => {
    expect(program).toContain(`// Not on west by this program, which does not have team=a, istio.io/rev=canary.
new GlobalNamespace("found", {
  labels: { team: "a" },
  injection: { revision: "canary" },
  clusters: ["east"],
}, { provider: mesh });`);
    expect(program).toContain(`new GlobalNamespace("found-synced", {
  injection: "enabled",
  clusters: ["west"],
}, { provider: mesh });`);
    expect(program.match(/new GlobalNamespace/g)).toHaveLength(3);
  });

  test("its first up changes no label on any cluster", async () => {
    const before = await everything();
    writeFileSync(join(world.project.dir, "index.ts"), program);
    const settings = { compilerOptions: { module: "nodenext", moduleResolution: "nodenext", strict: true, types: [] } };
    writeFileSync(join(world.project.dir, "tsconfig.json"), JSON.stringify({ ...settings, files: ["index.ts"] }));
    const compiler = join(world.project.dir, "node_modules/typescript/bin/tsc");
    await run("node", [compiler, "--noEmit", "--skipLibCheck", "-p", world.project.dir]);
    world.project.main("index.ts");
    await world.project.up();
    expect(await everything()).toEqual(before);
    expect(world.project.namespace("found").outputs.members).toMatchObject({ east: { origin: "adopted" } });
    expect(await world.project.up("--expect-no-changes")).toContain("unchanged");
  });

  test("says in one sentence what is wrong with a context", async () => {
    await expect(cli("generate", "--context", "nowhere")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^the kubeconfig does not have the context "nowhere"; it has [^\n]*\n$/),
    });
  });
});
