import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Compiled, compile, compilers, installedFolder } from "./installed-program.ts";

const root = join(import.meta.dirname, "..", "..");

interface Block {
  readonly title: string;
  readonly file: string;
  readonly text: string;
}

/** Every block of TypeScript in a page, with the line it begins at. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((found, index) => {
    const line = text.slice(0, found.index).split("\n").length;
    const file = `${page.replace(/\W+/g, "-")}-${index}.ts`;
    return { title: `${page}:${line}`, file, text: found[1] ?? "" };
  });
}

const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".md"),
);
const blocks = ["README.md", ...pages.map((path) => join("docs", path))].flatMap(blocksOf);

describe("a program in the documentation", () => {
  let compiled: Compiled;

  beforeAll(() => {
    const ts = compilers["the repository's TypeScript"]?.();
    if (ts === undefined) throw new Error("there is no compiler");
    const programs = Object.fromEntries(blocks.map(({ file, text }) => [file, text]));
    const options = {
      module: "nodenext",
      moduleResolution: "nodenext",
      target: "es2022",
      types: ["node"],
      skipLibCheck: true,
    };
    compiled = compile(ts, installedFolder(), programs, options);
  });

  test("is there at all", () => {
    expect(blocks.map(({ title }) => title)).toContainEqual(expect.stringMatching(/^README\.md:/));
  });

  test.each(blocks)("compiles as a user's: $title", ({ file }) => {
    expect(compiled.complaints.filter((complaint) => complaint.includes(`/${file}:`))).toEqual([]);
  });
});
