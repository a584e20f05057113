import { describe, expect, test } from "vitest";
import { type CheckContext, check } from "../../../provider/lifecycle/check.ts";
import { createExpectations } from "../../../provider/lifecycle/expectations.ts";
import { PENDING_KUBECONFIG } from "../../../provider/model/connection.ts";
import { parseStaying } from "../../../provider/model/shared-labels.ts";
import { hasUnknown, UNKNOWN } from "../../../provider/model/unknown.ts";
import { aFakeMesh, checked, DOWN, type FakeMesh, FORBIDDEN, STILL, up } from "./fake-mesh.ts";

const ARGS = { labels: { team: "a" }, clusters: ["east", "west"] };

function contextOf(fake: FakeMesh): CheckContext {
  return {
    mesh: { mesh: fake.mesh },
    fleet: () => fake.world.fleet,
    claims: new Map(),
    removals: new Map(),
    expectations: createExpectations(),
    clock: STILL,
    say: fake.world.say,
  };
}

describe("a check", () => {
  test("says where a change of injection meets pods, and nothing of what is not known yet", async () => {
    const fake = aFakeMesh();
    const declared = { ...ARGS, injection: "enabled", revisionCheck: "off" };
    const { state } = await up(fake, declared);
    const later = fake.restart();
    await checked(later, { ...declared, injection: "disabled", restart: "rollout" }, state.inputs);
    expect(later.said).toEqual([
      'payments: on east and west workloads whose pods would get something else now are RESTARTED (restart: "rollout")',
    ]);
    const unknown = fake.restart();
    await checked(unknown, { ...declared, injection: UNKNOWN }, state.inputs);
    expect(unknown.said).toEqual([]);
  });

  test("writes into the inputs what each cluster shall carry, whether it is made there, and whose it is", async () => {
    const { inputs, failures } = await checked(aFakeMesh(), { ...ARGS, __provider: "x", targets: undefined });
    expect(failures).toEqual([]);
    const made = { labels: { team: "a" }, origin: "created" };
    expect(inputs).toEqual({
      name: "payments",
      ...ARGS,
      owner: "acme/mesh/dev/mesh/payments",
      targets: { east: made, west: made },
      controlPlaneTarget: made,
    });
  });

  test("writes nothing to a cluster, and looks once at each that it is about", async () => {
    const fake = aFakeMesh();
    await checked(fake, ARGS);
    await checked(fake, { ...ARGS, name: "billing", resource: "billing" });
    expect(fake.writes()).toEqual([]);
    expect([...fake.requests].sort()).toEqual(["controlPlane list", "east list", "west list"]);
  });

  test("asks nothing where nothing is to be written", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const later = fake.restart();
    const { inputs } = await checked(later, { ...ARGS, onDelete: "delete" }, state.inputs);
    expect(later.requests).toEqual([]);
    expect(inputs).toMatchObject({ onDelete: "delete" });
  });

  test("keeps the owner for the resource's life, though the stack or the resource is renamed", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const renamed = fake.restart({ owner: "acme/mesh/staging/mesh" });
    const { inputs, failures } = await checked(renamed, { ...ARGS, resource: "pay" }, state.inputs);
    expect(failures).toEqual([]);
    expect(inputs.owner).toBe("acme/mesh/dev/mesh/payments");
  });

  test("has nothing undefined in its inputs, which the engine would refuse after the work is done", async () => {
    const { inputs } = await checked(aFakeMesh(), {
      ...ARGS,
      annotations: undefined,
      overrides: { east: { labels: undefined } },
    });
    expect(JSON.parse(JSON.stringify(inputs))).toEqual(inputs);
    expect(inputs).not.toHaveProperty("annotations");
    expect(inputs.overrides).toEqual({ east: {} });
  });
});

