import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Affinity, type Candidate, resolveAffinity } from "../../../provider/model/affinity.ts";

const candidates: Record<string, Candidate> = {
  west: { labels: { env: "prod", region: "us-west-2" }, draining: false },
  east: { labels: { env: "prod", region: "us-east-1" }, draining: false },
  north: { labels: { env: "dev" }, draining: false },
  old: { labels: { env: "prod" }, draining: true },
};

function selector(parts: Partial<Affinity & { readonly kind: "selector" }>): Affinity {
  return { kind: "selector", matchLabels: {}, matchExpressions: [], except: [], ...parts };
}

function requirement(key: string, operator: "In" | "NotIn" | "Exists" | "DoesNotExist", ...values: string[]): Affinity {
  return selector({ matchExpressions: [{ key, operator, values }] });
}

describe("the clusters of an affinity", () => {
  const cases: readonly (readonly [string, Affinity, readonly string[]])[] = [
    ["all of them, sorted, without those that drain", { kind: "all" }, ["east", "north", "west"]],
    ["those named, in the order of their names", { kind: "names", names: ["west", "east"] }, ["east", "west"]],
    ["one that is named twice, once", { kind: "names", names: ["east", "east"] }, ["east"]],
    ["none, where none is named", { kind: "names", names: [] }, []],
    ["one that drains is left out, though it is named", { kind: "names", names: ["east", "old"] }, ["east"]],
    ["those with the labels", selector({ matchLabels: { env: "prod" } }), ["east", "west"]],
    ["those with all the labels", selector({ matchLabels: { env: "prod", region: "us-east-1" } }), ["east"]],
    ["all, where a selector asks for nothing", selector({}), ["east", "north", "west"]],
    ["those without the excepted", selector({ matchLabels: { env: "prod" }, except: ["east"] }), ["west"]],
    ["In: a value of the set", requirement("region", "In", "us-east-1", "eu-1"), ["east"]],
    ["NotIn: another value, or none at all", requirement("region", "NotIn", "us-east-1"), ["north", "west"]],
    ["Exists: any value", requirement("region", "Exists"), ["east", "west"]],
    ["DoesNotExist: no value", requirement("region", "DoesNotExist"), ["north"]],
    [
      "labels and expressions together",
      selector({
        matchLabels: { env: "prod" },
        matchExpressions: [{ key: "region", operator: "NotIn", values: ["us-west-2"] }],
      }),
      ["east"],
    ],
    ["none, where all that match drain", selector({ matchLabels: { env: "prod" }, except: ["east", "west"] }), []],
  ];
  test.each(cases)("%s", (_, affinity, clusters) => {
    expect(resolveAffinity(affinity, candidates)).toEqual({ clusters });
  });

  test("a key that every object has is no label", () => {
    expect(resolveAffinity(requirement("constructor", "DoesNotExist"), candidates)).toEqual({
      clusters: ["east", "north", "west"],
    });
  });
});

describe("an affinity that names nothing of the mesh", () => {
  test("is refused at the name", () => {
    expect(resolveAffinity({ kind: "names", names: ["east", "est"] }, candidates)).toEqual({
      problem: 'the mesh has no cluster "est"; it has "east", "north", "old" and "west"',
      path: [1],
    });
    expect(resolveAffinity(selector({ except: ["est"] }), candidates)).toMatchObject({ path: ["except", 0] });
    expect(resolveAffinity({ kind: "names", names: ["constructor"] }, candidates)).toMatchObject({ path: [0] });
  });

  test("is refused as a selector that matches nothing, with the labels there are", () => {
    const result = resolveAffinity(selector({ matchLabels: { env: "prd" } }), candidates);
    expect(result).toMatchObject({ path: [], problem: expect.stringContaining("write clusters: [] to mean none") });
    expect(result).toMatchObject({ problem: expect.stringContaining('north {"env":"dev"}') });
  });

  test("is accepted in a mesh without clusters, where no selector can match", () => {
    expect(resolveAffinity(selector({ matchLabels: { env: "prod" } }), {})).toEqual({ clusters: [] });
    expect(resolveAffinity({ kind: "all" }, {})).toEqual({ clusters: [] });
  });
});

describe("any affinity", () => {
  const names = ["a", "b", "c", "d"];
  const labels = fc.dictionary(fc.constantFrom("env", "region"), fc.constantFrom("1", "2"), { noNullPrototype: true });
  const mesh = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.record({ labels, draining: fc.boolean() })])),
  ) as fc.Arbitrary<Record<string, Candidate>>;
  const expression = fc.record({
    key: fc.constantFrom("env", "region"),
    operator: fc.constantFrom("In" as const, "NotIn" as const, "Exists" as const, "DoesNotExist" as const),
    values: fc.subarray(["1", "2"]),
  });
  const affinity: fc.Arbitrary<Affinity> = fc.oneof(
    fc.constant({ kind: "all" as const }),
    fc.record({ kind: fc.constant("names" as const), names: fc.array(fc.constantFrom(...names)) }),
    fc.record({
      kind: fc.constant("selector" as const),
      matchLabels: labels,
      matchExpressions: fc.array(expression, { maxLength: 2 }),
      except: fc.subarray(names),
    }),
  );

  test("chooses clusters of the mesh once each, sorted, and none that drains", () => {
    fc.assert(
      fc.property(affinity, mesh, (given, clusters) => {
        const result = resolveAffinity(given, clusters);
        if ("problem" in result) {
          expect(given.kind).toBe("selector");
          return;
        }
        expect(result.clusters).toEqual([...new Set(result.clusters)].sort());
        for (const name of result.clusters) expect(clusters[name]?.draining).toBe(false);
      }),
    );
  });

  test("does not depend on the order in which the mesh lists its clusters", () => {
    fc.assert(
      fc.property(affinity, mesh, (given, clusters) => {
        const reversed = Object.fromEntries(Object.entries(clusters).reverse());
        const [one, other] = [resolveAffinity(given, clusters), resolveAffinity(given, reversed)];
        if ("problem" in one) expect(other).toHaveProperty("problem");
        else expect(other).toEqual(one);
      }),
    );
  });

  test("splits the mesh in two by a requirement and its opposite", () => {
    const opposite = { In: "NotIn", NotIn: "In", Exists: "DoesNotExist", DoesNotExist: "Exists" } as const;
    fc.assert(
      fc.property(expression, mesh, (given, clusters) => {
        const chosen = (one: typeof given) => {
          const result = resolveAffinity(selector({ matchExpressions: [one] }), clusters);
          return "problem" in result ? [] : result.clusters;
        };
        const active = names.filter((name) => clusters[name]?.draining === false).sort();
        expect([...chosen(given), ...chosen({ ...given, operator: opposite[given.operator] })].sort()).toEqual(active);
      }),
    );
  });
});
