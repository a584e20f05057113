/** Compiles the package into dist/, and makes it and its command known by their name to the examples. */

import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runProgram } from "./program.mjs";
import { withProgress } from "./progress.mjs";
import { root } from "./root.mjs";

const modules = join(root, "node_modules");
const compiler = join(modules, "typescript", "bin", "tsc");
const target = join(root, "dist");
const cache = join(modules, ".cache", "pulumi-global-namespace");
/** Holds the hash of what dist/ was compiled from. Outside of dist/, which is packed. */
const stamp = join(cache, "compiled-from");

/** Libraries that a provider process loads at its start, each as one small file instead of its many. */
const BUNDLED = { yaml: "provider/kube/yaml", zod: "provider/model/zod" };

/** Compiles when a source has changed since the last time. */
export async function buildIfChanged(env, say) {
  linkPackage();
  const sources = hashSources();
  const isCompiled = existsSync(target) && existsSync(stamp) && readFileSync(stamp, "utf8") === sources;
  if (!isCompiled) {
    await withProgress("dist/: compiling the package", say, () => compile(env));
    writeFileSync(stamp, sources);
  }
  linkCommand();
}

/** Compiles in any case. */
export async function build(env, say) {
  rmSync(stamp, { force: true });
  await buildIfChanged(env, say);
}

/** False where only what the package needs at run time is installed. */
export function canBuild() {
  return existsSync(compiler);
}

/** The examples import the package as its users do, and Node finds packages in node_modules. */
function linkPackage() {
  const link = join(modules, "pulumi-global-namespace");
  if (existsSync(link)) return;
  rmSync(link, { force: true });
  symlinkSync("..", link, "dir");
}

/** So that `npx pulumi-global-namespace` in an example is this one, and is not looked for in a registry. */
function linkCommand() {
  const link = join(modules, ".bin", "pulumi-global-namespace");
  chmodSync(join(target, "cli", "index.js"), 0o755);
  if (existsSync(link)) return;
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "cli", "index.js"), link);
}

/** Into a folder beside, so that a failure leaves dist/ as it was, and files of deleted sources do not stay. */
async function compile(env) {
  const compiled = join(cache, "dist");
  mkdirSync(cache, { recursive: true });
  rmSync(compiled, { recursive: true, force: true });
  await runProgram("node", [compiler, "-p", "tsconfig.build.json", "--outDir", compiled], env, {
    stdio: ["ignore", 2, 2],
  });
  for (const [library, file] of Object.entries(BUNDLED)) await bundle(library, file, compiled);
  rmSync(target, { recursive: true, force: true });
  renameSync(compiled, target);
}

/** What a module takes from a library by name is put into it, and what is not reached from there is left out. */
async function bundle(library, file, compiled) {
  // Not installed where nothing is built.
  const esbuild = await import("esbuild");
  const license = readFileSync(join(modules, library, "LICENSE"), "utf8").trim();
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [`${file}.ts`],
    outfile: join(compiled, `${file}.js`),
    allowOverwrite: true,
    bundle: true,
    format: "cjs",
    target: "node22",
    // Not "node": yaml has CommonJS for that, which cannot be taken in part.
    platform: "neutral",
    banner: { js: `/*!\n${library}, in part. Its license:\n\n${license}\n*/` },
    logLevel: "warning",
  });
}

function hashSources() {
  const hash = createHash("sha256");
  const files = ["sdk", "provider", "plugin", "cli"].flatMap((folder) => filesBelow(join(root, folder)));
  const names = ["tsconfig.json", "tsconfig.build.json", "package-lock.json", "scripts/build.mjs"];
  const settings = names.map((name) => join(root, name));
  for (const file of [...files.sort(), ...settings])
    hash.update(file).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
