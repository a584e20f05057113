/**
 * The real programs a lab runs: which there are, where they are found, and how the missing ones are built.
 *
 * Looked for in KUBEBUILDER_ASSETS, on PATH, in the cache folder; else built from the Go modules pinned in `programs/`.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join } from "node:path";
import { cacheFolder } from "../../scripts/cache.mjs";
import { withFileLock } from "./file-lock.ts";

/** How a program is built: the folder in `programs/` with its go.mod, the Go package, and the linker's flags. */
interface Recipe {
  readonly module: string;
  readonly goPackage: string;
  readonly ldflags: string;
  /** What it is, for the line that announces a build. */
  readonly about: string;
  /** How long a build takes on two cores. */
  readonly minutes: number;
  /** A file of the Go module that has to lie beside the program: the module, and the file's path in it. */
  readonly beside?: readonly [string, string];
}

/** `-s -w` leaves out the debugger's tables: a third of the size. */
const STRIP = "-s -w";

const recipes = {
  etcd: {
    module: "etcd",
    goPackage: "go.etcd.io/etcd/server/v3",
    ldflags: STRIP,
    about: "the clusters' database",
    minutes: 1,
  },
  "kube-apiserver": {
    module: "kubernetes",
    goPackage: "k8s.io/kubernetes/cmd/kube-apiserver",
    ldflags: `${STRIP} -X k8s.io/component-base/version.gitVersion=v1.36.1`,
    about: "Kubernetes' API",
    minutes: 3,
  },
  "kube-controller-manager": {
    module: "kubernetes",
    goPackage: "k8s.io/kubernetes/cmd/kube-controller-manager",
    ldflags: `${STRIP} -X k8s.io/component-base/version.gitVersion=v1.36.1`,
    about: "Kubernetes' controllers",
    minutes: 1,
  },
  pulumi: {
    module: "pulumi",
    goPackage: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags: `${STRIP} -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0`,
    about: "Pulumi's command line",
    minutes: 3,
  },
  "pulumi-language-nodejs": {
    module: "pulumi-language",
    goPackage: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    ldflags: STRIP,
    about: "what runs Pulumi's TypeScript programs",
    minutes: 1,
  },
  "pulumi-language-python": {
    module: "pulumi-language",
    goPackage: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    ldflags: STRIP,
    about: "what runs Pulumi's Python programs",
    minutes: 1,
    beside: ["github.com/pulumi/pulumi/sdk/v3", "python/cmd/pulumi-language-python-exec"],
  },
  "pulumi-language-go": {
    module: "pulumi-language",
    goPackage: "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
    ldflags: STRIP,
    about: "what runs Pulumi's Go programs",
    minutes: 1,
  },
  "pulumi-language-yaml": {
    module: "pulumi-language-yaml",
    goPackage: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    ldflags: STRIP,
    about: "what runs Pulumi's YAML programs",
    minutes: 2,
  },
  "pulumi-generator": {
    module: "pulumi-generator",
    goPackage: ".",
    ldflags: STRIP,
    about: "what makes SDKs of the plugin's schema, and the code of an import",
    minutes: 1,
  },
  "pulumi-resource-kubernetes": {
    module: "pulumi-kubernetes",
    goPackage: ".",
    ldflags: STRIP,
    about: "the plugin of @pulumi/kubernetes",
    minutes: 10,
  },
  "pilot-discovery": {
    module: "istio",
    goPackage: "istio.io/istio/pilot/cmd/pilot-discovery",
    ldflags: STRIP,
    about: "istiod, which injects sidecars",
    minutes: 4,
  },
  istioctl: {
    module: "istio",
    goPackage: "istio.io/istio/istioctl/cmd/istioctl",
    ldflags: STRIP,
    about: "Istio's command line",
    minutes: 2,
  },
} as const satisfies Record<string, Recipe>;

/** A program the lab can run. */
export type ProgramName = keyof typeof recipes;

/** What a lab's clusters need. */
export const clusterPrograms = ["etcd", "kube-apiserver", "kube-controller-manager"] as const;

/** What `pulumi up` of a TypeScript program needs. */
export const pulumiPrograms = ["pulumi", "pulumi-language-nodejs"] as const;

/** What runs the programs of one language. */
export type LanguageHost = Extract<ProgramName, `pulumi-language-${string}`>;

/** What a service mesh in a lab's clusters needs. */
export const istioPrograms = ["pilot-discovery", "istioctl"] as const;

