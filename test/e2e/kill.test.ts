import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../lab/fault-proxy.ts";
import type { KubeObject } from "../lab/kube-client.ts";
import type { Engine, Program, Properties } from "./engine/engine.ts";
import { aFaultyWorld, EVERYWHERE, type FaultyWorld } from "./engine/faulty-world.ts";
import { IS_LONG, ROUNDS, randomOf, report, SEED, shuffled } from "./engine/seed.ts";

/**
 * A namespace's labels by cluster, and with them the records of a NamespaceSync; a cluster that does not have it is left
 * out.
 */
type Expected = Readonly<Record<string, Readonly<Record<string, string>>>>;
/** The same of namespaces of other names, by what comes after the name. */
type Others = Readonly<Record<string, Expected>>;

interface Scenario {
  readonly mesh?: Properties;
  /** What kubectl makes before everything else: labels by cluster. */
  readonly found?: Expected;
  readonly othersFound?: Others;
  /** What an up has done before, and what kubectl labels then. */
  readonly before?: (name: string) => Program;
  readonly meanwhile?: Expected;
  /** The operation that is killed; a destroy where it is left out. */
  readonly killed?: (name: string) => Program;
  /** What the program says when it runs again, where somebody has changed it meanwhile. */
  readonly next?: (name: string) => Program;
  readonly expected: Expected;
  readonly others?: Others;
  /** What is left when everything has been destroyed: what was there before us. */
  readonly left?: Expected;
  readonly othersLeft?: Others;
}

const args = (team: string, rest: Properties = {}): Properties => ({
  labels: { team },
  revisionCheck: "off",
  onDelete: "delete",
  deleteNonEmpty: true,
  ...rest,
});
const declares =
  (team: string, rest: Properties = {}) =>
  (name: string): Program => ({ [name]: args(team, rest) });
/** One resource with two namespaces, of which one may be left out. */
const declaresMany =
  (first: Properties, second?: Properties) =>
  (name: string): Program => ({
    many: {
      type: "GlobalNamespaces",
      namespaces: { [name]: first, ...(second !== undefined && { [`${name}-b`]: second }) },
    },
  });
/** One resource that brings two namespaces of east to the mesh. */
const syncs =
  (rest: (name: string) => Properties = () => ({})) =>
  (name: string): Program => ({
    sync: { type: "NamespaceSync", cluster: "east", include: [name, `${name}-b`], ...rest(name) },
  });
const on = (clusters: readonly string[], labels: Readonly<Record<string, string>>): Expected =>
  Object.fromEntries(clusters.map((cluster) => [cluster, labels]));
/** Of the other names: a renamed one's new name, and the second of two. */
const SUFFIXES = ["-new", "-b"];

const EAST = { clusters: ["east"] };
const ENABLED = { "istio-injection": "enabled" };
const DISABLED = { "istio-injection": "disabled" };
const CANARY = { "istio.io/rev": "canary" };
const RECORD = "global-namespace.dev/synced.";
const SYNCED = { [`${RECORD}east`]: "acme/faults/dev/mesh/sync" };

