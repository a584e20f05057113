import { defineConfig } from "vitest/config";

/** Milliseconds. Whoever measures speed does it elsewhere; a slow machine is no failure. */
const PATIENCE = 300_000;

/** Projects with the same number run at the same time, those with a higher one after them. */
const ORDER = ["unit", "contract", "lab", "package", "e2e"];

function project(name: string, { sharedLab = false } = {}) {
  const isUnit = name === "unit";
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      sequence: { groupOrder: ORDER.indexOf(name) },
      ...(isUnit ? {} : { fileParallelism: false, testTimeout: PATIENCE, hookTimeout: PATIENCE }),
      ...(sharedLab ? { globalSetup: "test/lab/shared-lab.ts" } : {}),
    },
  };
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      project("unit"),
      project("contract", { sharedLab: true }),
      project("lab"),
      project("package"),
      project("e2e", { sharedLab: true }),
    ],
  },
});
