#!/usr/bin/env node
/** `npx pulumi-global-namespace COMMAND`: what is not a resource. Each command is a file of its own, loaded when asked for. */

import type { Command } from "./command";

const commands: Readonly<Record<string, () => Command>> = {
  generate: () => (require("./generate") as typeof import("./generate")).generate,
  "preview-report": () => (require("./preview-report") as typeof import("./preview-report")).previewReport,
  status: () => (require("./status") as typeof import("./status")).status,
};

const [name = "help", ...args] = process.argv.slice(2);

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);

async function main(): Promise<number> {
  require("../sdk/node-version");
  if (["help", "--help", "-h"].includes(name)) {
    const lines = Object.values(commands).map((load) => `  ${load().summary}`);
    process.stdout.write(`Usage: npx pulumi-global-namespace COMMAND [--help]\n\n${lines.join("\n")}\n`);
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    throw new Error(`there is no command ${JSON.stringify(name)}; there are ${Object.keys(commands).join(", ")}`);
  }
  const command = load();
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${command.usage}\n`);
    return 0;
  }
  return command.run(args);
}
