import { describe, expect, test } from "vitest";
import {
  describeInjectionMove,
  describePending,
  entriesToAsk,
  isPending,
  NOT_AVAILABLE,
  ON_DELETE,
  type Restartable,
  restartsOf,
  STILL_SO,
  shownRestarts,
  withRemark,
} from "../../../provider/model/restarts.ts";
import type { Waiting } from "../../../provider/model/workload.ts";

function aWaiting(key: string, has: string): Waiting {
  const [kind, name] = key.split("/") as [Waiting["kind"], string];
  return { kind, name, has, wantsNone: false };
}

describe("the entries of the workloads that wait", () => {
  test("say what their pods have", () => {
    expect(restartsOf([aWaiting("Deployment/api", "no sidecar")])).toEqual({ "Deployment/api": "no sidecar" });
  });

  test("keep a remark while the workload has the same, and lose it with that", () => {
    const before = { "Deployment/api": withRemark("revision stable", STILL_SO) };
    expect(restartsOf([aWaiting("Deployment/api", "revision stable")], before)).toEqual(before);
    expect(restartsOf([aWaiting("Deployment/api", "no sidecar")], before)).toEqual({ "Deployment/api": "no sidecar" });
    expect(restartsOf([], before)).toEqual({});
  });
});

describe("the entries in the state", () => {
  test("are sorted, and absent where there are none", () => {
    const shown = shownRestarts({ "StatefulSet/db": "no sidecar", "Deployment/api": "no sidecar" });
    expect(Object.keys(shown ?? {})).toEqual(["Deployment/api", "StatefulSet/db"]);
    expect(shownRestarts({})).toBeUndefined();
  });

  test("are twenty and the number of the others, those that can be restarted first", () => {
    const pods = Array.from({ length: 25 }, (_, index) => [`Pod/p${index}`, "no sidecar"] as const);
    const shown = shownRestarts({ ...Object.fromEntries(pods), "StatefulSet/db": "no sidecar" }) ?? {};
    expect(Object.keys(shown)).toHaveLength(21);
    expect(shown).toMatchObject({ "StatefulSet/db": "no sidecar", "and 6 more": "wait as well" });
  });
});

describe("what a rollout has still to do", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["Deployment/api", "no sidecar", true],
    ["StatefulSet/db", "revision stable", true],
    ["DaemonSet/agent", NOT_AVAILABLE, true],
    ["Pod/bare", "no sidecar", false],
    ["and 6 more", "wait as well", false],
    ["StatefulSet/db", withRemark("revision stable", ON_DELETE), false],
    ["Deployment/api", withRemark("revision stable", STILL_SO), false],
  ];
  for (const [key, value, expected] of cases) {
    test(`is ${expected ? "" : "not "}${key}: ${value}`, () => expect(isPending(key, value)).toBe(expected));
  }

  test("is named, or is nothing", () => {
    expect(describePending({ "Deployment/api": "no sidecar", "Pod/bare": "no sidecar" })).toBe("Deployment/api");
    expect(describePending({ "Pod/bare": "no sidecar" })).toBeUndefined();
    expect(describePending(undefined)).toBeUndefined();
  });
});

describe("a member is asked for its workloads", () => {
  const stable: Restartable = {
    uid: "1",
    state: "Ready",
    origin: "created",
    labels: { team: "a", "istio.io/rev": "prod" },
    injectedBy: "stable",
  };
  const restarts = { "Deployment/api": "no sidecar", "StatefulSet/db": NOT_AVAILABLE };
  const cases: readonly {
    title: string;
    before: Restartable | undefined;
    after: Restartable;
    expected: Record<string, string> | undefined;
  }[] = [
    { title: "not while its injection stays", before: stable, after: stable, expected: undefined },
    {
      title: "not when another label changes",
      before: stable,
      after: { ...stable, labels: { ...stable.labels, team: "b" } },
      expected: undefined,
    },
    {
      title: "when an injection label changes",
      before: stable,
      after: { ...stable, labels: { "istio-injection": "enabled" }, injectedBy: "default" },
      expected: {},
    },
    {
      title: "when the injection labels go",
      before: stable,
      after: { ...stable, labels: { team: "a" } },
      expected: {},
    },
    {
      title: "when the tag leads to another revision",
      before: stable,
      after: { ...stable, injectedBy: "canary" },
      expected: {},
    },
    {
      title: "not when nobody knows any more who injects",
      before: stable,
      after: { ...stable, injectedBy: undefined },
      expected: undefined,
    },
    { title: "when workloads were waiting", before: { ...stable, restarts }, after: stable, expected: restarts },
    {
      title: "when it could not be told before",
      before: { ...stable, restartsUnknown: "pods is forbidden" },
      after: stable,
      expected: {},
    },
    {
      title: "anew after another change, without what was remarked before",
      before: { ...stable, restarts: { ...restarts, "Deployment/x": withRemark("no sidecar", STILL_SO) } },
      after: { ...stable, injectedBy: "canary" },
      expected: { "StatefulSet/db": NOT_AVAILABLE },
    },
    { title: "where it was another resource's until now", before: undefined, after: stable, expected: {} },
    {
      title: "where it was found with pods in it, and gets injection labels",
      before: undefined,
      after: { ...stable, origin: "adopted" },
      expected: {},
    },
    {
      title: "not where it was found, and injection is not declared",
      before: undefined,
      after: { ...stable, origin: "adopted", labels: { team: "a" } },
      expected: undefined,
    },
    {
      title: "not where the namespace was not written",
      before: { ...stable, restarts },
      after: { ...stable, state: "Failed", injectedBy: "canary" },
      expected: undefined,
    },
  ];
  for (const { title, before, after, expected } of cases) {
    test(title, () => expect(entriesToAsk(before, after)).toEqual(expected));
  }
});

describe("a change of injection in a preview", () => {
  const labels = (revision: string) => ({ "istio.io/rev": revision });
  const before = { east: { labels: labels("stable") }, west: { labels: labels("stable") } };
  const after = {
    east: { labels: labels("canary") },
    west: { labels: labels("stable") },
    north: { labels: labels("canary") },
  };

  test("says on which clusters pods that run keep what they have, or are restarted", () => {
    expect(describeInjectionMove("payments", { before, after }, "report")).toEqual([
      'payments: on east pods that run keep what they have until they are restarted (restart: "report")',
    ]);
    expect(describeInjectionMove("payments", { before, after }, "rollout")).toEqual([
      'payments: on east workloads whose pods would get something else now are RESTARTED (restart: "rollout")',
    ]);
  });

  test("says nothing of a cluster that joins, nor of labels that are no injection", () => {
    const other = { east: { labels: { ...labels("stable"), team: "b" } }, west: before.west };
    expect(describeInjectionMove("payments", { before, after: other }, "rollout")).toEqual([]);
  });

  test("tells a tag that stands for another revision now", () => {
    const tagged = (injectedBy: string) => ({ east: { labels: labels("prod"), injectedBy } });
    expect(
      describeInjectionMove("payments", { before: tagged("stable"), after: tagged("canary") }, "report"),
    ).toHaveLength(1);
  });
});
