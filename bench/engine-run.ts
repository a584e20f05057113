/** One contestant's life from the first `up` to the destroy, by the real command line, measured job by job. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Access } from "../test/lab/kubeconfig.ts";
import type { Lab } from "../test/lab/lab.ts";
import { labFolder } from "../test/lab/lab-folder.ts";
import { labProcesses } from "../test/lab/leftovers.ts";
import { type Contestant, type Declared, NOTHING, NOTHING_PROVIDER } from "./contestants.ts";
import { type Usage, watchProcess } from "./process-watch.ts";
import { settled } from "./settled.ts";

export const JOBS = [
  "first up",
  "preview, no change",
  "one label on all",
  "refresh",
  "a cluster left",
  "destroy",
] as const;
export type Job = (typeof JOBS)[number];

export interface Measured {
  readonly seconds: number;
  readonly usage: Usage | undefined;
  /** By cluster, then by verb and resource. */
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Of the file that the backend keeps, after the job. */
  readonly stateBytes: number;
}

export type Run = Readonly<Partial<Record<Job, Measured>>>;

export interface Place {
  /** Holds node_modules with the packed package; projects are made in it. */
  readonly dir: string;
  readonly lab: Lab;
  readonly accesses: readonly Access[];
  readonly env: NodeJS.ProcessEnv;
}

const UP = ["up", "--yes", "--skip-preview"];

/** What is declared when a job begins, and the command that does it. */
const STEPS: Readonly<Record<Job, readonly [(first: Declared) => Declared, readonly string[]]>> = {
  "first up": [(first) => first, UP],
  "preview, no change": [(first) => first, ["preview", "--expect-no-changes"]],
  "one label on all": [relabelled, UP],
  refresh: [relabelled, ["refresh", "--yes", "--skip-preview"]],
  "a cluster left": [(first) => ({ ...relabelled(first), members: first.members.slice(0, -1) }), UP],
  // The namespace controller lets 5 s pass before it looks at a deleted one: waited for side by side, for all contestants.
  destroy: [(first) => first, ["destroy", "--yes", "--skip-preview", "--parallel=300"]],
};

function relabelled(first: Declared): Declared {
  return { ...first, team: "b" };
}

/** The clusters must hold none of the namespaces. Ends after the job `last`. */
export async function runContestant(
  contestant: Contestant,
  first: Declared,
  place: Place,
  last: Job = "destroy",
): Promise<Run> {
  const project = createProject(place, contestant);
  const run: Partial<Record<Job, Measured>> = {};
  try {
    await measureJob(project, place.lab, ["stack", "init", "bench"]);
    for (const job of JOBS.slice(0, JOBS.indexOf(last) + 1)) {
      const [declared, command] = STEPS[job];
      writeFileSync(join(project.dir, "index.js"), contestant.program(declared(first)));
      run[job] = await measureJob(project, place.lab, command);
      if (job === "first up") await settled(place.accesses);
    }
    return run;
  } finally {
    rmSync(project.dir, { recursive: true, force: true });
  }
}

interface Project {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
}

function createProject({ dir: parent, env }: Place, { settings = "" }: Contestant): Project {
  const dir = mkdtempSync(join(parent, "project-"));
  symlinkSync(join(parent, "node_modules"), join(dir, "node_modules"));
  const backend = join(dir, "backend");
  mkdirSync(backend);
  writeFileSync(join(dir, "Pulumi.yaml"), `name: bench\nruntime: nodejs\nmain: index.js\n${settings}`);
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "bench", private: true, main: "index.js" }));
  writeFileSync(join(dir, "nothing.js"), NOTHING);
  writeFileSync(join(dir, "nothing-provider.js"), NOTHING_PROVIDER);
  return { dir, env: { ...env, PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_HOME: join(parent, "home") } };
}

async function measureJob(project: Project, lab: Lab, args: readonly string[]): Promise<Measured> {
  const marks = lab.names.map((name) => [name, lab.cluster(name).mark()] as const);
  const started = performance.now();
  const child = spawn("pulumi", [...args, "--non-interactive", "--color=never"], {
    cwd: project.dir,
    env: project.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const watch = watchProcess(Number(child.pid), labProcesses(labFolder(lab.dir)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const seconds = (performance.now() - started) / 1000;
  const usage = watch.end();
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output.slice(-4000)}`);
  const asked = marks.map(([name, since]) => [name, lab.cluster(name).requests({ since }).counts] as const);
  return {
    seconds,
    usage,
    requests: Object.fromEntries(asked.filter(([, counts]) => Object.keys(counts).length > 0)),
    stateBytes: stateBytes(project.dir),
  };
}

function stateBytes(dir: string): number {
  const file = join(dir, "backend", ".pulumi", "stacks", "bench", "bench.json");
  return existsSync(file) ? statSync(file).size : 0;
}
