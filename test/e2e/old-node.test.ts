import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pulumiFolders } from "../lab/programs.ts";
import type { PulumiProject } from "./pulumi-project.ts";
import { aWorld, programOf, type World } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "global-namespace-old-node-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("on a Node.js that is too old", () => {
  let world: World;
  let old: PulumiProject;
  beforeAll(async () => {
    world = await aWorld("old-node");
    const path = [olderNode(), ...(await pulumiFolders(() => {})), process.env.PATH ?? ""].join(delimiter);
    old = await world.anotherProject("old-node-first", { env: { PATH: path } });
  });

  test("a program ends with one sentence that says what to do, and without a stack trace", async () => {
    old.program(programOf("aged", `{ labels: { team: "a" } }`));
    for (const output of [await old.previewFails(), await old.upFails()]) {
      expect(output).toMatch(
        /error: pulumi-global-namespace needs Node\.js 22 or newer, this is \d+\.\d+\.\d+: put a newer "node" first on PATH\n/,
      );
      expect(output).not.toMatch(/^\s+at /m);
    }
    expect(await world.labels("mesh", "aged")).toBeUndefined();
  });
});

/** The folder of a Node that is older than 22: one of the machine's, or else this one that says it is. */
function olderNode(): string {
  const found = (process.env.PATH ?? "").split(delimiter).find((each) => isOlder(join(each, "node")));
  if (found !== undefined) return found;
  const older = join(folder, "older.cjs");
  writeFileSync(
    older,
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.0.0" } });\n',
  );
  const script = `#!/bin/sh\nexec '${process.execPath}' --require '${older}' "$@"\n`;
  writeFileSync(join(folder, "node"), script, { mode: 0o755 });
  return folder;
}

function isOlder(node: string): boolean {
  if (!existsSync(node)) return false;
  const major = /^v(\d+)\./.exec(execFileSync(node, ["--version"], { encoding: "utf8" }))?.[1];
  return major !== undefined && Number(major) < 22;
}
