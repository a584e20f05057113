/** Programs beside the installed package, run by Node and compiled by TypeScript, as a user's are. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as typescript from "typescript";
import { inject } from "vitest";

export type Compiler = typeof typescript;

const require = createRequire(import.meta.url);

/** What the repository is compiled with, and the one that `pulumi` brings for programs that have none. */
export const compilers: Readonly<Record<string, () => Compiler>> = {
  "the repository's TypeScript": () => require("typescript") as Compiler,
  "Pulumi's own TypeScript 3.8.3": () => require("@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js") as Compiler,
};

export interface Compiled {
  readonly complaints: readonly string[];
  /** All that the compiler had to read. */
  readonly files: readonly string[];
}

/** A folder with the package installed. */
export function installedFolder(): string {
  const runDir = inject("runDir");
  const dir = mkdtempSync(join(runDir, "package-"));
  symlinkSync(join(runDir, "node_modules"), join(dir, "node_modules"));
  return dir;
}

/** Runs a program and returns what it wrote as JSON. */
export function run(dir: string, file: string, text: string): unknown {
  writeFileSync(join(dir, file), text);
  return JSON.parse(
    execFileSync(process.execPath, [file], { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
  );
}

/** What a compiler says against programs and against the package's types. */
export function compile(
  ts: Compiler,
  dir: string,
  programs: Readonly<Record<string, string>>,
  options: Readonly<Record<string, unknown>>,
): Compiled {
  for (const [file, text] of Object.entries(programs)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  const json = { compilerOptions: { strict: true, noEmit: true, types: [], ...options }, files: Object.keys(programs) };
  const config = ts.parseJsonConfigFileContent(json, ts.sys, dir);
  const program = ts.createProgram(config.fileNames, config.options);
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => !fileName.includes("/node_modules/") || fileName.includes("/pulumi-global-namespace/"));
  const found = [
    ...config.errors,
    ...program.getOptionsDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  return {
    complaints: found.map(({ file, start, messageText }) => {
      const where =
        file === undefined ? "" : `${file.fileName}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1} `;
      return where + ts.flattenDiagnosticMessageText(messageText, " ");
    }),
    files: program.getSourceFiles().map(({ fileName }) => fileName),
  };
}
