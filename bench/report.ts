/** The results as a page: ratios first, since a machine's seconds are its own. */

import type { Cost } from "./child.ts";
import { asOne, asPlugin, engineAlone, type Key, kubernetesLoop, thisPackage } from "./contestants.ts";
import type { Details } from "./details.ts";
import { JOBS, type Job, type Measured, type Run } from "./engine-run.ts";
import { bySize, type FarSize } from "./options.ts";
import { PARTS } from "./process-watch.ts";
import type { Case, FleetCase, Results } from "./results.ts";
import { known, median, type PerRun, ratios, spread } from "./statistics.ts";
import { table } from "./table.ts";

const RAW_JOBS = ["first up", "one label on all", "refresh"] as const;

/** As the columns and rows call them. */
const SHORT: Readonly<Record<Key, string>> = {
  package: "this package",
  plural: "as one",
  plugin: "as a plugin",
  engine: "engine's floor",
  loop: "loop",
};

export function describe({ machine, cases: unsorted, fleets, details }: Results): string {
  const cases = bySize([...unsorted].sort((one, other) => one.roundTripMs - other.roundTripMs));
  const parts = [
    "# Measurements",
    "Written by `npm run bench`. A first `up` declares the namespaces, each with one label and all clusters; then, when the controllers are done with the new namespaces, nothing changes; then the label; then the last cluster leaves; a destroy deletes them on the control plane, after a look at what they hold, and keeps them on the others (a loop deletes them all), 300 side by side, since the namespace controller begins with each 5 s after its deletion. Each contestant has clusters of its own, made for it. Each figure is the median of its runs; ± is how far they lie apart, as a part of it; without it there was a single run; a ratio is of what the same run measured side by side. The command line, the provider and the API servers share one machine: ratios say more than seconds, and where others used it too, those of processor time more than those of seconds.",
    "![Growth with the namespaces and with the clusters](growth.svg)",
    table(["", ""], Object.entries(machine)),
    "## By the command line",
    `Seconds of a whole \`pulumi\` command. ${thisPackage.title}; ${asOne.title} ("${SHORT.plural}"); ${asPlugin.title}; ${engineAlone.title} (the engine's floor); ${kubernetesLoop.title}, a provider a cluster. The control plane is one of the clusters.`,
    byEngine(cases),
    "## Without the engine",
    "The provider called as the engine calls it, beside the same requests over one HTTP/2 session a cluster and nothing else. Processor time is the client's, for one request.",
    withoutEngine(cases),
    "## Where the time goes",
    "Seconds of processor time, by process; the command line is Pulumi's engine, the program includes the start of Node.js. The API servers, with etcd and the controllers, do the same for whoever asks them. Memory is the most that the provider held (the loop's: of all clusters). The state is the backend's whole file, the mesh's share in it.",
    processors(cases),
    "## Requests of one cluster",
    requests(cases),
  ];
  for (const fleet of fleets) {
    parts.push(
      `## ${fleet.namespaces} namespaces on ${fleet.clusters} clusters as one resource`,
      "By the command line, as one resource and (the first up alone) as a resource each; and without the engine, beside the requests alone.",
      ofFleet(fleet),
    );
  }
  if (details !== undefined) parts.push("## What does not grow with the namespaces", alone(details));
  return `${parts.join("\n\n")}\n`;
}

function byEngine(cases: readonly Case[]): string {
  const rows = cases.flatMap((one) =>
    JOBS.map((job) => {
      const ours = secondsOf(one, "package", job);
      const engine = secondsOf(one, "engine", job);
      const theirs = secondsOf(one, "loop", job);
      const plural = secondsOf(one, "plural", job);
      const plugin = secondsOf(one, "plugin", job);
      return [
        sizeOf(one),
        job,
        inSeconds(ours),
        inSeconds(plural),
        inSeconds(plugin),
        inSeconds(engine),
        inSeconds(theirs),
        ratio(ours, engine),
        ratio(clientOf(one, "package", job), clientOf(one, "engine", job)),
        ratio(ours, plural),
        ratio(theirs, ours),
        ratio(theirs, plural),
      ];
    }),
  );
  return table(
    [
      "namespaces × clusters, away",
      "job",
      "this package",
      "as one",
      "as a plugin",
      "engine's floor",
      "loop",
      "package ÷ floor",
      "the same in the client's processor time",
      "package ÷ as one",
      "loop ÷ package",
      "loop ÷ as one",
    ],
    rows,
  );
}

