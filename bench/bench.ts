/**
 * `npm run bench`: this package beside what a user would do instead, beside the engine's own floor and beside the floor of
 * the requests, in one go, on API servers of this machine. Writes `results.md` and `growth.svg`.
 */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { installPackages } from "../test/e2e/run-setup.ts";
import { clearLab } from "../test/lab/clear-lab.ts";
import { labEnvironment } from "../test/lab/environment.ts";
import { readKubeconfig, writeKubeconfig } from "../test/lab/kubeconfig.ts";
import { type Lab, openLab, startLab } from "../test/lab/lab.ts";
import { inChild } from "./child.ts";
import {
  asOne,
  asPlugin,
  type Contestant,
  type Declared,
  engineAlone,
  kubernetesLoop,
  thisPackage,
} from "./contestants.ts";
import { startDelayProxy } from "./delay-proxy.ts";
import { type Details, measureDetails } from "./details.ts";
import { runContestant } from "./engine-run.ts";
import { describeMachine } from "./machine.ts";
import { middle, type Options, parseOptions, USAGE } from "./options.ts";
import { growthPlot } from "./plot.ts";
import type { ProviderAlone, ProviderGiven } from "./provider-alone.ts";
import type { Alone, RawGiven } from "./raw-floor.ts";
import { type Case, describe, type Results } from "./report.ts";

const say = (line: string) => process.stderr.write(`bench: ${line}\n`);

const options = parseOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(`${USAGE}\n`);
else await main(options);
process.exit();

async function main(given: Options): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "global-namespace-bench-"));
  const most = Math.max(...given.clusters);
  const lab = given.lab === undefined ? await startLab({ clusters: most - 1, log: say }) : openLab(given.lab);
  try {
    installPackages(dir);
    const env = { ...process.env, ...(await labEnvironment(lab.dir, say)) };
    const machine = describeMachine(env);
    const loop = hasKubernetesPlugin(env);
    const all: Case[] = [];
    // After each case: a run that is ended early has measured what it has measured.
    await measureCases(given, { dir, lab, env }, (one) => {
      all.push(one);
      write(given.out, { machine, cases: all, details: undefined, loop });
    });
    if (given.withoutDetails) return;
    write(given.out, { machine, cases: all, details: await measureAlone(dir, lab, given), loop });
  } finally {
    if (given.lab === undefined) await lab.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Setting {
  readonly dir: string;
  readonly lab: Lab;
  readonly env: NodeJS.ProcessEnv;
}

async function measureCases(given: Options, setting: Setting, measured: (one: Case) => void): Promise<void> {
  const all = [
    thisPackage,
    asOne,
    asPlugin,
    engineAlone,
    ...(hasKubernetesPlugin(setting.env) ? [kubernetesLoop] : []),
  ];
  const contestants = all.filter(({ key }) => given.programs.includes(key));
  for (const size of sizesOf(given, setting.lab.names)) {
    const one: Case = { ...size, clusters: size.names.length, runs: [] };
    for (let run = 1; run <= given.runs; run++) {
      const where = `${size.names.length} clusters, ${size.roundTripMs} ms away`;
      say(`${size.namespaces} namespaces on ${where}, run ${run} of ${given.runs}`);
      one.runs.push(await measureCase(contestants, size, setting));
    }
    measured(one);
  }
}

/** The quick ones first. */
function sizesOf({ namespaces, clusters, roundTrips }: Options, names: readonly string[]): Size[] {
  const [near = 0, ...further] = roundTrips;
  const all = clusters.flatMap((count) =>
    namespaces.map((each) => ({ namespaces: each, names: names.slice(0, count), roundTripMs: near })),
  );
  const middles = { namespaces: middle(namespaces), names: names.slice(0, middle(clusters)) };
  return [...all, ...further.map((roundTripMs) => ({ ...middles, roundTripMs }))].sort(
    (one, other) => one.namespaces * one.names.length - other.namespaces * other.names.length,
  );
}

interface Size {
  readonly namespaces: number;
  readonly names: readonly string[];
  readonly roundTripMs: number;
}

async function measureCase(
  contestants: readonly Contestant[],
  { namespaces, names, roundTripMs }: Size,
  { dir, lab, env }: Setting,
): Promise<Case["runs"][number]> {
  const accesses = names.map((name) => readKubeconfig(lab.kubeconfig(name)));
  const proxy = await startDelayProxy(
    roundTripMs,
    accesses.map(({ server }) => Number(new URL(server).port)),
  );
  try {
    const near = accesses.map((access, index) => ({ ...access, server: `https://127.0.0.1:${proxy.ports[index]}` }));
    const kubeconfig = join(dir, "clusters.kubeconfig");
    writeFileSync(kubeconfig, writeKubeconfig(near));
    const withClusters = { ...env, KUBECONFIG: kubeconfig };
    const first: Declared = { namespaces, clusters: names, members: names, team: "a" };
    const byEngine: Partial<Record<Contestant["key"], Awaited<ReturnType<typeof runContestant>>>> = {};
    for (const contestant of contestants) {
      if (contestant.asksClusters) await clearLab(lab);
      byEngine[contestant.key] = await runContestant(contestant, first, { dir, lab, env: withClusters });
    }
    await clearLab(lab);
    const clusters = near.map(({ server, authority, token }) => ({ server, authority, token: String(token) }));
    const raw = await inChild<RawGiven, Alone>(file("raw-floor"), { clusters, namespaces });
    await clearLab(lab);
    await proxy.connections();
    const alone = await inChild<ProviderGiven, ProviderAlone>(
      file("provider-alone"),
      { dir, clusters: names, namespaces },
      withClusters,
    );
    const connections = Math.max(...(await proxy.connections()));
    await clearLab(lab);
    return { byEngine, raw, alone, connections };
  } finally {
    proxy.stop();
  }
}

function measureAlone(dir: string, lab: Lab, { clusters }: Options): Promise<Details> {
  say("start-up, the SDK's import, a hundred clusters");
  return measureDetails(dir, lab.kubeconfigPath, lab.names.slice(0, middle(clusters)));
}

function hasKubernetesPlugin({ PATH = "" }: NodeJS.ProcessEnv): boolean {
  return PATH.split(delimiter).some((folder) => existsSync(join(folder, "pulumi-resource-kubernetes")));
}

function write(out: string, results: Results): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "results.md"), describe(results));
  writeFileSync(join(out, "growth.svg"), growthPlot(results.cases));
  say(`written: ${join(out, "results.md")}, ${join(out, "growth.svg")}`);
}

function file(name: string): string {
  return join(import.meta.dirname, `${name}.ts`);
}
