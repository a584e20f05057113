import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Status } from "../../cli/status/status.ts";
import { until } from "../lab/condition.ts";
import { rightsOf } from "./rights-page.ts";
import { aWorld, MESH, type World } from "./world.ts";

describe("status", () => {
  let world: World;
  const status = (...args: string[]) => world.project.cli("status", "--context", "mesh", "--include", "st-*", ...args);
  const json = async (...args: string[]) => JSON.parse((await status("--json", ...args)).stdout) as Status;
  const label = (cluster: string, name: string, labels: Record<string, string | null>) =>
    world.lab
      .cluster(cluster)
      .kube.patch(
        `/api/v1/namespaces/${name}`,
        { metadata: { labels } },
        { type: "merge", fieldManager: "kubectl-label" },
      );

  beforeAll(async () => {
    world = await aWorld("status");
    world.project.program(`${MESH}
      new GlobalNamespace("st-payments", {
        labels: { team: "a", tier: "1" }, injection: { revision: "canary" },
        overrides: { west: { labels: { tier: "2" }, injection: "disabled" } },
      }, { provider: mesh });
      new GlobalNamespace("st-orders", { labels: { team: "b" }, clusters: ["east"] }, { provider: mesh });
    `);
    await world.project.up();
  });

  test("after an up shows everything in step, by whom it is owned and who injects", async () => {
    const { exitCode, stdout } = await status("--exit-code");
    expect(stdout.split("\n").slice(2, 5)).toEqual([
      "namespace    owner       mesh      east             north            west",
      "st-orders    status/dev  declared  in step          –                –",
      "st-payments  status/dev  declared  in step, canary  in step, canary  in step, not injected",
    ]);
    expect(stdout).toMatch(/^2 global namespaces on 3 clusters, all in step\n/);
    expect(exitCode).toBe(0);
  });

  test("asks each cluster once a kind, as the rights for it allow, and writes nothing", async () => {
    const since = world.lab.names.map((name) => [name, world.lab.cluster(name).mark()] as const);
    await status();
    const asked = since.map(([name, mark]) => [
      name,
      world.lab.cluster(name).requests({ since: mark, userAgent: /^pulumi-global-namespace\// }).counts,
    ]);
    const once = { "list namespaces": 1, "list mutatingwebhookconfigurations": 1, "list pods": 1 };
    expect(Object.fromEntries(asked)).toEqual({ mesh: { "list namespaces": 1 }, east: once, north: once, west: once });
    const allowed = rightsOf("global-namespace-status").map(({ verb, resource }) => `${verb} ${resource}`);
    expect(Object.keys(once).sort()).toEqual(allowed.sort());
  });

  test("shows what was changed behind the program's back, and who did it", async () => {
    await label("east", "st-payments", { team: "hacked" });
    await label("north", "st-payments", { "istio-injection": "enabled" });
    const { exitCode, stdout } = await status("--exit-code");
    expect(exitCode).toBe(2);
    expect(stdout).toContain('st-payments on east: team is "hacked", set by kubectl-label; the mesh has "a"');
    expect(stdout).toContain(
      'st-payments on north: istio-injection is "enabled", set by kubectl-label; the mesh has none',
    );
    const { members } = (await json()).namespaces.find(({ name }) => name === "st-payments") ?? {};
    expect(members).toMatchObject({ north: { state: "differs", injectedBy: "default" }, west: { state: "in step" } });
    await label("north", "st-payments", { "istio-injection": null });
    await world.project.up("--refresh");
    expect((await status("--exit-code")).exitCode).toBe(0);
  });

  describe("of workloads", () => {
    beforeAll(async () => {
      await world.lab.cluster("north").kube.create("/apis/apps/v1/namespaces/st-payments/deployments", {
        metadata: { name: "api" },
        spec: {
          selector: { matchLabels: { app: "api" } },
          template: {
            metadata: { labels: { app: "api", "sidecar.istio.io/inject": "false" } },
            spec: { containers: [{ name: "api", image: "registry.invalid/app" }] },
          },
        },
      });
      const pods = "/api/v1/namespaces/st-payments/pods";
      const { kube } = world.lab.cluster("north");
      await until(async () => (await kube.list(pods)).length > 0, { what: "a pod of api" });
      // As if it had been made before the label was set: only now does it not opt out.
      const [pod] = await kube.list(pods);
      await kube.patch(
        `${pods}/${pod?.metadata.name}`,
        { metadata: { labels: { "sidecar.istio.io/inject": null } } },
        { type: "merge", fieldManager: "test" },
      );
    });
    afterAll(() => world.lab.cluster("north").kube.delete("/apis/apps/v1/namespaces/st-payments/deployments/api"));

    test("names those that wait for a restart by their Deployment", async () => {
      const { exitCode, stdout } = await status("--exit-code");
      expect(exitCode).toBe(2);
      expect(stdout).toContain("st-payments on north: Deployment/api has no sidecar, and would get revision canary");
    });
  });

  test("of a cluster that cannot be asked says why, and shows the others", async () => {
    const { exitCode, stdout } = await status("--cluster", "east", "--cluster", "west=nowhere", "--exit-code");
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^west: |^ {2}west: the kubeconfig does not have the context "nowhere"/m);
    expect(stdout).toMatch(/^st-orders +status\/dev +declared +in step +–$/m);
  });

  test("of a mesh that cannot be asked is one sentence", async () => {
    const { exitCode, stdout, stderr } = await world.project.cli("status", "--context", "nowhere");
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^the kubeconfig does not have the context "nowhere"; it has [^\n]*\n$/);
  });

  test("is a page with --html", async () => {
    const { stdout } = await status("--html");
    expect(stdout).toMatch(/^<!doctype html>/);
    expect(stdout).toContain("st-payments");
  });

  test("with --watch looks again and again", async () => {
    const cli = join(world.project.dir, "node_modules/pulumi-global-namespace/dist/cli/index.js");
    const args = [cli, "status", "--context", "mesh", "--include", "st-orders", "--json", "--watch", "1"];
    const child = spawn("node", args, { env: { ...process.env, KUBECONFIG: world.lab.kubeconfigPath } });
    const looks: Status[] = [];
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      looks.push(...lines.map((line) => JSON.parse(line) as Status));
    });
    const seen = (state: string) =>
      until(async () => looks.at(-1)?.namespaces[0]?.members.east?.state === state, { what: state });
    try {
      await seen("in step");
      await label("east", "st-orders", { team: "c" });
      await seen("differs");
      await label("east", "st-orders", { team: "b" });
      await seen("in step");
    } finally {
      const ended = once(child, "close");
      child.kill();
      await ended;
    }
  });
});
