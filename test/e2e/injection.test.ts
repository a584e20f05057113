import { beforeAll, describe, expect, test } from "vitest";
import { installIstioWebhooks } from "../lab/istio-webhooks.ts";
import { aWorld, MESH, PROVIDER, programOf, type World } from "./world.ts";

const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

describe("injection that is known to work", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("injection");
  });
  const declare = (name: string, args: string) => world.project.program(programOf(name, args));

  test("refuses a revision that a cluster does not serve, names what it serves, and writes nothing", async () => {
    declare("typo", `{ injection: { revision: "stabel" }, clusters: ["east", "west"] }`);
    const output = await world.project.fails("preview", "--diff");
    for (const cluster of ["east", "west"]) {
      expect(output).toContain(
        `property injection value {map[revision:{stabel}]} has a problem: cluster "${cluster}": no revision or tag "stabel" is served there; ` +
          'it serves revision "canary", revision "default"; pods would start there without a sidecar. revisionCheck: "warn" lets it pass',
      );
    }
    await world.project.upFails();
    expect(await world.labels("mesh", "typo")).toBeUndefined();
    expect(await world.labels("east", "typo")).toBeUndefined();
  });

  test("names the override that is at fault", async () => {
    declare("override", `{ clusters: ["east"], overrides: { east: { injection: { tag: "prod" } } } }`);
    expect(await world.project.fails("preview")).toMatch(
      /overrides.east.injection .*cluster "east": no revision or tag "prod" is served there/,
    );
  });

  test("revisionCheck turns that down to a warning, or off", async () => {
    declare("warned", `{ injection: { revision: "stabel" }, clusters: ["east"], revisionCheck: "warn" }`);
    expect(await world.project.preview()).toContain(
      'warned: injection: cluster "east": no revision or tag "stabel" is served there',
    );
    declare("warned", `{ injection: { revision: "stabel" }, clusters: ["east"], revisionCheck: "off" }`);
    const since = world.lab.cluster("east").mark();
    const output = await world.project.up();
    expect(output).not.toContain("is served there");
    expect(await world.labels("east", "warned")).toEqual({ "istio.io/rev": "stabel" });
    const { counts } = world.lab.cluster("east").requests({ userAgent: PROVIDER, since });
    expect(counts).not.toHaveProperty("list mutatingwebhookconfigurations");
  });

  test("shows a change of mode with who injects afterwards on each cluster, and asks each cluster once", async () => {
    const two = (injection: string) => `${MESH}
      for (const name of ["moved", "moved-too"]) {
        new GlobalNamespace(name, { injection: ${injection}, clusters: ["east", "west"] }, { provider: mesh });
      }
    `;
    world.project.program(two('"enabled"'));
    await world.project.up();
    expect(world.project.namespace("moved").outputs.targets.east?.injectedBy).toBe("default");
    world.project.program(two('{ revision: "canary" }'));
    const since = world.lab.cluster("east").mark();
    const preview = await world.project.preview();
    expect(preview.match(/~ injectedBy\s*: "default" => "canary"/g)).toHaveLength(4);
    expect(preview).toContain('- istio-injection: "enabled"');
    expect(preview).toContain('+ istio.io/rev   : "canary"');
    const { counts } = world.lab.cluster("east").requests({ userAgent: PROVIDER, since });
    expect(counts["list mutatingwebhookconfigurations"]).toBe(1);
    world.project.program(two('{ ambient: { waypoint: "shared" } }'));
    expect(await world.project.preview()).toMatch(/~ injectedBy\s*: "default" => "ztunnel"/);
    await world.project.up();
    expect(await world.labels("west", "moved")).toEqual({
      "istio.io/dataplane-mode": "ambient",
      "istio.io/use-waypoint": "shared",
    });
  });

  test("resolves a tag to its revision on each cluster, and a refresh shows that it was moved", async () => {
    const { kube } = world.lab.cluster("east");
    await installIstioWebhooks(world.lab.cluster("east"), [{ revision: "default", tag: "prod" }]);
    await installIstioWebhooks(world.lab.cluster("west"), [{ revision: "canary", tag: "prod" }]);
    try {
      declare("tagged", `{ injection: { tag: "prod" }, clusters: ["east", "west"] }`);
      await world.project.up();
      const injectors = () => {
        const { targets } = world.project.namespace("tagged").outputs;
        return Object.fromEntries(Object.entries(targets).map(([cluster, { injectedBy }]) => [cluster, injectedBy]));
      };
      expect(injectors()).toEqual({ east: "default", west: "canary" });
      await installIstioWebhooks(world.lab.cluster("east"), [{ revision: "canary", tag: "prod" }]);
      const refresh = await world.project.ok("refresh", "--preview-only", "--diff");
      expect(refresh).toMatch(/injectedBy\s*: "default" => "canary"/);
      await world.project.up("--refresh");
      expect(injectors()).toEqual({ east: "canary", west: "canary" });
      expect(await world.project.up("--expect-no-changes")).toContain("unchanged");
    } finally {
      for (const name of ["east", "west"]) {
        await world.lab.cluster(name).kube.delete(`${WEBHOOKS}/istio-revision-tag-prod`);
      }
      expect(await kube.find(`${WEBHOOKS}/istio-revision-tag-prod`)).toBeUndefined();
    }
  });

  test("takes webhooks that may not be read as unknown, and says so", async () => {
    const kubeconfig = await world.lab.cluster("east").restrictedKubeconfig({
      user: "no-webhooks",
      rules: [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get", "create", "patch"] }],
    });
    world.project.program(`
      const mesh = new Mesh("mesh", {
        controlPlane: { context: "mesh" },
        clusters: { east: { kubeconfig: ${JSON.stringify(kubeconfig)} } },
      });
      new GlobalNamespace("unknown-injector", { injection: { revision: "anything" } }, { provider: mesh });
    `);
    const output = await world.project.up();
    expect(output).toContain('unknown-injector: who injects on cluster "east" is not known');
    expect(await world.labels("east", "unknown-injector")).toEqual({ "istio.io/rev": "anything" });
  });
});

