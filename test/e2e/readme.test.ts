import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { PolicyRule } from "../lab/lab-cluster.ts";
import { changed } from "./shown.ts";
import { aWorld, programOf, type World } from "./world.ts";

const readme = readFileSync(join(import.meta.dirname, "..", "..", "README.md"), "utf8");

/** The first block of a language. */
function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(readme)?.[1];
  if (found === undefined) throw new Error(`README.md has no block of ${language}`);
  return found;
}

function toJavaScript(program: string): string {
  return ts.transpileModule(program, { compilerOptions: { module: ts.ModuleKind.CommonJS } }).outputText;
}

/** What the preview says of the clusters: the resource's line, its targets, and what the provider says besides. */
function excerpt(preview: string): string {
  const lines = preview.split("\n");
  const resource = lines.filter((line) => line.includes(":GlobalNamespace: "));
  const from = lines.findIndex((line) => /^ +~ targets +: /.test(line));
  const to = lines.findIndex((line, index) => index > from && /^ {8}\}$/.test(line));
  const said = lines.map((line) => /payments: .*/.exec(line)?.[0]).filter((line) => line !== undefined);
  return [...[...resource, ...lines.slice(from, to + 1)].map((line) => line.slice(4)), ...new Set(said), ""].join("\n");
}

/** The rules of the README's ClusterRole. */
function rules(): readonly PolicyRule[] {
  return (parse(block("yaml")) as { readonly rules: readonly PolicyRule[] }).rules;
}

describe("the README", () => {
  const program = block("ts");
  let world: World;
  beforeAll(async () => {
    world = await aWorld("readme");
    world.project.program(toJavaScript(program));
    await world.project.up();
  });

  test("has a program that does what it says", async () => {
    const labels = { team: "payments", "istio-injection": "enabled" };
    for (const cluster of ["mesh", "east", "west"]) expect(await world.labels(cluster, "payments")).toEqual(labels);
    expect(await world.labels("north", "payments")).toBeUndefined();
  });

  test("shows the preview that Pulumi gives for the change it shows", async () => {
    world.project.program(toJavaScript(changed(program, block("diff"))));
    const preview = await world.project.preview("--suppress-outputs");
    expect(excerpt(preview)).toBe(block("text"));
  });
});

describe("the rights that the README lists", () => {
  const everywhere = ["mesh", "east", "west", "north"];
  let world: World;
  beforeAll(async () => {
    world = await aWorld("rights");
  });

  /** The program's kubeconfigs are those of a user who has these rights and no other. */
  async function meshFor(user: string, granted: readonly PolicyRule[]): Promise<string> {
    for (const cluster of everywhere) {
      const kubeconfig = await world.lab.cluster(cluster).restrictedKubeconfig({ user, rules: granted });
      writeFileSync(join(world.project.dir, `${cluster}.${user}.kubeconfig`), kubeconfig);
    }
    const connection = (cluster: string) =>
      `{ kubeconfig: require("node:fs").readFileSync(__dirname + "/${cluster}.${user}.kubeconfig", "utf8") }`;
    const members = everywhere.slice(1).map((cluster) => `${cluster}: ${connection(cluster)}`);
    return `const mesh = new Mesh("mesh", { controlPlane: ${connection("mesh")}, clusters: { ${members.join(", ")} } });`;
  }

  test("are enough for everything, deletion included, and say who injects", async () => {
    const mesh = await meshFor("all-of-it", rules());
    world.project.program(
      programOf("allowed", '{ labels: { team: "a" }, injection: "enabled", onDelete: "delete" }', mesh),
    );
    await world.project.up();
    expect(world.project.namespace("allowed").inputs.targets.east).toMatchObject({ injectedBy: "default" });
    await world.project.ok("refresh", "--yes", "--skip-preview");
    await world.project.destroy();
    for (const cluster of everywhere) expect(await world.labels(cluster, "allowed")).toBeUndefined();
  });

  test("to namespaces are enough where nobody asks who injects, and deletion may go without the look", async () => {
    const mesh = await meshFor("namespaces-alone", rules().slice(0, 1));
    const args = '{ labels: { team: "a" }, injection: "enabled", onDelete: "release", deleteNonEmpty: true }';
    world.project.program(programOf("modest", args, mesh));
    await world.project.up();
    expect(world.project.namespace("modest").inputs.targets.east).not.toHaveProperty("injectedBy");
    await world.project.destroy();
    expect(await world.labels("mesh", "modest")).toBeUndefined();
    expect(await world.labels("east", "modest")).toEqual({});
  });
});
