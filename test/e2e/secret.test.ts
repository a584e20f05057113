/** Labels and annotations that the program calls secret: the engine keeps them encrypted, and so must be all that they end in. */

import { beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../cli/report/report.ts";
import { refuseNamespace } from "../lab/refuse-namespace.ts";
import { aWorld, MESH, type World } from "./world.ts";

const OLD = "h-u-s-h";
const NEW = "q-u-i-e-t";

let world: World;
beforeAll(async () => {
  world = await aWorld("secret");
});

const leaksIn = (text: string) => [OLD, NEW].filter((secret) => text.includes(secret));

describe("a secret label", () => {
  const declare = (value: string, team = "a") =>
    world.project.program(`${MESH}
      const args = { labels: { team: "${team}", token: ${value} } };
      exports.members = new GlobalNamespace("secret", args, { provider: mesh }).members;`);
  const secret = (text: string) => `pulumi.secret("${text}")`;

  test("reaches the clusters, and is a secret in all that is computed from it", async () => {
    declare(secret(OLD));
    expect(leaksIn(await world.project.preview())).toEqual([]);
    expect(leaksIn(await world.project.up())).toEqual([]);
    for (const cluster of ["mesh", "east", "west", "north"]) {
      expect(await world.labels(cluster, "secret")).toEqual({ team: "a", token: OLD });
    }
    expect(leaksIn(world.project.stateText())).toEqual([]);
    const { targets } = world.project.namespace("secret").outputs;
    expect(targets.east?.labels.team).toBe("a");
    await world.project.up("--refresh", "--expect-no-changes");
    expect(leaksIn(world.project.stateText())).toEqual([]);
    expect(leaksIn(await world.project.ok("stack", "output"))).toEqual([]);
  });

  test("leaves no trace in the preview of another change, not after a refresh either", async () => {
    await world.project.refresh();
    declare(secret(OLD), "b");
    const preview = await world.project.preview();
    expect(preview).toMatch(/team\s*: "a" => "b"/);
    expect(preview).not.toMatch(/[-+~] (secretPaths|token)/);
  });

  test("that changes is told by the report of a preview as another, and not which", async () => {
    declare(secret(NEW));
    const { stdout } = await world.project.cli("preview-report", "--format", "json");
    expect(leaksIn(stdout)).toEqual([]);
    const { rows } = JSON.parse(stdout) as Report;
    for (const place of ["controlPlane", "east", "west", "north"]) {
      expect(rows[0]?.cells[place]).toMatchObject({
        kind: "change",
        labels: [{ key: "token", from: "[secret]", to: expect.stringMatching(/^\[secret\], (perhaps )?another$/) }],
      });
    }
  });

  test("stays one on a cluster that still carries it when a change has failed there", async () => {
    const allow = await refuseNamespace(world.lab.cluster("west").kube, "secret", `no ${NEW} here`);
    declare(secret(NEW));
    const output = await world.project.upFails();
    expect(output).toContain("no [redacted] here");
    expect(leaksIn(output)).toEqual([]);
    expect(await world.labels("west", "secret")).toEqual({ team: "a", token: OLD });
    expect(await world.labels("east", "secret")).toEqual({ team: "a", token: NEW });
    expect(leaksIn(world.project.stateText())).toEqual([]);
    expect(leaksIn(await world.project.upFails())).toEqual([]);
    expect(leaksIn(world.project.stateText())).toEqual([]);
    expect(leaksIn(await world.project.refresh())).toEqual([]);
    expect(leaksIn(world.project.stateText())).toEqual([]);
    await allow();
    expect(leaksIn(await world.project.up())).toEqual([]);
    expect(await world.labels("west", "secret")).toEqual({ team: "a", token: NEW });
  });

  test("that is none any more is shown from its next change on", async () => {
    declare('"plain"');
    await world.project.up();
    expect(world.project.namespace("secret").outputs.targets.east?.labels).toEqual({ team: "a", token: "plain" });
    expect(world.project.namespace("secret").outputs.members.east?.labels).toEqual({ team: "a", token: "plain" });
  });

  test("is not told by the failure that refuses it", async () => {
    const long = `${OLD}-${"x".repeat(90)}`;
    declare(secret(long));
    const output = await world.project.previewFails();
    expect(output).toContain("a label's value has at most 63");
    expect(leaksIn(output)).toEqual([]);
  });
});

test("a secret annotation of one cluster, in many namespaces as one resource, is a secret in all that is computed from it", async () => {
  world.project.program(`${MESH}
    const many = new GlobalNamespaces("many", {
      namespaces: { "many-a": { overrides: { east: { annotations: pulumi.secret({ note: "${OLD}" }) } } }, "many-b": {} },
    }, { provider: mesh });
    exports.many = many.namespaces;`);
  expect(leaksIn(await world.project.preview())).toEqual([]);
  expect(leaksIn(await world.project.up())).toEqual([]);
  expect(await world.annotations("east", "many-a")).toMatchObject({ note: OLD });
  expect(leaksIn(world.project.stateText())).toEqual([]);
  await world.project.up("--refresh", "--expect-no-changes");
  expect(leaksIn(world.project.stateText())).toEqual([]);
});

test("a label that becomes a secret is one in the state with the next update, which writes to no cluster", async () => {
  const declare = (token: string) =>
    world.project.program(`${MESH}
      new GlobalNamespace("exposed", { labels: { token: ${token} } }, { provider: mesh });
      new GlobalNamespaces("exposed-many", { namespaces: { "exposed-one": { labels: { token: ${token} } } } }, { provider: mesh });`);
  declare(`"${OLD}"`);
  await world.project.up();
  expect(leaksIn(world.project.stateText())).toEqual([OLD]);
  declare(`pulumi.secret("${OLD}")`);
  expect(await world.writesDuring(() => world.project.up())).toEqual({});
  expect(leaksIn(world.project.stateText())).toEqual([]);
  await world.project.up("--expect-no-changes");
});

test("many namespaces that are a secret as a whole are not told by the report of a preview, which stops a gate", async () => {
  const declare = (names: readonly string[]) =>
    world.project.program(`${MESH}
      const namespaces = pulumi.secret(${JSON.stringify(Object.fromEntries(names.map((name) => [name, {}])))});
      new GlobalNamespaces("hidden", { namespaces }, { provider: mesh });`);
  declare(["hidden-a", "hidden-b"]);
  await world.project.up();
  declare(["hidden-a"]);
  const { exitCode, stdout } = await world.project.cli("preview-report", "--exit-code");
  expect(stdout).toContain("Which namespaces hidden declares is a secret as a whole (single values can be one)");
  expect(exitCode).toBe(3);
});
