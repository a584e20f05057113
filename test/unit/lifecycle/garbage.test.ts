import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createExpectations } from "../../../provider/lifecycle/expectations.ts";
import { checkSync } from "../../../provider/lifecycle/sync-check.ts";
import { diff } from "../../../provider/model/diff.ts";
import { outputsOf, parseState } from "../../../provider/model/state.ts";
import { diffSync, parseSyncState } from "../../../provider/model/sync-state.ts";
import { hasUnknown, UNKNOWN } from "../../../provider/model/unknown.ts";
import { aMesh, anyText, aState } from "../model/builders.ts";
import { aFakeMesh, checked, STILL } from "./fake-mesh.ts";

/** Inputs of each kind; raised for a long look. */
const RUNS = Number(process.env.GLOBAL_NAMESPACE_TEST_INPUTS ?? 1_000);

/** Keys that mean something to JavaScript, to Kubernetes or to this package. */
const key = fc.oneof(
  anyText,
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "kubernetes.io/metadata.name",
    "istio-injection",
    "global-namespace.dev/owner",
    "a".repeat(63),
    "a".repeat(64),
    `${"a".repeat(253)}/b`,
    `${"a".repeat(254)}/b`,
    "a//b",
  ),
);
const leaf = fc.oneof(
  anyText,
  fc.constantFrom<unknown>(
    UNKNOWN,
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    "",
    "a".repeat(63),
    "a".repeat(64),
    "é",
    "😀",
    "a\nb",
  ),
);
/** Maps keep `__proto__` as a key of their own, as JSON.parse makes one. */
const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("node"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("node")), { maxLength: 4 }).map(mapOf),
  ),
})).node;

