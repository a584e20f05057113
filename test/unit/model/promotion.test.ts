import { describe, expect, test } from "vitest";
import { doubtsAbout, type Proof } from "../../../provider/model/promotion.ts";

const READY = { state: "Ready", labels: { team: "a" } };
const TARGET = { labels: { team: "a" } };
const proof = (parts: Partial<Proof>): Proof => ({
  targets: { east: TARGET },
  members: { east: READY },
  controlPlane: READY,
  ...parts,
});

describe("a namespace is proven", () => {
  test("where it is in step on the control plane and on every cluster, and nothing waits", () => {
    expect(doubtsAbout(proof({}))).toEqual([]);
  });

  const doubtful: Record<string, [Partial<Proof>, string]> = {
    "that belongs to no cluster": [
      { targets: {}, members: {} },
      "it belongs to no cluster there, so nothing was tried",
    ],
    "that was never written": [{ members: {} }, 'cluster "east" was never written'],
    "whose control plane failed": [
      { controlPlane: { state: "Failed", error: "no" } },
      "the control plane is Failed: no",
    ],
    "that waits for its wave": [{ members: { east: { state: "Pending" } } }, 'cluster "east" is Pending'],
    "that has drifted": [
      { members: { east: { state: "Ready", labels: { team: "b" } } } },
      'cluster "east" carries something else than is declared',
    ],
    "whose annotation is missing": [
      { targets: { east: { ...TARGET, annotations: { note: "x" } } } },
      'cluster "east" carries something else than is declared',
    ],
    "whose workloads wait": [
      { members: { east: { ...READY, restarts: { "Deployment/api": "revision stable" } } } },
      'on cluster "east" a restart is waited for by Deployment/api',
    ],
    "whose workloads could not be asked for": [
      { members: { east: { ...READY, restartsUnknown: "forbidden" } } },
      'which workloads wait for a restart on cluster "east" is not known: forbidden',
    ],
    "that has not left a cluster": [{ members: { east: READY, west: READY } }, 'cluster "west" has still to be left'],
  };
  test("not where its injection was tried on no cluster, as each has another", () => {
    const injection = { revision: "canary" };
    const overrides = { east: { injection: { revision: "stable" } }, west: { labels: { tier: "edge" } } };
    const doubts = (clusters: readonly string[]) =>
      doubtsAbout(
        proof({
          targets: Object.fromEntries(clusters.map((cluster) => [cluster, TARGET])),
          members: Object.fromEntries(clusters.map((cluster) => [cluster, READY])),
          injection,
          overrides,
        }),
      );
    expect(doubts(["east"])).toEqual([
      "each cluster there has an injection of its own (overrides), so that this one was tried nowhere",
    ]);
    expect(doubts(["east", "west"])).toEqual([]);
    const same = { east: { injection } };
    expect(doubtsAbout(proof({ injection, overrides: same }))).toEqual([]);
  });

  for (const [what, [parts, doubt]] of Object.entries(doubtful)) {
    test(`not where it is one ${what}`, () => {
      expect(doubtsAbout(proof(parts))).toEqual([doubt]);
    });
  }
});
