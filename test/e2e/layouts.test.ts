import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { installerOf, type PackageManager } from "./package-manager.ts";
import type { PulumiProject } from "./pulumi-project.ts";
import { aWorld, type World } from "./world.ts";

type Modules = "commonjs" | "module";

interface Layout {
  readonly manager: PackageManager;
  readonly type: Modules;
  readonly typescript: string;
}

const TYPESCRIPT_5 = "5.9.3";
const TYPESCRIPT_6 = "6.0.3";

/** Each pair of a package manager, a module format and a TypeScript: six of the twelve combinations have them all. */
const LAYOUTS: readonly Layout[] = [
  { manager: "npm", type: "module", typescript: TYPESCRIPT_6 },
  { manager: "npm", type: "commonjs", typescript: TYPESCRIPT_5 },
  { manager: "pnpm", type: "module", typescript: TYPESCRIPT_5 },
  { manager: "pnpm", type: "commonjs", typescript: TYPESCRIPT_6 },
  { manager: "yarn", type: "module", typescript: TYPESCRIPT_6 },
  { manager: "yarn", type: "commonjs", typescript: TYPESCRIPT_5 },
];

/** What `pulumi new typescript` writes, without a way out for types that do not compile. */
const TSCONFIG = {
  compilerOptions: {
    strict: true,
    target: "es2022",
    module: "nodenext",
    moduleResolution: "nodenext",
    types: ["node"],
    forceConsistentCasingInFileNames: true,
  },
  files: ["index.ts"],
};

/** Says of itself how it was loaded. */
const program = (name: string) => `
import * as pulumi from "@pulumi/pulumi";
import { GlobalNamespace, Injection, Mesh } from "pulumi-global-namespace";

const mesh = new Mesh("mesh", { controlPlane: { context: "mesh" }, clusters: { east: { context: "east" } } });
const injection: Injection = "disabled";
const { members } = new GlobalNamespace("${name}", { labels: { team: "a" }, injection }, { provider: mesh });
export const state: pulumi.Output<string | undefined> = members.apply(({ east }) => east?.state);
export const format = typeof require === "undefined" ? "module" : "commonjs";
`;

describe("a program in TypeScript with the packed package installed", () => {
  let world: World;
  const projects = new Map<PackageManager, PulumiProject>();
  beforeAll(async () => {
    world = await aWorld("layouts");
  });

  test.each(LAYOUTS)("by $manager, of type $type, with TypeScript $typescript, goes up", async (layout) => {
    const { manager, type, typescript } = layout;
    const project = projects.get(manager) ?? (await emptyProject(world, manager));
    projects.set(manager, project);
    await install(project, layout);
    expect(installed(project, "typescript").version).toBe(typescript);
    writeFileSync(join(project.dir, "index.ts"), program(`by-${manager}-${type}`));
    await project.up();

    expect(await world.labels("east", `by-${manager}-${type}`)).toEqual({ team: "a", "istio-injection": "disabled" });
    const stack = project.resources().find((resource) => resource.type === "pulumi:pulumi:Stack");
    expect(stack?.outputs).toEqual({ state: "Ready", format: type });
  });
});

/** One project a package manager: its second program is the first one's upgrade. */
async function emptyProject(world: World, manager: PackageManager): Promise<PulumiProject> {
  const project = await world.anotherProject(`layout-${manager}`);
  // A link to what all projects of this run share.
  rmSync(join(project.dir, "node_modules"));
  project.main("index.ts");
  return project;
}

async function install(project: PulumiProject, { manager, type, typescript }: Layout): Promise<void> {
  const { devDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  const runDir = inject("runDir");
  const tarball = readdirSync(runDir).find((file) => file.endsWith(".tgz"));
  const manifest = {
    name: `layout-${manager}`,
    private: true,
    type,
    main: "index.ts",
    dependencies: {
      "@pulumi/kubernetes": devDependencies["@pulumi/kubernetes"],
      "@pulumi/pulumi": devDependencies["@pulumi/pulumi"],
      "pulumi-global-namespace": `file:${join(runDir, String(tarball))}`,
    },
    devDependencies: {
      "@types/node": devDependencies["@types/node"],
      "ts-node": devDependencies["ts-node"],
      typescript,
    },
  };
  const { program, args, env, files } = await installerOf(manager);
  const texts = { "package.json": JSON.stringify(manifest), "tsconfig.json": JSON.stringify(TSCONFIG), ...files };
  for (const [file, text] of Object.entries(texts)) writeFileSync(join(project.dir, file), text);
  const { exitCode, stdout, stderr } = await project.execute(program, args, env);
  if (exitCode !== 0) throw new Error(`${manager} ended with ${exitCode}:\n${stdout}${stderr}`);
}

function installed(project: PulumiProject, name: string): { readonly version: string } {
  return JSON.parse(readFileSync(join(project.dir, "node_modules", name, "package.json"), "utf8"));
}
