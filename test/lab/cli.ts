/** The lab's command line: `npm run lab -- start | istio | stop | env`. */

import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { labEnvironment, shellLines } from "./environment.ts";
import { startIstio } from "./istio.ts";
import { installOnMembers } from "./istio-webhooks.ts";
import { isLabRunning, LabIsRunning, openLab, startLab, stopLab } from "./lab.ts";

const DEFAULT_DIR = ".lab";

const MOST_CLUSTERS = 30;

const USAGE = `Real Kubernetes clusters on this machine: an API server and controllers each, no nodes.

  npm run lab -- start [--clusters 3] [--dir .lab]   a mesh's control plane and so many member clusters
  npm run lab -- istio [--revision canary] [--tag prod]... [--on east]... [--dir .lab]
                                                     adds a real Istio to these members, else to each; moves the tags to it
  npm run lab -- stop [--dir .lab]                   ends them and removes their data, Pulumi's state of them included
  eval "$(npm run -s lab -- env [--dir .lab])"       lets pulumi and kubectl in this shell work on them

DIR/<name>.kubeconfig is left for each cluster, and DIR/kubeconfig with a context for each: mesh, east, west, north, ...`;

/** A mistake on the command line. */
class UsageError extends Error {}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
// A lab that was kept has an open pipe from here.
process.exit(0);

async function main(words: string[]): Promise<void> {
  const { command, clusters, istio, dir } = parse(words);
  switch (command) {
    case "help":
      process.stdout.write(`${USAGE}\n`);
      return;
    case "start":
      return start(dir, clusters);
    case "istio":
      return addIstio(dir, istio);
    case "stop":
      return stop(dir);
    case "env":
      return env(dir);
    default:
      throw new UsageError(`there is no command "${command}"; there are start, istio, stop and env.\n\n${USAGE}`);
  }
}

interface Wish {
  readonly command: string;
  readonly clusters: number;
  readonly istio: IstioWish;
  readonly dir: string;
}

interface IstioWish {
  readonly revision: string;
  readonly tags: readonly string[];
  /** None: all members. */
  readonly clusters: readonly string[];
}

function parse(args: string[]): Wish {
  const { values, positionals } = parseWords(args);
  const [command, ...rest] = values.help === true ? ["help"] : positionals;
  if (command === undefined) throw new UsageError(`say what to do: start, istio, stop or env.\n\n${USAGE}`);
  if (rest.length > 0) throw new UsageError(`"${rest.join(" ")}" is too much; flags begin with --.\n\n${USAGE}`);
  const istio = { revision: parseRevision(values.revision), tags: values.tag ?? [], clusters: values.on ?? [] };
  return { command, clusters: parseClusters(values.clusters), istio, dir: values.dir ?? DEFAULT_DIR };
}

function parseWords(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        clusters: { type: "string" },
        revision: { type: "string" },
        tag: { type: "string", multiple: true },
        on: { type: "string", multiple: true },
        dir: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? `${error.message}\n\n${USAGE}` : USAGE, { cause: error });
  }
}

function parseClusters(text = "3"): number {
  if (/^\d+$/.test(text) && Number(text) <= MOST_CLUSTERS) return Number(text);
  throw new UsageError(`--clusters is "${text}"; it is the number of member clusters, 0 to ${MOST_CLUSTERS}.`);
}

function parseRevision(text = "default"): string {
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(`--revision is "${text}"; it is made of lower-case letters, digits and hyphens.`);
}

async function start(dir: string, clusters: number): Promise<void> {
  const started = Date.now();
  try {
    const lab = await startLab({ dir, clusters, log: print });
    await installOnMembers(lab);
    await lab.keep();
    print(`${lab.names.join(", ")}: ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    print(`kubeconfig: ${join(shown(lab.dir), "kubeconfig")}, with a context for each`);
  } catch (error) {
    if (!(error instanceof LabIsRunning)) throw error;
    throw new Error(`${error.message}; npm run lab -- stop --dir ${dir} ends it`, { cause: error });
  }
}

async function addIstio(dir: string, { revision, tags, clusters }: IstioWish): Promise<void> {
  if (!isLabRunning(dir)) throw noLab(dir);
  const lab = openLab(dir);
  const chosen = (clusters.length > 0 ? clusters : lab.names.slice(1)).map((name) => lab.cluster(name));
  await Promise.all(chosen.map((cluster) => startIstio(cluster, { revision, tags, log: print })));
}

async function stop(dir: string): Promise<void> {
  const wasRunning = await stopLab(dir);
  print(wasRunning ? `the lab in ${dir} is stopped, and its data are removed` : `no lab is running in ${dir}`);
}

/** On standard output only what a shell is to eval. */
async function env(dir: string): Promise<void> {
  if (!isLabRunning(dir)) throw noLab(dir);
  const environment = await labEnvironment(dir, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${shellLines(environment)}\n`);
}

function noLab(dir: string): Error {
  return new Error(`no lab is running in ${dir}; npm run lab -- start --dir ${dir} starts one`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function shown(dir: string): string {
  const path = relative(process.cwd(), dir);
  return path.startsWith("..") ? dir : path;
}
