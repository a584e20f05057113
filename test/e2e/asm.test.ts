/**
 * Alibaba Cloud Service Mesh's "global namespace management", row by row of docs/asm.md: on a mesh of two clusters with a
 * real istiod of each of two revisions, and a third cluster that stays outside.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { moveTag, sidecarOf, startIstio } from "../lab/istio.ts";
import type { KubeObject } from "../lab/kube-client.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { type PodRunner, runPods } from "../lab/pods.ts";
import { PulumiProject } from "./pulumi-project.ts";
import { labelsOf, MESH, programOf } from "./world.ts";

let lab: Lab;
let project: PulumiProject;
let runners: PodRunner[] = [];

beforeAll(async () => {
  lab = await startLab({ clusters: 3 });
  for (const name of ["east", "west"]) {
    await startIstio(lab.cluster(name), { revision: "stable", tags: ["prod"] });
    await startIstio(lab.cluster(name), { revision: "canary" });
  }
  runners = lab.names.map((name) => runPods(lab.cluster(name)));
  project = await PulumiProject.create(lab.dir, "asm");
});

afterAll(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  await lab?.stop();
});

const declare = (name: string, args: string) => project.program(programOf(name, args));
const labels = (cluster: string, namespace: string) => labelsOf(lab.cluster(cluster), namespace);

async function deploy(cluster: string, namespace: string, name = "api"): Promise<void> {
  await lab.cluster(cluster).kube.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "app", image: "app" }] } },
    },
  });
}

/** The revisions of the sidecars of a namespace's pods, once there is one and all that there are have the same. */
async function sidecars(cluster: string, namespace: string, wanted: string | undefined): Promise<void> {
  const found = () => lab.cluster(cluster).kube.list(`/api/v1/namespaces/${namespace}/pods`);
  const isAlive = ({ metadata }: KubeObject) => metadata.deletionTimestamp === undefined;
  await until(
    async () => {
      const pods = (await found()).filter(isAlive);
      return pods.length > 0 && pods.every((pod) => sidecarOf(pod) === wanted);
    },
    {
      what: `pods of ${namespace} on ${cluster} with the sidecar of ${wanted ?? "nobody"}`,
    },
  );
}

describe("create a global namespace: a name and several labels", () => {
  test("refuses what is no name, and says what one is", async () => {
    declare("Payments", "{}");
    expect(await project.fails("preview")).toContain(
      'property name value {Payments} has a problem: "Payments" has upper-case letters; Kubernetes wants lower case: "payments"',
    );
  });

  test("makes it on the mesh and on the clusters it belongs to, with its labels", async () => {
    declare("created", `{ labels: { team: "a", tier: "1" }, clusters: ["east", "west"] }`);
    await project.up();
    for (const cluster of ["mesh", "east", "west"]) {
      expect(await labels(cluster, "created")).toEqual({ team: "a", tier: "1" });
    }
  });
});

describe("edit it, delete it; deleting it on the mesh does not touch the clusters' namespaces", () => {
  test("changes labels everywhere, then goes from the mesh and stays on the clusters", async () => {
    declare("edited", `{ labels: { team: "a" }, clusters: ["east"] }`);
    await project.up();
    declare("edited", `{ labels: { team: "b" }, clusters: ["east"] }`);
    await project.up();
    expect(await labels("mesh", "edited")).toEqual({ team: "b" });
    expect(await labels("east", "edited")).toEqual({ team: "b" });
    project.program(MESH);
    await project.up();
    expect(await labels("mesh", "edited")).toBeUndefined();
    expect(await labels("east", "edited")).toEqual({ team: "b" });
  });
});