function withoutEngine(cases: readonly Case[]): string {
  const rows = cases.flatMap((one) =>
    RAW_JOBS.map((job) => {
      const provider = one.runs.map(({ alone: costs }) => costs[job]);
      const raw = one.runs.map((run) => run.raw[job]);
      return [
        sizeOf(one),
        job,
        String(raw[0]?.requests ?? 0),
        inSeconds(provider.map(({ seconds }) => seconds)),
        inSeconds(raw.map(({ seconds }) => seconds)),
        ratio(
          provider.map(({ seconds }) => seconds),
          raw.map(({ seconds }) => seconds),
        ),
        `${perRequest(provider)} / ${perRequest(raw)} ms`,
      ];
    }),
  );
  return table(
    [
      "namespaces × clusters, away",
      "job",
      "requests",
      "provider",
      "raw",
      "provider ÷ raw",
      "processor, provider / raw",
    ],
    rows,
  );
}

function perRequest(costs: readonly Cost[]): string {
  return median(costs.map(({ cpuMs, requests: count }) => cpuMs / count)).toFixed(2);
}

const LOOKED_AT = ["first up", "preview, no change", "one label on all"] as const;

function processors(cases: readonly Case[]): string {
  const rows = cases.flatMap((one) =>
    LOOKED_AT.flatMap((job) =>
      (Object.keys(SHORT) as Key[]).flatMap((key) => {
        const all = known(measuredOf(one, key, job));
        if (all.length === 0) return [];
        return [[sizeOf(one), job, SHORT[key], ...shareOf(all, one.namespaces), key === "package" ? most(one) : ""]];
      }),
    ),
  );
  return table(
    [
      "namespaces × clusters, away",
      "job",
      "",
      ...PARTS,
      "memory, MiB",
      "bytes of state a namespace",
      "connections a cluster",
    ],
    rows,
  );
}

function shareOf(all: readonly Measured[], namespaces: number): string[] {
  const used = all.flatMap(({ usage }) => usage ?? []);
  const state = median(all.map(({ stateBytes }) => stateBytes)) / namespaces;
  const shown = (values: readonly number[], digits: number) =>
    values.length === 0 ? "not known" : median(values).toFixed(digits);
  return [
    ...PARTS.map((part) =>
      shown(
        used.map(({ cpuSeconds }) => cpuSeconds[part]),
        1,
      ),
    ),
    shown(
      used.map(({ providerMiB }) => providerMiB),
      0,
    ),
    state.toFixed(0),
  ];
}

function most({ runs }: Case): string {
  return String(Math.max(...runs.map(({ connections }) => connections)));
}

function ofFleet({ runs, namespaces, clusters }: FleetCase): string {
  const jobs = ["first up", "preview, no change", "one label on all", "refresh"] as const;
  const plurals = runs.map(({ plural }) => plural);
  const singles = runs.map(({ single }) => single);
  const rows = jobs.map((job) => {
    const costs = runs.map(({ alone: provider }) => provider[job]);
    const seconds = costs.map((cost) => cost.seconds);
    // Without a change nothing is asked.
    const floor = job === "preview, no change" ? [] : runs.map(({ raw }) => raw[job].seconds);
    const asOneSeconds = plurals.map((run) => run[job]?.seconds);
    const eachSeconds = singles.map((run) => run[job]?.seconds);
    const memory = plurals.flatMap((run) => run[job]?.usage?.providerMiB ?? []);
    return [
      job,
      inSeconds(asOneSeconds),
      inSeconds(eachSeconds),
      ratio(eachSeconds, asOneSeconds),
      memory.length === 0 ? "not known" : Math.max(...memory).toFixed(0),
      inSeconds(seconds),
      floor.length === 0 ? "" : inSeconds(floor),
      ratio(seconds, floor),
      median(costs.map(({ cpuMs }) => cpuMs / (namespaces * clusters))).toFixed(2),
    ];
  });
  const shown = table(
    [
      "job",
      "as one",
      "a resource each",
      "each ÷ as one",
      "the provider's memory, MiB",
      "provider",
      "raw",
      "provider ÷ raw",
      "the provider's processor, ms a member",
    ],
    rows,
  );
  const state = (all: readonly Run[]) => Math.round(median(known(all.map((run) => run["first up"]?.stateBytes))));
  const most = Math.max(...runs.map(({ alone: provider }) => provider.peakMiB)).toFixed(0);
  const rest = `The state takes ${state(plurals)} bytes, that of single resources ${state(singles)}; the provider without the engine held ${most} MiB at most. Requests as one resource:`;
  return `${shown}\n\n${rest}\n\n${table(["job", ...ASKED], requestsOf(plurals[0] ?? {}))}`;
}

