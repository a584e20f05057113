import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const examples = join(root, "examples");
const there = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The folders that a page links to. */
function linked(page: string, folder: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/\[([\w-]+)\]\(([\w/-]+)\)/g)].flatMap(([, name = "", path]) =>
    path === folder + name ? [name] : [],
  );
}

describe("the examples", () => {
  test.each([
    ["README.md", "examples/"],
    ["examples/README.md", ""],
  ])("are all linked in %s", (page, folder) => {
    expect(new Set(linked(page, folder))).toEqual(new Set(there));
  });

  test("have a README each", () => {
    const without = there.filter((name) => !existsSync(join(examples, name, "README.md")));
    expect(without).toEqual([]);
  });
});
