import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

interface Machine {
  readonly node: string;
  readonly arch?: string;
}

/** Runs a task as a machine with that Node would, which must fail. */
function runOn({ node, arch = process.arch }: Machine, ...args: string[]): Promise<{ code: unknown; stderr: string }> {
  const machine = `
    Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(node)} } });
    Object.defineProperty(process, "arch", { value: ${JSON.stringify(arch)} });`;
  const words = [
    "--import",
    `data:text/javascript,${encodeURIComponent(machine)}`,
    join(root, "scripts/run.mjs"),
    ...args,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: root }, (error, _, stderr) => resolve({ code: error?.code, stderr }));
  });
}

describe("the scripts", () => {
  test("refuse a Node that is too old to begin with in one sentence", async () => {
    expect(await runOn({ node: "18.20.8" }, "lab", "--help")).toEqual({
      code: 1,
      stderr: "Node 18.20.8 is too old: install Node 22.18 or newer (https://nodejs.org).\n",
    });
  });

  test("say what to install where the registry has no Node for the machine", async () => {
    const { code, stderr } = await runOn({ node: "22.17.0", arch: "s390x" }, "lab", "--help");
    expect(code).toBe(1);
    expect(stderr).toBe(
      `Node 22.17.0 is too old, and npm has none for ${process.platform} s390x: install Node 22.18 or newer.\n`,
    );
  });

  test("name their tasks when they do not know one", async () => {
    const { stderr } = await runOn({ node: process.versions.node }, "tests");
    expect(stderr).toBe(
      'there is no task "tests"; there are quickstart, lab, check, bench, simulate, reference, test, test:long\n',
    );
  });
});
