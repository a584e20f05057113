/** What is measured, as the command line says it. */

import { parseArgs } from "node:util";

export interface Options {
  /** How many namespaces; one measurement each. */
  readonly namespaces: readonly number[];
  /** How many clusters, the mesh's own among them. */
  readonly clusters: readonly number[];
  /** Round-trip times to the clusters, milliseconds. Those beyond the first are measured with the middle size alone. */
  readonly roundTrips: readonly number[];
  readonly runs: number;
  /** Which programs are run by the command line. */
  readonly programs: readonly string[];
  /** A folder with a lab that is running already. */
  readonly lab: string | undefined;
  readonly out: string;
  /** Leaves out what is not about a number of namespaces: start-up, a hundred clusters, the size of the state. */
  readonly withoutDetails: boolean;
}

export const USAGE = `npm run bench [-- options]

  --quick              10 namespaces on 3 clusters, once
  --namespaces 30,100  default 30,100,300
  --clusters 3,6       default 3,6; the first of them is the control plane
  --rtt 0,20,100       milliseconds that a round trip takes; beyond the first with the middle sizes alone
  --runs 3             how often each is measured; the table has the median and how far the runs lie apart
  --programs package   of package, plural, plugin, engine and loop; default all, loop where its plugin is on PATH
  --lab DIR            a lab that runs already (npm run lab), with as many clusters
  --out DIR            default bench/results
  --no-details         leaves out start-up, memory, a hundred clusters and the size of the state`;

export function parseOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      help: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      namespaces: { type: "string" },
      clusters: { type: "string" },
      rtt: { type: "string" },
      runs: { type: "string" },
      programs: { type: "string", default: "package,plural,plugin,engine,loop" },
      lab: { type: "string" },
      out: { type: "string", default: "bench/results" },
      details: { type: "boolean", default: true },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  return {
    namespaces: numbers(values.namespaces ?? (quick ? "10" : "30,100,300"), 1),
    clusters: numbers(values.clusters ?? (quick ? "3" : "3,6"), 1),
    roundTrips: numbers(values.rtt ?? (quick ? "0" : "0,20,100"), 0),
    runs: numbers(values.runs ?? (quick ? "1" : "3"), 1)[0] ?? 1,
    programs: values.programs.split(","),
    lab: values.lab,
    out: values.out,
    withoutDetails: !values.details,
  };
}

function numbers(text: string, least: number): number[] {
  const all = text.split(",").map(Number);
  for (const each of all) {
    if (!Number.isInteger(each) || each < least) throw new Error(`"${text}" is not a list of numbers from ${least} on`);
  }
  return all;
}

/** The one in the middle. */
export function middle<T>(all: readonly T[]): T {
  return all[Math.floor((all.length - 1) / 2)] as T;
}