const scenarios: Readonly<Record<string, Scenario>> = {
  "a creation": { killed: declares("a"), expected: on(EVERYWHERE, { team: "a" }) },
  "a creation, and another program afterwards": {
    killed: declares("a"),
    next: declares("b"),
    expected: on(EVERYWHERE, { team: "b" }),
  },
  "a creation where one cluster has the namespace": {
    found: { east: { other: "1" } },
    killed: declares("a"),
    expected: { ...on(EVERYWHERE, { team: "a" }), east: { other: "1", team: "a" } },
    left: { east: { other: "1" } },
  },
  "a creation that adopts nothing": {
    killed: declares("a", { adopt: "never" }),
    expected: on(EVERYWHERE, { team: "a" }),
  },
  "a creation on a control plane that is a member": {
    mesh: { controlPlane: "east" },
    killed: declares("a"),
    expected: on(["east", "west", "north"], { team: "a" }),
  },
  "a change": { before: declares("a"), killed: declares("b"), expected: on(EVERYWHERE, { team: "b" }) },
  "a change that removes a competing label": {
    before: declares("a"),
    meanwhile: on(["east", "west"], { "istio-injection": "disabled" }),
    killed: declares("a", { injection: { revision: "canary" }, force: true }),
    expected: on(EVERYWHERE, { team: "a", "istio.io/rev": "canary" }),
  },
  "a leave that gives back": {
    before: declares("a"),
    killed: declares("a", { clusters: ["east"] }),
    expected: { ...on(["mesh", "east"], { team: "a" }), ...on(["west", "north"], {}) },
    left: on(["west", "north"], {}),
  },
  "a leave that deletes": {
    before: declares("a"),
    killed: declares("a", { clusters: ["east"], onLeave: "delete" }),
    expected: on(["mesh", "east"], { team: "a" }),
  },
  "a leave that deletes where one cluster had the namespace": {
    found: { west: { other: "1" } },
    before: declares("a"),
    killed: declares("a", { clusters: ["east"], onLeave: "delete" }),
    expected: { ...on(["mesh", "east"], { team: "a" }), west: { other: "1" } },
    left: { west: { other: "1" } },
  },
  "a join, a leave and a new label at once": {
    before: declares("a", { clusters: ["east", "west"] }),
    killed: declares("b", { clusters: ["west", "north"], onLeave: "delete" }),
    expected: on(["mesh", "west", "north"], { team: "b" }),
  },
  "a new name": {
    before: declares("a"),
    killed: (name) => ({ [name]: args("a", { name: `${name}-new` }) }),
    expected: {},
    others: { "-new": on(EVERYWHERE, { team: "a" }) },
  },
  "a destroy that deletes": { before: declares("a"), expected: {} },
  "a destroy that deletes what it made alone": {
    found: { mesh: {}, north: { other: "1" } },
    before: declares("a"),
    expected: { mesh: {}, north: { other: "1" } },
    left: { mesh: {}, north: { other: "1" } },
  },
  "a destroy that gives back": {
    before: declares("a", { onDelete: "release" }),
    expected: on(["east", "west", "north"], {}),
    left: on(["east", "west", "north"], {}),
  },
  "a destroy that keeps": {
    before: declares("a", { onDelete: "retain" }),
    expected: on(["east", "west", "north"], { team: "a" }),
    left: on(["east", "west", "north"], { team: "a" }),
  },
  "a creation of several": {
    killed: declaresMany(args("a", EAST), args("b", EAST)),
    expected: on(["mesh", "east"], { team: "a" }),
    others: { "-b": on(["mesh", "east"], { team: "b" }) },
  },
  "a change of several, of which one leaves a cluster": {
    before: declaresMany(args("a", { clusters: ["east", "west"] }), args("a", { clusters: [] })),
    killed: declaresMany(args("a", { ...EAST, onLeave: "delete" }), args("b", { clusters: [] })),
    expected: on(["mesh", "east"], { team: "a" }),
    others: { "-b": on(["mesh"], { team: "b" }) },
  },
  "a change that ends one of several and joins another to a cluster": {
    before: declaresMany(args("a", { clusters: [] }), args("b", EAST)),
    killed: declaresMany(args("a", EAST)),
    expected: on(["mesh", "east"], { team: "a" }),
  },
  "a destroy of several": {
    before: declaresMany(args("a", EAST), args("b", { ...EAST, onDelete: "release" })),
    expected: {},
    others: { "-b": on(["east"], {}) },
    othersLeft: { "-b": on(["east"], {}) },
  },
  "a creation of a sync": {
    found: { east: ENABLED },
    othersFound: { "-b": { east: CANARY, mesh: { other: "1" } } },
    killed: syncs(),
    expected: { east: ENABLED, mesh: { ...ENABLED, ...SYNCED } },
    others: { "-b": { east: CANARY, mesh: { other: "1", ...CANARY, ...SYNCED } } },
    left: on(["east", "mesh"], ENABLED),
    othersLeft: { "-b": { east: CANARY, mesh: { other: "1", ...CANARY } } },
  },
  "a change of a sync": {
    found: { east: ENABLED },
    othersFound: { "-b": { east: CANARY } },
    before: syncs(),
    meanwhile: { east: DISABLED },
    killed: syncs((name) => ({ exclude: [`${name}-b`] })),
    expected: { east: DISABLED, mesh: { ...DISABLED, ...SYNCED } },
    others: { "-b": on(["east", "mesh"], CANARY) },
    left: on(["east", "mesh"], DISABLED),
    othersLeft: { "-b": on(["east", "mesh"], CANARY) },
  },
  "a destroy of a sync": {
    found: { east: ENABLED },
    othersFound: { "-b": { east: CANARY } },
    before: syncs(),
    expected: on(["east", "mesh"], ENABLED),
    others: { "-b": on(["east", "mesh"], CANARY) },
    left: on(["east", "mesh"], ENABLED),
    othersLeft: { "-b": on(["east", "mesh"], CANARY) },
  },
};

