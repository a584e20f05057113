import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { installIstioWebhooks } from "../lab/istio-webhooks.ts";
import type { KubeObject } from "../lab/kube-client.ts";
import { type PodRunner, runPods } from "../lab/pods.ts";
import { injectAs, injects } from "./injector.ts";
import { aWorld, MESH, PROVIDER, programOf, type World } from "./world.ts";

const NAMESPACES = ["reported", "rolled", "stopped", "paused", "unseen", "ambient", "tagged"];
const TAG = "workloads-prod";
const INSTALLED = [{ revision: "default" }, { revision: "canary" }, { revision: "default", tag: TAG }];
const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";
const ENABLED = `injection: "enabled"`;
const CANARY = `injection: { revision: "canary" }`;

describe("workloads after a change of injection", () => {
  let world: World;
  const runners: Record<string, PodRunner> = {};
  const cleanups: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    world = await aWorld("workloads");
    for (const name of ["east", "west"]) {
      const cluster = world.lab.cluster(name);
      const runner = runPods(cluster);
      runners[name] = runner;
      cleanups.push(await injectAs(cluster, INSTALLED, NAMESPACES), () => runner.stop());
    }
  });
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  const declare = (name: string, args: string, mesh = MESH) =>
    world.project.program(programOf(name, `{ ${args} }`, mesh));
  const kube = (cluster: string) => world.lab.cluster(cluster).kube;
  const recorded = (namespace: string, cluster: string) => world.project.namespace(namespace).outputs.members[cluster];
  const pathOf = (namespace: string, resource: string, name = "") =>
    `/apis/apps/v1/namespaces/${namespace}/${resource}/${name}`.replace(/\/$/, "");

  /** A workload that is up, with pods that were injected when they were made. */
  async function create(cluster: string, namespace: string, resource: string, name: string, labels = {}) {
    const selected = { app: name };
    await kube(cluster).create(pathOf(namespace, resource), {
      metadata: { name },
      spec: {
        ...(resource === "statefulsets" && { serviceName: name }),
        selector: { matchLabels: selected },
        template: {
          metadata: { labels: { ...selected, ...labels } },
          spec: { containers: [{ name, image: "registry.invalid/app" }], terminationGracePeriodSeconds: 0 },
        },
      },
    });
    await until(async () => isReady(await kube(cluster).get(pathOf(namespace, resource, name))), {
      what: `${resource}/${name} of ${namespace} on ${cluster}`,
    });
  }

  function isReady({ status }: KubeObject): boolean {
    return status?.readyReplicas === 1;
  }

  async function createPod(cluster: string, namespace: string, name: string) {
    const spec = { containers: [{ name, image: "registry.invalid/app" }] };
    await kube(cluster).create(`/api/v1/namespaces/${namespace}/pods`, { metadata: { name }, spec });
  }

  async function restartedAt(cluster: string, namespace: string, name: string): Promise<string | undefined> {
    const { spec } = await kube(cluster).get(pathOf(namespace, "deployments", name));
    const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } };
    return template.metadata.annotations?.[RESTARTED_AT];
  }

  async function revisionsOf(cluster: string, namespace: string): Promise<(string | undefined)[]> {
    const pods = await kube(cluster).list(`/api/v1/namespaces/${namespace}/pods`);
    return pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.annotations?.["istio.io/rev"]);
  }

  test("are listed for their cluster with what their pods have, and only the namespaces concerned are asked for pods", async () => {
    declare("reported", `${ENABLED}, clusters: ["east", "west"]`);
    await world.project.up();
    await injects(world.lab.cluster("east"), "reported", "default");
    await create("east", "reported", "deployments", "api");
    await create("east", "reported", "statefulsets", "db");
    await create("east", "reported", "deployments", "outside", { "sidecar.istio.io/inject": "false" });
    await createPod("east", "reported", "tool");

    declare("reported", `${CANARY}, clusters: ["east", "west"]`);
    const since = world.lab.cluster("east").mark();
    const preview = await world.project.preview();
    expect(preview).toContain('~ injectedBy: "default" => "canary"');
    const output = await world.project.up();
    expect(output).toContain(
      'reported: on cluster "east" a restart is waited for by Deployment/api, Pod/tool and StatefulSet/db',
    );
    expect(recorded("reported", "east")?.restarts).toEqual({
      "Deployment/api": "revision default",
      "Pod/tool": "revision default",
      "StatefulSet/db": "revision default",
    });
    expect(recorded("reported", "west")).not.toHaveProperty("restarts");
    const { counts } = world.lab.cluster("east").requests({ userAgent: PROVIDER, since });
    expect(counts).toMatchObject({ "list pods": 1, "list replicasets": 1 });
    expect(counts).not.toHaveProperty("get deployments");
    const quiet = world.lab.cluster("east").mark();
    await world.project.up("--expect-no-changes");
    expect(world.lab.cluster("east").requests({ userAgent: PROVIDER, since: quiet }).total).toBe(0);
  });

  test("are listed no more by a refresh after somebody restarted them", async () => {
    const annotations = { [RESTARTED_AT]: "2026-11-01T00:00:00Z" };
    await kube("east").patch(pathOf("reported", "deployments", "api"), {
      spec: { template: { metadata: { annotations } } },
    });
    await kube("east").delete("/api/v1/namespaces/reported/pods/tool");
    await until(async () => (await revisionsOf("east", "reported")).sort().join() === "canary,default,", {
      what: "the new pods",
    });
    await world.project.ok("refresh", "--yes", "--skip-preview");
    expect(recorded("reported", "east")?.restarts).toEqual({ "StatefulSet/db": "revision default" });
  });

  test("are restarted by restart: rollout, cluster after cluster in the order given, and have the new sidecar afterwards", async () => {
    const args = `clusters: ["west", "east"], restart: "rollout"`;
    declare("rolled", `${ENABLED}, ${args}`);
    await world.project.up();
    for (const cluster of ["east", "west"]) {
      await injects(world.lab.cluster(cluster), "rolled", "default");
      await create(cluster, "rolled", "deployments", "api");
    }
    await create("west", "rolled", "statefulsets", "db");
    declare("rolled", `${CANARY}, ${args}`);
    const output = await world.project.up();
    const order = [
      'Deployment/api on cluster "west"',
      'StatefulSet/db on cluster "west"',
      'Deployment/api on cluster "east"',
    ];
    const positions = order.map((what) => output.indexOf(`rolled: restarts ${what}`));
    expect(positions).not.toContain(-1);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    for (const cluster of ["east", "west"]) expect(recorded("rolled", cluster)).not.toHaveProperty("restarts");
    expect(await revisionsOf("west", "rolled")).toEqual(["canary", "canary"]);
    expect(await revisionsOf("east", "rolled")).toEqual(["canary"]);
    await world.project.up("--expect-no-changes");
  });

  test("are left as they are after the first that does not come up, and the next up goes on", async () => {
    const args = `clusters: ["east", "west"], restart: "rollout", restartTimeoutSeconds: 2`;
    declare("stopped", `${ENABLED}, ${args}`);
    await world.project.up();
    for (const cluster of ["east", "west"]) {
      await injects(world.lab.cluster(cluster), "stopped", "default");
      for (const name of ["api", "web"]) await create(cluster, "stopped", "deployments", name);
    }
    runners.east?.hold("stopped");
    declare("stopped", `${CANARY}, ${args}`);
    const output = await world.project.upFails();
    expect(output).toMatch(
      /cannot restart Deployment\/api of namespace "stopped" on cluster "east": it did not become available within 2 s \(restartTimeoutSeconds\): (?:its controller has not seen it yet|0 of 1 pods are new|1 old pods stay until new ones are available); nothing further is restarted/,
    );
    expect(await restartedAt("east", "stopped", "web")).toBeUndefined();
    expect(await restartedAt("west", "stopped", "api")).toBeUndefined();
    const both = { "Deployment/api": "revision default", "Deployment/web": "revision default" };
    expect(recorded("stopped", "east")?.restarts).toEqual(both);
    expect(recorded("stopped", "west")?.restarts).toEqual(both);
    expect(recorded("stopped", "east")?.state).toBe("Ready");

    expect(await world.project.preview()).toContain(
      "stopped: east has still to restart Deployment/api and Deployment/web",
    );
    runners.east?.release("stopped");
    declare("stopped", `${CANARY}, ${args.replace("2", "120")}`);
    await world.project.up();
    for (const cluster of ["east", "west"]) {
      expect(recorded("stopped", cluster)).not.toHaveProperty("restarts");
      expect(await revisionsOf(cluster, "stopped")).toEqual(["canary", "canary"]);
    }
  });

  test("that are paused are named, and the others are restarted all the same", async () => {
    const args = `clusters: ["east"], restart: "rollout"`;
    declare("paused", `${ENABLED}, ${args}`);
    await world.project.up();
    await injects(world.lab.cluster("east"), "paused", "default");
    for (const name of ["api", "web"]) await create("east", "paused", "deployments", name);
    await kube("east").patch(pathOf("paused", "deployments", "api"), { spec: { paused: true } });
    declare("paused", `${CANARY}, ${args}`);
    expect(await world.project.upFails()).toContain(
      'cannot restart Deployment/api of namespace "paused" on cluster "east": it is paused; resume it',
    );
    expect(recorded("paused", "east")?.restarts).toEqual({ "Deployment/api": "revision default" });
    await kube("east").patch(pathOf("paused", "deployments", "api"), { spec: { paused: false } });
    await world.project.up();
    expect(await revisionsOf("east", "paused")).toEqual(["canary", "canary"]);
  });

  test("are listed by a refresh after somebody moved the tag that their namespace names", async () => {
    const east = world.lab.cluster("east");
    await installIstioWebhooks(east, [{ revision: "default", tag: TAG }]);
    cleanups.push(() => east.kube.delete(`${WEBHOOKS}/istio-revision-tag-${TAG}`));
    declare("tagged", `injection: { tag: "${TAG}" }, clusters: ["east"]`);
    await world.project.up();
    await injects(east, "tagged", "default");
    await create("east", "tagged", "deployments", "api");
    await world.project.ok("refresh", "--yes", "--skip-preview");
    expect(recorded("tagged", "east")).not.toHaveProperty("restarts");
    await installIstioWebhooks(east, [{ revision: "canary", tag: TAG }]);
    await world.project.ok("refresh", "--yes", "--skip-preview");
    expect(recorded("tagged", "east")?.restarts).toEqual({ "Deployment/api": "revision default" });
  });

  test("wait for nothing in ambient mode but the end of a sidecar", async () => {
    declare("ambient", `${ENABLED}, clusters: ["east"]`);
    await world.project.up();
    await injects(world.lab.cluster("east"), "ambient", "default");
    await create("east", "ambient", "deployments", "api");
    await create("east", "ambient", "deployments", "outside", { "sidecar.istio.io/inject": "false" });
    declare("ambient", `injection: "ambient", clusters: ["east"]`);
    await world.project.up();
    expect(recorded("ambient", "east")?.restarts).toEqual({ "Deployment/api": "revision default" });
  });

  test("that may not be listed are told as unknown, and fail nothing", async () => {
    const rule = (apiGroups: string[], resources: string[], verbs: string[]) => ({ apiGroups, resources, verbs });
    const kubeconfig = await world.lab.cluster("east").restrictedKubeconfig({
      user: "no-pods",
      rules: [
        rule([""], ["namespaces"], ["get", "list", "create", "patch"]),
        rule(["admissionregistration.k8s.io"], ["mutatingwebhookconfigurations"], ["list"]),
      ],
    });
    const mesh = MESH.replace('east: { context: "east"', `east: { kubeconfig: ${JSON.stringify(kubeconfig)}`);
    declare("unseen", `${ENABLED}, clusters: ["east"]`, mesh);
    await world.project.up();
    declare("unseen", `${CANARY}, clusters: ["east"]`, mesh);
    expect(await world.project.up()).toContain(
      'unseen: which workloads wait for a restart on cluster "east" is not known: pods is forbidden: User "no-pods"',
    );
    expect(recorded("unseen", "east")).toMatchObject({
      state: "Ready",
      restartsUnknown: expect.stringContaining("pods is forbidden"),
    });
    await world.project.up("--expect-no-changes");
  });
});
