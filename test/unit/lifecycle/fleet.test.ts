import { describe, expect, test } from "vitest";
import { clusterErrorOf, createFleet, type Fleet, type Poll } from "../../../provider/lifecycle/fleet.ts";
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

describe("a namespace that is waited for", () => {
  const wait = (fleet: Fleet, count: number) => Array.from({ length: count }, () => fleet.poll("east"));
  const look = (polls: readonly Poll[]) => Promise.all(polls.map((poll) => poll.look("payments")));

  test("is asked for by itself where few are", async () => {
    const { fake, fleet } = await withPayments();
    const seen = await look(wait(fleet, 7));
    expect(seen.map((namespace) => namespace?.name)).toEqual(Array(7).fill("payments"));
    expect(fake.requests).toEqual(Array(7).fill("east get"));
  });

  test("is found by one list together with all others, every half a second", async () => {
    const { fake, fleet } = await withPayments();
    const polls = wait(fleet, 30);
    await look(polls);
    await fake.world.clock.sleep(499);
    await look(polls);
    expect(fake.requests).toEqual(["east list"]);
    await fake.world.clock.sleep(1);
    fake.cluster("east").vanish("payments");
    expect(await look(polls)).toEqual(Array(30).fill(undefined));
    expect(fake.requests).toEqual(["east list", "east list"]);
  });

  test("is asked for by itself again when most of the others are gone", async () => {
    const { fake, fleet } = await withPayments();
    const [last, ...others] = wait(fleet, 8);
    for (const other of others) other.end();
    await last?.look("payments");
    expect(fake.requests).toEqual(["east get"]);
  });

  test("is asked for by itself where a list would be of very many others", async () => {
    const { fake, fleet } = await withPayments();
    for (let index = 0; index < 200; index++) {
      await fake.cluster("east").create({ name: `other-${index}`, labels: {}, annotations: {} }, "kubectl-create");
    }
    const polls = wait(fleet, 8);
    await look(polls);
    await fake.world.clock.sleep(500);
    await look(polls);
    expect(fake.requests).toEqual(["east list", ...Array(8).fill("east get")]);
  });

  test("is asked for by itself where listing is forbidden", async () => {
    const { fake, fleet } = await withPayments();
    fake.fail("east", { ...FORBIDDEN, verbs: ["list"] });
    const polls = wait(fleet, 8);
    expect((await look(polls))[0]?.name).toBe("payments");
    expect(fake.requests).toEqual(["east list", ...Array(8).fill("east get")]);
    await fake.world.clock.sleep(500);
    fake.forget();
    await look(polls);
    expect(fake.requests).toEqual(Array(8).fill("east get"));
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
