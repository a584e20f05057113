import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { ARGS } from "../../provider/model/spec.ts";

const root = join(import.meta.dirname, "..", "..");

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

const pages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path)),
];

/** The first column of the rows of a table that stands under a heading, without its quotes. */
function firstColumn(page: string, heading: string): string[] {
  const [, rest = ""] = read(page).split(`\n${heading}\n`);
  const [section = ""] = rest.split(/^## /m);
  return section
    .split("\n")
    .map((line) => /^\| `([^|]*)` +\|/.exec(line)?.[1])
    .filter((cell) => cell !== undefined);
}

/** The members of a union of strings, in the source of a type: `| "conflict"`. */
function membersOf(source: string, type: string): string[] {
  const code = read(source).replace(/\/\*[\s\S]*?\*\//g, "");
  const [, definition = ""] = code.split(`export type ${type} =`);
  const end = definition.indexOf(";");
  return [...definition.slice(0, end).matchAll(/\| "([a-zA-Z-]+)"/g)].map(([, name]) => name ?? "");
}

describe("docs/errors.md", () => {
  test("has every code of a cluster's failure, and no other", () => {
    const codes = membersOf("provider/model/cluster-error.ts", "ClusterErrorCode");
    expect(codes.length).toBeGreaterThan(10);
    expect(firstColumn("docs/errors.md", "## Codes of one cluster's failure")).toEqual(codes);
  });

  test("has every state of a member, and no other", () => {
    const states = membersOf("provider/model/state.ts", "MemberState");
    expect(states).toContain("Ready");
    expect(firstColumn("docs/errors.md", "## When one cluster fails")).toEqual(states);
  });

  test("says of every input of a GlobalNamespace what check refuses", () => {
    const properties = firstColumn("docs/errors.md", "## What `check` refuses").join(" ");
    for (const input of ARGS) expect(properties).toMatch(new RegExp(`\\b${input}\\b`));
  });
});

describe("docs/troubleshooting.md", () => {
  /** Of Pulumi and of Node.js, which users of this package see. */
  const NOT_FROM_HERE = [
    "Cannot find module 'pulumi-global-namespace/provider'",
    "code must be a string, not undefined",
  ];

  test("shows messages that the package has: what stands between the dots is in its code", () => {
    const code = ["sdk", "provider", "cli"].flatMap(sourcesBelow).map(read).join("\n");
    const messages = [...read("docs/troubleshooting.md").matchAll(/^\| `([^`|]*)`/gm)].map(
      ([, message]) => message ?? "",
    );
    expect(messages.length).toBeGreaterThan(20);
    for (const message of messages.filter((each) => !NOT_FROM_HERE.includes(each))) {
      for (const part of message.split("...")) expect(code, message).toContain(part.trim());
    }
  });
});

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path));
}

describe("CONTRIBUTING.md", () => {
  test("names no command that is not there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Record<string, string> };
    const text = pages.map(read).join("\n");
    const commands = [...text.matchAll(/npm (?:run (?:-s )?([a-z]+)|(test))\b/g)].map(([, run, test]) => run ?? test);
    expect(commands).toContain("check");
    for (const command of commands) expect(Object.keys(scripts)).toContain(command);
  });

  test("names every project of the tests", () => {
    const [, order = ""] = /const ORDER = \[(.*)\];/.exec(read("vitest.config.ts")) ?? [];
    const projects = [...order.matchAll(/"(\w+)"/g)].map(([, name]) => name);
    expect(projects).toContain("unit");
    for (const project of projects) expect(read("CONTRIBUTING.md")).toMatch(new RegExp(`^  ${project}/`, "m"));
  });

  test("names no file of the tests that is not there", () => {
    for (const [path] of read("CONTRIBUTING.md").matchAll(/\btest\/[\w/-]+\.test\.ts/g)) {
      expect(existsSync(join(root, path)), path).toBe(true);
    }
  });
});

describe("docs/faces.md", () => {
  test("names for each row a test that is there", () => {
    const rows = [...read("docs/faces.md").matchAll(/`(test\/[^`]+)`: "([^|]+)" *\|$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [, file = "", title = ""] of rows) expect(read(file), title).toContain(title.trim());
  });

  test("says of each row by what it is shown", () => {
    const table = read("docs/faces.md")
      .split("\n")
      .filter((line) => line.startsWith("|"));
    for (const row of table.slice(2)) expect(row).toMatch(/`test\/[^`]+`: "/);
  });
});

describe.each(pages)("%s", (page) => {
  test("links to pages and headings that are there", () => {
    const text = read(page).replace(/^```[\s\S]*?^```$/gm, "");
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target ?? "");
    for (const link of links.filter((target) => !/^https?:/.test(target))) {
      const [path = "", heading] = link.split("#");
      const target = path === "" ? page : relative(root, join(root, dirname(page), path));
      expect(existsSync(join(root, target)), link).toBe(true);
      if (heading === undefined) continue;
      const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, title]) => slugOf(title ?? ""));
      expect(headings, link).toContain(heading);
    }
  });
});

/** As GitHub makes an anchor of a heading. */
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

describe("CONTRIBUTING.md", () => {
  test("says of every dependency why it is there", () => {
    const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );
    const table = text.slice(text.indexOf("## Why each dependency is there"), text.indexOf("## Style"));
    const named = [...table.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    const installed = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
    expect(installed.filter((name) => !named.includes(name))).toEqual([]);
  });
});
