import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../lab/fault-proxy.ts";
import type { KubeObject } from "../lab/kube-client.ts";
import type { Program, Properties, Result } from "./engine/engine.ts";
import { aFaultyWorld, EVERYWHERE, endNow, type FaultyWorld, MEMBERS } from "./engine/faulty-world.ts";
import {
  type Declaration,
  type Expectation,
  INJECTION_KEYS,
  left,
  mayConflict,
  type Seen,
  seenBy,
  targeted,
} from "./engine/plain-model.ts";
import { report, SEED, STEPS } from "./engine/seed.ts";

const RESOURCES = ["alpha", "beta", "gamma"] as const;
/** The one resource that has all of them. */
const ALL = "all";
const VALUES = ["a", "b", "c"] as const;

/** Where the control plane is, and which clusters are members. */
interface Topology {
  readonly controlPlane: string;
  readonly members: readonly string[];
}

/** How a program declares its namespaces: as GlobalNamespace resources, or all in one GlobalNamespaces. */
type Grouping = "a resource each" | "one resource";

type Step =
  | { readonly kind: "declare"; readonly resource: string; readonly declaration: Declaration }
  | { readonly kind: "undeclare"; readonly resource: string }
  | { readonly kind: "up"; readonly refresh: boolean }
  | { readonly kind: "faulty up"; readonly cluster: string; readonly fault: Fault; readonly times: number }
  | { readonly kind: "killed up"; readonly write: number; readonly after: boolean }
  | { readonly kind: "refresh" }
  | {
      readonly kind: "label";
      readonly cluster: string;
      readonly resource: string;
      readonly key: string;
      readonly value: string | null;
    }
  | { readonly kind: "delete"; readonly cluster: string; readonly resource: string }
  | { readonly kind: "create"; readonly cluster: string; readonly resource: string; readonly key: string };

const LABEL_KEYS = ["team", "tier", "zone"] as const;
const resource = fc.constantFrom(...RESOURCES);
const cluster = fc.constantFrom(...EVERYWHERE);
const policy = fc.constantFrom("release" as const, "retain" as const, "delete" as const);

const declaration: fc.Arbitrary<Declaration> = fc.record({
  labels: fc.dictionary(fc.constantFrom(...LABEL_KEYS), fc.constantFrom(...VALUES), { noNullPrototype: true }),
  injection: fc.constantFrom(undefined, undefined, "enabled", "disabled", "ambient", "canary"),
  clusters: fc.subarray([...MEMBERS]),
  onLeave: policy,
  onDelete: policy,
  force: fc.boolean(),
});

const faults: readonly Fault[] = [
  { kind: "reset-before" },
  { kind: "reset-after" },
  { kind: "truncate" },
  { kind: "delay", milliseconds: 30 },
  { kind: "answer", status: 200, headers: { "content-type": "text/html" }, body: "<html>" },
  {
    kind: "answer",
    status: 403,
    body: JSON.stringify({ kind: "Status", apiVersion: "v1", reason: "Forbidden", message: "no" }),
  },
  { kind: "answer", status: 429, headers: { "retry-after": "90" }, after: true },
];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("declare" as const), resource, declaration }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("undeclare" as const), resource }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("up" as const), refresh: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("faulty up" as const),
      cluster,
      fault: fc.constantFrom(...faults),
      times: fc.constantFrom(1, 1, 2, 100),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("killed up" as const),
      write: fc.integer({ min: 1, max: 6 }),
      after: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("refresh" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("label" as const),
      cluster,
      resource,
      key: fc.constantFrom(...LABEL_KEYS, "note", "istio-injection"),
      value: fc.constantFrom(...VALUES, null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), cluster, resource }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("create" as const),
      cluster,
      resource,
      key: fc.constantFrom("team", "note"),
    }),
  },
);

const topology: fc.Arbitrary<Topology> = fc.record({
  controlPlane: fc.constantFrom("mesh", "mesh", "east"),
  members: fc.subarray(["west", "north"]).map((others) => ["east", ...others]),
});

