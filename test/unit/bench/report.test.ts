import { describe, expect, test } from "vitest";
import type { Key } from "../../../bench/contestants.ts";
import type { Measured } from "../../../bench/engine-run.ts";
import { describe as describeResults } from "../../../bench/report.ts";
import { type CaseRun, newResults, type Results, resultsToAddTo, runsOf } from "../../../bench/results.ts";

const MACHINE = { date: "2026-01-01", processors: "2 × one", "load at the beginning": "0.1" };
const SIZE = { namespaces: 100, clusters: 3, roundTripMs: 0 };

/** A run whose first up took each program so many seconds. */
function aRun(firstUp: Partial<Record<Key, number>>): CaseRun {
  const cost = { seconds: 1, cpuMs: 1, requests: 1 };
  const raw = { "first up": cost, "one label on all": cost, refresh: cost };
  const byEngine = Object.entries(firstUp).map(([key, seconds]) => [key, { "first up": taking(seconds) }] as const);
  return { byEngine: Object.fromEntries(byEngine), raw, alone: { ...raw, peakMiB: 1, stateBytes: 1 }, connections: 1 };
}

function taking(seconds: number): Measured {
  const cpuSeconds = { "command line": seconds / 2, program: 0, provider: 0, "API servers": 0 };
  return { seconds, usage: { cpuSeconds, providerMiB: 100 }, requests: {}, stateBytes: 1000 };
}

/** The cells of the first up by the command line, by what stands above them. */
function firstUp(runs: readonly CaseRun[]): Record<string, string> {
  const page = describeResults({ machine: MACHINE, cases: [{ ...SIZE, runs: [...runs] }], fleets: [] });
  const lines = page.slice(page.indexOf("## By the command line")).split("\n");
  const cells = (start: string) =>
    lines
      .find((line) => line.startsWith(start))
      ?.split("|")
      .map((cell) => cell.trim()) ?? [];
  const names = cells("| namespaces");
  const row = cells("| 100 × 3, 0 ms");
  return Object.fromEntries(names.map((name, index) => [name, row[index] ?? ""]));
}

describe("a ratio", () => {
  test("is of what the same run measured, and a run that lacks one of the two has no part in it", () => {
    const row = firstUp([
      aRun({ package: 10, plural: 5, engine: 5, loop: 50 }),
      aRun({ package: 20, plural: 5, engine: 5 }),
      aRun({ package: 10, engine: 5, loop: 30 }),
    ]);

    expect(row["this package"]).toBe("10.0 ± 100 %");
    expect(row["package ÷ floor"]).toBe("2.00 ± 100 %");
    expect(row["the same in the client's processor time"]).toBe("2.00 ± 100 %");
    // 5 and 3.
    expect(row["loop ÷ package"]).toBe("4.00 ± 50 %");
    expect(row["loop ÷ as one"]).toBe("10.00");
  });

  test("has no spread where one run measured both, whatever the others measured", () => {
    const row = firstUp([aRun({ package: 10 }), aRun({ package: 30, loop: 60 }), aRun({ package: 20 })]);

    expect(row["loop ÷ package"]).toBe("2.00");
    expect(row.loop).toBe("60.0");
  });

  test("is left out where no run measured both", () => {
    const row = firstUp([aRun({ package: 10 }), aRun({ loop: 60 })]);

    expect(row["loop ÷ package"]).toBe("");
    expect(row["engine's floor"]).toBe("not measured");
  });
});

test("a program's requests are shown although the first run left it out", () => {
  const runs = [aRun({ package: 10 }), aRun({ package: 10, loop: 50 })];
  const page = describeResults({ machine: MACHINE, cases: [{ ...SIZE, runs }], fleets: [] });

  expect(page.slice(page.indexOf("## Requests of one cluster"))).toMatch(
    /^\| loop +\| first up +\| none +\| none +\|/m,
  );
});

describe("results to add to", () => {
  const earlier: Results = newResults(MACHINE);
  runsOf(earlier.cases, SIZE).push(aRun({ package: 10 }));

  test("keep the load that the first run began with, since a later one sees what the one before has left", () => {
    const added = resultsToAddTo(earlier, { ...MACHINE, date: "2026-01-02", "load at the beginning": "4.8" });

    expect(added.machine).toEqual({ ...MACHINE, date: "2026-01-02" });
    expect(runsOf(added.cases, SIZE)).toHaveLength(1);
  });

  test("are refused of another machine, whose seconds cannot stand beside", () => {
    expect(() => resultsToAddTo(earlier, { ...MACHINE, processors: "2 × another" })).toThrow(
      "another processors (2 × one, now 2 × another): leave out --add",
    );
  });
});