const ASKED = ["the control plane", "another cluster"];

/** A row a job. */
function requestsOf(run: Run): string[][] {
  return JOBS.filter((job) => run[job] !== undefined).map((job) => {
    const asked = run[job]?.requests ?? {};
    const [first = "", second = ""] = Object.keys(asked);
    return [job, countsOf(asked[first]), countsOf(asked[second])];
  });
}

/** Of the largest case, which is the one whose requests would grow. */
function requests(cases: readonly Case[]): string {
  const largest = cases.at(-1);
  if (largest === undefined) return "";
  const keys = (Object.keys(SHORT) as Key[]).filter((key) => key !== "engine");
  const rows = keys.flatMap((key) => {
    const [run = {}] = known(largest.runs.map(({ byEngine: runs }) => runs[key]));
    return requestsOf(run).map((row) => [SHORT[key], ...row]);
  });
  return `${sizeOf(largest)}\n\n${table(["", "job", ...ASKED], rows)}`;
}

function countsOf(counts: Readonly<Record<string, number>> | undefined): string {
  const all = Object.entries(counts ?? {}).sort(([, one], [, other]) => other - one);
  const shown = all.slice(0, 3).map(([kind, count]) => `${count} × ${kind}`);
  const rest = all.slice(3).reduce((sum, [, count]) => sum + count, 0);
  return [...shown, ...(rest > 0 ? [`${rest} × others`] : [])].join(", ") || "none";
}

function alone({ firstCheck, sdkImport, manyClusters }: Details): string {
  const milliseconds = (value: number) => `${value.toFixed(0)} ms`;
  return table(
    ["", "measured"],
    [
      ["a new process's first `check`, with a look at each cluster", milliseconds(firstCheck.package)],
      ["the same of a provider that does nothing", milliseconds(firstCheck.nothing)],
      ["import of `@pulumi/pulumi`", milliseconds(sdkImport.pulumi)],
      ["import of the SDK after it", milliseconds(sdkImport.more)],
      ["one namespace on 100 clusters 50 ms away, first of a process", milliseconds(manyClusters.cold * 1000)],
      ["of that, the client's processor time", milliseconds(manyClusters.coldCpuSeconds * 1000)],
      ["another one", milliseconds(manyClusters.warm * 1000)],
    ],
  );
}

function measuredOf(one: Case, key: Key, job: Job): PerRun<Measured> {
  return one.runs.map(({ byEngine: runs }) => runs[key]?.[job]);
}

function secondsOf(one: Case, key: Key, job: Job): PerRun<number> {
  return measuredOf(one, key, job).map((measured) => measured?.seconds);
}

/** Processor time of the command line, the program and the provider. */
function clientOf(one: Case, key: Key, job: Job): PerRun<number> {
  return measuredOf(one, key, job).map((measured) => {
    const cpuSeconds = measured?.usage?.cpuSeconds;
    return cpuSeconds && cpuSeconds["command line"] + cpuSeconds.program + cpuSeconds.provider;
  });
}

function sizeOf({ namespaces, clusters, roundTripMs }: FarSize): string {
  return `${namespaces} × ${clusters}, ${roundTripMs} ms`;
}

function inSeconds(perRun: PerRun<number>): string {
  const values = known(perRun);
  if (values.length === 0) return "not measured";
  return withSpread(values, median(values) < 1 ? 3 : 1);
}

function ratio(values: PerRun<number>, others: PerRun<number>): string {
  const each = ratios(values, others);
  return each.length === 0 ? "" : withSpread(each, 2);
}

function withSpread(values: readonly number[], digits: number): string {
  const shown = median(values).toFixed(digits);
  return values.length === 1 ? shown : `${shown} ± ${Math.round(spread(values) * 100)} %`;
}
