import { defineConfig } from "vitest/config";

/** Milliseconds. Whoever measures speed does it elsewhere; a slow machine is no failure. */
const PATIENCE = 300_000;

/** Projects with the same number run at the same time, those with a higher one after them. */
const ORDER = ["unit", "browser", "contract", "lab", "package", "e2e"];

/** Clusters that tests share. */
const SHARED_LAB = "test/lab/shared-lab.ts";

/** What a test needs that starts a real Istio. */
const ISTIO = "test/lab/istio-setup.ts";

/** A browser for the tests of pages. */
const BROWSER = "test/lab/browser-setup.ts";

function project(name: string, globalSetup: string[] = []) {
  const isUnit = name === "unit";
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      sequence: { groupOrder: ORDER.indexOf(name) },
      testTimeout: PATIENCE,
      hookTimeout: PATIENCE,
      // Unit tests share no state between files, so that they need not load every module anew: a third of the time.
      ...(isUnit ? { isolate: false } : { fileParallelism: false }),
      globalSetup,
    },
  };
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      project("unit"),
      project("browser", [BROWSER]),
      project("contract", [SHARED_LAB]),
      project("lab", [ISTIO]),
      project("package"),
      project("e2e", [ISTIO, SHARED_LAB]),
    ],
  },
});
