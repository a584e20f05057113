import { describe, expect, test } from "vitest";
import type { ClusterApi, Fleet } from "../../../provider/lifecycle/fleet.ts";
import { type Restarted, readRestarts, settleRestarts } from "../../../provider/lifecycle/restarts.ts";
import { ClusterError } from "../../../provider/model/cluster-error.ts";
import type { InjectionWebhook } from "../../../provider/model/injection.ts";
import type { StringMap } from "../../../provider/model/json.ts";
import { NOT_AVAILABLE, ON_DELETE, STILL_SO, withRemark } from "../../../provider/model/restarts.ts";
import { parsePolicies } from "../../../provider/model/spec.ts";
import { aNamespace } from "../kube/builders.ts";
import { type FakeWorkloads, fakeWorkloads } from "./fake-workloads.ts";

const CANARY: InjectionWebhook = {
  configuration: "istio-sidecar-injector-canary",
  revision: "canary",
  namespaceSelector: { matchLabels: { "istio.io/rev": "canary" }, matchExpressions: [] },
  objectSelector: { matchLabels: {}, matchExpressions: [] },
};

/** A fleet whose clusters have the namespace `payments`, labelled for canary, and these workloads in it. */
function aFleet(clusters: Readonly<Record<string, FakeWorkloads>>): Fleet {
  return {
    api: (place: string) => ({ server: clusters[place]?.server }) as unknown as ClusterApi,
    recall: async () => aNamespace({ labels: { "istio.io/rev": "canary" } }),
    webhooks: async () => [CANARY],
  } as unknown as Fleet;
}

interface Run extends Restarted {
  readonly said: readonly string[];
  /** Milliseconds that it took. */
  readonly took: number;
}

async function settle(
  clusters: Readonly<Record<string, FakeWorkloads>>,
  options: Readonly<Record<string, unknown>> = {},
  before: Readonly<Record<string, StringMap>> = {},
): Promise<Run> {
  const said: string[] = [];
  let now = Date.UTC(2026, 0, 1);
  const begun = now;
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const settled = await settleRestarts({
    name: "payments",
    owner: "acme/shop/dev/mesh/payments",
    policies: parsePolicies({ restart: "rollout", ...options }),
    members: Object.keys(clusters).map((cluster) => ({ cluster, before: before[cluster] ?? {} })),
    fleet: aFleet(clusters),
    clock,
    say: (line) => said.push(line),
  });
  return { ...settled, said, took: now - begun };
}

const deployment = (name: string) => ({ kind: "Deployment", name }) as const;
const patches = ({ requests }: FakeWorkloads) =>
  requests.filter((request) => request.startsWith("PATCH")).map((request) => request.slice("PATCH ".length));

describe("workloads that wait", () => {
  test("are told and left alone with restart: report", async () => {
    const east = fakeWorkloads([deployment("api")], { barePods: ["tool"] });
    const { told, failures, said } = await settle({ east }, { restart: "report" });
    expect(told).toEqual({
      east: { restarts: { "Deployment/api": "revision stable", "Pod/tool": "revision stable" } },
    });
    expect(failures).toEqual([]);
    expect(said).toEqual(['payments: on cluster "east" a restart is waited for by Deployment/api and Pod/tool']);
    expect(patches(east)).toEqual([]);
  });

  test("are none where every pod has what it would get now", async () => {
    const east = fakeWorkloads([deployment("api")], { from: "canary" });
    expect(await settle({ east })).toMatchObject({ told: { east: {} }, failures: [], said: [] });
    expect(east.requests).toEqual(["GET pods"]);
  });

  test("that cannot be told now are a failure where they shall be restarted, and not where they are reported", async () => {
    const east = fakeWorkloads([]);
    east.server.request = async () => {
      throw new ClusterError("timeout", "no answer within 15 s");
    };
    const what = 'which workloads wait for a restart on cluster "east" is not known: no answer within 15 s';
    const restartsUnknown = "no answer within 15 s";
    expect(await settle({ east })).toMatchObject({
      failures: [`namespace "payments": ${what}`],
      told: { east: { restartsUnknown, restartsDue: true } },
    });
    const reported = await settle({ east }, { restart: "report" });
    expect(reported).toMatchObject({ failures: [], said: [`payments: ${what}`] });
    expect(reported.told.east).toEqual({ restartsUnknown });
  });

  test("are unknown, and no failure, where pods may not be listed", async () => {
    const east = fakeWorkloads([]);
    east.server.request = async () => {
      throw new ClusterError("forbidden", 'pods is forbidden: User "ci" cannot list');
    };
    const { told, failures } = await settle({ east }, {}, { east: { "Deployment/api": "no sidecar" } });
    expect(failures).toEqual([]);
    expect(told.east).toEqual({
      restarts: { "Deployment/api": "no sidecar" },
      restartsUnknown: 'pods is forbidden: User "ci" cannot list',
    });
  });
});