describe("turn sidecar injection on for a namespace; pods need a restart to follow", () => {
  const args = (injection: string, more = "") => `{ injection: ${injection}, clusters: ["east"]${more} }`;

  test("pods made in it get the sidecar of the revision, pods outside of it none", async () => {
    declare("shop", args('{ revision: "stable" }'));
    await project.up();
    await lab.cluster("east").kube.create("/api/v1/namespaces", { metadata: { name: "outside" } });
    await lab.cluster("west").kube.create("/api/v1/namespaces", { metadata: { name: "shop" } });
    await deploy("east", "shop");
    await deploy("east", "outside");
    await deploy("west", "shop");
    await sidecars("east", "shop", "stable");
    await sidecars("east", "outside", undefined);
    await sidecars("west", "shop", undefined);
  });

  test("the move to another revision is previewed by name, leaves running pods alone and lists the workload that waits", async () => {
    declare("shop", args('{ revision: "canary" }'));
    expect(await project.preview()).toMatch(/~ injectedBy\s*: "stable" => "canary"/);
    await project.up();
    await sidecars("east", "shop", "stable");
    const { east } = project.namespace("shop").outputs.members;
    expect(east?.restarts).toEqual({ "Deployment/api": expect.stringContaining("stable") });
  });

  test("a refresh keeps listing it, and a restart by hand takes it off the list", async () => {
    await project.ok("refresh", "--yes", "--skip-preview");
    expect(project.namespace("shop").outputs.members.east?.restarts).toHaveProperty("Deployment/api");
    await lab
      .cluster("east")
      .kube.patch(
        "/apis/apps/v1/namespaces/shop/deployments/api",
        { spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "now" } } } } },
        { type: "strategic" },
      );
    await sidecars("east", "shop", "canary");
    await project.ok("refresh", "--yes", "--skip-preview");
    expect(project.namespace("shop").outputs.members.east).not.toHaveProperty("restarts");
  });

  test("a tag is resolved to its revision, and restart: rollout brings the pods along", async () => {
    declare("shop", args('{ tag: "prod" }', ', restart: "rollout"'));
    expect(await project.preview()).toMatch(/~ injectedBy\s*: "canary" => "stable"/);
    await project.up();
    await sidecars("east", "shop", "stable");
    expect(project.namespace("shop").outputs.members.east).not.toHaveProperty("restarts");
  });

  test("a tag that was moved on the cluster shows in a refresh, and the next up restarts what waits", async () => {
    await moveTag(lab.cluster("east"), "prod", "canary");
    expect(await project.ok("refresh", "--preview-only", "--diff")).toMatch(/injectedBy\s*: "stable" => "canary"/);
    await project.up("--refresh");
    await sidecars("east", "shop", "canary");
  });
});

describe("cluster to mesh: what a cluster has, and how it is injected there, comes to the mesh (affinity, method 1)", () => {
  const program = `${MESH}
    const sync = new NamespaceSync("east", { cluster: "east", include: ["by-hand"] }, { provider: mesh });
    new GlobalNamespace("by-hand", { clusters: ["east", "west"], propagate: "all" }, { provider: mesh, dependsOn: sync });
  `;

  test("injection that was set by hand in one cluster reaches the mesh and the other cluster", async () => {
    const byHand = { metadata: { name: "by-hand", labels: { "istio.io/rev": "canary" } } };
    await lab.cluster("east").kube.create("/api/v1/namespaces", byHand);
    project.program(program.slice(0, program.indexOf("new GlobalNamespace")));
    await project.up();
    expect(await labels("mesh", "by-hand")).toEqual({ "istio.io/rev": "canary" });
    const { metadata } = await lab.cluster("mesh").kube.get("/api/v1/namespaces/by-hand");
    expect(metadata.annotations).toHaveProperty(["global-namespace.dev/synced.east"]);
    project.program(program);
    await project.up();
    expect(await labels("west", "by-hand")).toEqual({ "istio.io/rev": "canary" });
    await deploy("west", "by-hand");
    await sidecars("west", "by-hand", "canary");
  });
});

describe("mesh to clusters: all labels reach each cluster it belongs to, by itself on a change, by hand after drift", () => {
  test("pulumi up --refresh puts a drifted cluster right", async () => {
    declare("synced", `{ labels: { team: "a" }, injection: { revision: "stable" }, clusters: ["east", "west"] }`);
    await project.up();
    const drift = { metadata: { labels: { team: null, "istio.io/rev": "canary" } } };
    await lab.cluster("west").kube.patch("/api/v1/namespaces/synced", drift, { fieldManager: "kubectl-label" });
    await project.up("--refresh");
    expect(await labels("west", "synced")).toEqual({ team: "a", "istio.io/rev": "stable" });
  });
});

describe("change the clusters it belongs to (affinity, method 2); a cluster outside gets neither namespace nor labels", () => {
  test("moves from one cluster to another: new pods get sidecars there, and no more in the one it left", async () => {
    declare("moving", `{ injection: { revision: "stable" }, clusters: ["east"] }`);
    await project.up();
    await deploy("east", "moving");
    await sidecars("east", "moving", "stable");
    declare("moving", `{ injection: { revision: "stable" }, clusters: ["west"] }`);
    await project.up();
    await deploy("west", "moving");
    await sidecars("west", "moving", "stable");
    await lab.cluster("east").kube.delete("/apis/apps/v1/namespaces/moving/deployments/api");
    await until(async () => (await lab.cluster("east").kube.list("/api/v1/namespaces/moving/pods")).length === 0, {
      what: "the end of the old pods",
    });
    await deploy("east", "moving", "later");
    await sidecars("east", "moving", undefined);
    expect(await labels("north", "moving")).toBeUndefined();
  });
});
