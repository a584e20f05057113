import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { until } from "../lab/condition.ts";
import { aWorld, MESH, programOf, type World } from "./world.ts";

const DELETE_BOTH = `labels: { team: "a" }, clusters: ["east"], onDelete: "delete"`;
const NO_PROGRAM = `${MESH}`;

describe("deletion", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("deletion");
  });

  const declare = (name: string, args: string) => world.project.program(programOf(name, `{ ${args} }`));
  /** The next up takes everything away that is declared. */
  const undeclare = () => world.project.program(NO_PROGRAM);
  const kube = (cluster: string) => world.lab.cluster(cluster).kube;
  const put = (cluster: string, namespace: string, name: string, finalizers: readonly string[] = []) =>
    kube(cluster).create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name, finalizers } });
  const find = (cluster: string, namespace: string, name: string) =>
    kube(cluster).find(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const release = (cluster: string, namespace: string, name: string) =>
    kube(cluster).patch(`/api/v1/namespaces/${namespace}/configmaps/${name}`, { metadata: { finalizers: null } });

  /** A namespace that is there before is not deleted, whose end takes longer than the 2 s that some tests give it. */
  const onlyReleased = (cluster: string, name: string) =>
    kube(cluster).create("/api/v1/namespaces", { metadata: { name } });
  const gone = (cluster: string, namespace: string) =>
    until(async () => (await kube(cluster).find(`/api/v1/namespaces/${namespace}`)) === undefined, {
      what: `the end of the namespace ${namespace}`,
    });
  const declared = async (name: string, args: string) => {
    declare(name, args);
    await world.project.up();
  };

  test("an empty namespace goes, with what Kubernetes and Istio put into every one", async () => {
    await declared("empty", DELETE_BOTH);
    await put("east", "empty", "istio-ca-root-cert");
    await kube("east").create("/apis/coordination.k8s.io/v1/namespaces/empty/leases", { metadata: { name: "leader" } });
    await world.project.destroy();
    expect(await world.labels("east", "empty")).toBeUndefined();
    expect(await world.labels("mesh", "empty")).toBeUndefined();
  });

  test("a namespace that holds something is not deleted by a destroy, which names the contents, until deleteNonEmpty", async () => {
    await declared("full", DELETE_BOTH);
    await deployment("east", "full", "api");
    for (const name of ["a", "b", "c", "d", "e", "f"]) await put("east", "full", name);
    const refused = await world.project.fails("destroy", "--yes", "--skip-preview");
    expect(refused).toContain(
      'cannot delete namespace "full" on cluster "east": it holds ConfigMap a, ConfigMap b, ConfigMap c, ConfigMap d, ConfigMap e and 2 more',
    );
    expect(refused).toContain('let a "pulumi up" set deleteNonEmpty: true');
    expect(await world.labels("east", "full")).toEqual({ team: "a" });
    expect(await world.labels("mesh", "full")).toEqual({ team: "a" });

    await declared("full", `${DELETE_BOTH}, deleteNonEmpty: true`);
    await world.project.destroy();
    expect(await world.labels("east", "full")).toBeUndefined();
    expect(await world.labels("mesh", "full")).toBeUndefined();
  });

  test("where the mesh's own namespace holds something, the clusters keep theirs as well", async () => {
    await declared("policy", DELETE_BOTH);
    await put("mesh", "policy", "strict-mtls");
    undeclare();
    expect(await world.project.upFails()).toContain(
      'cannot delete namespace "policy" on the control plane: it holds ConfigMap strict-mtls',
    );
    expect(await world.labels("east", "policy")).toEqual({ team: "a" });
    await kube("mesh").delete("/api/v1/namespaces/policy/configmaps/strict-mtls");
    await world.project.up();
    expect(await world.labels("east", "policy")).toBeUndefined();
  });

  test("a cluster whose namespace holds something cannot be left with onLeave delete: the preview says so", async () => {
    const args = `labels: { team: "a" }, onLeave: "delete"`;
    await declared("leaving", `${args}, clusters: ["east", "west"]`);
    await deployment("west", "leaving", "api");
    declare("leaving", `${args}, clusters: ["east"]`);
    const refused = await world.project.fails("preview", "--diff");
    expect(refused).toContain('namespace "leaving" on cluster "west" is not deleted: it holds Deployment api;');
    expect(refused).toContain("onLeave");
    expect(await world.labels("west", "leaving")).toEqual({ team: "a" });

    declare("leaving", `${args}, clusters: ["east"], deleteNonEmpty: true`);
    expect(await world.project.preview()).toContain("DELETED there with everything in it");
    await world.project.up();
    expect(await world.labels("west", "leaving")).toBeUndefined();
  });

  test("a namespace that was there before is released with onLeave delete, whatever it holds", async () => {
    await kube("west").create("/api/v1/namespaces", { metadata: { name: "older-full" } });
    await put("west", "older-full", "theirs");
    const args = `labels: { team: "a" }, onLeave: "delete"`;
    await declared("older-full", `${args}, clusters: ["east", "west"]`);
    await declared("older-full", `${args}, clusters: ["east"]`);
    expect(await world.labels("west", "older-full")).toEqual({});
  });

  test("contents that may not be listed count as contents", async () => {
    const kubeconfig = await world.lab.cluster("east").restrictedKubeconfig({
      user: "namespaces-only",
      rules: [
        { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "create", "patch", "delete"] },
        { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] },
      ],
    });
    const mesh = MESH.replace('east: { context: "east"', `east: { kubeconfig: ${JSON.stringify(kubeconfig)}`);
    world.project.program(programOf("blind", `{ ${DELETE_BOTH} }`, mesh));
    await world.project.up();
    world.project.program(mesh);
    const refused = await world.project.upFails();
    expect(refused).toContain(
      'cannot delete namespace "blind" on cluster "east": it cannot be told whether it is empty: ',
    );
    expect(refused).toMatch(/, \S+ and \d+ more may not be listed/);
    expect(await world.labels("east", "blind")).toEqual({ team: "a" });
    undeclare();
    await world.project.up();
    expect(await world.labels("east", "blind")).toBeUndefined();
  });

  test("a finalizer that holds the namespace is named when the time is up, and the next destroy finishes", async () => {
    const hold = "example.com/hold";
    await onlyReleased("mesh", "held");
    await declared("held", `${DELETE_BOTH}, deleteNonEmpty: true, deleteTimeoutSeconds: 2`);
    await put("east", "held", "stuck", [hold]);
    undeclare();
    const held = `it is still being deleted after 2 s (deleteTimeoutSeconds), held by ConfigMap stuck (finalizers ${hold})`;
    expect(await world.project.upFails()).toContain(held);
    // The namespace controller deletes what is in it some seconds later; what is held is named all the same.
    await until(async () => (await find("east", "held", "stuck"))?.metadata.deletionTimestamp !== undefined, {
      what: "the deletion of the ConfigMap",
    });
    expect(await world.project.upFails()).toContain(held);
    expect(world.project.namespace("held").outputs.members.east?.uid).toEqual(expect.any(String));
    // Nothing is written to a namespace that is going, and nothing on the mesh was undone before the cluster's is gone.
    expect(await world.labels("mesh", "held")).toEqual({ team: "a" });
    await release("east", "held", "stuck");
    await gone("east", "held");
    await world.project.up();
    expect(await world.labels("east", "held")).toBeUndefined();
    expect(await world.labels("mesh", "held")).toEqual({});
  });

  test("a namespace found Terminating is reported and not written to", async () => {
    const hold = "example.com/hold";
    await declared("going", `labels: { team: "a" }, clusters: ["east", "west"]`);
    await put("east", "going", "stuck", [hold]);
    await kube("east").delete("/api/v1/namespaces/going");
    const since = world.lab.cluster("east").mark();
    declare("going", `labels: { team: "b" }, clusters: ["east", "west"]`);
    expect(await world.project.upFails()).toContain(
      'cannot apply namespace "going" on cluster "east": it is being deleted there',
    );
    expect(world.lab.cluster("east").requests({ since }).counts).not.toHaveProperty("patch namespaces");
    expect(world.project.namespace("going").outputs.members.east?.state).toBe("Terminating");
    expect(await world.labels("west", "going")).toEqual({ team: "b" });

    await release("east", "going", "stuck");
    await gone("east", "going");
    await world.project.up();
    expect(await world.labels("east", "going")).toEqual({ team: "b" });
  });

  test("an API service that does not answer is named before the deletion, and after it where that was asked for", async () => {
    const service = "/apis/apiregistration.k8s.io/v1/apiservices";
    const name = "v1beta1.broken.example.com";
    await onlyReleased("mesh", "broken");
    await declared("broken", `${DELETE_BOTH}, deleteTimeoutSeconds: 2`);
    await kube("east").create(service, {
      metadata: { name },
      spec: {
        group: "broken.example.com",
        version: "v1beta1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { namespace: "default", name: "nobody" },
      },
    });
    const mend = () => kube("east").delete(`${service}/${name}`);
    let mended = false;
    onTestFinished(() => (mended ? undefined : mend()));
    await until(async () => JSON.stringify(await discovery("east")).includes('"Stale"'), {
      what: "the discovery of a broken API service",
    });
    undeclare();
    expect(await world.project.upFails()).toContain(
      "it cannot be told whether it is empty: the API service of broken.example.com/v1beta1 does not answer",
    );
    expect(await world.labels("east", "broken")).toEqual({ team: "a" });

    await declared("broken", `${DELETE_BOTH}, deleteTimeoutSeconds: 2, deleteNonEmpty: true`);
    undeclare();
    expect(await world.project.upFails()).toMatch(
      /still being deleted after 2 s .*, held by .*broken\.example\.com\/v1beta1/,
    );
    await mend();
    mended = true;
    await gone("east", "broken");
    await world.project.up();
    expect(await world.labels("east", "broken")).toBeUndefined();
  });

  async function discovery(cluster: string): Promise<unknown> {
    const { body } = await kube(cluster).request({
      method: "GET",
      path: "/apis",
      accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    });
    return body;
  }

  function deployment(cluster: string, namespace: string, name: string) {
    const labels = { app: name };
    return kube(cluster).create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
      metadata: { name },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name, image: "example.com/none" }] } },
      },
    });
  }
});
