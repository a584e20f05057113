import { expect, test } from "vitest";
import { atDistances, parseOptions } from "../../../bench/options.ts";

/** As the measurements name them. */
function measured(args: string[]): string[] {
  const { sizes = [], roundTrips = [] } = parseOptions(args) ?? {};
  const sized = atDistances(sizes, roundTrips);
  return sized.map(({ namespaces, clusters, roundTripMs }) => `${namespaces} x ${clusters}, ${roundTripMs} ms`);
}

test("every size is measured at every distance, the quick ones first", () => {
  expect(measured(["--sizes", "300x3,30x6,30x3", "--rtt", "0,20"])).toEqual([
    "30 x 3, 0 ms",
    "30 x 3, 20 ms",
    "30 x 6, 0 ms",
    "30 x 6, 20 ms",
    "300 x 3, 0 ms",
    "300 x 3, 20 ms",
  ]);
  expect(measured(["--sizes", "none"])).toEqual([]);
});

test("30, 100 and 300 namespaces on three and on six clusters, 0, 20 and 100 ms away, are measured by default", () => {
  const all = measured([]);
  for (const namespaces of [30, 100, 300]) {
    for (const clusters of [3, 6]) {
      for (const far of [0, 20, 100]) expect(all).toContain(`${namespaces} x ${clusters}, ${far} ms`);
    }
  }
});

test("a size that is none is refused", () => {
  expect(() => parseOptions(["--sizes", "30"])).toThrow('"30" is no number of namespaces and of clusters');
  expect(() => parseOptions(["--sizes", "0x3"])).toThrow('"0x3" is no number of namespaces and of clusters');
  expect(() => parseOptions(["--rtt=-1"])).toThrow('"-1" is not a list of numbers from 0 on');
});
