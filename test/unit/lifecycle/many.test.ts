import { describe, expect, test } from "vitest";
import { type CheckContext, type CheckResult, check } from "../../../provider/lifecycle/check.ts";
import { createExpectations } from "../../../provider/lifecycle/expectations.ts";
import { reconcile, remove } from "../../../provider/lifecycle/lifecycle.ts";
import {
  checkMany,
  diffMany,
  inputsOfMany,
  type ManyReconciled,
  outputsOfMany,
  parseStates,
  readMany,
  reconcileMany,
  removeMany,
  type States,
} from "../../../provider/lifecycle/many.ts";
import { mapValues } from "../../../provider/model/json.ts";
import type { State } from "../../../provider/model/state.ts";
import { aMesh } from "../model/builders.ts";
import { aFakeMesh, DOWN, type FakeMesh, FORBIDDEN, labelsOn, STILL } from "./fake-mesh.ts";

type Properties = Readonly<Record<string, unknown>>;

const TWO = { namespaces: { payments: { labels: { team: "a" } }, orders: { labels: { team: "b" } } } };

interface Kept {
  readonly inputs: Properties;
  readonly states: States;
}

/** One run of a program over the mesh, with what its resources know of each other. */
function aRun(fake: FakeMesh) {
  const claims = new Map<string, string>();
  const { world } = fake;
  const context: CheckContext = {
    mesh: { mesh: fake.mesh },
    fleet: () => world.fleet,
    claims,
    removals: new Map(),
    expectations: createExpectations(),
    clock: STILL,
    say: world.say,
  };
  const withClaims = { ...world, claims };
  return {
    checked: (args: Properties, kept?: Kept) => checkMany(kept?.inputs ?? {}, { ...args, resource: "teams" }, context),
    checkedSingle: (name: string, args: Properties): Promise<CheckResult> =>
      check({}, { ...args, name, resource: name }, context),
    async up(args: Properties, kept?: Kept): Promise<Kept & Omit<ManyReconciled, "states">> {
      const { inputs, failures } = await this.checked(args, kept);
      expect(failures).toEqual([]);
      const done = await reconcileMany(inputs, kept?.states ?? {}, withClaims);
      return { inputs, ...done };
    },
    async upSingle(name: string, args: Properties) {
      const { inputs, failures } = await this.checkedSingle(name, args);
      expect(failures).toEqual([]);
      return reconcile(inputs, undefined, withClaims);
    },
    end: (state: State) => remove(state, withClaims),
    endMany: (states: States) => removeMany(states, withClaims, "teams"),
    see: (states: States) => readMany(states, withClaims, "teams"),
  };
}