describe("a rollout", () => {
  test("restarts every kind, one after the other, and has nothing left", async () => {
    const east = fakeWorkloads([
      { kind: "StatefulSet", name: "db" },
      deployment("api"),
      { kind: "DaemonSet", name: "agent" },
    ]);
    const { told, failures } = await settle({ east });
    expect(told).toEqual({ east: {} });
    expect(failures).toEqual([]);
    expect(patches(east)).toEqual(["daemonsets/agent", "deployments/api", "statefulsets/db"]);
    expect(east.mostAtOnce()).toBe(1);
  });

  test("restarts as many at once as restartsAtOnce says", async () => {
    const east = fakeWorkloads(["a", "b", "c", "d", "e"].map(deployment));
    await settle({ east }, { restartsAtOnce: 3 });
    expect(patches(east)).toHaveLength(5);
    expect(east.mostAtOnce()).toBe(3);
  });

  test("goes on to the next cluster when one is done, in the order given", async () => {
    const west = fakeWorkloads([deployment("api")]);
    const east = fakeWorkloads([deployment("api")]);
    const { said } = await settle({ west, east });
    expect(said).toEqual([
      'payments: restarts Deployment/api on cluster "west"',
      'payments: restarts Deployment/api on cluster "east"',
    ]);
  });

  test("ends at the first workload that does not come up, and records what still waits on every cluster", async () => {
    const east = fakeWorkloads([deployment("a"), { ...deployment("b"), restart: "hangs" }, deployment("c")]);
    const west = fakeWorkloads([deployment("a")]);
    const { told, failures, took } = await settle({ east, west }, { restartTimeoutSeconds: 60 });
    expect(failures).toEqual([
      'cannot restart Deployment/b of namespace "payments" on cluster "east": it did not become available within 60 s ' +
        "(restartTimeoutSeconds): 0 of 1 new pods are available; nothing further is restarted",
    ]);
    expect(told).toEqual({
      east: { restarts: { "Deployment/b": "revision stable", "Deployment/c": "revision stable" } },
      west: { restarts: { "Deployment/a": "revision stable" } },
    });
    expect(patches(east)).toEqual(["deployments/a", "deployments/b"]);
    expect(patches(west)).toEqual([]);
    expect(took).toBeGreaterThanOrEqual(60_000);
    // It is looked at ever less often.
    expect(east.requests.filter((request) => request === "GET deployments/b").length).toBeLessThan(25);
  });

  test("lets those that were begun come to their end when another fails", async () => {
    const east = fakeWorkloads([{ ...deployment("a"), restart: "hangs" }, deployment("b"), deployment("c")]);
    const { told } = await settle({ east }, { restartsAtOnce: 2, restartTimeoutSeconds: 10 });
    expect(told.east?.restarts).not.toHaveProperty("Deployment/b");
    expect(told.east?.restarts).toHaveProperty(["Deployment/a"]);
  });

  test("waits, and restarts nothing, where the last run's restart has not come up and no old pod is left", async () => {
    const east = fakeWorkloads([{ ...deployment("a"), restart: "hangs with new pods alone" }, deployment("b")]);
    const first = await settle({ east }, { restartTimeoutSeconds: 5 });
    expect(first.told.east?.restarts).toEqual({ "Deployment/a": NOT_AVAILABLE, "Deployment/b": "revision stable" });
    const before = { east: first.told.east?.restarts ?? {} };

    const second = await settle({ east }, { restartTimeoutSeconds: 5 }, before);
    expect(second.failures).toHaveLength(1);
    expect(patches(east)).toEqual(["deployments/a"]);

    east.heal("a");
    const third = await settle({ east }, { restartTimeoutSeconds: 5 }, before);
    expect(third).toMatchObject({ told: { east: {} }, failures: [] });
    expect(patches(east)).toEqual(["deployments/a", "deployments/b"]);
  });

  test("that changes nothing fails once, stops there, and is not tried again", async () => {
    const east = fakeWorkloads([{ ...deployment("a"), restart: "changes nothing" }]);
    const west = fakeWorkloads([deployment("a")]);
    const first = await settle({ east, west });
    expect(first.failures).toEqual([
      'cannot restart Deployment/a of namespace "payments" on cluster "east": it was restarted, and pods of it still have ' +
        "revision stable; it is not restarted again",
    ]);
    const restarts = { "Deployment/a": withRemark("revision stable", STILL_SO) };
    expect(first.told.east?.restarts).toEqual(restarts);
    expect(patches(west)).toEqual([]);

    const second = await settle({ east, west }, {}, { east: restarts });
    expect(second.failures).toEqual([]);
    expect(second.told).toEqual({ east: { restarts }, west: {} });
    expect(patches(east)).toHaveLength(1);
  });

  test("leaves a paused Deployment to whoever paused it, and restarts the others, on other clusters too", async () => {
    const east = fakeWorkloads([{ ...deployment("a"), paused: true }, deployment("b")]);
    const west = fakeWorkloads([deployment("a")]);
    const { told, failures } = await settle({ east, west });
    expect(failures).toEqual([expect.stringContaining('on cluster "east": it is paused; resume it')]);
    expect(told).toEqual({ east: { restarts: { "Deployment/a": "revision stable" } }, west: {} });
  });

  test("leaves to others what is replaced only when its pods are deleted, and bare pods, with a word on each", async () => {
    const east = fakeWorkloads([{ kind: "StatefulSet", name: "db", onDelete: true }], { barePods: ["tool"] });
    const { told, failures, said } = await settle({ east });
    expect(failures).toEqual([]);
    expect(told.east?.restarts).toEqual({
      "Pod/tool": "revision stable",
      "StatefulSet/db": withRemark("revision stable", ON_DELETE),
    });
    expect(said.join("\n")).toContain("these are not restarted: Pod/tool");
    expect(said.join("\n")).toContain('StatefulSet/db on cluster "east" has the update strategy OnDelete');
    expect(patches(east)).toEqual([]);
  });

  test("that may not be begun is a failure of that workload, and is listed still", async () => {
    const east = fakeWorkloads([deployment("a")]);
    const { request } = east.server;
    east.server.request = async (call) => {
      if (call.method === "PATCH") throw new ClusterError("forbidden", "deployments.apps is forbidden");
      return request(call);
    };
    const { told, failures } = await settle({ east });
    expect(failures).toEqual([expect.stringContaining("deployments.apps is forbidden; nothing further is restarted")]);
    expect(told.east?.restarts).toEqual({ "Deployment/a": "revision stable" });
  });

  test("is asked for as kubectl rollout restart asks", async () => {
    const east = fakeWorkloads([deployment("a")]);
    const { request } = east.server;
    const sent: unknown[] = [];
    east.server.request = async (call) => {
      if (call.method === "PATCH") sent.push(call);
      return request(call);
    };
    await settle({ east });
    expect(sent).toEqual([
      {
        method: "PATCH",
        path: "/apis/apps/v1/namespaces/payments/deployments/a",
        query: { fieldManager: "global-namespace.dev/acme/shop/dev/mesh/payments", fieldValidation: "Strict" },
        body: {
          contentType: "application/strategic-merge-patch+json",
          json: {
            spec: {
              template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" } } },
            },
          },
        },
      },
    ]);
  });
});

