/**
 * `npm run quickstart`: the project's Pulumi program on a mesh's control plane and three clusters of this machine, from
 * the preview to an `up` that changes nothing. Everything it starts ends with it, unless it is told to keep it.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { labEnvironment } from "./environment.ts";
import { installOnMembers } from "./istio-webhooks.ts";
import { isLabRunning, type Lab, openLab, startLab } from "./lab.ts";
import { type ClusterNamespaces, renderMatrix } from "./namespace-matrix.ts";
import { clusterPrograms, describeBuilds, findPrograms, pulumiPrograms } from "./programs.ts";

const DEFAULT_DIR = ".lab/quickstart";

const STACK = ["--stack", "dev"];

const PROGRAM = "examples/quickstart/index.ts";

/** The namespaces that every cluster has. */
const KUBERNETES_OWN = ["default", "kube-node-lease", "kube-public", "kube-system"];

/** Pulumi's own end of an operation that is interrupted; it waits for what is in flight. */
const INTERRUPT_PATIENCE_MS = 10_000;

const USAGE = `npm run quickstart [-- --keep] [--dir ${DEFAULT_DIR}]

  --keep   leaves the clusters up afterwards
  --dir    where the clusters' files are kept meanwhile`;

/** The signal that ends a program from the keyboard. */
class Interrupted extends Error {}

const started = Date.now();
let pulumiRun: ChildProcess | undefined;

const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => reject(new Interrupted(signal)));
});

try {
  await main();
} catch (error) {
  await endPulumi();
  if (error instanceof Interrupted) print("\nInterrupted; what was started is stopped.");
  else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof Interrupted ? 130 : 1);
}
process.exit(0);

async function main(): Promise<void> {
  const { keep, help, dir } = parse();
  if (help) return print(USAGE);

  title("The programs: a Kubernetes control plane's, and Pulumi");
  // All of them before anything is started: clusters that wait for a build of minutes are of no use to anybody.
  const names = [...clusterPrograms, ...pulumiPrograms];
  const builds = describeBuilds(names);
  if (builds !== undefined) print(`${builds}\n`);
  const programs = await orInterrupted(findPrograms(names, print));
  for (const [name, path] of Object.entries(programs)) print(`${name}: ${path}`);

  const kept = keptLab(dir);
  title(kept ? `The clusters that an earlier run left up in ${dir}` : "A mesh's control plane and three clusters");
  const lab = kept ?? (await orInterrupted(startLab({ clusters: 3, dir, log: print })));
  try {
    await orInterrupted(installWebhooks(lab));
    await orInterrupted(runProgram(lab));
    if (keep) await lab.keep();
  } catch (error) {
    await endPulumi();
    if (kept === undefined) await lab.stop();
    throw error;
  }
  const isKept = keep || kept !== undefined;
  if (!isKept) await lab.stop();
  title(`Done in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  print(isKept ? nextSteps(dir) : keepFirst(dir));
}

function keptLab(dir: string): Lab | undefined {
  const lab = isLabRunning(dir) ? openLab(dir) : undefined;
  return lab?.isKept ? lab : undefined;
}

async function installWebhooks(lab: Lab): Promise<void> {
  await installOnMembers(lab);
  print('The members have the injection webhooks of an Istio with a default revision and one called "canary".');
}

async function runProgram(lab: Lab): Promise<void> {
  const env = { ...process.env, ...(await labEnvironment(lab.dir, print)) };

  title("pulumi preview: what would happen, cluster by cluster");
  print(`The program is ${PROGRAM}. In what follows, "targets" is what each cluster shall carry; "origin" is`);
  print('whether the namespace is going to be made there ("created") or stands there already ("adopted").\n');
  await pulumi(["stack", "select", "--create", ...STACK], env);
  await pulumi(["preview", "--diff", "--suppress-outputs", ...STACK], env);

  title("pulumi up");
  await pulumi(["up", "--yes", "--skip-preview", ...STACK], env);

  title("The namespaces as they now are in every cluster");
  print("Asked of the clusters: a row for each, a column for each namespace, - where it is not.\n");
  print(renderMatrix(await Promise.all(lab.names.map((name) => namespacesOf(lab, name)))));

  title("pulumi up once more: nothing to do");
  await pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes", "--suppress-outputs", ...STACK], env);
}

async function namespacesOf(lab: Lab, cluster: string): Promise<ClusterNamespaces> {
  const found = await lab.cluster(cluster).kube.list("/api/v1/namespaces");
  const own = found.filter(({ metadata }) => !KUBERNETES_OWN.includes(metadata.name));
  return {
    cluster,
    namespaces: Object.fromEntries(own.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
  };
}

function nextSteps(dir: string): string {
  return `The clusters are up. In this shell:

${byHand(dir)}
  npm run lab -- stop --dir ${dir}   when you have seen enough`;
}

function keepFirst(dir: string): string {
  return `The clusters are stopped. To go on by hand, start them again and keep them:

  npm run quickstart -- --keep
${byHand(dir)}`;
}

function byHand(dir: string): string {
  return `  eval "$(npm run -s lab -- env --dir ${dir})"
  pulumi preview --diff   after a change of ${PROGRAM}; write clusters: "all" for payments, say
  pulumi up
  pulumi destroy          the clusters keep their namespaces, unless onDelete says otherwise`;
}

function pulumi(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn("pulumi", args, { env, stdio: ["ignore", "inherit", "inherit"] });
  pulumiRun = child;
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      pulumiRun = undefined;
      if (code === 0) resolve();
      else reject(new Error(`pulumi ${args.join(" ")} ended with ${code}`));
    });
  });
}

/** A ^C has reached it as it has reached this process; otherwise it is told now. */
async function endPulumi(): Promise<void> {
  const child = pulumiRun;
  if (child === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    child.kill(signal);
    await Promise.race([gone, sleep(INTERRUPT_PATIENCE_MS)]);
  }
}

function orInterrupted<Result>(work: Promise<Result>): Promise<Result> {
  return Promise.race([work, interrupted]);
}

function parse(): { keep: boolean; help: boolean; dir: string } {
  try {
    const { values } = parseArgs({
      options: { keep: { type: "boolean" }, dir: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    return { keep: values.keep === true, help: values.help === true, dir: values.dir ?? DEFAULT_DIR };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    process.exit(2);
  }
}

function title(text: string): void {
  print(`\n── ${text} ${"─".repeat(Math.max(3, 76 - text.length))}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
