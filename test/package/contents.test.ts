import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";

let folder: string;
let files: readonly string[];

beforeAll(() => {
  folder = join(inject("runDir"), "node_modules", "pulumi-global-namespace");
  files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
});

describe("the tarball", () => {
  test("holds compiled code, its types, and what a reader needs; no sources, no tests", () => {
    const others = files.filter((file) => !/^dist\/(sdk|provider|plugin|cli)\/[a-z0-9/-]+\.(js|d\.ts)$/.test(file));
    expect(others).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json", "schema.json"]);
  });

  test("holds a .d.ts for each .js and the other way round", () => {
    const stems = (suffix: string) =>
      files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
    expect(stems(".d.ts")).toEqual(stems(".js").filter((stem) => stem.startsWith("dist/")));
  });

  test("names no machine and no folder of who packed it", () => {
    for (const file of files) {
      const text = readFileSync(join(folder, file), "utf8");
      expect(text, file).not.toMatch(/\/(home|Users|root|tmp)\/[a-z]/);
    }
  });

  test("names no package that is not installed with it", () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const installed = [...Object.keys(dependencies), ...Object.keys(peerDependencies), "pulumi-global-namespace"];
    for (const file of files.filter((each) => /\.(js|d\.ts)$/.test(each))) {
      const text = readFileSync(join(folder, file), "utf8");
      const named = [...text.matchAll(/(?:\brequire\(|\bimport\(|\bfrom )"((?:@[^/"]+\/)?[^/".]+)/g)].map(
        ([, name]) => name,
      );
      const packages = named.filter((name) => !isBuiltin(String(name)));
      expect(installed, file).toEqual(expect.arrayContaining(packages));
    }
  });

  test.each([
    ["yaml", "provider/kube/yaml.js"],
    ["zod", "provider/model/zod.js"],
  ])("holds the license of %s, which is built into it", (library, file) => {
    const license = readFileSync(join(import.meta.dirname, "..", "..", "node_modules", library, "LICENSE"), "utf8");
    expect(readFileSync(join(folder, "dist", file), "utf8")).toContain(license.trim());
  });

  test("runs nothing when it is installed", () => {
    const { scripts = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    for (const hook of ["preinstall", "install", "postinstall"]) expect(scripts).not.toHaveProperty(hook);
  });
});

describe("the public types", () => {
  /** A reviewer sees each change of what users write in the diff of the snapshot. */
  test("are those of the snapshot; update it with `npm test -- --project package -u`", async () => {
    const declarations = files.filter((file) => file.startsWith("dist/sdk/") && file.endsWith(".d.ts"));
    const text = declarations.map((file) => `// ${file}\n${readFileSync(join(folder, file), "utf8")}`).join("\n");
    await expect(text).toMatchFileSnapshot("public-types.snapshot.d.ts.txt");
  });
});
