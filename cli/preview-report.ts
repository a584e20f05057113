/** `preview-report`: what a `pulumi preview` means for each namespace on each cluster, for a comment in a pull request. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Command } from "./command";
import { renderHtml } from "./report/html";
import { renderMarkdown } from "./report/markdown";
import { parseReport, type Report, withEnd } from "./report/report";

const FORMATS: Readonly<Record<string, (report: Report) => string>> = {
  markdown: renderMarkdown,
  html: renderHtml,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
};

/** With `--exit-code`, as `terraform plan -detailed-exitcode` has it, and one more. */
const EXIT_CHANGES = 2;
const EXIT_DESTRUCTIVE = 3;

export const previewReport: Command = {
  summary: "preview-report   what a pulumi preview means for each namespace on each cluster",
  usage: `Usage: npx pulumi-global-namespace preview-report [--input FILE] [--format FORMAT] [--exit-code] [-- PREVIEW OPTIONS]

Runs "pulumi preview --json" in this folder, with the options after --, and prints what it means for each namespace on
each cluster: what is destructive first, then a table. Other resources, and a Mesh's own settings, are not looked at.

  --input FILE      reads a file ("-": standard input) instead, with the output of
                    "pulumi preview --json --show-sames --show-replacement-steps"
  --format FORMAT   ${Object.keys(FORMATS).join(", ")} (default: markdown)
  --exit-code       ends with 2 where something changes and with 3 where that is or may be destructive, for gates

Ends with 1 where the preview failed.`,

  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        input: { type: "string" },
        format: { type: "string", default: "markdown" },
        "exit-code": { type: "boolean", default: false },
      },
      allowPositionals: true,
    });
    const render = Object.hasOwn(FORMATS, values.format) ? FORMATS[values.format] : undefined;
    if (render === undefined) {
      const known = Object.keys(FORMATS).join(", ");
      throw new Error(`--format is ${JSON.stringify(values.format)}; allowed: ${known}`);
    }
    const { text, end } = values.input === undefined ? await preview(positionals) : readInput(values.input);
    const report = withEnd(parseReport(text), end);
    process.stdout.write(render(report));
    if (report.errors.length > 0) return 1;
    if (!values["exit-code"]) return 0;
    if (report.destructive.length > 0) return EXIT_DESTRUCTIVE;
    return report.rows.length + report.untold > 0 ? EXIT_CHANGES : 0;
  },
};

interface Printed {
  readonly text: string;
  /** Pulumi's exit code, or the signal that ended it. */
  readonly end: number | string | null;
}

function readInput(path: string): Printed {
  return { text: readFileSync(path === "-" ? 0 : path, "utf8"), end: 0 };
}

/** A preview that fails prints its JSON all the same. */
function preview(options: readonly string[]): Promise<Printed> {
  const shown = ["--show-sames", "--show-replacement-steps"];
  const args = ["preview", "--json", ...shown, "--non-interactive", ...options];
  const child = spawn("pulumi", args, { stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`pulumi cannot be run: ${error.message}`, { cause: error })));
    child.once("close", (code, signal) => {
      resolve({ text: Buffer.concat(chunks).toString("utf8"), end: code ?? signal });
    });
  });
}