/** Receives one line for a person to read. */
export type Log = (line: string) => void;

/** Without cgo the result does not depend on whether the machine has a C compiler. */
const GO_SETTINGS = { CGO_ENABLED: "0", GOWORK: "off" };

/** With these `go build` of a program finds compiled what a build of ours had in common with it. */
export const GO_ENVIRONMENT = { ...GO_SETTINGS, GOFLAGS: "-trimpath" };

const PROGRESS_SECONDS = 15;

const RESOURCE_PLUGIN = "pulumi-resource-pulumi-nodejs";

/** Whether it need not be built. */
export function isThere(name: ProgramName, env: NodeJS.ProcessEnv = process.env): boolean {
  return installed(name, env) !== undefined || isExecutable(cachedPath(name, env));
}

/** What is about to be built, in one line; `undefined` where everything is there. */
export function describeBuilds(
  names: readonly ProgramName[],
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const missing = names.filter((name) => !isThere(name, env));
  if (missing.length === 0) return undefined;
  const minutes = missing.reduce((sum, name) => sum + recipes[name].minutes, 0);
  const folder = join(cacheFolder(env), "programs");
  return `Built once from Go modules and kept in ${folder}: ${missing.join(", ")}; ${aboutMinutes(minutes)} on two cores. A ^C loses nothing: the next run goes on from there.`;
}

function aboutMinutes(minutes: number): string {
  return `about ${minutes} minute${minutes === 1 ? "" : "s"}`;
}

