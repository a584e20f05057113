// Runs an operation on every region's stack at once: node fleet.mts preview|up|refresh|destroy
import { readdirSync } from "node:fs";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";

const operations = {
  preview: (stack: Stack, onOutput: Print) => stack.preview({ onOutput, color: "never" }),
  up: (stack: Stack, onOutput: Print) => stack.up({ onOutput, color: "never" }),
  refresh: (stack: Stack, onOutput: Print) => stack.refresh({ onOutput, color: "never" }),
  destroy: (stack: Stack, onOutput: Print) => stack.destroy({ onOutput, color: "never" }),
};
type Print = (text: string) => void;

const operation = operations[process.argv[2] as keyof typeof operations];
if (operation === undefined) throw new Error(`say one of ${Object.keys(operations).join(", ")}`);

const regions = readdirSync(import.meta.dirname).flatMap((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? []);
const outcomes = await Promise.allSettled(regions.map(run));

for (const [index, outcome] of outcomes.entries()) {
  console.log(`${regions[index]}: ${outcome.status === "fulfilled" ? "done" : "failed"}`);
}
// One region that fails stops no other, and is not hidden by them.
process.exitCode = outcomes.every(({ status }) => status === "fulfilled") ? 0 : 1;

async function run(region: string): Promise<void> {
  const stack = await LocalWorkspace.createOrSelectStack({ stackName: region, workDir: import.meta.dirname });
  await operation?.(stack, (text) => {
    for (const line of text.split("\n").filter((each) => each.trim() !== "")) console.log(`${region}: ${line}`);
  });
}
