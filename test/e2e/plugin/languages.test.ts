/** The programs of docs/languages.md, as they stand there. */

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { GO_ENVIRONMENT, generatorFolder, type LanguageHost, type Log, pulumiFolders } from "../../lab/programs.ts";
import { pythonFolder } from "../../lab/python.ts";
import { useFace } from "../face.ts";
import type { ProjectOptions, PulumiProject } from "../pulumi-project.ts";
import { aWorld, type World } from "../world.ts";

interface Language {
  /** Its heading in the page. */
  readonly name: string;
  readonly host: LanguageHost;
  options?(): Promise<ProjectOptions>;
  /** Writes the program, and makes its SDK. */
  program(project: PulumiProject): Promise<void>;
}

const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "languages.md"), "utf8");
const log: Log = (line) => process.stdout.write(`lab: ${line}\n`);

/** Beside the project, since what is to be on Python's path is said when that is made. */
const pythonPackages = () => join(inject("runDir"), "python-packages");

const languages: readonly Language[] = [
  {
    name: "Python",
    host: "pulumi-language-python",
    options: async () => ({ path: [await pythonFolder(log)], env: { PYTHONPATH: pythonPackages() } }),
    program: async (project) => {
      writeFileSync(join(project.dir, "__main__.py"), block("Python", "python"));
      await generateSdk(project, "python");
      await runs(project, `pip install --no-deps --no-build-isolation --target ${pythonPackages()} ./sdk/python`);
    },
  },
  {
    name: "Go",
    host: "pulumi-language-go",
    options: async () => ({ env: GO_ENVIRONMENT }),
    program: async (project) => {
      writeFileSync(join(project.dir, "main.go"), block("Go", "go"));
      await generateSdk(project, "go");
      for (const file of ["go.mod", "go.sum"]) {
        copyFileSync(join(import.meta.dirname, "go-program", file), join(project.dir, file));
      }
      await runs(project, block("Go", "sh"));
    },
  },
  { name: "YAML", host: "pulumi-language-yaml", program: async () => {} },
];

/** The first block of a language, in the page or below one of its headings. */
function block(heading: string | undefined, fence: string): string {
  const [, section = ""] = heading === undefined ? ["", page] : page.split(`\n## ${heading}\n`);
  const found = new RegExp(`^\`\`\`${fence}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(section)?.[1];
  if (found === undefined) throw new Error(`docs/languages.md has no block of ${fence} for ${heading}`);
  return found;
}

/** A command as the page shows it. */
async function runs(
  project: PulumiProject,
  command: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [program = "", ...args] = command.trim().split(" ");
  const { exitCode, stdout, stderr } = await project.execute(program, args, env);
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}:\n${stdout}${stderr}`);
}

async function generateSdk(project: PulumiProject, language: string): Promise<void> {
  const command = block(undefined, "sh").replace("--language python", `--language ${language}`);
  await runs(project, command, project.withFirst(await generatorFolder(log)));
}

useFace("plugin");

describe.each(languages)("a program in $name", ({ name, host, options, program }) => {
  let world: World;
  beforeAll(async () => {
    const folders = await pulumiFolders(log, process.env, host);
    const { path = [], ...rest } = (await options?.()) ?? {};
    world = await aWorld("namespaces", { ...rest, path: [...path, ...folders] });
    writeFileSync(join(world.project.dir, "Pulumi.yaml"), block(name, "yaml"));
    await program(world.project);
  });

  test("goes up, and its namespace is on the clusters", async () => {
    const output = await world.project.up();
    expect(output).toMatch(/members *: \{/);
    const labels = { team: "payments", "istio-injection": "disabled" };
    expect(await world.labels("mesh", "payments")).toEqual(labels);
    expect(await world.labels("east", "payments")).toEqual(labels);
    expect(await world.labels("west", "payments")).toEqual({ ...labels, zone: "b" });
    expect(await world.labels("north", "payments")).toBeUndefined();
  });

  test("has nothing to do after it", async () => {
    expect(await world.project.preview("--expect-no-changes")).toContain("3 unchanged");
  });

  test("is destroyed", async () => {
    await world.project.destroy();
    expect(await world.labels("mesh", "payments")).toBeUndefined();
  });
});