/** The fake counts the objects that it makes. */
const withoutUids = (state: State | undefined) =>
  JSON.parse(JSON.stringify(state).replace(/"uid":"[^"]*"/g, '"uid":""'));
const names = (states: States) => Object.keys(states);

describe("many namespaces as one resource", () => {
  test("are waited for together when they are deleted", async () => {
    const fake = aFakeMesh();
    const namespaces = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`team-${index}`, {}]));
    const { states } = await aRun(fake).up({ namespaces });
    const later = fake.restart();
    expect(await aRun(later).endMany(states)).toEqual([]);
    const asked = (request: string) => later.requests.filter((each) => each === `controlPlane ${request}`).length;
    expect(asked("remove")).toBe(20);
    // Each is looked at before anything is deleted, the cluster's identity once; the first seven to wait are few.
    expect(asked("get")).toBe(20 + 1 + 7);
    expect(asked("list")).toBeLessThanOrEqual(3);
    expect(await labelsOn(fake, "controlPlane", "team-0")).toBeUndefined();
  });

  test("are written each as a resource of its own would be", async () => {
    const fake = aFakeMesh();
    const { states, failures, inputs } = await aRun(fake).up(TWO);
    expect(failures).toEqual([]);
    const single = aFakeMesh();
    const { state } = await aRun(single).upSingle("payments", TWO.namespaces.payments);
    expect(withoutUids(states.payments)).toEqual(withoutUids(state));
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
    expect(diffMany(parseStates(outputsOfMany(states, inputs)), inputs, aMesh())).toEqual({
      changes: false,
      remarks: [],
    });
  });

  test("cost nothing where nothing changes, and where one changes that one alone", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up(TWO);
    const again = fake.restart();
    expect(await aRun(again).up(TWO, first)).toMatchObject({ states: first.states, failures: [] });
    // Where a program says no clusters, the records of a NamespaceSync are looked for.
    expect(again.requests).toEqual(["controlPlane list"]);

    const next = fake.restart();
    const changed = { namespaces: { ...TWO.namespaces, orders: { labels: { team: "c" } } } };
    const { inputs } = await aRun(next).checked(changed, first);
    expect(diffMany(first.states, inputs, aMesh()).changes).toBe(true);
    next.forget();
    await aRun(next).up(changed, first);
    expect(next.writes()).toEqual(["controlPlane apply", "east apply", "north apply", "west apply"]);
  });

  test("fail each for itself: what was done is kept, and the next run does the rest", async () => {
    const fake = aFakeMesh();
    fake.fail("west", FORBIDDEN);
    const first = await aRun(fake).up(TWO);
    expect(first.failures).toEqual([
      expect.stringMatching(/^cannot apply namespaces "orders" and "payments" on cluster "west": /),
    ]);
    expect(first.states.orders?.members).toMatchObject({ east: { state: "Ready" }, west: { state: "Failed" } });
    fake.heal("west");
    expect(diffMany(first.states, first.inputs, aMesh()).remarks).toEqual([
      expect.stringMatching(/^orders: west is written again: /),
      expect.stringMatching(/^payments: west is written again: /),
    ]);
    const next = fake.restart();
    const done = await aRun(next).up(TWO, first);
    expect(done.failures).toEqual([]);
    expect(next.writes()).toEqual(["west apply", "west apply"]);
  });

  test("of which one could not even be begun keep the others", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up({ namespaces: { orders: TWO.namespaces.orders } });
    const next = fake.restart();
    next.fail("controlPlane", { ...DOWN, verbs: ["apply"] });
    const second = await aRun(next).up(TWO, first);
    expect(second.failures).toEqual([expect.stringContaining("Nothing was written to the clusters")]);
    expect(names(second.states)).toEqual(["orders"]);
    expect(diffMany(second.states, second.inputs, aMesh()).changes).toBe(true);
  });

  test("of which one could not be begun say what is still to be done there", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up(TWO);
    const next = fake.restart();
    const api = next.world.fleet.api("controlPlane");
    const { apply } = api;
    const refused: typeof apply = (body, options) =>
      body.name === "orders" ? Promise.reject(FORBIDDEN.error) : apply(body, options);
    Object.assign(api, { apply: refused });
    const changed = mapValues(TWO.namespaces, (one) => ({ ...one, labels: { team: "x" } }));
    const second = await aRun(next).up({ namespaces: changed }, first);
    const { remarks } = diffMany(second.states, second.inputs, aMesh());
    expect(remarks.length).toBeGreaterThan(0);
    expect(remarks.filter((line) => !line.startsWith("orders: "))).toEqual([]);
    expect(remarks[0]).toMatch(/^orders: \w+ is written as declared: the last run could not begin$/);
  });

  test("of which none could be begun leave nothing to remember", async () => {
    const fake = aFakeMesh();
    fake.fail("controlPlane", { ...DOWN, verbs: ["apply"] });
    const { states, isPartial } = await aRun(fake).up(TWO);
    expect({ states, isPartial }).toEqual({ states: {}, isPartial: false });
    fake.heal("controlPlane");
    fake.fail("west", DOWN);
    expect(await aRun(fake.restart()).up(TWO)).toMatchObject({ isPartial: true });
  });

  test("end one by one as they are taken out, each by its own policy, and the preview says how", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up({
      namespaces: { ...TWO.namespaces, orders: { ...TWO.namespaces.orders, onDelete: "release" } },
    });
    const next = fake.restart();
    const left = await aRun(next).up({ namespaces: { payments: TWO.namespaces.payments } }, first);
    expect(diffMany(first.states, left.inputs, aMesh()).remarks).toEqual([
      'orders: is no longer declared: on the mesh it is DELETED unless it holds something, if this resource created it; on its clusters: onDelete: "release"',
    ]);
    expect(left.failures).toEqual([]);
    expect(names(left.states)).toEqual(["payments"]);
    expect(await fake.cluster("controlPlane").get("orders")).toBeUndefined();
    expect((await fake.cluster("east").get("orders"))?.labels).not.toHaveProperty("team");
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
  });

  test("stay as they are with ignoreChanges, where the engine hands in what was checked before", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up(TWO);
    const { inputs, failures } = await aRun(fake.restart()).checked({ namespaces: first.inputs.namespaces }, first);
    expect(failures).toEqual([]);
    expect(diffMany(first.states, inputs, aMesh()).changes).toBe(false);
  });

  test("of which the workloads could not be asked for are asked again, where they shall be restarted", async () => {
    const fake = aFakeMesh();
    const declared = { namespaces: { payments: { labels: { team: "a" }, restart: "rollout" } } };
    const first = await aRun(fake).up(declared);
    const payments = first.states.payments as State;
    const east = {
      ...(payments.members.east as State["controlPlane"]),
      restartsUnknown: "late",
      restartsDue: true as const,
    };
    const untold = { ...first, states: { payments: { ...payments, members: { ...payments.members, east } } } };
    const { states, failures } = await aRun(fake.restart()).up(declared, untold);
    expect(failures).toEqual([]);
    expect(states.payments?.members.east).not.toHaveProperty("restartsUnknown");
  });

  test("say until they are ended what becomes of those that could not be", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up(TWO);
    const next = fake.restart();
    next.fail("controlPlane", { ...FORBIDDEN, verbs: ["remove"] });
    const left = await aRun(next).up({ namespaces: { payments: TWO.namespaces.payments } }, first);
    expect(diffMany(left.states, left.inputs, aMesh()).remarks).toEqual([
      expect.stringMatching(/^orders: is no longer declared: on the mesh it is DELETED/),
    ]);
  });

  test("keep on record what could not be ended", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up(TWO);
    const next = fake.restart();
    next.fail("controlPlane", { ...FORBIDDEN, verbs: ["remove"] });
    const left = await aRun(next).up({ namespaces: {} }, first);
    expect(left.failures).toEqual([
      expect.stringMatching(/^cannot delete namespaces "orders" and "payments" on the control plane: /),
    ]);
    expect(names(left.states)).toEqual(["orders", "payments"]);
    expect(diffMany(left.states, left.inputs, aMesh()).changes).toBe(true);
  });

  test("show drift where it is, and leave out what is gone everywhere", async () => {
    const fake = aFakeMesh();
    const first = await aRun(fake).up(TWO);
    fake.cluster("east").edit("payments", { labels: { team: "z" } });
    const seen = await aRun(fake.restart()).see(first.states);
    const recorded = parseStates(outputsOfMany(seen, first.inputs));
    expect(diffMany(recorded, first.inputs, aMesh()).remarks).toEqual([
      "payments: east is written again: it carries something else than is declared",
    ]);
    const drifted = inputsOfMany(seen, first.inputs).namespaces as Properties;
    expect(drifted.payments).toMatchObject({ targets: { east: { labels: { team: "z" } } } });
    expect(drifted.orders).toMatchObject(TWO.namespaces.orders);
  });

  test("end together", async () => {
    const fake = aFakeMesh();
    const { states } = await aRun(fake).up(TWO);
    expect(await aRun(fake.restart()).endMany(states)).toEqual([]);
    expect(await fake.cluster("controlPlane").get("payments")).toBeUndefined();
    expect(await fake.cluster("controlPlane").get("orders")).toBeUndefined();
  });
});

