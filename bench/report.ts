/** The results as a page: ratios first, since a machine's seconds are its own. */

import type { Cost } from "./child.ts";
import type { Contestant, Key } from "./contestants.ts";
import { asOne, asPlugin, engineAlone, kubernetesLoop, thisPackage } from "./contestants.ts";
import type { Details } from "./details.ts";
import { JOBS, type Job, type Measured, type Run } from "./engine-run.ts";
import type { ProviderAlone } from "./provider-alone.ts";
import type { Alone } from "./raw-floor.ts";
import { median, spread } from "./statistics.ts";
import { table } from "./table.ts";

export interface CaseRun {
  readonly byEngine: Partial<Record<Key, Run>>;
  readonly raw: Alone;
  readonly alone: ProviderAlone;
  /** Open to one cluster at the same time at most. */
  readonly connections: number;
}

export interface Case {
  readonly namespaces: number;
  readonly clusters: number;
  readonly roundTripMs: number;
  readonly runs: CaseRun[];
}

export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
  readonly details: Details | undefined;
  /** Whether the plugin of @pulumi/kubernetes was there. */
  readonly loop: boolean;
}

const RAW_JOBS = ["first up", "one label on all", "refresh"] as const;

export function describe({ machine, cases, details, loop }: Results): string {
  const parts = [
    "# Measurements",
    "Written by `npm run bench`. A first `up` declares the namespaces, each with one label and all clusters; then nothing changes; then the label; then the last cluster leaves; a destroy deletes them on the control plane, after a look at what they hold, and keeps them on the others (a loop deletes them all), 300 side by side, since the namespace controller begins with each 5 s after its deletion. Each figure is the median of its runs; ± is how far they lie apart, as a part of it. The command line, the provider and the API servers share one machine: ratios say more than seconds, and where others used it too, those of processor time (the client's alone) more than those of seconds.",
    "![Growth with the namespaces and with the clusters](growth.svg)",
    table(["", ""], Object.entries(machine)),
    "## By the command line",
    `Seconds of a whole \`pulumi\` command. ${thisPackage.title}; ${asOne.title} ("as one"); ${asPlugin.title}; ${engineAlone.title} (the engine's floor); ${
      loop ? kubernetesLoop.title : `${kubernetesLoop.title} (its plugin is not on PATH: not measured)`
    }. The control plane is one of the clusters.`,
    byEngine(cases),
    "## Without the engine",
    "The provider called as the engine calls it, beside the same requests over one HTTP/2 session a cluster and nothing else. Processor time is the client's, for one request.",
    withoutEngine(cases),
    "## What a first up takes",
    "This package / the engine's floor. The state is the backend's whole file, the mesh's share in it. Memory is the most that the provider's process held.",
    resources(cases),
    "## Requests of one cluster",
    requests(cases),
  ];
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
        ratio(processorOf(one, "package", job), processorOf(one, "engine", job)),
        ratio(ours, plural),
        ratio(theirs, ours),
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
      "the same in processor time",
      "package ÷ as one",
      "loop ÷ package",
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

function resources(cases: readonly Case[]): string {
  const ofFirstUp = (one: Case, pick: (measured: Measured) => number | undefined, digits = 0) =>
    (["package", "engine"] as const)
      .map((key) => one.runs.map(({ byEngine: runs }) => runs[key]?.["first up"]))
      .map((all) => all.map((measured) => measured && pick(measured)).filter((value) => value !== undefined))
      .map((known) => (known.length === 0 ? "not measured" : median(known).toFixed(digits)))
      .join(" / ");
  const rows = cases.map((one) => [
    sizeOf(one),
    ofFirstUp(one, ({ stateBytes }) => stateBytes / one.namespaces),
    ofFirstUp(one, ({ usage }) => usage?.providerMiB),
    ofFirstUp(one, ({ usage }) => usage?.providerCpuSeconds, 1),
    ofFirstUp(one, ({ usage }) => usage?.cpuSeconds, 1),
    String(Math.max(...one.runs.map(({ connections }) => connections))),
  ]);
  return table(
    [
      "namespaces × clusters, away",
      "bytes of state a namespace",
      "provider's memory, MiB",
      "its processor seconds",
      "processor seconds of all",
      "connections a cluster",
    ],
    rows,
  );
}

/** Of the largest case, which is the one whose requests would grow. */
function requests(cases: readonly Case[]): string {
  const largest = [...cases]
    .sort((one, other) => one.namespaces * one.clusters - other.namespaces * other.clusters)
    .at(-1);
  const run = largest?.runs[0];
  if (largest === undefined || run === undefined) return "";
  const keys = (Object.keys(run.byEngine) as Contestant["key"][]).filter((key) => key !== "engine");
  const rows = keys.flatMap((key) =>
    JOBS.map((job) => {
      const asked = run.byEngine[key]?.[job].requests ?? {};
      const [first = "", second = ""] = Object.keys(asked);
      return [key, job, countsOf(asked[first]), countsOf(asked[second])];
    }),
  );
  return `${sizeOf(largest)}\n\n${table(["", "job", "the control plane", "another cluster"], rows)}`;
}

function countsOf(counts: Readonly<Record<string, number>> | undefined): string {
  const all = Object.entries(counts ?? {});
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

function secondsOf(one: Case, key: Key, job: Job): number[] {
  return one.runs.flatMap(({ byEngine: runs }) => runs[key]?.[job].seconds ?? []);
}

/** Of the command line, the program and the provider, not of the API servers. */
function processorOf(one: Case, key: Key, job: Job): number[] {
  return one.runs.flatMap(({ byEngine: runs }) => runs[key]?.[job].usage?.cpuSeconds ?? []);
}

function sizeOf({ namespaces, clusters, roundTripMs }: Case): string {
  return `${namespaces} × ${clusters}, ${roundTripMs} ms`;
}

function inSeconds(values: readonly number[]): string {
  if (values.length === 0) return "not measured";
  const shown = median(values) < 1 ? median(values).toFixed(3) : median(values).toFixed(1);
  return values.length === 1 ? shown : `${shown} ± ${Math.round(spread(values) * 100)} %`;
}

function ratio(values: readonly number[], others: readonly number[]): string {
  if (values.length === 0 || others.length === 0) return "";
  return (median(values) / median(others)).toFixed(2);
}
