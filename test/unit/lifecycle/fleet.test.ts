import { describe, expect, test } from "vitest";
import { clusterErrorOf, createFleet, type Fleet } from "../../../provider/lifecycle/fleet.ts";
import { ClusterError } from "../../../provider/model/cluster-error.ts";
import { anError } from "../kube/builders.ts";
import { aFakeMesh, DOWN, type FakeMesh, FORBIDDEN } from "./fake-mesh.ts";

async function withPayments(): Promise<{ fake: FakeMesh; fleet: Fleet }> {
  const fake = aFakeMesh();
  await fake.cluster("east").create({ name: "payments", labels: {}, annotations: {} }, "kubectl-create");
  return { fake, fleet: fake.world.fleet };
}

describe("a look at a cluster", () => {
  test("serves every name and the cluster's identity", async () => {
    const { fake, fleet } = await withPayments();
    const [payments, nothing] = await Promise.all([fleet.observe("east", "payments"), fleet.observe("east", "x")]);
    expect(payments?.name).toBe("payments");
    expect(nothing).toBeUndefined();
    expect(await fleet.identity("east")).toHaveLength(8);
    expect(fake.requests).toEqual(["east list"]);
  });

  test("is tried once where listing is forbidden; names are then asked for one by one", async () => {
    const { fake, fleet } = await withPayments();
    fake.fail("east", { ...FORBIDDEN, verbs: ["list"] });
    expect((await fleet.observe("east", "payments"))?.name).toBe("payments");
    expect(await fleet.observe("east", "x")).toBeUndefined();
    expect(fake.requests).toEqual(["east list", "east get", "east get"]);
  });

  test("is taken again after a minute", async () => {
    const { fake, fleet } = await withPayments();
    await fleet.observe("east", "payments");
    await fake.world.clock.sleep(59_999);
    await fleet.observe("east", "payments");
    expect(fake.requests).toHaveLength(1);
    await fake.world.clock.sleep(1);
    await fleet.observe("east", "payments");
    expect(fake.requests).toHaveLength(2);
  });

  test("knows what we have written since", async () => {
    const { fleet } = await withPayments();
    const found = await fleet.observe("east", "payments");
    if (found === undefined) throw new Error("not found");
    fleet.note("east", "billing", { ...found, name: "billing" });
    fleet.note("east", "payments", undefined);
    expect(await fleet.observe("east", "billing")).toMatchObject({ name: "billing" });
    expect(await fleet.observe("east", "payments")).toBeUndefined();
  });

  test("that failed is taken again by the next who asks", async () => {
    const { fake, fleet } = await withPayments();
    fake.fail("east", DOWN);
    await expect(fleet.observe("east", "payments")).rejects.toThrow("connection refused");
    fleet.note("east", "payments", undefined);
    fake.heal("east");
    expect(await fleet.observe("east", "payments")).toMatchObject({ name: "payments" });
  });
});

describe("the identity of a cluster", () => {
  test("is asked for once, where nobody has looked yet", async () => {
    const { fake, fleet } = await withPayments();
    await Promise.all([fleet.identity("east"), fleet.identity("east")]);
    await fleet.identity("east");
    expect(fake.requests).toEqual(["east get"]);
  });

  test("is not known where kube-system may not be read", async () => {
    const { fake, fleet } = await withPayments();
    fake.fail("east", FORBIDDEN);
    expect(await fleet.identity("east")).toBeUndefined();
  });

  test("is an error where the cluster does not answer, and asked for again afterwards", async () => {
    const { fake, fleet } = await withPayments();
    fake.fail("east", DOWN);
    await expect(fleet.identity("east")).rejects.toThrow("connection refused");
    fake.heal("east");
    expect(await fleet.identity("east")).toHaveLength(8);
  });
});

describe("a client", () => {
  test("is made when it is first needed, once a cluster; a bad connection is that cluster's failure", async () => {
    const made: string[] = [];
    const fleet = createFleet(
      (place) => {
        made.push(place);
        throw new ClusterError("connection", "the kubeconfig has no context");
      },
      () => 0,
    );
    expect(made).toEqual([]);
    await expect(fleet.observe("east", "payments")).rejects.toMatchObject({ code: "connection" });
    await expect(fleet.identity("west")).rejects.toMatchObject({ code: "connection" });
    expect(made).toEqual(["east", "west"]);
  });
});

describe("a failure", () => {
  test("of a cluster is a value to report; a bug of ours is not hidden among them", () => {
    expect(clusterErrorOf(anError("tls"))).toMatchObject({ code: "tls" });
    expect(() => clusterErrorOf(new TypeError("x is undefined"))).toThrow(TypeError);
  });
});