describe("a namespace moves", () => {
  const ONE = TWO.namespaces.payments;

  test("in without a write, and the resource that had it deletes nothing", async () => {
    const fake = aFakeMesh();
    const { state } = await aRun(fake).upSingle("payments", ONE);
    const next = fake.restart();
    const run = aRun(next);
    const moved = await run.up({ namespaces: { payments: ONE } });
    expect(next.writes()).toEqual([]);
    expect(moved.states.payments).toEqual(state);
    expect(await run.end(state)).toEqual([]);
    expect(next.writes()).toEqual([]);
    expect(next.said).toContain(
      'payments: nothing is deleted: the GlobalNamespaces "teams" of this program declares it',
    );
  });

  test("out without a write with released, in whichever order the two are updated", async () => {
    for (const isFirst of [true, false]) {
      const fake = aFakeMesh();
      const kept = await aRun(fake).up(TWO);
      const next = fake.restart();
      const run = aRun(next);
      const release = () => run.up({ namespaces: { orders: TWO.namespaces.orders }, released: ["payments"] }, kept);
      const states: State[] = [];
      const declare = async () => void states.push((await run.upSingle("payments", ONE)).state);
      for (const step of isFirst ? [release, declare] : [declare, release]) await step();
      expect(next.writes()).toEqual([]);
      expect(states).toEqual([kept.states.payments]);
    }
  });

  test("is refused without it, before anything is written, whichever is checked first", async () => {
    const fake = aFakeMesh();
    const kept = await aRun(fake).up(TWO);
    const without = { namespaces: { orders: TWO.namespaces.orders } };
    const reason =
      '"payments" is no longer declared by the GlobalNamespaces "teams" of this program, which would delete it; to move it without a change on any cluster write released: ["payments"] there';
    const first = aRun(fake.restart());
    await first.checked(without, kept);
    expect((await first.checkedSingle("payments", ONE)).failures).toEqual([{ property: "name", reason }]);
    const second = aRun(fake.restart());
    await second.checkedSingle("payments", ONE);
    expect((await second.checked(without, kept)).failures).toEqual([{ property: "released", reason }]);
  });

  test("is declared twice nowhere", async () => {
    const run = aRun(aFakeMesh());
    await run.checked(TWO);
    const { failures } = await run.checkedSingle("payments", ONE);
    expect(failures).toEqual([
      {
        property: "name",
        reason: '"payments" is declared twice: the GlobalNamespaces "teams" of this program has it already',
      },
    ]);
  });
});

describe("bad input", () => {
  const cases: Record<string, [Properties, string, string]> = {
    "that is no map": [{ namespaces: ["payments"] }, "namespaces", "expected a map by name"],
    "of a namespace that is no arguments": [
      { namespaces: { payments: "x" } },
      "namespaces.payments",
      "expected the arg",
    ],
    "with a name": [{ namespaces: { payments: { name: "pay" } } }, "namespaces.payments.name", "leave it out"],
    "with a bad name": [{ namespaces: { "pay.ments": {} } }, 'namespaces["pay.ments"].name', "RFC 1123"],
    "of one namespace": [{ namespaces: { payments: { onDelete: "drop" } } }, "namespaces.payments.onDelete", '"drop"'],
    "that releases what it declares": [{ ...TWO, released: ["orders"] }, "released", '"orders"'],
    "that releases no names": [{ ...TWO, released: "orders" }, "released", "expected a list of names"],
  };
  for (const [what, [args, property, part]] of Object.entries(cases)) {
    test(`${what} is refused, and named`, async () => {
      const { failures } = await aRun(aFakeMesh()).checked(args);
      expect(failures).toEqual([{ property, reason: expect.stringContaining(part) }]);
    });
  }
});
