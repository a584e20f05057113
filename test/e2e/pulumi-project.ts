/**
 * A Pulumi project as a user has one: a folder with a program, the package installed in it, a local backend, and the real
 * CLI. What a test says of the package, it says through here.
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { inject } from "vitest";
import { type LabEnvironment, labEnvironment } from "../lab/environment.ts";
import { type Face, faceInUse, MODULES, PLUGINS } from "./face.ts";

export interface CommandResult {
  readonly exitCode: number;
  /** Standard output and error as they came. */
  readonly output: string;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
}

interface RecordedStatus {
  readonly state: string;
  readonly origin?: string;
  readonly uid?: string;
  readonly labels: Record<string, string>;
  readonly error?: string;
  readonly unmanagedLabels?: Record<string, string>;
  readonly restarts?: Record<string, string>;
  readonly restartsUnknown?: string;
}

interface RecordedTarget {
  readonly labels: Record<string, string>;
  readonly injectedBy?: string;
}

export interface RecordedNamespace {
  readonly id: string;
  readonly inputs: { readonly targets: Record<string, RecordedTarget> };
  readonly outputs: {
    readonly targets: Record<string, RecordedTarget>;
    readonly members: Record<string, RecordedStatus>;
    readonly controlPlane: RecordedStatus;
    readonly orphaned?: Record<string, RecordedStatus>;
  };
}

export interface ProjectOptions {
  readonly env?: Record<string, string>;
  /** Folders that come first on PATH. */
  readonly path?: readonly string[];
  /** The project whose backend this one shares, so that their stacks can refer to each other. Default: one of its own. */
  readonly backendOf?: PulumiProject;
  /** A folder with a project, which is copied and has no stack yet. Default: a project without a program, with the stack `dev`. */
  readonly copyOf?: string;
}

export class PulumiProject {
  readonly dir: string;
  private readonly backend: string;
  private readonly environment: NodeJS.ProcessEnv;
  private face: Face = "dynamic";

  private constructor(dir: string, backend: string, environment: NodeJS.ProcessEnv) {
    this.dir = dir;
    this.backend = backend;
    this.environment = environment;
  }

