/** What is measured, as the command line says it. */

import { parseArgs } from "node:util";

/** So many namespaces on so many clusters, the mesh's own among them. */
export interface Size {
  readonly namespaces: number;
  readonly clusters: number;
}

/** The same, on clusters that are so far away. */
export interface FarSize extends Size {
  /** Milliseconds. */
  readonly roundTripMs: number;
}

export interface Options {
  /** One measurement each. */
  readonly sizes: readonly Size[];
  /** Round-trip times to the clusters, milliseconds; each with every size. */
  readonly roundTrips: readonly number[];
  /** Many namespaces as one resource; absent where that is not measured. */
  readonly fleet: Size | undefined;
  readonly runs: number;
  /** Which programs are run by the command line. */
  readonly programs: readonly string[];
  /** A folder with a lab that is running already. */
  readonly lab: string | undefined;
  readonly out: string;
  /** Adds to what was measured before instead of replacing it. */
  readonly add: boolean;
  /** Leaves out what is not about a number of namespaces: start-up, imports, a hundred clusters. */
  readonly withoutDetails: boolean;
}

const SIZES = "30x3,100x3,300x3,30x6,100x6,300x6,100x7";

export const USAGE = `npm run bench [-- options]

  --quick              10 namespaces on 3 clusters, once
  --sizes 30x3,100x6   namespaces x clusters, the control plane among them; default ${SIZES}; none for no such size
  --rtt 0,20,100       milliseconds that a round trip takes, each with every size
  --fleet 1000x6       many namespaces as one resource, beside as many resources; default 1000x6; none for no such size
  --runs 3             how often each is measured; the table has the median and how far the runs lie apart
  --programs package   of package, plural, plugin, engine and loop; default all
  --add                adds to what is in the folder of the results, of the same machine and versions
  --lab DIR            a lab that runs already (npm run lab), with as many clusters; default a new one for each measurement
  --out DIR            default bench/results
  --no-details         leaves out start-up, imports and a hundred clusters`;

export function parseOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      help: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      sizes: { type: "string" },
      rtt: { type: "string" },
      fleet: { type: "string" },
      runs: { type: "string" },
      programs: { type: "string", default: "package,plural,plugin,engine,loop" },
      add: { type: "boolean", default: false },
      lab: { type: "string" },
      out: { type: "string", default: "bench/results" },
      details: { type: "boolean", default: true },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  return {
    sizes: sizes(values.sizes ?? (quick ? "10x3" : SIZES)),
    roundTrips: numbers(values.rtt ?? (quick ? "0" : "0,20,100"), 0),
    fleet: sizes(values.fleet ?? (quick ? NONE : "1000x6"))[0],
    runs: numbers(values.runs ?? (quick ? "1" : "3"), 1)[0] ?? 1,
    programs: values.programs.split(","),
    add: values.add,
    lab: values.lab,
    out: values.out,
    withoutDetails: !values.details,
  };
}

const NONE = "none";

function sizes(text: string): Size[] {
  if (text === NONE) return [];
  return text.split(",").map((each) => {
    const [namespaces, clusters, ...rest] = each.split("x").map(Number);
    if (!isCount(namespaces) || !isCount(clusters) || rest.length > 0) {
      throw new Error(`"${each}" is no number of namespaces and of clusters, such as 100x3`);
    }
    return { namespaces, clusters };
  });
}

function isCount(value: number | undefined): value is number {
  return Number.isInteger(value) && Number(value) >= 1;
}

function numbers(text: string, least: number): number[] {
  const all = text.split(",").map(Number);
  for (const each of all) {
    if (!Number.isInteger(each) || each < least) throw new Error(`"${text}" is not a list of numbers from ${least} on`);
  }
  return all;
}

/** How many namespaces there are on all clusters together. */
function membersOf({ namespaces, clusters }: Size): number {
  return namespaces * clusters;
}

export function isSameSize(one: Size, other: Size): boolean {
  return one.namespaces === other.namespaces && one.clusters === other.clusters;
}

/** From the smallest on. */
export function bySize<T extends Size>(all: readonly T[]): T[] {
  return [...all].sort((one, other) => membersOf(one) - membersOf(other));
}

/** Every size at every distance, the quick ones first. */
export function atDistances(sizes: readonly Size[], roundTrips: readonly number[]): FarSize[] {
  return bySize(sizes).flatMap((size) => roundTrips.map((roundTripMs) => ({ ...size, roundTripMs })));
}
