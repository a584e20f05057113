import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const docs = join(import.meta.dirname, "..", "..", "docs");
const page = readFileSync(join(docs, "reliability.md"), "utf8");

interface Row {
  readonly id: string;
  /** Test titles and the files that they are in. */
  readonly tests: readonly { readonly title: string; readonly path: string }[];
}

const rows: readonly Row[] = page
  .split("\n")
  .map((line) => /^\| ([FBI]\d+) +\|(.*)$/.exec(line))
  .filter((match) => match !== null)
  .map(([, id = "", rest = ""]) => ({
    id,
    tests: [...rest.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title = "", path = ""]) => ({ title, path })),
  }));

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);

describe("docs/reliability.md", () => {
  test("has a row for each invariant, fault and bad input, in order", () => {
    expect(rows.map(({ id }) => id)).toEqual([...numbered("I", 9), ...numbered("F", 47), ...numbered("B", 20)]);
  });

  test.each(rows)("$id names tests that are there", ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { title, path } of tests) {
      expect(existsSync(join(docs, path)), path).toBe(true);
      expect(readFileSync(join(docs, path), "utf8"), path).toContain(title);
    }
  });
});