describe("a check in a preview that does not know everything", () => {
  test.each([
    ["the name", { name: UNKNOWN }],
    ["the clusters", { clusters: UNKNOWN }],
    ["a label", { labels: { team: UNKNOWN } }],
  ])("accepts %s, and hands the mark on", async (_, changes) => {
    const { inputs, failures } = await checked(aFakeMesh(), { ...ARGS, ...changes });
    expect(failures).toEqual([]);
    expect(hasUnknown(inputs)).toBe(true);
  });

  test("does not ask a cluster that is only being made, and says so in its target", async () => {
    const fake = aFakeMesh({ kubeconfigs: { east: PENDING_KUBECONFIG } });
    const { inputs, failures } = await checked(fake, ARGS);
    expect(failures).toEqual([]);
    expect(inputs.targets).toMatchObject({ east: { labels: { team: "a" }, pending: true } });
    expect(fake.requests.some((request) => request.startsWith("east"))).toBe(false);
  });
});

describe("a check of a cluster whose kubeconfig is not known now", () => {
  test("finds nothing to do where it carries what it shall", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, ARGS);
    const rotated = fake.restart({ kubeconfigs: { east: PENDING_KUBECONFIG } });
    const { inputs } = await checked(rotated, ARGS, state.inputs);
    expect(inputs.targets).toEqual(state.inputs.targets);
    expect(rotated.requests).toEqual([]);
  });
});

describe("a check with force", () => {
  const isTaken = 'payments: force takes over on cluster "east": label "team" is owned by "kubectl-create"';

  test("says what is taken over, and from whom", async () => {
    const fake = aFakeMesh();
    await fake.cluster("east").create({ name: "payments", labels: { team: "z" }, annotations: {} }, "kubectl-create");
    const { failures } = await checked(fake, { ...ARGS, force: true });
    expect(failures).toEqual([]);
    expect(fake.said).toEqual([isTaken]);
  });

  test("looks at the clusters again when it is switched on, and not once it is", async () => {
    const fake = aFakeMesh();
    const first = await up(fake, ARGS);
    const forced = fake.restart();
    const { state } = await up(forced, { ...ARGS, force: true }, first.state);
    expect(forced.requests).toContain("east list");
    const later = fake.restart();
    await checked(later, { ...ARGS, force: true }, state.inputs);
    await checked(later, ARGS, state.inputs);
    expect(later.requests).toEqual([]);
  });
});

describe("what a check refuses", () => {
  test("is everything that the declaration gets wrong, and no cluster is asked", async () => {
    const fake = aFakeMesh();
    const { failures } = await checked(fake, { ...ARGS, labels: { "a//b": "c" }, clusters: [1] });
    expect(failures.map(({ property }) => property)).toEqual(['labels["a//b"]', "clusters[0]"]);
    expect(fake.requests).toEqual([]);
  });

  test("is a cluster that the mesh does not have", async () => {
    const { failures } = await checked(aFakeMesh(), { ...ARGS, clusters: ["est"] });
    expect(failures).toEqual([
      { property: "clusters[0]", reason: 'the mesh has no cluster "est"; it has "east", "north" and "west"' },
    ]);
  });

  test("is the second claim to a name in one program", async () => {
    const context = contextOf(aFakeMesh());
    expect((await check({}, { ...ARGS, name: "payments", resource: "one" }, context)).failures).toEqual([]);
    expect((await check({}, { ...ARGS, name: "payments", resource: "one" }, context)).failures).toEqual([]);
    expect((await check({}, { ...ARGS, name: "payments", resource: "two" }, context)).failures).toEqual([
      {
        property: "name",
        reason: '"payments" is declared twice: the GlobalNamespace "one" of this program has it already',
      },
    ]);
  });

  test("is two names for one cluster, both of which are told", async () => {
    const fake = aFakeMesh();
    fake.world.fleet.api("west").list = () => fake.cluster("east").list();
    const { failures } = await checked(fake, ARGS);
    expect(failures).toEqual([
      { property: "provider", reason: expect.stringMatching(/cluster "east" and cluster "west" are one cluster/) },
    ]);
  });

  test("is a member that is the control plane, with what to write instead", async () => {
    const fake = aFakeMesh();
    fake.world.fleet.api("east").list = () => fake.cluster("controlPlane").list();
    const { failures } = await checked(fake, ARGS);
    expect(failures).toEqual([{ property: "provider", reason: expect.stringContaining('write controlPlane: "east"') }]);
  });

  test("is an existing namespace with adopt: never, on each cluster that has it", async () => {
    const fake = aFakeMesh();
    await fake.cluster("east").create({ name: "payments", labels: {}, annotations: {} }, "kubectl-create");
    const { failures } = await checked(fake, { ...ARGS, adopt: "never" });
    expect(failures).toEqual([
      { property: "adopt", reason: expect.stringContaining('namespace "payments" on cluster "east": it exists there') },
    ]);
  });

  test("is a mesh that is none", async () => {
    const context = contextOf(aFakeMesh());
    const reason = "is not a Mesh; write new GlobalNamespace(name, args, { provider: mesh })";
    const given = { ...context, mesh: { failures: [{ property: "provider", reason }] } };
    expect((await check({}, { name: "payments" }, given)).failures).toEqual([{ property: "provider", reason }]);
    const other = { ...context, mesh: { failures: [{ property: "concurrency", reason: "is 0" }] } };
    expect((await check({}, { name: "payments" }, other)).failures).toEqual([
      { property: "provider", reason: "Mesh: concurrency is 0" },
    ]);
  });

  test("is never a cluster that cannot be asked: that is found out when it is written", async () => {
    const fake = aFakeMesh();
    fake.fail("east", DOWN);
    fake.fail("west", FORBIDDEN);
    expect((await checked(fake, ARGS)).failures).toEqual([]);
    expect(fake.said).toEqual([
      'payments: what stands on cluster "east" is not known: connection refused: test (ECONNREFUSED)',
      'payments: what stands on cluster "west" is not known: namespaces is forbidden: User "ci" cannot',
    ]);
  });

  test("is said once of a cluster that cannot be asked who injects either", async () => {
    const fake = aFakeMesh();
    fake.fail("east", DOWN);
    await checked(fake, { clusters: ["east"], injection: "enabled" });
    expect(fake.said).toEqual([expect.stringMatching(/^payments: who injects on cluster "east" is not known: /)]);
  });
});