describe("any sequence of changes, drift, faults, kills and refreshes", () => {
  let world: FaultyWorld;
  let runs = 0;
  let runsOfOne = 0;
  const counts: Record<string, number> = {};
  let checkedUps = 0;
  beforeAll(async () => {
    world = await aFaultyWorld();
  });
  afterAll(() => {
    world.end();
    report(
      `model: seed ${SEED}, ${runs} sequences (${runsOfOne} with one GlobalNamespaces), ${checkedUps} ups compared with the model, steps ${JSON.stringify(counts)}`,
    );
  });

  test("leaves the clusters after each up as a plain model says, and a preview after it is empty", {
    timeout: 0,
  }, async () => {
    const steps = () => Object.values(counts).reduce((sum, count) => sum + count, 0);
    for (let batch = 0; steps() < STEPS; batch++) {
      await fc.assert(
        fc.asyncProperty(topology, fc.array(step, { minLength: 30, maxLength: 60 }), (where, sequence) =>
          play(where, sequence, runs % 2 === 0 ? "a resource each" : "one resource"),
        ),
        { seed: SEED + batch, numRuns: 2, endOnFailure: true },
      );
      // Where every up fails for a reason, none is compared.
      expect(checkedUps, "ups compared with the model").toBeGreaterThan(0);
    }
  });

  async function play(
    { controlPlane, members }: Topology,
    sequence: readonly Step[],
    grouping: Grouping,
  ): Promise<void> {
    const run = ++runs;
    if (grouping === "one resource") runsOfOne++;
    const played: Step[] = [];
    const places = [...new Set([controlPlane, ...members])];
    const engine = world.engine(meshOf(controlPlane, members));
    const program = new Map<string, Declaration>();
    /** Clusters on which a resource may have left something. */
    const tracked = new Map<string, Set<string>>();
    /** Made with kubectl, by uid. */
    const foreign = new Set<string>();
    /** Left with our marks on it (retain): who made it may be hidden by what was written since. */
    const retained = new Set<string>();
    /** Namespaces that others, or a run that was killed, have changed since the last look. */
    const dirty = new Set<string>();
    /** After a kill the next run is one with a refresh, and is let through. */
    let wasKilled = false;
    /** What the state held before the last up: the `onDelete` of each. */
    let kept: ReadonlyMap<string, Declaration["onDelete"]> = new Map();

    const nameOf = (each: string) => `model-${run}-${each}`;
    const ownerOf = (each: string) => `acme/faults/dev/mesh/${grouping === "one resource" ? nameOf(each) : each}`;
    const pathOf = (each: string) => `/api/v1/namespaces/${nameOf(each)}`;
    const targetsOf = ({ clusters }: Declaration) => clusters.filter((each) => members.includes(each));
    /** By cluster and resource. */
    const objects = async () => {
      const all = new Map<string, KubeObject | undefined>();
      const look = async (place: string) => {
        const found = await world.kube(place).list("/api/v1/namespaces");
        for (const each of RESOURCES) {
          all.set(
            `${place} ${each}`,
            found.find(({ metadata }) => metadata.name === nameOf(each)),
          );
        }
      };
      await Promise.all(EVERYWHERE.map(look));
      return all;
    };
    const argsOf = (declared: Declaration): Properties => {
      const { injection, ...rest } = declared;
      const said = injection === "canary" ? { revision: "canary" } : injection;
      return {
        ...rest,
        clusters: targetsOf(declared),
        ...(said !== undefined && { injection: said }),
        revisionCheck: "off",
        deleteNonEmpty: true,
      };
    };
    const programNow = (): Program => {
      const declared = [...program].map(([each, declaration]) => [each, argsOf(declaration)] as const);
      if (grouping === "a resource each") {
        return Object.fromEntries(declared.map(([each, args]) => [each, { ...args, name: nameOf(each) }]));
      }
      if (declared.length === 0) return {};
      const namespaces = Object.fromEntries(declared.map(([each, args]) => [nameOf(each), args]));
      return { [ALL]: { type: "GlobalNamespaces", namespaces } };
    };
    /** What the engine has of each, as a destroy would hand it over. */
    const outputsNow = (): ReadonlyMap<string, Properties> => {
      const all = (engine.kept(ALL)?.outputs.namespaces ?? {}) as Readonly<Record<string, Properties>>;
      const outputsOf = (each: string) =>
        grouping === "a resource each" ? engine.kept(each)?.outputs : all[nameOf(each)];
      return new Map(
        RESOURCES.flatMap((each) => {
          const outputs = outputsOf(each);
          return outputs === undefined ? [] : [[each, outputs] as const];
        }),
      );
    };
    // What nobody needs to say, the plugin does not record.
    const policiesNow = () =>
      new Map([...outputsNow()].map(([each, { onDelete = "retain" }]) => [each, onDelete as Declaration["onDelete"]]));

    try {
      for (const each of sequence) {
        counts[each.kind] = (counts[each.kind] ?? 0) + 1;
        played.push(each);
        await take(each);
      }
      await take({ kind: "up", refresh: true });
    } catch (error) {
      const told = played.map((each) => JSON.stringify(each)).join("\n  ");
      throw new Error(
        `seed ${SEED}, sequence ${run}, ${grouping}, ${controlPlane} with ${members}, at the last of:\n  ${told}\n${String((error as Error).message)}`,
        { cause: error },
      );
    } finally {
      world.heal();
      program.clear();
      await engine.up({});
    }

    async function take(each: Step): Promise<void> {
      switch (each.kind) {
        case "declare":
          program.set(each.resource, each.declaration);
          return;
        case "undeclare":
          program.delete(each.resource);
          return;
        case "refresh": {
          const { failures } = await engine.refresh();
          expect(failures).toEqual([]);
          dirty.clear();
          return;
        }
        case "up":
          return up(each.refresh || wasKilled);
        case "faulty up": {
          if (wasKilled) return up(true);
          let times = each.times;
          world.proxies[each.cluster]?.judge(({ isWrite }) => (isWrite && times-- > 0 ? each.fault : undefined));
          return cutOff();
        }
        case "killed up": {
          if (wasKilled) return up(true);
          let writes = 0;
          for (const proxy of Object.values(world.proxies)) {
            proxy.judge(({ isWrite }) => {
              if (!isWrite || ++writes !== each.write) return undefined;
              if (each.after) return { kind: "reset-after", onDone: () => world.process.kill() };
              world.process.kill();
              return { kind: "reset-before" };
            });
          }
          return cutOff();
        }
        case "label": {
          const found = await world.kube(each.cluster).find(pathOf(each.resource));
          if (found === undefined) return;
          const value = each.key === "istio-injection" && each.value !== null ? "disabled" : each.value;
          const body = { metadata: { labels: { [each.key]: value } } };
          await world.kube(each.cluster).patch(pathOf(each.resource), body, { fieldManager: "kubectl-label" });
          dirty.add(`${each.cluster} ${each.resource}`);
          return;
        }
        case "delete": {
          const kube = world.kube(each.cluster);
          if ((await kube.find(pathOf(each.resource))) === undefined) return;
          await kube.delete(pathOf(each.resource));
          await endNow(kube, nameOf(each.resource));
          dirty.add(`${each.cluster} ${each.resource}`);
          return;
        }
        case "create": {
          const kube = world.kube(each.cluster);
          if ((await kube.find(pathOf(each.resource))) !== undefined) return;
          const body = { metadata: { name: nameOf(each.resource), labels: { [each.key]: "b" } } };
          const { metadata } = await kube.create("/api/v1/namespaces", body);
          foreign.add(String(metadata.uid));
          dirty.add(`${each.cluster} ${each.resource}`);
          return;
        }
      }
    }

    async function cutOff(): Promise<void> {
      const before = await objects();
      kept = policiesNow();
      const result = await engine.up(programNow());
      await Promise.all(Object.values(world.proxies).map((proxy) => proxy.idle()));
      world.heal();
      wasKilled = result.killed;
      note(result, before, await objects());
    }

    async function up(refresh: boolean): Promise<void> {
      if (refresh) await take({ kind: "refresh" });
      wasKilled = false;
      const before = await objects();
      kept = policiesNow();
      const result = await engine.up(programNow());
      const after = await objects();
      if (result.failures.length > 0) {
        if (!mayFail(before)) throw new Error(`failed without a reason: ${result.failures.join("\n")}`);
        return note(result, before, after);
      }
      compare(before, after);
      note(result, before, after);
      expect(await engine.preview(programNow())).toMatchObject({ steps: [], failures: [] });
      checkedUps++;
    }

    /** Whatever the run ended in, what may stand on the clusters because of it. */
    function note(
      { failures, killed }: Result,
      before: ReadonlyMap<string, KubeObject | undefined>,
      after: ReadonlyMap<string, KubeObject | undefined>,
    ): void {
      const failed = failures.length > 0 || killed;
      for (const [each, declared] of program) {
        // A cluster that is left with retain is nobody's, whatever others have done there.
        const isOpen = (place: string) => declared.onLeave !== "retain" && dirty.has(`${place} ${each}`);
        const known = [...(tracked.get(each) ?? [])].filter((place) => failed || isOpen(place));
        tracked.set(each, new Set([...known, ...targetsOf(declared)]));
      }
      const now = outputsNow();
      for (const each of kept.keys()) if (!now.has(each)) tracked.delete(each);
      for (const [key, object] of after) {
        const [place = "", each = ""] = key.split(" ");
        const was = seenBy(ownerOf(each), before.get(key));
        const is = seenBy(ownerOf(each), object);
        const declared = program.get(each);
        const isTarget = declared !== undefined && [controlPlane, ...targetsOf(declared)].includes(place);
        // Given back is given up.
        if (was?.owner === ownerOf(each) && is?.owner === undefined && is !== undefined) foreign.add(is.uid);
        if (is?.owner === ownerOf(each) && !isTarget) retained.add(is.uid);
      }
    }

    function mayFail(before: ReadonlyMap<string, KubeObject | undefined>): boolean {
      return [...program].some(
        ([each, declared]) =>
          !declared.force &&
          [controlPlane, ...targetsOf(declared)].some((place) =>
            mayConflict(declared, seenBy(ownerOf(each), before.get(`${place} ${each}`))),
          ),
      );
    }

    function compare(
      before: ReadonlyMap<string, KubeObject | undefined>,
      after: ReadonlyMap<string, KubeObject | undefined>,
    ): void {
      for (const [key, object] of after) {
        const [place = "", each = ""] = key.split(" ");
        const was = seenBy(ownerOf(each), before.get(key));
        const is = seenBy(ownerOf(each), object);
        const expected = expectation(place, each, was);
        const where = `${nameOf(each)} on ${place}`;
        // What others have done since the last look is not known to an up that does not look.
        if (dirty.has(key) && expected.kind !== "untouched") continue;
        if (expected.kind === "gone") {
          if (!retained.has(was?.uid ?? "")) expect(is, `${where} is gone`).toBeUndefined();
          continue;
        }
        if (expected.kind === "untouched") {
          expect(object?.metadata.resourceVersion, `${where} is untouched`).toBe(
            before.get(key)?.metadata.resourceVersion,
          );
          continue;
        }
        expect(is?.owner, `the owner of ${where}`).toBe(expected.owner);
        expect(withoutRivals(is, program.get(each)), `the labels of ${where}`).toEqual(
          withoutRivals(expected, program.get(each)),
        );
        if (was !== undefined && !was.going) expect(is?.uid, `the uid of ${where}`).toBe(was.uid);
      }
    }

    function expectation(place: string, each: string, was: Seen | undefined): Expectation {
      const owner = ownerOf(each);
      const declared = program.get(each);
      const isMade = was !== undefined && !foreign.has(was.uid);
      const isTracked = tracked.get(each)?.has(place) === true;
      if (!places.includes(place)) return { kind: "untouched" };
      if (declared !== undefined) {
        if (place === controlPlane || targetsOf(declared).includes(place)) return targeted(declared, owner, was);
        return isTracked ? left(declared.onLeave, owner, was, isMade) : { kind: "untouched" };
      }
      const onDelete = kept.get(each);
      // Killed in its creation and taken out of the program: nothing knows of it until it is declared again.
      if (onDelete === undefined || !tracked.has(each)) return { kind: "untouched" };
      if (place === controlPlane) return left("delete", owner, was, isMade);
      return isTracked ? left(onDelete, owner, was, isMade) : { kind: "untouched" };
    }
  }

  function meshOf(controlPlane: string, members: readonly string[]): Properties {
    const kubeconfigs: Record<string, string> = {};
    for (const member of members) kubeconfigs[member] = world.proxies[member]?.kubeconfig ?? "";
    if (controlPlane === "mesh") kubeconfigs.controlPlane = world.proxies.mesh?.kubeconfig ?? "";
    return {
      controlPlane: controlPlane === "mesh" ? {} : controlPlane,
      clusters: Object.fromEntries(members.map((member) => [member, {}])),
      kubeconfigs,
    };
  }

  /** With `force` labels that compete with the declared injection go, which is another test's matter. */
  function withoutRivals(
    seen: { readonly labels: Readonly<Record<string, string>> } | undefined,
    declared: Declaration | undefined,
  ): Record<string, string> | undefined {
    if (seen === undefined) return undefined;
    const drop = declared?.force === true && declared.injection !== undefined ? INJECTION_KEYS : [];
    return Object.fromEntries(Object.entries(seen.labels).filter(([key]) => !drop.includes(key)));
  }
});
