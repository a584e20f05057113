import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "./condition.ts";
import { stopLab } from "./lab.ts";
import { labFolder } from "./lab-folder.ts";
import { labProcesses } from "./leftovers.ts";
import { renderMatrix } from "./namespace-matrix.ts";

const payments = { team: "payments", "istio-injection": "enabled" };
const checkout = { team: "checkout", "istio.io/rev": "canary" };
const sandbox = { team: "platform" };

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "quickstart-test-"));
});

afterEach(async () => {
  await stopLab(dir);
  rmSync(dir, { recursive: true, force: true });
});

interface Run {
  readonly output: () => string;
  readonly code: () => number | null;
  readonly interrupt: () => void;
}

/** In a process group of its own, as a terminal would have it. */
function quickstart(...args: string[]): Run {
  const child = spawn(process.execPath, [join(import.meta.dirname, "quickstart.ts"), "--dir", dir, ...args], {
    cwd: join(import.meta.dirname, "../.."),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return {
    output: () => text,
    code: () => child.exitCode,
    interrupt: () => process.kill(-(child.pid ?? Number.NaN), "SIGINT"),
  };
}

function ended(run: Run): Promise<number> {
  return until(() => run.code() ?? undefined, {
    what: "the end of the quickstart",
    detail: run.output,
  });
}

describe("npm run quickstart", () => {
  test("shows the preview, the up, the namespaces in every cluster, and an up that changes nothing", async () => {
    const run = quickstart();
    expect(await ended(run), run.output()).toBe(0);
    const [preview = "", up = "", matrix = "", again = ""] = run.output().split("\n── ").slice(3);
    expect(preview).toMatch(/\+ \d+ to create/);
    expect(up).toMatch(/\+ \d+ created/);
    expect(matrix).toContain(
      renderMatrix([
        { cluster: "mesh", namespaces: { payments, checkout, sandbox } },
        { cluster: "east", namespaces: { payments, checkout } },
        { cluster: "west", namespaces: { payments, checkout } },
        { cluster: "north", namespaces: { checkout, sandbox } },
      ]),
    );
    const readme = readFileSync(join(import.meta.dirname, "../../examples/quickstart/README.md"), "utf8");
    expect(matrix).toContain(/^```text\n(.*?)^```$/ms.exec(readme)?.[1]);
    expect(again).toMatch(/\d+ unchanged/);
    expect(again).not.toMatch(/\d+ (updated|created)/);
    expect(existsSync(dir)).toBe(false);
  });

  test("leaves nothing when it is interrupted", async () => {
    const run = quickstart();
    await until(() => run.output().includes("Previewing update"), {
      what: "the preview",
      detail: run.output,
    });
    const folder = labFolder(dir);
    expect(labProcesses(folder).length).toBeGreaterThan(0);
    run.interrupt();
    expect(await ended(run)).toBe(130);
    expect(existsSync(dir)).toBe(false);
  });

  test("leaves the clusters up when it is told to", async () => {
    const run = quickstart("--keep");
    expect(await ended(run), run.output()).toBe(0);
    expect(run.output()).toContain(`npm run lab -- stop --dir ${dir}`);
    expect(await stopLab(dir)).toBe(true);
  });
});