describe("a read", () => {
  test("tells what waits now and restarts nothing; what has not come up stays told", async () => {
    const east = fakeWorkloads([deployment("api")]);
    const before = { "Deployment/old": "revision stable", "Deployment/slow": NOT_AVAILABLE };
    expect(await readRestarts(aFleet({ east }), "payments", { cluster: "east", before })).toEqual({
      restarts: { "Deployment/api": "revision stable", "Deployment/slow": NOT_AVAILABLE },
    });
    expect(patches(east)).toEqual([]);
  });
});

describe("the pods of a namespace", () => {
  test("are asked for without those that have ended or are on the host's network, or are read whole from an old server", async () => {
    const east = fakeWorkloads([deployment("api")]);
    const { request } = east.server;
    const selectors: unknown[] = [];
    east.server.request = async (call) => {
      if (call.path.endsWith("/pods")) {
        selectors.push(call.query?.fieldSelector);
        if (selectors.length === 1) throw new ClusterError("rejected", "field label not supported: spec.hostNetwork");
      }
      return request(call);
    };
    await settle({ east }, { restart: "report" });
    expect(selectors).toEqual([
      "spec.hostNetwork=false,status.phase!=Succeeded,status.phase!=Failed",
      "status.phase!=Succeeded,status.phase!=Failed",
    ]);
  });
});
