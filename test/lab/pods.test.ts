import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./condition.ts";
import type { KubeObject } from "./kube-client.ts";
import { type Lab, startLab } from "./lab.ts";
import type { LabCluster } from "./lab-cluster.ts";
import { createNode, type PodRunner, runPods } from "./pods.ts";

let lab: Lab;
let cluster: LabCluster;
let pods: PodRunner;

beforeAll(async () => {
  lab = await startLab({ clusters: 0 });
  cluster = lab.cluster("mesh");
  await createNode(cluster, "node-1");
  pods = runPods(cluster);
});

afterAll(async () => {
  await pods?.stop();
  await lab?.stop();
});

/** Makes a workload named `app` in a namespace of its own. Returns its path. */
async function createWorkload(
  namespace: string,
  resource: string,
  spec: Record<string, unknown> = {},
): Promise<string> {
  await cluster.kube.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const path = `/apis/apps/v1/namespaces/${namespace}/${resource}`;
  await cluster.kube.create(path, {
    metadata: { name: "app" },
    spec: {
      selector: { matchLabels: { app: "app" } },
      template: {
        metadata: { labels: { app: "app" } },
        spec: { containers: [{ name: "app", image: "registry.invalid/app" }] },
      },
      ...spec,
    },
  });
  return `${path}/app`;
}

/** As `kubectl rollout restart` does it. */
function restart(path: string): Promise<KubeObject> {
  const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
  return cluster.kube.patch(path, { spec: { template: { metadata: { annotations } } } });
}

function podsOf(namespace: string): Promise<readonly KubeObject[]> {
  return cluster.kube.list(`/api/v1/namespaces/${namespace}/pods`);
}

/** Waits until the status, once it is about what was written last, has these values. */
async function reached(path: string, wanted: Record<string, number>): Promise<void> {
  let last: KubeObject | undefined;
  const look = async () => {
    last = await cluster.kube.get(path);
    const { metadata, status = {} } = last;
    if (status.observedGeneration !== metadata.generation) return false;
    return Object.entries(wanted).every(([key, value]) => (status[key] ?? 0) === value);
  };
  const detail = () => JSON.stringify(last?.status);
  await until(look, { what: `${path} with ${JSON.stringify(wanted)}`, detail });
}

const workloads = [
  { resource: "deployments", spec: { replicas: 2 }, done: { updatedReplicas: 2, availableReplicas: 2, replicas: 2 } },
  {
    resource: "statefulsets",
    spec: { replicas: 2, serviceName: "app" },
    done: { updatedReplicas: 2, availableReplicas: 2, replicas: 2 },
  },
  {
    resource: "daemonsets",
    spec: {},
    done: { updatedNumberScheduled: 1, numberAvailable: 1, desiredNumberScheduled: 1 },
  },
];
for (const { resource, spec, done } of workloads) {
  test(`a restart of ${resource} replaces every pod and comes to its end`, async () => {
    const path = await createWorkload(`of-${resource}`, resource, spec);
    await reached(path, done);
    const before = (await podsOf(`of-${resource}`)).map(({ metadata }) => metadata.uid);
    await restart(path);
    await reached(path, done);
    const after = (await podsOf(`of-${resource}`)).map(({ metadata }) => metadata.uid);
    expect(after).toHaveLength(before.length);
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
  });
}

test("new pods of a namespace that is held do not get ready until it is released", async () => {
  const path = await createWorkload("held", "deployments", { replicas: 1 });
  await reached(path, { availableReplicas: 1 });
  pods.hold("held");
  await restart(path);
  // The new one is there and waits; the old one stays, as a Deployment wants it.
  await reached(path, { updatedReplicas: 1, unavailableReplicas: 1, availableReplicas: 1, replicas: 2 });
  await createWorkload("beside", "deployments", { replicas: 1 });
  await reached("/apis/apps/v1/namespaces/beside/deployments/app", { availableReplicas: 1 });
  await reached(path, { unavailableReplicas: 1 });
  pods.release("held");
  await reached(path, { updatedReplicas: 1, unavailableReplicas: 0, availableReplicas: 1, replicas: 1 });
});

test("a cluster that was down meanwhile has its pods marked again", async () => {
  await cluster.stop();
  await cluster.start();
  const path = await createWorkload("afterwards", "deployments", { replicas: 1 });
  await reached(path, { availableReplicas: 1 });
});