  /** `name` is the project's and tells it apart from those of other tests on the same clusters. */
  static async create(labDir: string, name: string, options: ProjectOptions = {}): Promise<PulumiProject> {
    const runDir = inject("runDir");
    const dir = mkdtempSync(join(runDir, `${name}-`));
    symlinkSync(join(runDir, "node_modules"), join(dir, "node_modules"));
    const lab: LabEnvironment = await labEnvironment(labDir, () => {});
    const backend = join(options.backendOf?.dir ?? dir, "backend");
    mkdirSync(backend, { recursive: true });
    const environment = {
      ...process.env,
      ...lab,
      PATH: [...(options.path ?? []), lab.PATH].join(delimiter),
      ...options.env,
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_HOME: join(dir, "home"),
      // A command starts two or three processes of Node.js that load the same files: a seventh of its time.
      NODE_COMPILE_CACHE: join(runDir, "compile-cache"),
    };
    const project = new PulumiProject(dir, backend, environment);
    if (options.copyOf !== undefined) {
      // Somebody may have installed its packages there.
      cpSync(options.copyOf, dir, { recursive: true, filter: (source) => !source.endsWith("node_modules") });
      return project;
    }
    writeFileSync(join(dir, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\nmain: index.js\n`);
    writeFileSync(join(dir, "package.json"), JSON.stringify({ name, private: true, main: "index.js" }));
    project.use(faceInUse());
    await project.ok("stack", "init", "dev");
    return project;
  }

  /** Of programs from now on; the plugin takes one more thing, which is said in Pulumi.yaml. */
  use(face: Face): void {
    this.face = face;
    const path = join(this.dir, "Pulumi.yaml");
    const text = readFileSync(path, "utf8").replace(PLUGINS, "");
    writeFileSync(path, face === "plugin" ? text + PLUGINS : text);
  }

  /** The program, with the package's names in scope. */
  program(text: string): void {
    const imports = `const pulumi = require("@pulumi/pulumi");
const { GlobalNamespace, GlobalNamespaces, Mesh, NamespaceSync, ...functions } = require("${MODULES[this.face]}");
`;
    writeFileSync(join(this.dir, "index.js"), imports + text);
  }

  /** Another file as the program, which its test has written. */
  main(file: string): void {
    const path = join(this.dir, "Pulumi.yaml");
    writeFileSync(path, readFileSync(path, "utf8").replace(/^main: .*$/m, `main: ${file}`));
  }

  /** The environment with another folder first on PATH. */
  withFirst(folder: string): Record<string, string> {
    return { PATH: [folder, this.environment.PATH].join(delimiter) };
  }

  /** A program as a shell in the project's folder runs it. */
  execute(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramResult> {
    return new Promise((resolve) => {
      const options = { cwd: this.dir, env: { ...this.environment, ...env }, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : (child.exitCode ?? 1), stdout, stderr });
      });
    });
  }

  /** A command that is stopped with ^C when `until` ends or fails. */
  async interrupted(args: readonly string[], until: () => Promise<unknown>): Promise<CommandResult> {
    const { child, ended } = this.start(...args);
    try {
      await until();
    } finally {
      child.kill("SIGINT");
      await ended;
    }
    return ended;
  }

  /** A Pulumi command that is left running, in a process group of its own, as a shell gives it one. */
  start(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<CommandResult> } {
    const words = [...args, "--non-interactive", "--color=never"];
    const child = spawn("pulumi", words, { cwd: this.dir, env: this.environment, detached: true });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
    const ended = new Promise<CommandResult>((resolve) => {
      child.once("close", (code) => resolve({ exitCode: code ?? 1, output }));
    });
    return { child, ended };
  }

  /** The package's own command line, as `npx` runs it. */
  cli(...args: string[]): Promise<ProgramResult> {
    return this.execute("node", ["node_modules/pulumi-global-namespace/dist/cli/index.js", ...args]);
  }

  async run(...args: string[]): Promise<CommandResult> {
    const { exitCode, stdout, stderr } = await this.execute("pulumi", [...args, "--non-interactive", "--color=never"]);
    return { exitCode, output: `${stdout}${stderr}` };
  }

  /** A command that must succeed; otherwise its output is the test's failure. */
  async ok(...args: string[]): Promise<string> {
    const { exitCode, output } = await this.run(...args);
    if (exitCode !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${exitCode}:\n${output}`);
    return output;
  }

  /** A command that must fail. */
  async fails(...args: string[]): Promise<string> {
    const { exitCode, output } = await this.run(...args);
    if (exitCode === 0) throw new Error(`pulumi ${args.join(" ")} succeeded:\n${output}`);
    return output;
  }

  up(...args: string[]): Promise<string> {
    return this.ok("up", "--yes", "--skip-preview", ...args);
  }

  upFails(...args: string[]): Promise<string> {
    return this.fails("up", "--yes", "--skip-preview", ...args);
  }

  preview(...args: string[]): Promise<string> {
    return this.ok("preview", "--diff", ...args);
  }

  previewFails(...args: string[]): Promise<string> {
    return this.fails("preview", "--diff", ...args);
  }

  refresh(...args: string[]): Promise<string> {
    return this.ok("refresh", "--yes", "--skip-preview", ...args);
  }

  destroy(): Promise<string> {
    return this.ok("destroy", "--yes", "--skip-preview");
  }

  /** The state file's text, as it lies on the disk. */
  stateText(stack = "dev"): string {
    const project = /^name: (.*)$/m.exec(readFileSync(join(this.dir, "Pulumi.yaml"), "utf8"))?.[1];
    return readFileSync(join(this.backend, ".pulumi", "stacks", String(project), `${stack}.json`), "utf8");
  }

  resources(stack?: string): Resource[] {
    const state = JSON.parse(this.stateText(stack)) as { checkpoint: { latest: { resources?: Resource[] } } };
    return state.checkpoint.latest.resources ?? [];
  }

  /** A GlobalNamespace as the state has it. */
  namespace(name: string, stack?: string): RecordedNamespace {
    const found = this.resources(stack).find(({ urn }) => urn.endsWith(`:GlobalNamespace::${name}`));
    if (found?.outputs === undefined) throw new Error(`the state has no GlobalNamespace ${name}`);
    return found as unknown as RecordedNamespace;
  }
}
