import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { hasKubernetesPlugin } from "./kubernetes-plugin-setup.ts";
import { aWorld } from "./world.ts";

const hasLoop = hasKubernetesPlugin();

const BENCH = join(import.meta.dirname, "..", "..", "bench", "bench.ts");

test("a small run of the measurements writes its tables and its plot", async () => {
  const { lab } = await aWorld("bench");
  const out = join(inject("runDir"), "bench-results");
  const options = [
    "--quick",
    "--sizes",
    "2x2",
    "--fleet",
    "2x2",
    "--no-details",
    "--lab",
    lab.dir,
    "--out",
    out,
    "--programs",
    hasLoop ? "package,engine,loop" : "package,engine",
  ];
  await promisify(execFile)(process.execPath, [BENCH, ...options]);

  const page = readFileSync(join(out, "results.md"), "utf8");
  expect(page).toMatch(/^\| 2 × 2, 0 ms +\| first up +\| [\d.]+ +\| [\d.]+ +\|/m);
  // As many requests as the floor of the requests counts on.
  expect(page).toMatch(/^\| this package \| first up +\| 2 × patch namespaces, 1 × list namespaces +\| 2 × patch/m);
  expect(page).toMatch(/^\| this package \| preview, no change +\| none +\| none +\|/m);
  if (hasLoop) expect(page).toMatch(/^\| 2 × 2, 0 ms +\| first up +\| loop +\| [\d.]+ +\| [\d.]+ +\| [\d.]+ +\|/m);
  expect(page).toMatch(
    /^## 2 namespaces on 2 clusters as one resource\n[\s\S]*^\| first up +\| [\d.]+ +\| [\d.]+ +\|[\s\S]*^\| first up +\| 2 × patch namespaces, 1 × list/m,
  );
  const plot = readFileSync(join(out, "growth.svg"), "utf8");
  expect(plot).toContain("this package");
  expect(plot).not.toContain("NaN");
});
