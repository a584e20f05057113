/** `npm run check`: everything that can be said without a cluster. */

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildIfChanged } from "./build.mjs";
import { runProgram } from "./program.mjs";
import { root } from "./root.mjs";

const packed = join(root, "node_modules", ".cache", "pulumi-global-namespace", "packed");

const compiler = "node_modules/typescript/bin/tsc";

const biomeFlags = [
  "--error-on-warnings",
  "--diagnostic-level=warn",
  process.stdout.isTTY ? "--colors=force" : "--colors=off",
];

const steps = {
  "format and lint": (env) => runProgram("node", ["node_modules/@biomejs/biome/bin/biome", "ci", ...biomeFlags], env),
  types: (env) => runProgram("node", [compiler, "--noEmit"], env),
  // What only the build asks for: that each export says its type.
  "types of the package": (env) => runProgram("node", [compiler, "-p", "tsconfig.build.json", "--noEmit"], env),
  "docs/reference.md": (env) => runProgram("node", ["scripts/reference.mjs", "--check"], env),
  "unit tests": (env) => runProgram("node", ["node_modules/vitest/vitest.mjs", "run", "--project", "unit"], env),
  package: checkPackage,
};

/** Runs every step, also after one that failed, and says what each took. */
export async function check(env) {
  const failed = [];
  for (const [name, step] of Object.entries(steps)) {
    const started = Date.now();
    let outcome = "ok";
    try {
      await step(env);
    } catch (error) {
      if (error.exitCode === 130) throw error;
      if (error.exitCode === undefined) say(error.message);
      outcome = "FAILED";
      failed.push(name);
    }
    say(`check: ${name}: ${outcome}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
  if (failed.length > 0) throw new Error(`check: failed: ${failed.join(", ")}`);
}

/** Looks at the tarball, since that is what users get. */
async function checkPackage(env) {
  await buildIfChanged(env, say);
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  const args = ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", packed];
  await runProgram("npm", args, env);
  const tarball = join(packed, readdirSync(packed)[0]);
  await runProgram("node", ["node_modules/publint/src/cli.js", "run", "--strict", tarball], env);
  await runProgram("node", ["node_modules/@arethetypeswrong/cli/dist/index.js", "--profile", "node16", tarball], env);
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