function mapOf(entries: readonly (readonly [string, unknown])[]): unknown {
  const map = {};
  for (const [name, value] of entries) {
    Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return map;
}

const PROPERTIES = [
  "name",
  "labels",
  "annotations",
  "injection",
  "clusters",
  "overrides",
  "adopt",
  "onLeave",
  "onDelete",
  "force",
  "deleteTimeoutSeconds",
  "revisionCheck",
  "propagate",
  "deleteNonEmpty",
  "restart",
  "rollout",
  "owner",
  "resource",
  "targets",
];
const someOf = (names: readonly string[]) =>
  fc.array(fc.tuple(fc.constantFrom(...names), tree), { minLength: 1, maxLength: 4 }).map(mapOf) as fc.Arbitrary<
    Record<string, unknown>
  >;

describe("whatever a program writes", () => {
  test("a check of a GlobalNamespace ends in a plan, or in failures that each name a property", async () => {
    await fc.assert(
      fc.asyncProperty(someOf(PROPERTIES), someOf(PROPERTIES), async (news, olds) => {
        const fake = aFakeMesh();
        const { inputs, failures } = await checked(fake, { revisionCheck: "off", ...news }, olds);
        for (const { property, reason } of failures) {
          expect(property).not.toBe("");
          expect(reason.length).toBeGreaterThan(3);
        }
        expect(fake.writes()).toEqual([]);
        if (failures.length > 0) return;
        expect(() => JSON.stringify(inputs)).not.toThrow();
        expect(inputs.targets).toBeDefined();
        // And a plan can be compared with what is recorded.
        const { changes } = diff(parseState(JSON.parse(JSON.stringify(outputsOf(aState())))), inputs, aMesh());
        expect(changes || !hasUnknown(inputs)).toBe(true);
      }),
      { numRuns: RUNS },
    );
    expect(Object.keys({})).toEqual([]);
    expect(({} as Record<string, unknown>).team).toBeUndefined();
  });

  test("a check of a NamespaceSync ends in a plan, or in failures that each name a property", async () => {
    const names = [
      "cluster",
      "include",
      "exclude",
      "conflicts",
      "owner",
      "resource",
      "namespaces",
      "clusterUid",
      "meshUid",
    ];
    await fc.assert(
      fc.asyncProperty(someOf(names), someOf(names), async (news, olds) => {
        const fake = aFakeMesh();
        const context = {
          mesh: { mesh: fake.mesh },
          fleet: () => fake.world.fleet,
          claims: new Map<string, string>(),
          removals: new Map<string, string>(),
          expectations: createExpectations(),
          clock: STILL,
          say: () => {},
        };
        const { failures } = await checkSync(olds, { cluster: "east", resource: "sync", ...news }, context);
        for (const { property, reason } of failures) {
          expect(property).not.toBe("");
          expect(reason.length).toBeGreaterThan(3);
        }
        expect(fake.writes()).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("whatever stands in the state", () => {
  const SENTENCE = /^the recorded state .*("pulumi state delete"|update pulumi-global-namespace)/s;

  /** A whole state with one value, at any depth, replaced by something else. */
  function damaged(whole: unknown, path: number, value: unknown): unknown {
    const paths: (readonly string[])[] = [];
    const visit = (item: unknown, at: readonly string[]) => {
      paths.push(at);
      if (typeof item !== "object" || item === null) return;
      for (const [name, inner] of Object.entries(item)) visit(inner, [...at, name]);
    };
    visit(whole, []);
    const copy = JSON.parse(JSON.stringify({ whole }));
    const at = ["whole", ...(paths[path % paths.length] ?? [])];
    let holder = copy;
    for (const part of at.slice(0, -1)) holder = holder[part];
    holder[at.at(-1) ?? ""] = value;
    return copy.whole;
  }

  test("of a GlobalNamespace is compared, or refused in a sentence that says what to do", () => {
    const whole = JSON.parse(JSON.stringify(outputsOf(aState())));
    fc.assert(
      fc.property(fc.nat(), tree, (path, value) => {
        const outputs = damaged(whole, path, value);
        let state: ReturnType<typeof parseState>;
        try {
          state = parseState(outputs);
        } catch (error) {
          expect((error as Error).message).toMatch(SENTENCE);
          return;
        }
        expect(diff(state, whole, aMesh())).toHaveProperty("changes");
      }),
      { numRuns: RUNS },
    );
  });

  test("of a NamespaceSync is compared, or refused in a sentence that says what to do", () => {
    const whole = {
      schemaVersion: 1,
      owner: "acme/mesh/dev/mesh/east",
      cluster: "east",
      clusterUid: "12345678",
      namespaces: { payments: { origin: "created", labels: { "istio-injection": "enabled" } } },
      kept: {},
    };
    fc.assert(
      fc.property(fc.nat(), tree, (path, value) => {
        const outputs = damaged(whole, path, value);
        let state: ReturnType<typeof parseSyncState>;
        try {
          state = parseSyncState(outputs);
        } catch (error) {
          expect((error as Error).message).toMatch(
            /^the recorded state .*(state delete|update pulumi-global-namespace)/s,
          );
          return;
        }
        expect(diffSync(state, whole)).toHaveProperty("changes");
      }),
      { numRuns: RUNS },
    );
  });
});

test("a mesh may have no member and a thousand", async () => {
  const clusters = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`c-${index}`, { context: `c-${index}` }]));
  expect(Object.keys(aMesh({ clusters: clusters(0) }).clusters)).toEqual([]);
  const mesh = aMesh({ clusters: clusters(1000) });
  expect(Object.keys(mesh.clusters)).toHaveLength(1000);
});

test("members of a mesh in another order are no change", async () => {
  const { inputs } = await checked(aFakeMesh(), { labels: { team: "a" } });
  const { clusters } = aFakeMesh().mesh;
  const turned = Object.fromEntries(
    Object.keys(clusters)
      .reverse()
      .map((name) => [name, { context: name }]),
  );
  const again = await checked(aFakeMesh({ clusters: turned }), { labels: { team: "a" } }, inputs);
  expect(again.inputs).toEqual(inputs);
});
