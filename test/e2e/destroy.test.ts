import { beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { aWorld, MESH, type World } from "./world.ts";

describe("pulumi destroy", () => {
  let world: World;
  let said: string;

  /** One stack with a namespace for each policy, brought up and destroyed once: what is left is what the tests look at. */
  beforeAll(async () => {
    world = await aWorld("destroy");
    for (const cluster of ["mesh", "east"]) {
      await world.lab
        .cluster(cluster)
        .kube.create("/api/v1/namespaces", { metadata: { name: "found", labels: { bob: "mine" } } });
    }
    const namespace = (name: string, rest = "") => `
      new GlobalNamespace("${name}", { labels: { team: "a" }, clusters: ["east", "west"]${rest} }, { provider: mesh });`;
    world.project.program(
      MESH +
        namespace("kept") +
        namespace("given-back", ', onDelete: "release"') +
        namespace("erased", ', onDelete: "delete"') +
        namespace("found", ', onDelete: "delete"') +
        namespace("gone-before", ', onDelete: "delete"'),
    );
    await world.project.up();
    for (const cluster of ["mesh", "east", "west"]) await vanish(cluster, "gone-before");
    said = await world.project.destroy();
  });

  const vanish = async (cluster: string, name: string) => {
    const { kube } = world.lab.cluster(cluster);
    await kube.delete(`/api/v1/namespaces/${name}`);
    await until(async () => (await kube.find(`/api/v1/namespaces/${name}`)) === undefined, {
      what: `the end of namespace ${name} on ${cluster}`,
    });
  };

  const labelsEverywhere = async (name: string) => ({
    mesh: await world.labels("mesh", name),
    east: await world.labels("east", name),
    west: await world.labels("west", name),
  });

  test("deletes the mesh's namespace, and leaves the clusters theirs with their labels", async () => {
    expect(await labelsEverywhere("kept")).toEqual({ mesh: undefined, east: { team: "a" }, west: { team: "a" } });
  });

  test("with onDelete release takes labels and marks back, and leaves the clusters their namespaces", async () => {
    expect(await labelsEverywhere("given-back")).toEqual({ mesh: undefined, east: {}, west: {} });
    expect(await world.annotations("east", "given-back")).toEqual({});
  });

  test("with onDelete delete deletes what it created", async () => {
    expect(await labelsEverywhere("erased")).toEqual({ mesh: undefined, east: undefined, west: undefined });
  });

  test("with onDelete delete gives back what it had found", async () => {
    expect(await labelsEverywhere("found")).toEqual({ mesh: { bob: "mine" }, east: { bob: "mine" }, west: undefined });
  });

  test("is content with namespaces that somebody has deleted before", () => {
    expect(said).toContain("- 7 deleted");
    expect(world.project.resources()).toEqual([]);
  });

  test("has nothing to do and asks nothing the second time", async () => {
    expect(await world.requestsDuring(() => world.project.destroy())).toEqual({});
  });

  test("makes room for another up, which takes the namespaces that were left", async () => {
    await world.project.up();
    expect(world.project.namespace("kept").outputs).toMatchObject({
      controlPlane: { state: "Ready", origin: "created" },
      members: { east: { state: "Ready" }, west: { state: "Ready" } },
    });
  });
});
