import { expect, test } from "vitest";
import { atDistances, parseOptions } from "../../../bench/options.ts";

/** As the measurements name them. */
function measured(args: string[]): string[] {
  const { sizes = [], roundTrips = [] } = parseOptions(args) ?? {};
  const sized = atDistances(sizes, roundTrips);
  return sized.map(({ namespaces, clusters, roundTripMs }) => `${namespaces} x ${clusters}, ${roundTripMs} ms`);
}

test("every size is measured near by, the quick ones first, and the smaller half farther away too", () => {
  expect(measured([])).toEqual([
    "30 x 3, 0 ms",
    "30 x 3, 20 ms",
    "30 x 3, 100 ms",
    "30 x 6, 0 ms",
    "30 x 6, 20 ms",
    "30 x 6, 100 ms",
    "100 x 3, 0 ms",
    "100 x 3, 20 ms",
    "100 x 3, 100 ms",
    "100 x 6, 0 ms",
    "100 x 7, 0 ms",
    "300 x 3, 0 ms",
    "300 x 6, 0 ms",
  ]);
});

test("a single size is measured at every distance, none at none", () => {
  expect(measured(["--sizes", "10x3", "--rtt", "5,50"])).toEqual(["10 x 3, 5 ms", "10 x 3, 50 ms"]);
  expect(measured(["--sizes", "none"])).toEqual([]);
});

test("a size that is none is refused", () => {
  expect(() => parseOptions(["--sizes", "30"])).toThrow('"30" is no number of namespaces and of clusters');
  expect(() => parseOptions(["--sizes", "0x3"])).toThrow('"0x3" is no number of namespaces and of clusters');
  expect(() => parseOptions(["--rtt=-1"])).toThrow('"-1" is not a list of numbers from 0 on');
});
