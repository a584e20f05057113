/**
 * What `npm run quickstart`, `lab`, `check` and `test` start: makes sure of Node and of node_modules, then runs the task.
 *
 * Runs on the machine's own Node before anything is installed: plain JavaScript, no dependency. What it says about its
 * preparations goes to standard error, since the output of `lab env` is for a shell to eval.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildIfChanged } from "./build.mjs";
import { check } from "./check.mjs";
import { installModules } from "./modules.mjs";
import { findNode, linkNode } from "./node-version.mjs";
import { runProgram } from "./program.mjs";
import { root } from "./root.mjs";

const vitest = ["node_modules/vitest/vitest.mjs", "run"];

const tasks = {
  quickstart: async (args, env) => {
    await buildIfChanged(env, say);
    await runProgram("node", ["test/lab/quickstart.ts", ...args], env);
  },
  lab: (args, env) => runProgram("node", ["test/lab/cli.ts", ...args], env),
  check: (_args, env) => check(env),
  bench: async (args, env) => {
    await buildIfChanged(env, say);
    await runProgram("node", ["bench/bench.ts", ...args], env);
  },
  simulate: async (args, env) => {
    await buildIfChanged(env, say);
    await runProgram("node", ["bench/simulation.ts", ...args], env);
  },
  reference: (args, env) => runProgram("node", ["scripts/reference.mjs", ...args], env),
  test: async (args, env) => {
    if (args.length > 0) {
      await buildIfChanged(env, say);
      return runProgram("node", [...vitest, ...args], env);
    }
    await check(env);
    // All but the unit tests, which were the check's.
    const projects = ["browser", "contract", "lab", "package", "e2e"].flatMap((name) => ["--project", name]);
    await runProgram("node", [...vitest, ...projects], env);
  },
  "test:long": async (args, env) => {
    await buildIfChanged(env, say);
    // Sizes that are given hold: who has an hour and not a day still has all of it tried.
    const long = { GLOBAL_NAMESPACE_TEST_INPUTS: "50000", ...env, GLOBAL_NAMESPACE_TEST_LONG: "1" };
    const run = (files, env) =>
      runProgram("node", [...vitest, "--project", "unit", "--project", "e2e", "--project", "long", ...files], env);
    if (args.length > 0) return run(args, long);
    mustBeThere([...faultSuite, ...withKubernetesPlugin, ...onBothFaces]);
    await run([...faultSuite, ...withKubernetesPlugin], long);
    await run(onBothFaces, { ...env, GLOBAL_NAMESPACE_TEST_FACE: "plugin" });
  },
};

/** What has a larger size than that of `npm test`, and the tests that only this command runs. */
const faultSuite = [
  "test/unit/lifecycle/garbage.test.ts",
  "test/e2e/kill.test.ts",
  "test/e2e/kill-pulumi.test.ts",
  "test/e2e/model.test.ts",
  "test/long/",
];

/** Those that `npm test` runs whole only where a program is there whose build takes long. */
const withKubernetesPlugin = ["test/e2e/bench.test.ts", "test/e2e/examples.test.ts"];

/** Those that `npm test` runs with the dynamic provider alone; the ones in test/e2e/plugin it runs with both. */
const onBothFaces = [
  "test/e2e/deletion.test.ts",
  "test/e2e/fault.test.ts",
  "test/e2e/kill.test.ts",
  "test/e2e/many.test.ts",
  "test/e2e/model.test.ts",
  "test/e2e/rights.test.ts",
  "test/e2e/rivals.test.ts",
  "test/e2e/status.test.ts",
  "test/e2e/sync.test.ts",
];

main(process.argv.slice(2)).catch((error) => {
  // A program that failed has said why.
  if (error.exitCode === undefined) say(error.message);
  process.exitCode = error.exitCode ?? 1;
});

async function main([name, ...args]) {
  const task = tasks[name];
  if (task === undefined) throw new Error(`there is no task "${name}"; there are ${Object.keys(tasks).join(", ")}`);
  const node = await findNode(say);
  const env = { ...process.env, PATH: `${node.folder}:${process.env.PATH}` };
  await installModules(env, say);
  linkNode(node);
  await task(args, env);
}

/** Vitest runs those of its files that it finds, and says nothing of the others. */
function mustBeThere(paths) {
  const missing = paths.filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) throw new Error(`scripts/run.mjs names tests that are not there: ${missing.join(", ")}`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
