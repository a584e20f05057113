import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "./condition.ts";
import { moveTag, sidecarOf, startIstio } from "./istio.ts";
import type { KubeObject } from "./kube-client.ts";
import { type Lab, startLab } from "./lab.ts";
import type { LabCluster } from "./lab-cluster.ts";
import { labFolder } from "./lab-folder.ts";
import { labProcesses } from "./leftovers.ts";
import { type PodRunner, runPods } from "./pods.ts";

const FIXTURES = join(import.meta.dirname, "../unit/fixtures/webhooks");

/** etcd, one API server, its controllers, the keeper, and an istiod each of stable, canary and default. */
const PROCESSES = 7;

let lab: Lab;
let cluster: LabCluster;
let pods: PodRunner;

beforeAll(async () => {
  lab = await startLab({ clusters: 0 });
  cluster = lab.cluster("mesh");
  pods = runPods(cluster);
  await startIstio(cluster, { revision: "stable", tags: ["prod"] });
  await startIstio(cluster, { revision: "canary" });
});

afterAll(async () => {
  await pods?.stop();
  await lab?.stop();
});

/** A namespace with a Deployment of one pod. */
async function createApp(namespace: string, labels = {}, annotations = {}): Promise<void> {
  await cluster.kube.create("/api/v1/namespaces", { metadata: { name: namespace, labels } });
  await cluster.kube.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
    metadata: { name: "app" },
    spec: {
      selector: { matchLabels: { app: "app" } },
      template: {
        metadata: { labels: { app: "app" }, annotations },
        spec: { containers: [{ name: "app", image: "registry.invalid/app" }] },
      },
    },
  });
}

