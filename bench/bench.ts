/**
 * `npm run bench`: this package beside what a user would do instead, beside the engine's own floor and beside the floor of
 * the requests, in one go, on API servers of this machine. Writes `results.md`, `growth.svg` and, for a later run to add
 * to, `results.json`.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { installPackages } from "../test/e2e/run-setup.ts";
import { findPrograms, pulumiFolders } from "../test/lab/programs.ts";
import { inChild } from "./child.ts";
import { type Clusters, type Surroundings, withClusters } from "./clusters.ts";
import {
  asOne,
  asPlugin,
  type Contestant,
  type Declared,
  engineAlone,
  type Key,
  kubernetesLoop,
  thisPackage,
} from "./contestants.ts";
import { measureDetails } from "./details.ts";
import { type Job, type Run, runContestant } from "./engine-run.ts";
import type { Fleet, FleetGiven } from "./fleet-alone.ts";
import { describeMachine } from "./machine.ts";
import { atDistances, type FarSize, type Options, parseOptions, type Size, USAGE } from "./options.ts";
import { growthPlot } from "./plot.ts";
import type { ProviderAlone, ProviderGiven } from "./provider-alone.ts";
import type { Alone, RawGiven } from "./raw-floor.ts";
import { describe } from "./report.ts";
import { type CaseRun, type FleetRun, newResults, type Results, resultsToAddTo, runsOf } from "./results.ts";

const CONTESTANTS = [thisPackage, asOne, asPlugin, engineAlone, kubernetesLoop];

const say = (line: string) => process.stderr.write(`bench: ${line}\n`);

const options = parseOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(`${USAGE}\n`);
else await main(options);
process.exit();

async function main(given: Options): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "global-namespace-bench-"));
  try {
    installPackages(dir);
    const wanted = CONTESTANTS.filter(({ key }) => given.programs.includes(key));
    const plugin = wanted.includes(kubernetesLoop) ? await findLoopPlugin() : [];
    const contestants = wanted.filter((each) => each !== kubernetesLoop || plugin.length > 0);
    const env = { ...process.env, PATH: [...(await pulumiFolders(say)), ...plugin, process.env.PATH].join(delimiter) };
    const surroundings = { dir, given: given.lab, env, say };
    const machine = describeMachine(env);
    const results = given.add ? resultsToAddTo(read(given.out), machine) : newResults(machine);
    // After each measurement: a run that is ended early has measured what it has measured.
    for await (const _ of measureAll(results, contestants, surroundings, given)) write(given.out, results);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Its folder; none where it is neither there nor can be built, and then the loop is not measured. */
async function findLoopPlugin(): Promise<string[]> {
  try {
    return Object.values(await findPrograms(["pulumi-resource-kubernetes"], say)).map(dirname);
  } catch (error) {
    say(`the loop of @pulumi/kubernetes is not measured: ${(error as Error).message}`);
    return [];
  }
}

/** Puts into the results what it has measured, and says so each time. */
async function* measureAll(
  results: Results,
  contestants: readonly Contestant[],
  surroundings: Surroundings,
  { sizes, roundTrips, runs, fleet, withoutDetails }: Options,
): AsyncGenerator<void> {
  for (const size of atDistances(sizes, roundTrips)) {
    for (let run = 1; run <= runs; run++) {
      say(
        `${size.namespaces} namespaces on ${size.clusters} clusters, ${size.roundTripMs} ms away, run ${run} of ${runs}`,
      );
      runsOf(results.cases, size).push(await measureCase(contestants, size, surroundings));
      yield;
    }
  }
  if (!withoutDetails) {
    say("start-up, the SDK's import, a hundred clusters");
    results.details = await withClusters({ count: 3, roundTripMs: 0 }, surroundings, ({ names, env }) =>
      measureDetails(surroundings.dir, String(env.KUBECONFIG), names),
    );
    yield;
  }
  if (fleet !== undefined) {
    const measured = runsOf(results.fleets, fleet);
    for (let run = 1; run <= runs; run++) {
      say(`${fleet.namespaces} namespaces on ${fleet.clusters} clusters as one resource, run ${run} of ${runs}`);
      measured.push(await measureFleet(fleet, surroundings));
      yield;
    }
  }
}

async function measureCase(
  contestants: readonly Contestant[],
  size: FarSize,
  surroundings: Surroundings,
): Promise<CaseRun> {
  const wanted = { count: size.clusters, roundTripMs: size.roundTripMs };
  const byEngine: Partial<Record<Key, Run>> = {};
  for (const contestant of contestants) {
    byEngine[contestant.key] = await withClusters(wanted, surroundings, (clusters) =>
      runContestant(contestant, declared(size, clusters), { dir: surroundings.dir, ...clusters }),
    );
  }
  const raw = await withClusters(wanted, surroundings, (clusters) => rawFloor(size, clusters));
  const { alone, connections } = await withClusters(wanted, surroundings, async (clusters) => {
    const given: ProviderGiven = {
      dir: surroundings.dir,
      clusters: clusters.names,
      accesses: clusters.accesses,
      namespaces: size.namespaces,
    };
    const costs = await inChild<ProviderGiven, ProviderAlone>(file("provider-alone"), given, clusters.env);
    return { alone: costs, connections: await clusters.connections() };
  });
  return { byEngine, raw, alone, connections };
}

function declared({ namespaces }: Size, { names }: Clusters): Declared {
  return { namespaces, clusters: names, members: names, team: "a" };
}

function rawFloor({ namespaces }: Size, { accesses }: Clusters): Promise<Alone> {
  return inChild<RawGiven, Alone>(file("raw-floor"), { clusters: accesses, namespaces });
}

async function measureFleet(size: Size, surroundings: Surroundings): Promise<FleetRun> {
  const inClusters = <T>(work: (clusters: Clusters) => Promise<T>) =>
    withClusters({ count: size.clusters, roundTripMs: 0 }, surroundings, work);
  const { dir } = surroundings;
  const run = (contestant: Contestant, last: Job) =>
    inClusters((clusters) => runContestant(contestant, declared(size, clusters), { dir, ...clusters }, last));
  return {
    raw: await inClusters((clusters) => rawFloor(size, clusters)),
    alone: await inClusters(({ names, accesses, env }) => {
      const given: FleetGiven = {
        from: join(dir, "index.js"),
        clusters: names,
        accesses,
        namespaces: size.namespaces,
      };
      return inChild<FleetGiven, Fleet>(file("fleet-alone"), given, env);
    }),
    plural: await run(asOne, "refresh"),
    single: await run(thisPackage, "first up"),
  };
}

function read(out: string): Results | undefined {
  const path = join(out, "results.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

function write(out: string, results: Results): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(out, "results.md"), describe(results));
  writeFileSync(join(out, "growth.svg"), growthPlot(results.cases));
  say(`written: ${join(out, "results.md")}, ${join(out, "growth.svg")}`);
}

function file(name: string): string {
  return join(import.meta.dirname, `${name}.ts`);
}
