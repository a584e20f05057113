import { defineConfig } from "vitest/config";

/** Milliseconds. Whoever measures speed does it elsewhere; a slow machine is no failure. */
const PATIENCE = 900_000;

/** Projects with the same number run at the same time, those with a higher one after them. */
const ORDER = ["unit", "browser", "contract", "lab", "package", "e2e", "long"];

/** Clusters that tests share. */
const SHARED_LAB = "test/lab/shared-lab.ts";

/** A folder in which the package is installed, and where programs are written that use it. */
const RUN_FOLDER = "test/e2e/run-setup.ts";

/** What a test needs that starts a real Istio. */
const ISTIO = "test/lab/istio-setup.ts";

/** What a test needs that declares workloads beside namespaces. */
const KUBERNETES_PLUGIN = "test/e2e/kubernetes-plugin-setup.ts";

/** End-to-end tests run one file a lab, and a lab is idle while the command line starts. */
const LABS = 3;

/** Unit tests share no state between files, so that they need not load every module anew: a third of the time. */
const UNIT = { isolate: false };

const ONE_BY_ONE = { fileParallelism: false };

const workers: Record<string, object> = { unit: UNIT, e2e: { maxWorkers: LABS } };

function project(name: string, globalSetup: string[] = []) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      sequence: { groupOrder: ORDER.indexOf(name) },
      testTimeout: PATIENCE,
      hookTimeout: PATIENCE,
      ...(workers[name] ?? ONE_BY_ONE),
      globalSetup,
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      project("unit"),
      project("browser"),
      project("contract", [SHARED_LAB]),
      project("lab", [ISTIO]),
      project("package", [RUN_FOLDER]),
      project("e2e", [ISTIO, KUBERNETES_PLUGIN, RUN_FOLDER, SHARED_LAB]),
      project("long", [RUN_FOLDER]),
    ],
  },
});
