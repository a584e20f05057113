import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, PROVIDER, programOf, type World } from "./world.ts";

describe("pulumi up of a changed GlobalNamespace", () => {
  let world: World;
  const declare = (args: string) => world.project.program(programOf("orders", args));

  beforeAll(async () => {
    world = await aWorld("change");
    declare(`{ labels: { team: "orders", tier: "gold" }, injection: "enabled", clusters: ["east", "west"] }`);
    await world.project.up();
    await world.lab
      .cluster("east")
      .kube.patch(
        "/api/v1/namespaces/orders",
        { metadata: { labels: { "cost-center": "42" } } },
        { type: "merge", fieldManager: "kubectl-label" },
      );
  });

  test("adds, changes and removes labels on every cluster, shows it before, and leaves foreign labels alone", async () => {
    declare(`{ labels: { team: "orders-eu", zone: "a" }, injection: "enabled", clusters: ["east", "west"] }`);
    const preview = await world.project.preview();
    for (const change of ['~ team: "orders" => "orders-eu"', '- tier: "gold"', '+ zone: "a"']) {
      expect(preview).toContain(change);
    }
    await world.project.up();
    const labels = { team: "orders-eu", zone: "a", "istio-injection": "enabled" };
    expect(await world.labels("mesh", "orders")).toEqual(labels);
    expect(await world.labels("east", "orders")).toEqual({ ...labels, "cost-center": "42" });
    expect(await world.labels("west", "orders")).toEqual(labels);
  });

  test("removes istio-injection in the same write that sets a revision", async () => {
    declare(`{ labels: { team: "orders-eu" }, injection: { revision: "canary" }, clusters: ["east", "west"] }`);
    const marks = world.lab.names.map((name) => [name, world.lab.cluster(name).mark()] as const);
    await world.project.up();
    expect(await world.labels("west", "orders")).toEqual({ team: "orders-eu", "istio.io/rev": "canary" });
    const writes = (name: string, since: (typeof marks)[number][1]) =>
      world.lab.cluster(name).requests({ userAgent: PROVIDER, since }).counts["patch namespaces"] ?? 0;
    expect(Object.fromEntries(marks.map(([name, since]) => [name, writes(name, since)]))).toEqual({
      mesh: 1,
      east: 1,
      west: 1,
      north: 0,
    });
  });

  test("changes one cluster alone through an override", async () => {
    const base = `labels: { team: "orders-eu" }, injection: { revision: "canary" }, clusters: ["east", "west"]`;
    declare(`{ ${base}, overrides: { west: { labels: { tier: "edge" }, injection: "disabled" } } }`);
    const east = world.lab.cluster("east").mark();
    await world.project.up();
    expect(await world.labels("west", "orders")).toEqual({
      team: "orders-eu",
      tier: "edge",
      "istio-injection": "disabled",
    });
    expect(world.lab.cluster("east").requests({ userAgent: PROVIDER, since: east }).counts).not.toHaveProperty(
      "patch namespaces",
    );
  });

  test("says in a preview that nothing changes, and sends no request", async () => {
    const marks = world.lab.names.map((name) => [name, world.lab.cluster(name).mark()] as const);
    const preview = await world.project.preview("--expect-no-changes");
    expect(preview).toContain("3 unchanged");
    for (const [name, since] of marks) {
      expect(world.lab.cluster(name).requests({ userAgent: PROVIDER, since }).total).toBe(0);
    }
  });
});