interface KillPoint {
  /** 1 is the first write of the operation. */
  readonly write: number;
  readonly when: "before" | "after";
}

describe("the provider's process, killed", () => {
  let world: FaultyWorld;
  let runs = 0;
  beforeAll(async () => {
    world = await aFaultyWorld();
    report(`kill points: seed ${SEED}`);
  });
  afterAll(() => {
    world.end();
    report(`kill points: ${runs} runs, none lost`);
  });

  const find = (cluster: string, name: string) => world.kube(cluster).find(`/api/v1/namespaces/${name}`);

  /** What stands on the clusters, by cluster. */
  async function seen(name: string): Promise<Record<string, KubeObject>> {
    const found = await Promise.all(EVERYWHERE.map(async (cluster) => [cluster, await find(cluster, name)] as const));
    return Object.fromEntries(found.filter((entry): entry is [string, KubeObject] => entry[1] !== undefined));
  }

  const labelsOf = (objects: Readonly<Record<string, KubeObject>>): Expected =>
    Object.fromEntries(
      Object.entries(objects).map(([cluster, { metadata }]) => {
        const { "kubernetes.io/metadata.name": _, ...labels } = metadata.labels ?? {};
        const records = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(RECORD));
        return [cluster, { ...labels, ...Object.fromEntries(records) }];
      }),
    );

  /** Whether the process was killed: the operation may have fewer writes. */
  async function run(scenario: Scenario, name: string, point: KillPoint, random: () => number): Promise<boolean> {
    const engine = world.engine(scenario.mesh);
    const { found = {}, othersFound = {}, others = {}, othersLeft = {} } = scenario;
    for (const [suffix, clusters] of Object.entries({ "": found, ...othersFound })) {
      for (const [cluster, labels] of Object.entries(clusters)) {
        await world.kube(cluster).create("/api/v1/namespaces", { metadata: { name: `${name}${suffix}`, labels } });
      }
    }
    if (scenario.before !== undefined) expect(await engine.up(scenario.before(name))).toMatchObject({ failures: [] });
    for (const [cluster, labels] of Object.entries(scenario.meanwhile ?? {})) {
      await world.kube(cluster).patch(`/api/v1/namespaces/${name}`, { metadata: { labels } });
    }
    const before = await seen(name);

    const { killed } = scenario;
    arm(point, random);
    const result = await (killed === undefined ? engine.destroy() : engine.up(killed(name)));
    await disarm();
    const program = (scenario.next ?? killed)?.(name) ?? {};
    if (result.killed || scenario.next !== undefined) await repair(engine, program);
    await converged(engine, program);

    const after = await seen(name);
    expect(labelsOf(after)).toEqual(scenario.expected);
    // Nothing that was there has been made anew.
    for (const [cluster, { metadata }] of Object.entries(after)) {
      if (before[cluster] !== undefined) expect(metadata.uid).toBe(before[cluster].metadata.uid);
    }
    for (const suffix of SUFFIXES) expect(labelsOf(await seen(`${name}${suffix}`))).toEqual(others[suffix] ?? {});

    // Whatever exists because of us is known: everything goes, and nothing else.
    expect(await engine.destroy()).toMatchObject({ failures: [] });
    expect(labelsOf(await seen(name))).toEqual(scenario.left ?? {});
    for (const suffix of SUFFIXES) expect(labelsOf(await seen(`${name}${suffix}`))).toEqual(othersLeft[suffix] ?? {});
    return result.killed;
  }

  async function repair(engine: Engine, program: Program): Promise<void> {
    const { failures, killed } = await engine.up(program);
    expect({ failures, killed }).toEqual({ failures: [], killed: false });
  }

  async function converged(engine: Engine, program: Program): Promise<void> {
    expect(await engine.preview(program)).toMatchObject({ steps: [], failures: [] });
    expect(await engine.refresh()).toMatchObject({ steps: [], failures: [] });
    expect(await engine.preview(program)).toMatchObject({ steps: [], failures: [] });
  }

  /** Members are written at once: chance says in which order, and which writes that are under way still arrive. */
  let underWay: Promise<unknown>[] = [];
  function arm({ write, when }: KillPoint, random: () => number): void {
    const order = shuffled(EVERYWHERE, random);
    let writes = 0;
    let isKilled = false;
    const kill = () => {
      isKilled = true;
      world.process.kill();
    };
    const judge = async (cluster: string): Promise<Fault | undefined> => {
      await new Promise((resolve) => setTimeout(resolve, 4 * order.indexOf(cluster)));
      if (isKilled) return random() < 0.5 ? { kind: "reset-before" } : undefined;
      if (++writes !== write) return undefined;
      if (when === "after") return { kind: "reset-after", onDone: kill };
      kill();
      return { kind: "reset-before" };
    };
    for (const [cluster, proxy] of Object.entries(world.proxies)) {
      proxy.judge((request) => {
        if (!request.isWrite) return undefined;
        const judged = judge(cluster);
        underWay.push(judged);
        return judged;
      });
    }
  }

  /** When this ends, nothing that the killed process has sent arrives any more. */
  async function disarm(): Promise<void> {
    await Promise.all(underWay);
    underWay = [];
    await Promise.all(Object.values(world.proxies).map((proxy) => proxy.idle()));
    world.heal();
  }

  test.each(Object.keys(scenarios))(
    "at every write of %s: the next up ends what was begun",
    { timeout: 0 },
    async (title) => {
      const scenario = scenarios[title] as Scenario;
      const number = Object.keys(scenarios).indexOf(title);
      for (let round = 0; round < ROUNDS; round++) {
        const before = runs;
        for (let write = 1, more = true; more; write++) {
          // Before a write is after the one before it, but for what is under way.
          for (const when of IS_LONG || write === 1 ? (["before", "after"] as const) : (["after"] as const)) {
            const name = `kill-${number}-${round}-${write}-${when}`;
            const random = randomOf(SEED + 1000 * number + 100 * write + round);
            more = await run(scenario, name, { write, when }, random).catch((error) => {
              throw new Error(`seed ${SEED}, killed ${when} write ${write}, round ${round}: ${error.message}`, {
                cause: error,
              });
            });
            if (more) runs++;
          }
        }
        // Each has a write: where nothing was killed, nothing was tried.
        expect(runs, `kills in round ${round}`).toBeGreaterThan(before);
      }
    },
  );
});
