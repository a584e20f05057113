import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Compiled, compile, compilers, installedFolder } from "./installed-program.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");
const OPTIONS = {
  target: "es2022",
  module: "nodenext",
  moduleResolution: "nodenext",
  resolveJsonModule: true,
  types: ["node"],
  skipLibCheck: true,
};

const programs = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter(
  (path) => path.endsWith(".ts") && !path.includes("node_modules"),
);

describe("a program of an example", () => {
  let compiled: Compiled;

  beforeAll(() => {
    const ts = compilers["the repository's TypeScript"]?.();
    if (ts === undefined) throw new Error("there is no compiler");
    const dir = installedFolder();
    cpSync(EXAMPLES, dir, { recursive: true, filter: (source) => !source.endsWith("node_modules") });
    const texts = programs.map((path) => [path, readFileSync(join(EXAMPLES, path), "utf8")]);
    compiled = compile(ts, dir, Object.fromEntries(texts), OPTIONS);
  });

  test.each(programs)("compiles as a user's: %s", (path) => {
    expect(compiled.complaints.filter((complaint) => complaint.includes(`/${path}:`))).toEqual([]);
  });
});
