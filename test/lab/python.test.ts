import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pythonFolder } from "./python.ts";

let dir: string;
let lines: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lab-python-test-"));
  mkdirSync(join(dir, "bin"));
  lines = [];
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function program(name: string, script: string): string {
  const path = join(dir, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** A Python whose virtual environments have a pip that notes what it was told to install. */
const PYTHON = (calls: string) => `case "$*" in
--version) echo "Python 3.12.1";;
"-m venv"*) mkdir -p "$4/bin"; printf '#!/bin/sh\\necho "$@" >> ${calls}\\n' > "$4/bin/pip"; chmod +x "$4/bin/pip";;
esac`;

function find(isRoot = false): Promise<string> {
  const env = { PATH: `${join(dir, "bin")}:/usr/bin:/bin`, GLOBAL_NAMESPACE_CACHE: join(dir, "cache") };
  return pythonFolder((line) => lines.push(line), env, isRoot);
}

describe("pythonFolder", () => {
  test("installs Pulumi's SDK once, and says so", async () => {
    program("python3", PYTHON(join(dir, "calls")));
    const folder = await find();
    expect(existsSync(join(folder, "pip"))).toBe(true);
    expect(await find()).toBe(folder);
    expect(readFileSync(join(dir, "calls"), "utf8")).toMatch(/^install .*pulumi==[\d.]+ .*\n$/);
    expect(lines[0]).toContain("installing Pulumi's SDK once");
    expect(lines).toHaveLength(2);
  });

  test("begins anew where an installation was cut off", async () => {
    program("python3", PYTHON(join(dir, "calls")).replace("echo ", "exit 1; echo "));
    await expect(find()).rejects.toThrow();
    program("python3", PYTHON(join(dir, "calls")));
    expect(existsSync(join(await find(), "pip"))).toBe(true);
  });

  test("asks for Python in one sentence where it may install nothing", async () => {
    program("python3", "exit 1");
    program("apt-get", "exit 1");
    await expect(find(false)).rejects.toThrow('on Debian with "apt-get install python3 python3-venv"');
  });

  test("installs a Python that has no venv from Debian's packages where that can be done", async () => {
    program("python3", "exit 1");
    const whole = join(dir, "whole");
    writeFileSync(whole, `#!/bin/sh\n${PYTHON(join(dir, "calls"))}\n`, { mode: 0o755 });
    program("apt-get", `[ "$1" = update ] || cp ${whole} ${join(dir, "bin", "python3")}`);
    expect(existsSync(join(await find(true), "pip"))).toBe(true);
    expect(lines[0]).toBe("python: installing it once with apt-get");
  });
});
