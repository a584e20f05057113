import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { PolicyRule } from "../lab/lab-cluster.ts";
import { aFaultyWorld, type FaultyWorld } from "./engine/faulty-world.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "rights.md"), "utf8");

/** The rules of the ClusterRoles of docs/rights.md, by name. */
const roles = new Map(
  [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => {
    const { metadata, rules } = parse(text) as { metadata: { name: string }; rules: readonly PolicyRule[] };
    return [metadata.name, rules] as const;
  }),
);

describe("the rights on one cluster", () => {
  let world: FaultyWorld;
  beforeAll(async () => {
    world = await aFaultyWorld();
  });
  afterAll(() => world.end());

  /** An engine whose user may do on east what the rules say, and everything on the other clusters. */
  async function engineWith(user: string, rules: readonly PolicyRule[]) {
    const east = await world.lab.cluster("east").restrictedKubeconfig({ user, rules });
    const engine = world.engine();
    engine.mesh = { ...engine.mesh, kubeconfigs: { ...(engine.mesh.kubeconfigs as Record<string, string>), east } };
    return engine;
  }
  const rulesOf = (...names: readonly string[]) => names.flatMap((name) => roles.get(name) ?? []);
  const without = (rules: readonly PolicyRule[], verb: string): readonly PolicyRule[] =>
    rules.map((rule) => ({ ...rule, verbs: rule.verbs.filter((each) => each !== verb) }));
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

  test("without the webhook configurations nobody knows who injects: that is said, and nothing fails", async () => {
    const engine = await engineWith("no-webhooks", rulesOf("global-namespace-write"));
    const { failures, said } = await engine.up({ blind: args("a", { injection: "enabled" }) });
    expect(failures).toEqual([]);
    expect(said.join("\n")).toContain('who injects on cluster "east" is not known');
    expect(await world.labels("east", "blind")).toEqual({ team: "a", "istio-injection": "enabled" });
  });
});
