import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findBrowser } from "./browser.ts";

let dir: string;
let lines: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lab-browser-test-"));
  mkdirSync(join(dir, "bin"));
  lines = [];
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function program(name: string, script = ""): string {
  const path = join(dir, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

function find(isRoot: boolean): Promise<string> {
  return findBrowser((line) => lines.push(line), { PATH: join(dir, "bin") }, isRoot);
}

describe("findBrowser", () => {
  test("takes whichever browser is on PATH, and says nothing", async () => {
    const path = program("google-chrome");
    program("apt-get", "exit 1");
    expect(await find(true)).toBe(path);
    expect(lines).toEqual([]);
  });

  test("installs Chromium where that can be done, and says so", async () => {
    const path = join(dir, "bin", "chromium");
    program(
      "apt-get",
      `echo "$@" >> ${dir}/calls\n[ "$1" = update ] || { printf '#!/bin/sh\\n' > ${path}; /bin/chmod +x ${path}; }`,
    );
    expect(await find(true)).toBe(path);
    expect(readFileSync(join(dir, "calls"), "utf8")).toMatch(/^update\ninstall --yes .*chromium\n$/);
    expect(lines[0]).toContain("installing it once");
  });

  test("says what apt-get said where it fails", async () => {
    program("apt-get", 'echo "E: no network" >&2; exit 100');
    await expect(find(true)).rejects.toThrow("apt-get update ended with 100.\nE: no network");
  });

  test("asks for a browser in one sentence where it may install nothing", async () => {
    program("apt-get", "exit 1");
    await expect(find(false)).rejects.toThrow('on Debian with "apt-get install chromium"');
    expect(lines).toEqual([]);
  });
});
