/**
 * `npm run simulate`: one GlobalNamespaces on more clusters than there are machines for. The clusters are stubs that keep
 * what is applied, answer each after a time of its own and throttle; the provider is the real one, over TLS and HTTP/2.
 * Writes `simulation.md`, of which docs/scale.md speaks.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { installPackages } from "../test/e2e/run-setup.ts";
import { pulumiFolders } from "../test/lab/programs.ts";
import { type Cost, inChild } from "./child.ts";
import type { Fleet, FleetGiven } from "./fleet-alone.ts";
import { describeMachine } from "./machine.ts";
import { kubeconfigOfStubs, type Stub, type StubCounts, startStubs } from "./stub-clusters.ts";
import { table } from "./table.ts";

const USAGE = `npm run simulate [-- options]

  --sizes 100x50,1000x50  default 100x50,100x200,1000x50,1000x200; namespaces × clusters
  --throttled 1000x20     default 1000x20; sizes that are run once more with each cluster's limit
  --limit 100             requests a second that such a cluster answers
  --out DIR               default bench/results`;

/** Milliseconds until the nearest and the farthest cluster answer; the others lie evenly between them. */
const NEAREST = 10;
const FARTHEST = 200;

/** The package's default: requests to one cluster at the same time. */
const AT_ONCE = 32;

const say = (line: string) => process.stderr.write(`simulation: ${line}\n`);

interface Size {
  readonly namespaces: number;
  readonly clusters: number;
  readonly limit: number | undefined;
}

interface Simulated extends Size {
  readonly fleet: Fleet;
  readonly counts: StubCounts;
}

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    sizes: { type: "string", default: "100x50,100x200,1000x50,1000x200" },
    throttled: { type: "string", default: "1000x20" },
    limit: { type: "string", default: "100" },
    out: { type: "string", default: "bench/results" },
  },
});
if (values.help) process.stdout.write(`${USAGE}\n`);
else await main();
process.exit();

async function main(): Promise<void> {
  const sizes = [...sizesOf(values.sizes, undefined), ...sizesOf(values.throttled, Number(values.limit))];
  const dir = mkdtempSync(join(tmpdir(), "global-namespace-simulation-"));
  try {
    installPackages(dir);
    const PATH = [...(await pulumiFolders(say)), process.env.PATH].join(delimiter);
    const machine = describeMachine({ ...process.env, PATH });
    const all: Simulated[] = [];
    for (const size of sizes) {
      say(describeSize(size));
      all.push(await simulate(size, dir));
      mkdirSync(values.out, { recursive: true });
      writeFileSync(join(values.out, "simulation.md"), describe(all, machine));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function sizesOf(text: string, limit: number | undefined): Size[] {
  const sizes = text.split(",").filter((each) => each !== "");
  return sizes.map((each) => {
    const [, namespaces, clusters] = /^([1-9]\d*)x([1-9]\d*)$/.exec(each) ?? [];
    if (namespaces === undefined) throw new Error(`"${each}" is not a size such as 100x50`);
    return { namespaces: Number(namespaces), clusters: Number(clusters), limit };
  });
}

async function simulate(size: Size, dir: string): Promise<Simulated> {
  const stubs = await startStubs(
    Array.from({ length: size.clusters }, (_, index): Stub => {
      const answerMs = answerMsOf(index, size.clusters);
      return { answerMs, ...(size.limit !== undefined && { requestsPerSecond: size.limit }) };
    }),
  );
  try {
    const kubeconfig = join(dir, "kubeconfig");
    writeFileSync(kubeconfig, kubeconfigOfStubs(stubs.ports, stubs.authority));
    const clusters = stubs.ports.map((_, index) => `stub-${index}`);
    const given: FleetGiven = { from: join(dir, "index.js"), clusters, accesses: [], namespaces: size.namespaces };
    const file = join(import.meta.dirname, "fleet-alone.ts");
    const fleet = await inChild<FleetGiven, Fleet>(file, given, { ...process.env, KUBECONFIG: kubeconfig });
    return { ...size, fleet, counts: await stubs.counts() };
  } finally {
    stubs.stop();
  }
}

function answerMsOf(index: number, clusters: number): number {
  return Math.round(NEAREST + ((FARTHEST - NEAREST) * index) / Math.max(1, clusters - 1));
}

/** Seconds that the writes of a job take at least, whatever the client does: those of the slowest cluster. */
function leastSeconds({ namespaces, limit }: Size): number {
  const byDistance = (Math.ceil(namespaces / AT_ONCE) * FARTHEST) / 1000;
  return Math.max(byDistance, limit === undefined ? 0 : namespaces / limit);
}

function describe(all: readonly Simulated[], machine: Readonly<Record<string, string>>): string {
  const jobs = ["first up", "preview, no change", "one label on all", "refresh"] as const;
  const rows = all.flatMap((each) =>
    jobs.map((job) => {
      const cost: Cost = each.fleet[job];
      const isWrite = job === "first up" || job === "one label on all";
      return [
        describeSize(each),
        job,
        cost.seconds.toFixed(1),
        isWrite ? leastSeconds(each).toFixed(1) : "",
        (cost.cpuMs / 1000).toFixed(1),
        isWrite ? (cost.cpuMs / cost.requests).toFixed(2) : "",
      ];
    }),
  );
  const sizes = all.map((each) => [
    describeSize(each),
    String(each.namespaces * each.clusters),
    String(each.counts.lists),
    String(each.counts.writes),
    String(each.counts.throttled),
    Math.round(each.fleet.peakMiB).toString(),
    (each.fleet.stateBytes / 1024 / 1024).toFixed(1),
  ]);
  return `# Simulation

Written by \`npm run simulate\`. One \`GlobalNamespaces\`, called as the engine calls it and without the engine, on clusters that are stubs in one process on the same machine: they keep what is applied, and answer ${NEAREST} to ${FARTHEST} ms after a request, each as late as its place in the row. "At least" is what the slowest cluster's writes take, ${AT_ONCE} at a time and within its limit, whatever the client does.

${table(["", ""], Object.entries(machine))}

${table(["namespaces × clusters", "job", "seconds", "at least", "client's processor seconds", "ms a write"], rows)}

The requests of the four jobs together. Memory is the most that the process held.

${table(["namespaces × clusters", "members", "pages of lists", "writes", "answered 429", "memory, MiB", "state, MiB"], sizes)}
`;
}

function describeSize({ namespaces, clusters, limit }: Size): string {
  return `${namespaces} × ${clusters}${limit === undefined ? "" : `, ${limit} a second`}`;
}
