import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", "..", "..", "sdk", path), "utf8");
const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name);

test("a program that changes its import to the plugin's finds every type there", () => {
  const plugin = read("plugin/index.ts");
  const shared = namesIn(plugin, /^export \* from "\.\.\/([\w-]+)";$/gm);
  const modules = namesIn(read("index.ts"), /^export \* from "\.\/([\w-]+)";$/gm);
  const declared = modules
    .filter((name) => !shared.includes(name))
    .flatMap((name) => namesIn(read(`${name}.ts`), /^export (?:interface|type) (\w+)/gm));
  const listed = namesIn(plugin, /^export type \{([^}]*)\}/gm).flatMap((names) => names.match(/\w+/g) ?? []);
  expect(declared).toContain("GlobalNamespaceArgs");
  expect(listed.sort()).toEqual(declared.sort());
});
