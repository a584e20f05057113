/** The browser, before the tests that open pages in it. */

import type { TestProject } from "vitest/node";
import { findBrowser } from "./browser.ts";

declare module "vitest" {
  export interface ProvidedContext {
    browserPath: string;
  }
}

/** Vitest's global setup. */
export async function setup(project: TestProject): Promise<void> {
  project.provide("browserPath", await findBrowser((line) => process.stdout.write(`lab: ${line}\n`)));
}
