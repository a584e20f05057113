import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { until } from "./condition.ts";
import { connect, type KubeObject } from "./kube-client.ts";
import { clusterNames, type Lab, openLab, startLab } from "./lab.ts";
import type { LabCluster } from "./lab-cluster.ts";

const NAMESPACES = "/api/v1/namespaces";

let lab: Lab;
let east: LabCluster;

beforeAll(async () => {
  lab = await startLab({ clusters: 1 });
  east = lab.cluster("east");
});

afterAll(() => lab?.stop());

function createNamespace(name: string, cluster = east): Promise<KubeObject> {
  return cluster.kube.create(NAMESPACES, { metadata: { name } });
}

describe("the names of the clusters", () => {
  test("are the mesh and points of the compass, then numbers", () => {
    expect(clusterNames(3)).toEqual(["mesh", "east", "west", "north"]);
    expect(clusterNames(9).slice(-2)).toEqual(["southwest", "member-9"]);
  });
});

describe("a kubeconfig", () => {
  test("names a context for each cluster in the merged file", () => {
    const merged = parse(readFileSync(lab.kubeconfigPath, "utf8"));
    expect(merged.contexts.map((context: { name: string }) => context.name)).toEqual(["mesh", "east"]);
  });

  test("verifies the server's certificate with the cluster's own authority", async () => {
    expect(lab.kubeconfig("east")).not.toContain("insecure");
    expect(await east.kube.list(NAMESPACES)).toHaveLength(4);
    const config = parse(east.kubeconfig);
    config.clusters[0].cluster["certificate-authority-data"] = parse(lab.kubeconfig("mesh")).clusters[0].cluster[
      "certificate-authority-data"
    ];
    await expect(connect(JSON.stringify(config)).list(NAMESPACES)).rejects.toThrow(/certificate/);
  });

  test("of one cluster is no key to another", async () => {
    const config = parse(east.kubeconfig);
    config.users = parse(lab.kubeconfig("mesh")).users;
    config.users[0].name = "admin@east";
    const client = connect(JSON.stringify(config));
    expect((await client.request({ method: "GET", path: NAMESPACES })).status).toBe(401);
  });
});

describe("the clusters", () => {
  test("hold nothing of each other, though they share an etcd", async () => {
    await createNamespace("only-east");
    expect(await east.kube.find(`${NAMESPACES}/only-east`)).toBeDefined();
    expect(await lab.cluster("mesh").kube.find(`${NAMESPACES}/only-east`)).toBeUndefined();
  });

  test("let a deleted namespace go", async () => {
    const path = `${NAMESPACES}/short-lived`;
    await createNamespace("short-lived");
    await east.kube.delete(path);
    await until(async () => (await east.kube.find(path)) === undefined, {
      what: "the deletion",
    });
  });

  test("make the pods of a deployment, with the namespace's service account", async () => {
    await createNamespace("workloads");
    await east.kube.create("/apis/apps/v1/namespaces/workloads/deployments", {
      metadata: { name: "api" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "api" } },
        template: {
          metadata: { labels: { app: "api" } },
          spec: { containers: [{ name: "api", image: "registry.invalid/api" }] },
        },
      },
    });
    const pods = await until(
      async () => {
        const found = await east.kube.list(`${NAMESPACES}/workloads/pods`);
        return found.length === 2 && found;
      },
      { what: "two pods" },
    );
    expect(pods.map((pod) => pod.spec?.serviceAccountName)).toEqual(["default", "default"]);
  });

  test("keep what each field manager has applied apart", async () => {
    const path = `${NAMESPACES}/applied`;
    const body = (team: string) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "applied", labels: { team } },
    });
    await east.kube.patch(path, body("a"), { type: "apply", fieldManager: "first" });
    const refused = east.kube.patch(path, body("b"), { type: "apply", fieldManager: "second" });
    await expect(refused).rejects.toThrow(/conflict with "first"/);
  });
});

describe("a restricted user", () => {
  test("may do what its rules say and is refused the rest", async () => {
    const kubeconfig = await east.restrictedKubeconfig({
      user: "team:reader",
      rules: [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list"] }],
    });
    const reader = connect(kubeconfig);
    expect((await reader.list(NAMESPACES)).length).toBeGreaterThanOrEqual(4);
    const refused = await reader.request({
      method: "POST",
      path: NAMESPACES,
      body: { metadata: { name: "forbidden" } },
    });
    expect(refused.status).toBe(403);
    expect(JSON.stringify(refused.body)).toContain('User \\"team:reader\\" cannot create resource');
  });
});

describe("the record of requests", () => {
  test("counts by verb and resource what came after the mark", async () => {
    await createNamespace("counted");
    const mark = east.mark();
    const path = `${NAMESPACES}/counted`;
    await east.kube.patch(path, { metadata: { labels: { a: "1" } } });
    await east.kube.patch(path, { metadata: { labels: { a: "2" } } });
    await east.kube.list(NAMESPACES);
    const { total, counts, requests } = east.requests({ since: mark, userAgent: "global-namespace-lab" });
    expect(counts).toEqual({ "patch namespaces": 2, "list namespaces": 1 });
    expect(total).toBe(3);
    expect(requests[0]).toMatchObject({ verb: "patch", resource: "namespaces", name: "counted", user: "admin" });
  });

  test("leaves the lab's own requests out unless they are asked for", async () => {
    await east.kube.list(NAMESPACES);
    expect(east.requests().counts).toEqual({});
    expect(east.requests({ userAgent: /^global-namespace-lab$/ }).total).toBeGreaterThan(0);
  });
});

describe("a cluster that is stopped", () => {
  test("refuses connections, and comes back with its data and its controllers on the same port", async () => {
    await createNamespace("survivor");
    await east.stop();
    await expect(east.kube.list(NAMESPACES)).rejects.toThrow(/ECONNREFUSED/);
    await east.start();
    const found = await east.kube.get(`${NAMESPACES}/survivor`);
    await createNamespace("after");
    await until(() => east.kube.find(`${NAMESPACES}/after/serviceaccounts/default`), {
      what: "the service account of a new namespace",
    });
    expect(found.metadata.name).toBe("survivor");
  });

  test("leaves the others alone", async () => {
    await east.stop();
    expect(await lab.cluster("mesh").kube.list(NAMESPACES)).toHaveLength(4);
    await east.start();
  });
});

describe("a cluster that is paused", () => {
  test("takes connections and does not answer until it is resumed", async () => {
    await east.pause();
    const impatient = connect(east.kubeconfig, { timeoutMs: 500 });
    await expect(impatient.list(NAMESPACES)).rejects.toThrow(/no answer in 500 ms/);
    await east.resume();
    expect(await east.kube.find(`${NAMESPACES}/default`)).toBeDefined();
  });
});

describe("a lab that another process started", () => {
  test("is opened by its folder", async () => {
    const same = openLab(lab.dir);
    expect(same.names).toEqual(["mesh", "east"]);
    expect(await same.cluster("east").kube.find(`${NAMESPACES}/default`)).toBeDefined();
  });

  test("says which clusters there are when asked for one that is not", () => {
    expect(() => openLab(lab.dir).cluster("mars")).toThrow('the lab has no cluster "mars"; it has mesh, east');
  });
});
