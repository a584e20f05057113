import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import type { Fault, ProxiedRequest } from "../lab/fault-proxy.ts";
import { aFaultyWorld, type FaultyWorld, MEMBERS } from "./engine/faulty-world.ts";

/** A Status as the API server writes one. */
const statusOf = (code: number, reason: string, message: string) =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", metadata: {}, code, reason, message });

const BUSY = statusOf(429, "TooManyRequests", "too many requests, please try again later");
const STARTING = statusOf(503, "ServiceUnavailable", "the server is currently unable to handle the request");
const SLOW_STORE = statusOf(
  500,
  "InternalError",
  "etcdserver: request timed out, possibly due to previous leader failure",
);
const LOGIN_PAGE = { "content-type": "text/html; charset=utf-8" };

describe("between the provider and the clusters", () => {
  let world: FaultyWorld;
  beforeAll(async () => {
    world = await aFaultyWorld();
  });
  afterEach(() => world.heal());
  afterAll(() => world.end());

  const team = (value: string, rest = {}) => ({ labels: { team: value }, revisionCheck: "off", ...rest });
  const everywhere = (value: string) => Array(4).fill({ team: value });

  /** The first so many requests of a kind meet the fault. */
  const first = (times: number, fault: Fault, isMeant = (request: ProxiedRequest) => request.isWrite) => {
    let left = times;
    return (request: ProxiedRequest) => {
      if (!isMeant(request) || left === 0) return undefined;
      left--;
      return fault;
    };
  };
  const writesTo = (cluster: string) => world.proxies[cluster]?.requests.filter(({ isWrite }) => isWrite) ?? [];

  /** No fault is left: one up has nothing to do, a refresh finds nothing, and nothing is to be done after it. */
  const settled = async (engine: ReturnType<FaultyWorld["engine"]>, program: Parameters<typeof engine.up>[0]) => {
    world.heal();
    expect(await engine.up(program)).toMatchObject({ steps: [], failures: [] });
    expect(await engine.refresh()).toMatchObject({ steps: [], failures: [] });
    expect(await engine.preview(program)).toMatchObject({ steps: [], failures: [] });
  };

  test.each<[string, Fault, number]>([
    ["an answer that is lost after the write", { kind: "reset-after" }, 1],
    ["an answer that is cut off after the write", { kind: "truncate" }, 1],
    ["a connection that breaks before the write", { kind: "reset-before" }, 2],
    [
      "a write that was done and is answered with 504",
      { kind: "answer", status: 504, body: SLOW_STORE, after: true },
      1,
    ],
    ["a store that gave no answer in time (500)", { kind: "answer", status: 500, body: SLOW_STORE }, 2],
    ["a server that is starting (503)", { kind: "answer", status: 503, body: STARTING }, 3],
    ["a busy server (429)", { kind: "answer", status: 429, body: BUSY }, 3],
  ])("%s is repeated everywhere without anybody noticing", async (title, fault, times) => {
    const name = `repeat-${title.replace(/[^a-z0-9]+/g, "-").slice(0, 40)}x`;
    const engine = world.engine();
    for (const proxy of Object.values(world.proxies)) proxy.judge(first(times, fault));
    const program = { [name]: team("a", { onDelete: "delete" }) };
    expect(await engine.up(program)).toMatchObject({ steps: [`create ${name}`], failures: [] });
    expect(await world.everywhere(name)).toEqual(everywhere("a"));
    for (const cluster of MEMBERS) expect(writesTo(cluster)).toHaveLength(times + 1);
    for (const status of engine.statuses(name)) {
      expect(status).toMatchObject({ state: "Ready", origin: "created" });
    }
    await settled(engine, program);
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    expect(await world.everywhere(name)).toEqual(Array(4).fill(undefined));
  });

  test("a deletion whose answer is lost is done once, and is not an error", async () => {
    const engine = world.engine();
    await engine.up({ lost: team("a", { onDelete: "delete" }) });
    for (const proxy of Object.values(world.proxies)) {
      proxy.judge(first(1, { kind: "reset-after" }, ({ method }) => method === "DELETE"));
    }
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    expect(await world.everywhere("lost")).toEqual(Array(4).fill(undefined));
  });

  test("Retry-After is waited for on that cluster, and the others do not wait with it", async () => {
    const engine = world.engine();
    const arrivals: Record<string, number[]> = { east: [], west: [] };
    for (const [cluster, times] of Object.entries(arrivals)) {
      const refused = first(cluster === "east" ? 1 : 0, {
        kind: "answer",
        status: 429,
        headers: { "retry-after": "2" },
        body: BUSY,
      });
      world.proxies[cluster]?.judge((request) => {
        if (request.isWrite) times.push(Date.now());
        return refused(request);
      });
    }
    const begun = Date.now();
    expect(await engine.up({ patient: team("a") })).toMatchObject({ failures: [] });
    const [asked = 0, again = 0] = arrivals.east ?? [];
    expect(again - asked).toBeGreaterThanOrEqual(2000);
    expect((arrivals.west?.[0] ?? 0) - begun).toBeLessThan(again - begun);
    expect(await world.everywhere("patient")).toEqual(everywhere("a"));
  });

  test("a cluster that stays busy is named when its budget is spent, and is done by the next up", async () => {
    const engine = world.engine();
    const program = { busy: team("a") };
    const longer = { "retry-after": "90" };
    world.proxies.west?.judge(first(Infinity, { kind: "answer", status: 429, headers: longer, body: BUSY }));
    const { failures } = await engine.up(program);
    expect(failures).toEqual([
      expect.stringContaining('cannot apply namespace "busy" on cluster "west": too many requests'),
    ]);
    expect(await world.everywhere("busy")).toEqual([{ team: "a" }, { team: "a" }, undefined, { team: "a" }]);
    world.heal();
    expect(await engine.up(program)).toMatchObject({ steps: ["update busy"], failures: [] });
    expect(writesTo("east")).toEqual([]);
    await settled(engine, program);
  });

  test.each<[string, Fault, string]>([
    [
      "a login page instead of an answer",
      { kind: "answer", status: 200, headers: LOGIN_PAGE, body: "<html>Sign in</html>" },
      "is not from a Kubernetes API (text/html)",
    ],
    [
      "a redirect",
      { kind: "answer", status: 302, headers: { location: "https://login.example.com/" } },
      "the server answered with a redirect (HTTP 302), which is not followed",
    ],
    [
      "a server that knows no server-side apply",
      {
        kind: "answer",
        status: 415,
        body: statusOf(415, "UnsupportedMediaType", "the body of the request was in an unknown format"),
      },
      "the body of the request was in an unknown format",
    ],
    ["silence after the write was taken", { kind: "silence" }, "no answer within 5 s"],
  ])("%s is that cluster's failure, and the others are done", async (title, fault, why) => {
    const name = `partial-${title.replace(/[^a-z0-9]+/g, "-").slice(0, 40)}x`;
    const engine = world.engine({ requestTimeoutSeconds: 5 });
    const program = { [name]: team("a") };
    world.proxies.north?.judge(first(Infinity, fault));
    const { failures } = await engine.up(program);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(`cannot apply namespace "${name}" on cluster "north": `);
    expect(failures[0]).toContain(why);
    expect(await world.everywhere(name)).toEqual([{ team: "a" }, { team: "a" }, { team: "a" }, undefined]);
    world.heal();
    engine.mesh = { ...engine.mesh, requestTimeoutSeconds: 15 };
    expect(await engine.up(program)).toMatchObject({ steps: [`update ${name}`], failures: [] });
    await settled(engine, program);
  });

  test("a certificate of a stranger is refused on one member and stops everything on the control plane", async () => {
    const engine = world.engine();
    await world.proxies.east?.showStrangeCertificate();
    const { failures } = await engine.up({ trusted: team("a") });
    expect(failures).toEqual([
      expect.stringContaining(
        'cannot apply namespace "trusted" on cluster "east": the server\'s certificate is not from the configured authority',
      ),
    ]);
    expect(world.proxies.east?.requests).toEqual([]);
    expect(await world.everywhere("trusted")).toEqual([{ team: "a" }, undefined, { team: "a" }, { team: "a" }]);

    world.heal();
    await world.proxies.mesh?.showStrangeCertificate();
    const refused = await engine.up({ trusted: team("b") });
    expect(refused.failures).toEqual([expect.stringContaining("Nothing was written to the clusters")]);
    expect(await world.labels("west", "trusted")).toEqual({ team: "a" });
    world.heal();
    expect(await engine.up({ trusted: team("b") })).toMatchObject({ failures: [] });
    expect(await world.everywhere("trusted")).toEqual(everywhere("b"));
  });

  test("a slow cluster costs its own time, and no other cluster or namespace waits for it", async () => {
    const engine = world.engine();
    const names = Array.from({ length: 10 }, (_, index) => `slow-${index}`);
    const asked = () => MEMBERS.flatMap((cluster) => writesTo(cluster)).length;
    // West answers nobody until all ten namespaces have been written to every cluster, west's own among them.
    world.proxies.west?.judge(async ({ isWrite }) => {
      if (isWrite) await until(() => asked() >= names.length * MEMBERS.length, { what: "all writes" });
      return undefined;
    });
    const program = Object.fromEntries(names.map((name) => [name, team("a")]));
    expect(await engine.up(program)).toMatchObject({ failures: [] });
    expect(await world.everywhere("slow-9")).toEqual(everywhere("a"));
  });

  test("all members silent cost one time limit and not one each, and the next up does them all", async () => {
    const engine = world.engine({ requestTimeoutSeconds: 5 });
    const program = { still: team("a") };
    const asked = new Set<string>();
    /** By member, who had been asked when it was given up for the last time. */
    const askedBefore: Record<string, ReadonlySet<string>> = {};
    for (const cluster of MEMBERS) {
      const onGivenUp = () => (askedBefore[cluster] = new Set(asked));
      world.proxies[cluster]?.judge(() => {
        asked.add(cluster);
        return { kind: "silence", onGivenUp };
      });
    }
    const { failures } = await engine.up(program);
    for (const cluster of MEMBERS) expect(askedBefore[cluster]).toEqual(new Set(MEMBERS));
    expect(failures).toHaveLength(1);
    for (const cluster of MEMBERS) expect(failures[0]).toContain(`on cluster "${cluster}": no answer within 5 s`);
    world.heal();
    expect(await engine.up(program)).toMatchObject({ failures: [] });
    expect(await world.everywhere("still")).toEqual(everywhere("a"));
    await settled(engine, program);
  });

  test("connections that break under fifty writes at once fail none of them", async () => {
    const engine = world.engine();
    const names = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    const program = Object.fromEntries(names.map((name) => [name, team("a", { clusters: ["east"] })]));
    let writes = 0;
    world.proxies.east?.judge(({ isWrite }) => {
      if (isWrite && ++writes === 25) world.proxies.east?.breakConnections();
      return undefined;
    });
    expect(await engine.up(program)).toMatchObject({ failures: [] });
    for (const name of names) expect(await world.labels("east", name)).toEqual({ team: "a" });
    await settled(engine, program);
  });

  test("another cluster under the name of one before is refused by the look and by the write, is not touched, and is not taken for empty", async () => {
    const engine = world.engine();
    await engine.up({ moved: team("a", { clusters: ["east"] }) });
    const kubeconfigs = engine.mesh.kubeconfigs as Record<string, string>;
    engine.mesh = { ...engine.mesh, kubeconfigs: { ...kubeconfigs, east: kubeconfigs.north, north: kubeconfigs.east } };
    const { failures } = await engine.up({ moved: team("b", { clusters: ["east"] }) });
    expect(failures).toEqual([expect.stringContaining("this is another cluster than the one of that name before")]);
    expect(await world.labels("north", "moved")).toBeUndefined();
    expect(await world.labels("east", "moved")).toEqual({ team: "a" });
    await engine.refresh();
    const refreshed = await engine.up({ moved: team("b", { clusters: ["east"] }) });
    expect(refreshed.failures).toEqual([expect.stringContaining("this is another cluster")]);
    expect(await world.labels("north", "moved")).toBeUndefined();
    const destroyed = await engine.up({ moved: team("a", { clusters: [], onLeave: "delete" }) });
    expect(destroyed.failures).toEqual([expect.stringContaining("this is another cluster")]);
    expect(await world.labels("east", "moved")).toEqual({ team: "a" });
  });

  test("a state from an older backup costs nothing that is there: it is found by its marks, and nothing is deleted", async () => {
    const engine = world.engine();
    const before = { backup: team("a", { clusters: ["east"], onDelete: "delete", deleteNonEmpty: true }) };
    const later = { backup: team("b", { onDelete: "delete", deleteNonEmpty: true }), younger: team("a") };
    await engine.up(before);
    const backup = engine.export();
    await engine.up(later);
    engine.import(backup);
    expect(await engine.up(before)).toMatchObject({ steps: [], failures: [] });
    expect(await world.everywhere("backup")).toEqual(everywhere("b"));
    expect(await engine.up(later)).toMatchObject({ failures: [] });
    expect(await world.everywhere("backup")).toEqual(everywhere("b"));
    expect(await world.everywhere("younger")).toEqual(everywhere("a"));
    await settled(engine, later);
  });
});
