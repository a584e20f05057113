import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import type { PolicyRule } from "../lab/lab-cluster.ts";
import { createNode, runPods } from "../lab/pods.ts";
import { aFaultyWorld, type FaultyWorld } from "./engine/faulty-world.ts";
import { injectAs, injects } from "./injector.ts";
import { type Right, rightsOf, rulesOf } from "./rights-page.ts";

/** The same rules but for a verb; on one resource, where one is named. */
const without = (rules: readonly PolicyRule[], verb: string, resource?: string): readonly PolicyRule[] =>
  rules
    .flatMap((rule) => (rule.resources ?? []).map((each) => ({ ...rule, resources: [each] })))
    .map((rule) => {
      const isMeant = resource === undefined || rule.resources.includes(resource);
      return isMeant ? { ...rule, verbs: rule.verbs.filter((each) => each !== verb) } : rule;
    })
    .filter(({ verbs }) => verbs.length > 0);

describe("the rights on one cluster", () => {
  let world: FaultyWorld;
  beforeAll(async () => {
    world = await aFaultyWorld();
  });
  afterAll(() => world.end());

  /** An engine whose user may do on a cluster what the rules say, and everything on the other clusters. */
  async function engineWith(user: string, rules: readonly PolicyRule[], place = "east", engine = world.engine()) {
    const kubeconfig = await world.lab.cluster(place).restrictedKubeconfig({ user, rules });
    const kubeconfigs = engine.mesh.kubeconfigs as Record<string, string>;
    const key = place === "mesh" ? "controlPlane" : place;
    engine.mesh = { ...engine.mesh, kubeconfigs: { ...kubeconfigs, [key]: kubeconfig } };
    return engine;
  }
  const args = (team: string, rest = {}) => ({ labels: { team }, ...rest });

  test("to write are enough to create, change, refresh, leave and give back", async () => {
    const engine = await engineWith("writer", rulesOf("global-namespace-write"));
    const program = (team: string, rest = {}) => ({
      written: args(team, { revisionCheck: "off", onDelete: "release", ...rest }),
    });
    expect(await engine.up(program("a"))).toMatchObject({ failures: [] });
    expect(await engine.up(program("b"))).toMatchObject({ failures: [] });
    expect(await engine.refresh()).toMatchObject({ failures: [] });
    expect(await world.labels("east", "written")).toEqual({ team: "b" });
    expect(await engine.up(program("b", { clusters: ["west"] }))).toMatchObject({ failures: [] });
    expect(await world.labels("east", "written")).toEqual({});
    expect(await engine.destroy()).toMatchObject({ failures: [] });
  });

  test("to write, to see who injects and to delete are enough for all of that", async () => {
    const names = ["global-namespace-write", "global-namespace-injection", "global-namespace-delete"];
    const engine = await engineWith("deleter", rulesOf(...names));
    const program = { deleted: args("a", { injection: "enabled", onDelete: "delete" }) };
    const created = await engine.up(program);
    expect(created.failures).toEqual([]);
    expect(created.said.filter((line) => line.includes("is not known"))).toEqual([]);
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    expect(await world.labels("east", "deleted")).toBeUndefined();
  });

  test.each([
    ["patch", 'cannot patch resource "namespaces"'],
    ["create", 'cannot create resource "namespaces"'],
  ])("without %s the cluster is named with the right that is missing, and the others are done", async (verb, right) => {
    const engine = await engineWith(`no-${verb}`, without(rulesOf("global-namespace-write"), verb));
    const name = `without-${verb}`;
    const { failures } = await engine.up({ [name]: args("a", { revisionCheck: "off" }) });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(`cannot apply namespace "${name}" on cluster "east": `);
    expect(failures[0]).toContain(`User "no-${verb}" ${right}`);
    expect(await world.everywhere(name)).toEqual([{ team: "a" }, undefined, { team: "a" }, { team: "a" }]);
  });

  test.each(["list", "get"])("without %s the other way to look is taken", async (verb) => {
    const engine = await engineWith(`no-${verb}`, without(rulesOf("global-namespace-write"), verb));
    const program = { [`without-${verb}`]: args("a", { revisionCheck: "off" }) };
    expect(await engine.up(program)).toMatchObject({ failures: [] });
    expect(await world.labels("east", `without-${verb}`)).toEqual({ team: "a" });
    expect(await engine.refresh()).toMatchObject({ failures: [] });
    expect(await engine.preview(program)).toMatchObject({ steps: [], failures: [] });
  });

  test("without delete the namespace stays, in the cluster and in the state, and the others go", async () => {
    const names = ["global-namespace-write", "global-namespace-delete"];
    const engine = await engineWith("no-delete", without(rulesOf(...names), "delete"));
    await engine.up({ kept: args("a", { revisionCheck: "off", onDelete: "delete" }) });
    const { failures } = await engine.destroy();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('cannot delete namespace "kept" on cluster "east": ');
    expect(failures[0]).toContain('User "no-delete" cannot delete resource "namespaces"');
    expect(await world.everywhere("kept")).toEqual([{ team: "a" }, { team: "a" }, undefined, undefined]);
    expect(engine.kept("kept")).toBeDefined();
  });

  test.each([
    ["list", "*", "may not be listed"],
    ["get", "namespaces", 'cannot get resource "namespaces"'],
  ])("to delete are not enough without %s on %s, which is said", async (verb, resource, why) => {
    const rules = rulesOf("global-namespace-write", "global-namespace-delete");
    const engine = await engineWith(`no-${verb}-to-delete`, without(rules, verb, resource));
    const name = `delete-without-${verb}`;
    await engine.up({ [name]: args("a", { revisionCheck: "off", onDelete: "delete" }) });
    const { failures } = await engine.destroy();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(`cannot delete namespace "${name}" on cluster "east": `);
    expect(failures[0]).toContain(why);
    expect(await world.labels("east", name)).toEqual({ team: "a" });
  });

  test("to delete are enough without list on * once deleteNonEmpty is set: nothing is looked at then", async () => {
    const rules = rulesOf("global-namespace-write", "global-namespace-delete");
    const engine = await engineWith("no-look-to-delete", without(rules, "list", "*"));
    const program = (rest = {}) => ({ unseen: args("a", { revisionCheck: "off", onDelete: "delete", ...rest }) });
    await engine.up(program());
    expect((await engine.destroy()).failures).toHaveLength(1);
    expect(await engine.up(program({ deleteNonEmpty: true }))).toMatchObject({ failures: [] });
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    expect(await world.labels("east", "unseen")).toBeUndefined();
  });

  describe("for a NamespaceSync", () => {
    const ROLES = { east: "global-namespace-sync-source", mesh: "global-namespace-write" };
    const label = (cluster: string, name: string, labels: Record<string, string>) =>
      world.kube(cluster).patch(`/api/v1/namespaces/${name}`, { metadata: { labels } });
    const create = (cluster: string, name: string) =>
      world
        .kube(cluster)
        .create("/api/v1/namespaces", { metadata: { name, labels: { "istio-injection": "enabled" } } });
    const programOf = (name: string) => ({
      [`sync-${name}`]: { type: "NamespaceSync", cluster: "east", include: [name] },
    });
    /** All that the roles give, but for one right. */
    async function syncEngine(user: string, missing?: Right & { readonly place: string }) {
      let engine = world.engine();
      for (const [place, role] of Object.entries(ROLES)) {
        const rules = rulesOf(role);
        const given = missing?.place === place ? without(rules, missing.verb, missing.resource) : rules;
        engine = await engineWith(user, given, place, engine);
      }
      return engine;
    }

    test("those of the source and those to write on the mesh are enough to bring, follow and end", async () => {
      const engine = await syncEngine("syncer");
      await create("east", "synced");
      const program = programOf("synced");
      expect(await engine.up(program)).toMatchObject({ failures: [] });
      await label("east", "synced", { "istio-injection": "disabled" });
      expect(await engine.up(program)).toMatchObject({ failures: [] });
      expect(await world.labels("mesh", "synced")).toEqual({ "istio-injection": "disabled" });
      expect(await engine.refresh()).toMatchObject({ failures: [] });
      expect(await engine.preview(program)).toMatchObject({ steps: [], failures: [] });
      expect(await engine.destroy()).toMatchObject({ failures: [] });
    });

    const rights = Object.entries(ROLES).flatMap(([place, role]) =>
      rightsOf(role).map((right) => ({ ...right, place })),
    );
    test.each(rights)("without $verb on $resource of $place it says who may not do what, or does it", async (right) => {
      const { place, verb } = right;
      const name = `synced-without-${verb}-${place}`;
      const user = `no-${verb}-${place}`;
      await create("east", name);
      const engine = await syncEngine(user, right);
      const { failures } = await engine.up(programOf(name));
      // What is there is known from the list.
      if (verb === "get") {
        expect(failures).toEqual([]);
        expect(await world.labels("mesh", name)).toEqual({ "istio-injection": "enabled" });
        return;
      }
      const where = place === "mesh" ? "the control plane" : 'cluster "east"';
      const what = verb === "list" ? `cannot list the namespaces of ${where}: ` : `cannot sync namespace "${name}" to `;
      expect(failures).toHaveLength(1);
      expect(failures[0]).toContain(what);
      expect(failures[0]).toContain(`User "${user}" cannot ${verb} resource "namespaces"`);
      expect(await world.labels("mesh", name)).toBeUndefined();
    });
  });

  describe("to tell and to restart workloads", () => {
    const ROLES = ["global-namespace-injection", "global-namespace-restart"];
    const KINDS: Readonly<Record<string, string>> = {
      daemonsets: "DaemonSet",
      deployments: "Deployment",
      statefulsets: "StatefulSet",
    };
    const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";
    const rights = rightsOf(...ROLES);
    const nameOf = ({ resource, verb }: Right) => `no-${verb}-${resource}`;
    /** The workload that shows it. */
    const workloadOf = ({ resource }: Right) => (resource in KINDS ? resource : "deployments");
    const pathOf = (namespace: string, resource: string) => `/apis/apps/v1/namespaces/${namespace}/${resource}`;
    const argsOf = (injection: string) => ({
      injection,
      clusters: ["east"],
      restart: "rollout",
      onDelete: "delete",
      deleteNonEmpty: true,
    });
    const ENOUGH = "enough-to-restart";
    const cleanups: (() => Promise<void>)[] = [];
    let before: ReturnType<ReturnType<FaultyWorld["engine"]>["export"]>;

    /** In each namespace a workload whose pods have a sidecar, which a restart would take away. */
    beforeAll(async () => {
      const east = world.lab.cluster("east");
      const workloads = [
        ...rights.map((right) => [nameOf(right), workloadOf(right)] as const),
        ...Object.keys(KINDS).map((resource) => [ENOUGH, resource] as const),
      ];
      const namespaces = [...new Set(workloads.map(([namespace]) => namespace))];
      await createNode(east, "node-1");
      const runner = runPods(east);
      cleanups.push(await injectAs(east, [{ revision: "default" }], namespaces), () => runner.stop());
      const engine = world.engine();
      const program = Object.fromEntries(namespaces.map((name) => [name, argsOf("enabled")]));
      expect(await engine.up(program)).toMatchObject({ failures: [] });
      before = engine.export();
      await Promise.all(namespaces.map((namespace) => injects(east, namespace, "default")));
      await Promise.all(workloads.map(([namespace, resource]) => createWorkload(namespace, resource)));
    });
    afterAll(async () => {
      for (const cleanup of cleanups) await cleanup();
    });

    async function createWorkload(namespace: string, resource: string): Promise<void> {
      const { kube } = world.lab.cluster("east");
      const labels = { app: resource };
      const containers = [{ name: "app", image: "registry.invalid/app" }];
      await kube.create(pathOf(namespace, resource), {
        metadata: { name: resource },
        spec: {
          ...(resource === "statefulsets" && { serviceName: resource }),
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers, terminationGracePeriodSeconds: 0 } },
        },
      });
      const isUp = async () => {
        const { status } = await kube.get(`${pathOf(namespace, resource)}/${resource}`);
        return (status?.readyReplicas ?? status?.numberReady) === 1;
      };
      await until(isUp, { what: `${resource} of ${namespace}` });
    }

    async function isRestarted(namespace: string, resource: string): Promise<boolean> {
      const { spec } = await world.kube("east").get(`${pathOf(namespace, resource)}/${resource}`);
      const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } };
      return template.metadata.annotations?.[RESTARTED_AT] !== undefined;
    }

    /** The sidecars go, by an up of a user who has the rights but for one. */
    async function takeSidecars(namespace: string, user: string, missing?: Right) {
      const rules = rulesOf("global-namespace-write", ...ROLES);
      const given = missing === undefined ? rules : without(rules, missing.verb, missing.resource);
      const engine = await engineWith(user, given);
      engine.import(new Map([...before].filter(([name]) => name === namespace)));
      return engine.up({ [namespace]: argsOf("disabled") });
    }

    test("they are enough for every kind", async () => {
      expect(await takeSidecars(ENOUGH, "restarter")).toMatchObject({ failures: [] });
      for (const resource of Object.keys(KINDS)) expect(await isRestarted(ENOUGH, resource)).toBe(true);
    });

    test.each(rights)("without $verb on $resource it is said, or done all the same", async (right) => {
      const { resource, verb } = right;
      const namespace = nameOf(right);
      const workload = workloadOf(right);
      const { failures, said } = await takeSidecars(namespace, namespace, right);
      const why = `User "${namespace}" cannot ${verb} resource "${resource}"`;
      // Of what belongs together the pods' own metadata tells enough.
      const isSpared = verb === "list" && resource !== "pods" && resource !== "mutatingwebhookconfigurations";
      expect(await isRestarted(namespace, workload)).toBe(isSpared);
      expect(await world.labels("east", namespace)).toEqual({ "istio-injection": "disabled" });
      if (verb === "list") {
        expect(failures).toEqual([]);
        const told = said.filter((line) => line.includes('which workloads wait for a restart on cluster "east"'));
        if (isSpared) expect(told).toEqual([]);
        else expect(told).toEqual([expect.stringContaining(why)]);
        return;
      }
      expect(failures).toHaveLength(1);
      const what = `cannot restart ${KINDS[workload]}/${workload} of namespace "${namespace}" on cluster "east": `;
      expect(failures[0]).toContain(what);
      expect(failures[0]).toContain(why);
    });
  });

  test("without the webhook configurations nobody knows who injects: that is said, and nothing fails", async () => {
    const engine = await engineWith("no-webhooks", rulesOf("global-namespace-write"));
    const { failures, said } = await engine.up({ blind: args("a", { injection: "enabled" }) });
    expect(failures).toEqual([]);
    expect(said.join("\n")).toContain('who injects on cluster "east" is not known');
    expect(await world.labels("east", "blind")).toEqual({ team: "a", "istio-injection": "enabled" });
  });
});
