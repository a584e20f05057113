import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { clearLab } from "../lab/clear-lab.ts";
import { shareOfCluster } from "../lab/cluster-share.ts";
import { until } from "../lab/condition.ts";
import { type FaultProxy, type Judge, startFaultProxy } from "../lab/fault-proxy.ts";
import type { Lab } from "../lab/lab.ts";
import { labOfFile } from "../lab/lab-of-file.ts";
import { anEngine, type Engine, type Program, type Properties } from "./engine/engine.ts";
import { endNow, meshInputs } from "./engine/faulty-world.ts";
import { aProviderProcess, type ProviderProcess } from "./engine/provider-process.ts";
import { labelsOf } from "./world.ts";

const TEN = Array.from({ length: 10 }, (_, index) => `member-${index}`);
const BAD = "member-4";
const GOOD = TEN.filter((name) => name !== BAD);
/** Real API servers; each has its share of the ten. */
const SERVERS = ["east", "west", "north"];
const serverOf = (member: string) => SERVERS[TEN.indexOf(member) % SERVERS.length] ?? "east";

/** A look at a silent cluster so takes twelve seconds, of which the others wait for two. */
const SHORT = { requestTimeoutSeconds: 6 };

describe("one bad cluster among ten", () => {
  let lab: Lab;
  let provider: ProviderProcess;
  let proxies: Readonly<Record<string, FaultProxy>>;
  /** What happened, in its order: `member-3 PATCH` when a server has answered, `given up` when the bad one was. */
  let events: string[] = [];
  /** Those who wait for an event. */
  let listeners: (() => void)[] = [];
  const happened = (event: string) => {
    events.push(event);
    for (const listener of listeners) listener();
  };

  beforeAll(async () => {
    lab = await labOfFile(inject("labDirs"));
    await clearLab(lab);
    const member = async (name: string) => {
      const cluster = lab.cluster(serverOf(name));
      const share = shareOfCluster(name);
      const passed: Parameters<typeof startFaultProxy>[1] = async ({ method, namespace }) => {
        if (method === "DELETE" && namespace !== undefined) await endNow(cluster.kube, share.nameOf(namespace));
        happened(`${name} ${method}`);
      };
      return [name, await startFaultProxy(cluster, passed, share)] as const;
    };
    const { kube } = lab.cluster("mesh");
    const mesh = await startFaultProxy(lab.cluster("mesh"), async ({ method, namespace }) => {
      if (method === "DELETE" && namespace !== undefined) await endNow(kube, namespace);
    });
    proxies = { ...Object.fromEntries(await Promise.all(TEN.map(member))), controlPlane: mesh };
    provider = aProviderProcess(inject("runDir"));
  });
  afterEach(heal);
  afterAll(() => {
    provider.end();
    for (const proxy of Object.values(proxies)) proxy.close();
  });

  function heal(): void {
    for (const proxy of Object.values(proxies)) proxy.heal();
    events = [];
    listeners = [];
  }

  const engineOf = (changes: Properties): Engine => {
    const kubeconfigs = Object.entries(proxies).map(([name, { kubeconfig }]) => [name, kubeconfig] as const);
    return anEngine(provider, meshInputs(Object.fromEntries(kubeconfigs), changes));
  };
  const args = (team: string) => ({
    labels: { team },
    clusters: "all",
    revisionCheck: "off",
    onDelete: "delete",
    deleteNonEmpty: true,
  });
  const judgeBad = (judge: Judge) => proxies[BAD]?.judge(judge);
  const requestsTo = (name: string) => proxies[name]?.requests ?? [];
  const writesTo = (name: string) => requestsTo(name).filter(({ isWrite }) => isWrite);
  const labels = (member: string, namespace: string) =>
    labelsOf(lab.cluster(serverOf(member)), shareOfCluster(member).nameOf(namespace));
  /** By member, what the outputs of a GlobalNamespace say. */
  const statesOf = (outputs: Properties | undefined) =>
    Object.fromEntries(
      Object.entries((outputs?.members ?? {}) as Readonly<Record<string, Properties>>).map(([name, { state }]) => [
        name,
        state,
      ]),
    );
  const allReady = Object.fromEntries(TEN.map((name) => [name, "Ready"]));
  const butOne = (state: string) => ({ ...allReady, [BAD]: state });

  /** Every one of the nine has done it, and before the bad one was given up for the last time. */
  async function expectNineFirst(method: string, times = 1): Promise<void> {
    const givenUp = () => events.filter((event) => event === "given up").length;
    await until(() => givenUp() === requestsTo(BAD).length, { what: "every request given up" });
    const before = events.slice(0, events.lastIndexOf("given up"));
    for (const name of GOOD) expect(before.filter((event) => event === `${name} ${method}`)).toHaveLength(times);
  }
  async function expectLabels(namespace: string, expected: Readonly<Record<string, string>> | undefined) {
    for (const name of GOOD) expect(await labels(name, namespace)).toEqual(expected);
  }
  /** The next up does what is left, and asks nobody who is done. */
  async function expectRepair(engine: Engine, program: Program, namespace: string): Promise<void> {
    heal();
    expect(await engine.up(program)).toMatchObject({ steps: [`update ${namespace}`], failures: [] });
    for (const name of [...GOOD, "controlPlane"]) expect(requestsTo(name)).toEqual([]);
    expect(writesTo(BAD)).toHaveLength(1);
    expect(statesOf(engine.kept(namespace)?.outputs)).toEqual(allReady);
    expect(await labels(BAD, namespace)).toEqual(await labels("member-0", namespace));
    heal();
    expect(await engine.up(program)).toMatchObject({ steps: [], failures: [] });
  }

  test("that is a black hole is given up after the other nine are written, at each operation, and is done alone when it is back", async () => {
    const engine = engineOf(SHORT);
    const silence = () => judgeBad(() => ({ kind: "silence", onGivenUp: () => happened("given up") }));
    for (const team of ["a", "b"]) {
      const program = { hole: args(team) };
      heal();
      silence();
      const { failures } = await engine.up(program);
      expect(failures).toEqual([
        expect.stringMatching(/^cannot apply namespace "hole" on cluster "member-4": no answer within 6 s/),
      ]);
      await expectNineFirst("PATCH");
      await expectLabels("hole", { team });
      expect(statesOf(engine.kept("hole")?.outputs)).toEqual(butOne("Unreachable"));
      await expectRepair(engine, program, "hole");
    }

    heal();
    silence();
    expect(await engine.refresh()).toMatchObject({ failures: [] });
    await expectNineFirst("GET");
    expect(statesOf(engine.kept("hole")?.outputs)).toEqual(butOne("Unreachable"));
    expect(await engine.preview({ hole: args("b") })).toMatchObject({ steps: [], failures: [] });
    heal();
    expect(await engine.refresh()).toMatchObject({ failures: [] });
    expect(statesOf(engine.kept("hole")?.outputs)).toEqual(allReady);

    heal();
    silence();
    const { failures } = await engine.destroy();
    expect(failures).toEqual([
      expect.stringMatching(/cannot delete namespace "hole" on cluster "member-4": no answer within 6 s/),
    ]);
    await expectNineFirst("DELETE");
    await expectLabels("hole", undefined);
    heal();
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    for (const name of GOOD) expect(writesTo(name)).toEqual([]);
    for (const name of [BAD, "controlPlane"]) expect(writesTo(name)).toHaveLength(1);
    expect(engine.kept("hole")).toBeUndefined();
  });

  test("that is a black hole costs ten namespaces its time limit once", async () => {
    // Time for nine times ten writes on a slow and busy machine.
    const engine = engineOf({ requestTimeoutSeconds: 10 });
    const names = Array.from({ length: 10 }, (_, index) => `hole-${index}`);
    const namespaces = Object.fromEntries(names.map((name) => [name, args("a")]));
    const program = { teams: { type: "GlobalNamespaces", namespaces } };
    judgeBad(() => ({ kind: "silence", onGivenUp: () => happened("given up") }));
    const { failures } = await engine.up(program);
    expect(failures).toEqual([
      expect.stringMatching(
        /^cannot apply namespaces "hole-0", .* and 7 more on cluster "member-4": no answer within 10 s/,
      ),
    ]);
    await expectNineFirst("PATCH", names.length);
    // A look, repeated once: what comes after that is spared.
    expect(requestsTo(BAD)).toHaveLength(2);
    const { outputs } = engine.kept("teams") ?? {};
    for (const status of Object.values(outputs?.namespaces as Readonly<Record<string, Properties>>)) {
      expect(statesOf(status)).toEqual(butOne("Unreachable"));
    }
    heal();
    expect(await engine.up(program)).toMatchObject({ steps: ["update teams"], failures: [] });
    for (const name of GOOD) expect(requestsTo(name)).toEqual([]);
    expect(writesTo(BAD)).toHaveLength(names.length);
    expect(await engine.destroy()).toMatchObject({ failures: [] });
  });

  test("that is slow is not waited for: it may answer when the other nine are done, and nothing fails", async () => {
    const engine = engineOf({});
    /** The bad one answers nothing before each of the nine has done this. */
    const holdUntil = (method: string) => {
      heal();
      const isDone = () => GOOD.every((name) => events.includes(`${name} ${method}`));
      const done = new Promise<void>((resolve) => {
        listeners.push(() => isDone() && resolve());
      });
      judgeBad(async () => {
        await done;
        return undefined;
      });
    };
    for (const team of ["a", "b"]) {
      holdUntil("PATCH");
      expect(await engine.up({ slow: args(team) })).toMatchObject({ failures: [] });
      expect(events.at(-1)).toBe(`${BAD} PATCH`);
      await expectLabels("slow", { team });
      expect(await labels(BAD, "slow")).toEqual({ team });
      expect(statesOf(engine.kept("slow")?.outputs)).toEqual(allReady);
    }
    holdUntil("GET");
    expect(await engine.refresh()).toMatchObject({ steps: [], failures: [] });
    expect(statesOf(engine.kept("slow")?.outputs)).toEqual(allReady);
    holdUntil("DELETE");
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    await expectLabels("slow", undefined);
    expect(await labels(BAD, "slow")).toBeUndefined();
  });

  test.each<[string, Judge, string, string]>([
    ["breaks every connection", () => ({ kind: "reset-before" }), "Unreachable", "the connection was lost"],
    [
      "refuses everything",
      () => ({
        kind: "answer",
        status: 403,
        body: JSON.stringify({ kind: "Status", apiVersion: "v1", reason: "Forbidden", message: "nothing for you" }),
      }),
      "Failed",
      "nothing for you",
    ],
  ])("that %s is named, at each operation, and the other nine are done", async (title, judge, state, why) => {
    const namespace = title.split(" ").join("-");
    const engine = engineOf({});
    for (const team of ["a", "b"]) {
      const program = { [namespace]: args(team) };
      heal();
      judgeBad(judge);
      const { failures } = await engine.up(program);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatch(`cannot apply namespace "${namespace}" on cluster "${BAD}": `);
      expect(failures[0]).toContain(why);
      await expectLabels(namespace, { team });
      expect(statesOf(engine.kept(namespace)?.outputs)).toEqual(butOne(state));
      await expectRepair(engine, program, namespace);
    }
    judgeBad(judge);
    expect(await engine.refresh()).toMatchObject({ failures: [] });
    expect(statesOf(engine.kept(namespace)?.outputs)).toEqual(butOne(state));
    const { failures } = await engine.destroy();
    expect(failures).toEqual([expect.stringContaining(`cannot delete namespace "${namespace}" on cluster "${BAD}": `)]);
    await expectLabels(namespace, undefined);
    heal();
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    expect(await labels(BAD, namespace)).toBeUndefined();
  });
});