describe("labels that others set on the mesh's namespace", () => {
  let world: World;
  const label = (labels: Record<string, string | null>) =>
    world.lab
      .cluster("mesh")
      .kube.patch(
        "/api/v1/namespaces/spread",
        { metadata: { labels } },
        { type: "merge", fieldManager: "kubectl-label" },
      );
  const declare = (args: string) => world.project.program(programOf("spread", args));

  beforeAll(async () => {
    world = await aWorld("propagate");
    declare(`{ labels: { team: "a" }, clusters: ["east"] }`);
    await world.project.up();
    await label({ "cost-center": "42", "istio-injection": "enabled", "topology.istio.io/network": "network-1" });
  });

  test("are shown in the outputs, and reach no member by themselves", async () => {
    await world.project.up("--refresh");
    expect(world.project.namespace("spread").outputs.controlPlane.unmanagedLabels).toEqual({
      "cost-center": "42",
      "istio-injection": "enabled",
    });
    expect(await world.labels("east", "spread")).toEqual({ team: "a" });
  });

  test("reach the members with propagate all, but never a key of one cluster's own; the preview shows them", async () => {
    declare(`{ labels: { team: "a" }, clusters: ["east"], propagate: "all" }`);
    const preview = await world.project.preview();
    expect(preview).toMatch(/\+ cost-center\s*: "42"/);
    expect(preview).toMatch(/\+ injectedBy\s*: "default"/);
    await world.project.up();
    const labels = { team: "a", "cost-center": "42", "istio-injection": "enabled" };
    expect(await world.labels("east", "spread")).toEqual(labels);
    expect(await world.labels("mesh", "spread")).toEqual({ ...labels, "topology.istio.io/network": "network-1" });
    expect(await world.project.up("--expect-no-changes")).toContain("unchanged");
  });

  test("leave the members when they leave the mesh", async () => {
    await label({ "cost-center": null });
    expect(await world.project.preview()).toMatch(/- cost-center\s*: "42"/);
    await world.project.up();
    expect(await world.labels("east", "spread")).toEqual({ team: "a", "istio-injection": "enabled" });
  });

  test("give way to a declared injection", async () => {
    await label({ "istio-injection": null });
    await label({ "istio.io/use-waypoint": "theirs" });
    declare(`{ labels: { team: "a" }, injection: { revision: "canary" }, clusters: ["east"], propagate: "all" }`);
    await world.project.up();
    expect(await world.labels("east", "spread")).toEqual({ team: "a", "istio.io/rev": "canary" });
  });
});