describe("what a check tells the user besides", () => {
  test("is what becomes of a namespace where a run that was cut off has written it", async () => {
    const fake = aFakeMesh();
    const { state } = await up(fake, { ...ARGS, clusters: ["west"] });
    await up(fake, ARGS, state);
    const later = fake.restart();
    await checked(later, { ...ARGS, labels: { team: "b" }, clusters: ["west"], onLeave: "delete" }, state.inputs);
    expect(later.said).toEqual([expect.stringContaining("payments: leaves east: the namespace is DELETED there")]);
  });

  test("is that workloads are restarted in a namespace that is adopted, where the update does it", async () => {
    const fake = aFakeMesh();
    await fake.cluster("east").create({ name: "payments", labels: {}, annotations: {} }, "kubectl-create");
    const declared = { ...ARGS, injection: "enabled", revisionCheck: "off" };
    await checked(fake, { ...declared, restart: "rollout" });
    expect(fake.said).toEqual([expect.stringContaining("payments: on east workloads")]);
    const reporting = fake.restart();
    await checked(reporting, declared);
    expect(reporting.said).toEqual([]);
  });

  test("is which labels stay on a cluster that it leaves, since somebody else has set them as well", async () => {
    const fake = aFakeMesh();
    const labels = { team: "a", "istio-injection": "enabled", theirs: "x" };
    await fake.cluster("west").create({ name: "payments", labels, annotations: {} }, "kubectl-create");
    const args = { ...ARGS, labels: { team: "a", tier: "gold" }, injection: "enabled", revisionCheck: "off" };
    const { state } = await up(fake, args);
    const leave = async (onLeave: string) => {
      const later = fake.restart();
      await checked(later, { ...args, clusters: ["east"], onLeave }, state.inputs);
      return later.said;
    };
    const line = 'payments: on west stay "istio-injection" and "team", which somebody else has set as well';
    expect(await leave("release")).toEqual([line]);
    expect(await leave("delete")).toEqual([line]);
    expect(await leave("retain")).toEqual([]);
    expect(parseStaying(line)).toEqual({ namespace: "payments", cluster: "west", keys: ["istio-injection", "team"] });
  });
});