/** Finds each program, and builds those that are nowhere. Returns their paths. */
export async function findPrograms<Name extends ProgramName>(
  names: readonly Name[],
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Record<Name, string>> {
  const found = {} as Record<Name, string>;
  for (const name of names) found[name] = installed(name, env) ?? (await cached(name, log, env));
  return found;
}

/**
 * The folders that must be on PATH for `pulumi up`: of a TypeScript program with dynamic resources, or of another language.
 *
 * Pulumi warns about each plugin that it finds on PATH and not beside itself, so those are put beside a `pulumi` of ours;
 * an installed one usually has them there already.
 */
export async function pulumiFolders(
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
  language: LanguageHost = "pulumi-language-nodejs",
): Promise<string[]> {
  const { pulumi, [language]: host } = await findPrograms(["pulumi", language], log, env);
  const folder = dirname(pulumi);
  if (folder.startsWith(cacheFolder(env))) {
    placeBeside(folder, host);
    if (onPath(RESOURCE_PLUGIN, env) === undefined) placeBeside(folder, cachedResourcePlugin(env));
    return [folder];
  }
  const folders = [folder, dirname(host)];
  if (onPath(RESOURCE_PLUGIN, env) === undefined) folders.push(dirname(cachedResourcePlugin(env)));
  const there = (env.PATH ?? "").split(delimiter);
  return [...new Set(folders)].filter((each) => !there.includes(each));
}

/**
 * The folder that comes first on PATH for a command that generates code: the generator stands in it under the names of
 * the language hosts, which Pulumi asks for that.
 */
export async function generatorFolder(log: Log, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { "pulumi-generator": generator } = await findPrograms(["pulumi-generator"], log, env);
  const folder = join(dirname(generator), "hosts");
  fs.mkdirSync(folder, { recursive: true });
  for (const language of ["go", "nodejs", "python"]) link(join(folder, `pulumi-language-${language}`), generator);
  return folder;
}

function installed(name: ProgramName, env: NodeJS.ProcessEnv): string | undefined {
  const assets = env.KUBEBUILDER_ASSETS;
  if (assets && isExecutable(join(assets, name))) return join(assets, name);
  return onPath(name, env);
}

/** An executable of that name in a folder of PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK);
    return fs.statSync(path).isFile();
  } catch {
    return false;
  }
}

async function cached(name: ProgramName, log: Log, env: NodeJS.ProcessEnv): Promise<string> {
  const path = cachedPath(name, env);
  if (isExecutable(path)) return path;

  const folder = dirname(path);
  fs.mkdirSync(folder, { recursive: true });
  await withFileLock(`${folder}.lock`, {
    waiting: () => log(`${name}: another run is building it; waiting for that`),
    run: async () => {
      if (!isExecutable(path)) await build(name, path, log, env);
    },
  });
  return path;
}

function cachedPath(name: ProgramName, env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), "programs", `${name}-${cacheKey(recipes[name])}`, name);
}

function cacheKey(recipe: Recipe): string {
  const hash = createHash("sha256");
  for (const file of fs.readdirSync(moduleFolder(recipe)).sort()) {
    hash.update(fs.readFileSync(join(moduleFolder(recipe), file)));
  }
  hash.update(JSON.stringify([buildArguments(recipe, ""), process.platform, process.arch]));
  return hash.digest("hex").slice(0, 12);
}

function moduleFolder(recipe: Recipe): string {
  return join(import.meta.dirname, "programs", recipe.module);
}

function buildArguments(recipe: Recipe, target: string): string[] {
  return ["build", "-trimpath", "-ldflags", recipe.ldflags, "-o", target, recipe.goPackage];
}

async function build(name: ProgramName, path: string, log: Log, env: NodeJS.ProcessEnv): Promise<void> {
  const recipe: Recipe = recipes[name];
  log(`${name}: building it once (${recipe.about}, ${aboutMinutes(recipe.minutes)})`);
  const started = Date.now();
  // A half-written program never has the final name, and Go keeps what it has compiled: a build that is cut off goes on
  // where it was.
  const unfinished = `${path}.${process.pid}`;
  const go = spawn("go", buildArguments(recipe, unfinished), {
    cwd: moduleFolder(recipe),
    env: { ...env, ...GO_SETTINGS, GOFLAGS: "" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const output = collectText(go);
  const progress = setInterval(
    () => log(`${name}: still building, ${seconds(started)}${downloads(output())}`),
    PROGRESS_SECONDS * 1000,
  );
  try {
    const code = await exitCode(go, name);
    if (code !== 0) throw new Error(`cannot build ${name}: go build ended with ${code}.\n${lastLines(output(), 20)}`);
    if (recipe.beside !== undefined) copyOfModule(recipe, recipe.beside, dirname(path), env);
    fs.renameSync(unfinished, path);
  } finally {
    clearInterval(progress);
    fs.rmSync(unfinished, { force: true });
  }
  log(`${name}: built in ${seconds(started)}`);
}

function copyOfModule(
  recipe: Recipe,
  [module, file]: readonly [string, string],
  folder: string,
  env: NodeJS.ProcessEnv,
): void {
  const options = { cwd: moduleFolder(recipe), env: { ...env, ...GO_SETTINGS, GOFLAGS: "" } };
  const source = execFileSync("go", ["list", "-m", "-f", "{{.Dir}}", module], options).toString().trim();
  const copy = join(folder, basename(file));
  // Go's are read-only, and so is a copy.
  fs.rmSync(copy, { force: true });
  fs.copyFileSync(join(source, file), copy);
}

function exitCode(go: ChildProcess, name: ProgramName): Promise<number | string> {
  return new Promise((resolve, reject) => {
    go.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT") return reject(cause);
      reject(
        new Error(
          `cannot build ${name}: there is no Go on PATH. Install Go 1.26 or newer (https://go.dev/dl), or put ${name} on PATH.`,
          { cause },
        ),
      );
    });
    go.once("close", (code, signal) => resolve(code ?? signal ?? 1));
  });
}

function collectText(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function downloads(output: string): string {
  const count = output.split("\n").filter((line) => line.startsWith("go: downloading")).length;
  return count === 0 ? "" : `, ${count} modules fetched`;
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function seconds(started: number): string {
  return `${Math.round((Date.now() - started) / 1000)} s`;
}

/** A copy in the cache folder: the project's own lies in node_modules, often without the right to be executed. */
function cachedResourcePlugin(env: NodeJS.ProcessEnv): string {
  const require = createRequire(import.meta.url);
  const source = join(dirname(require.resolve("@pulumi/pulumi/package.json")), RESOURCE_PLUGIN);
  const text = fs.readFileSync(source);
  const version = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const path = join(cacheFolder(env), "programs", `${RESOURCE_PLUGIN}-${version}`, RESOURCE_PLUGIN);
  if (isExecutable(path)) return path;
  fs.mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  fs.writeFileSync(unfinished, text, { mode: 0o755 });
  fs.renameSync(unfinished, path);
  return path;
}

function placeBeside(folder: string, program: string): void {
  link(join(folder, basename(program)), program);
}

function link(path: string, program: string): void {
  if (fs.existsSync(path) && fs.realpathSync(path) === fs.realpathSync(program)) return;
  const unfinished = `${path}.${process.pid}`;
  fs.symlinkSync(program, unfinished);
  fs.renameSync(unfinished, path);
}