/** The pod of the namespace's Deployment, when it is the only one and ready. */
function podOf(namespace: string): Promise<KubeObject> {
  const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/app`;
  const look = async () => {
    const { metadata, status = {} } = await cluster.kube.get(deployment);
    const { observedGeneration, updatedReplicas, availableReplicas, replicas } = status;
    if (observedGeneration !== metadata.generation) return undefined;
    if ([updatedReplicas, availableReplicas, replicas].some((count) => count !== 1)) return undefined;
    const [pod, ...others] = await cluster.kube.list(`/api/v1/namespaces/${namespace}/pods`);
    return others.length === 0 ? pod : undefined;
  };
  return until(look, { what: `the pod of ${namespace}` });
}

/** As `kubectl rollout restart` does it. */
async function restart(namespace: string): Promise<void> {
  const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
  await cluster.kube.patch(`/apis/apps/v1/namespaces/${namespace}/deployments/app`, {
    spec: { template: { metadata: { annotations } } },
  });
}

function namesOf(pod: KubeObject, key: "containers" | "initContainers"): string[] {
  return ((pod.spec?.[key] ?? []) as readonly { readonly name: string }[]).map(({ name }) => name);
}

describe("a cluster with Istio's revisions stable and canary", () => {
  test("gives the pods of a namespace that names a revision the sidecar of that revision", async () => {
    await createApp("with-canary", { "istio.io/rev": "canary" });
    await createApp("with-stable", { "istio.io/rev": "stable" });
    const pod = await podOf("with-canary");
    expect([...namesOf(pod, "containers"), ...namesOf(pod, "initContainers")]).toContain("istio-proxy");
    expect(pod.metadata.annotations?.["istio.io/rev"]).toBe("canary");
    expect(sidecarOf(pod)).toBe("canary");
    expect(sidecarOf(await podOf("with-stable"))).toBe("stable");
  });

  test("leaves the pods of a namespace without a label as they are", async () => {
    await createApp("without");
    const pod = await podOf("without");
    expect([...namesOf(pod, "containers"), ...namesOf(pod, "initContainers")]).toEqual(["app"]);
    expect(sidecarOf(pod)).toBeUndefined();
  });

  test("has no default revision, so that istio-injection: enabled injects nothing", async () => {
    await createApp("enabled-in-vain", { "istio-injection": "enabled" });
    expect(sidecarOf(await podOf("enabled-in-vain"))).toBeUndefined();
  });

  test("has sidecars as init containers, and as containers where a pod asks for that", async () => {
    const labels = { "istio.io/rev": "canary" };
    await createApp("native", labels, { "sidecar.istio.io/nativeSidecar": "true" });
    await createApp("classic", labels, { "sidecar.istio.io/nativeSidecar": "false" });
    const [native, classic] = await Promise.all([podOf("native"), podOf("classic")]);
    expect(namesOf(native, "initContainers")).toContain("istio-proxy");
    expect(namesOf(classic, "containers")).toContain("istio-proxy");
    expect([sidecarOf(native), sidecarOf(classic)]).toEqual(["canary", "canary"]);
  });

  test("goes on injecting when its API server was down", async () => {
    await cluster.stop();
    await cluster.start();
    await createApp("after-a-stop", { "istio.io/rev": "canary" });
    expect(sidecarOf(await podOf("after-a-stop"))).toBe("canary");
  });
});

describe("a tag", () => {
  test("is told from a revision by its labels", async () => {
    const tag = await cluster.kube.get(
      "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-revision-tag-prod",
    );
    expect(tag.metadata.labels).toMatchObject({ "istio.io/tag": "prod", "istio.io/rev": "stable" });
  });

  test("that is moved gives new pods the other revision, and leaves those that are there alone", async () => {
    await createApp("by-tag", { "istio.io/rev": "prod" });
    const before = await podOf("by-tag");
    expect(sidecarOf(before)).toBe("stable");

    await moveTag(cluster, "prod", "canary");
    expect((await podOf("by-tag")).metadata.uid).toBe(before.metadata.uid);

    await restart("by-tag");
    expect(sidecarOf(await podOf("by-tag"))).toBe("canary");
  });

  test("is not moved to a revision that the cluster does not have", async () => {
    await expect(moveTag(cluster, "prod", "missing")).rejects.toThrow(/revision "missing"/);
  });
});

describe("the tag default", () => {
  test("takes istio-injection: enabled from the installation without a revision", async () => {
    await startIstio(cluster);
    await createApp("enabled", { "istio-injection": "enabled" });
    expect(sidecarOf(await podOf("enabled"))).toBe("default");

    await moveTag(cluster, "default", "canary");
    await restart("enabled");
    expect(sidecarOf(await podOf("enabled"))).toBe("canary");
  });

  // A newer Istio: vitest's --update writes it anew.
  test("leaves the webhook configurations that the fixture default-deactivated.json holds", async () => {
    const all = await cluster.kube.list("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations");
    const concerned = ["istio-sidecar-injector", "istio-sidecar-injector-canary", "istio-revision-tag-default"];
    const found = concerned.map((name) => asFixture(all.find(({ metadata }) => metadata.name === name)));
    await expect(`${JSON.stringify(found, null, 2)}\n`).toMatchFileSnapshot(join(FIXTURES, "default-deactivated.json"));
  });
});

describe("the istiods", () => {
  test("end with the lab", async () => {
    const folder = labFolder(lab.dir);
    expect(labProcesses(folder)).toHaveLength(PROCESSES);
    await pods.stop();
    await lab.stop();
    expect(labProcesses(folder)).toEqual([]);
  });
});

/** A configuration without what differs from one run to the next: keys, ports, and the server's notes. */
function asFixture(configuration: KubeObject | undefined): unknown {
  if (configuration === undefined) throw new Error("the cluster does not have it");
  const { metadata, ...rest } = configuration;
  const fixture = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { labels: metadata.labels, name: metadata.name },
    ...rest,
  };
  return JSON.parse(JSON.stringify(fixture), (key, value) => {
    if (key === "caBundle") return undefined;
    return key === "url" ? value.replace(/:\d+/, ":15017") : value;
  });
}
