import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_METADATA_BYTES } from "../../../provider/model/labels.ts";
import { parsePolicies, parseSpec, type Spec } from "../../../provider/model/spec.ts";
import { resolveTargets } from "../../../provider/model/targets.ts";
import { UNKNOWN } from "../../../provider/model/unknown.ts";
import { aMesh, anyJson, labelMap, namespaceName } from "./builders.ts";

const mesh = aMesh();

function specOf(inputs: Readonly<Record<string, unknown>>): Spec {
  const parsed = parseSpec({ name: "payments", ...inputs }, mesh);
  if ("failures" in parsed) throw new Error(JSON.stringify(parsed.failures));
  return parsed.spec;
}

function failuresOf(inputs: unknown) {
  const parsed = parseSpec(inputs, mesh);
  return "failures" in parsed ? parsed.failures : [];
}

/** Everything a program may write. */
const FULL = {
  name: "payments",
  labels: { team: "a", "example.com/tier": "1" },
  annotations: { note: "b" },
  injection: { revision: "canary" },
  clusters: {
    matchLabels: { env: "prod" },
    matchExpressions: [{ key: "region", operator: "In", values: ["us-east-1", "us-west-2"] }],
    except: ["north"],
  },
  overrides: { east: { labels: { tier: "2" }, annotations: { note: "c" }, injection: { tag: "prod" } } },
  adopt: "labels",
  onLeave: "release",
  onDelete: "retain",
  force: false,
  deleteTimeoutSeconds: 60,
  deleteNonEmpty: false,
  restart: "report",
  restartTimeoutSeconds: 60,
  restartsAtOnce: 2,
};

type Path = readonly (string | number)[];

/** The paths of everything inside a value, itself apart. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = [...path, Array.isArray(value) ? Number(key) : key];
    return [inner, ...pathsOf(item, inner)];
  });
}

function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (index === first ? replaced(item, rest, by) : item));
  const map = value as Record<string, unknown>;
  return { ...map, [first]: replaced(map[first], rest, by) };
}

describe("a declaration", () => {
  test("needs no more than a name, and belongs to all clusters then", () => {
    expect(specOf({})).toEqual({
      name: "payments",
      labels: {},
      annotations: {},
      injection: undefined,
      clusters: { kind: "all" },
      overrides: {},
    });
  });

  test("says everything at once", () => {
    expect(specOf(FULL)).toEqual({
      name: "payments",
      labels: { team: "a", "example.com/tier": "1" },
      annotations: { note: "b" },
      injection: { kind: "revision", value: "canary" },
      clusters: {
        kind: "selector",
        matchLabels: { env: "prod" },
        matchExpressions: [{ key: "region", operator: "In", values: ["us-east-1", "us-west-2"] }],
        except: ["north"],
      },
      overrides: {
        east: {
          labels: { tier: "2" },
          annotations: { note: "c" },
          injection: expect.objectContaining({ value: "prod" }),
        },
      },
    });
  });

  test.each(["enabled", "disabled", "ambient"])("takes %s as its injection", (injection) => {
    expect(specOf({ injection }).injection).toEqual({ kind: injection });
  });

  test("takes names, a selector, or all as its clusters", () => {
    expect(specOf({ clusters: "all" }).clusters).toEqual({ kind: "all" });
    expect(specOf({ clusters: ["east"] }).clusters).toEqual({ kind: "names", names: ["east"] });
    expect(specOf({ clusters: [] }).clusters).toEqual({ kind: "names", names: [] });
    expect(specOf({ clusters: {} }).clusters).toEqual({
      kind: "selector",
      matchLabels: {},
      matchExpressions: [],
      except: [],
    });
  });

  test("is the same where a property is null and where it is left out", () => {
    const paths = [
      ...Object.keys(FULL).filter((key) => key !== "name"),
      "overrides.east",
      "overrides.east.labels",
      "overrides.east.annotations",
      "overrides.east.injection",
      "clusters.matchLabels",
      "clusters.matchExpressions",
      "clusters.except",
    ].map((path) => path.split("."));
    for (const path of paths) {
      const [nulled, absent] = [null, undefined].map((by) => replaced(FULL, path, by));
      const parsed = parseSpec(nulled, mesh);
      expect(parsed).toHaveProperty("spec");
      expect(parsed).toEqual(parseSpec(JSON.parse(JSON.stringify(absent)), mesh));
    }
    const requirement = { key: "region", operator: "Exists" };
    expect(specOf({ clusters: { matchExpressions: [{ ...requirement, values: null }] } })).toEqual(
      specOf({ clusters: { matchExpressions: [requirement] } }),
    );
  });

  test("takes every name and every labels that Kubernetes takes", () => {
    fc.assert(
      fc.property(namespaceName, labelMap, labelMap, (name, labels, over) => {
        const spec = specOf({ name, labels, overrides: { west: { labels: over } } });
        expect(spec).toMatchObject({ name, labels });
        expect(resolveTargets(spec, mesh)).toMatchObject({ targets: { west: { labels: { ...labels, ...over } } } });
      }),
    );
  });
});

describe("a value that a preview does not know", () => {
  test("is accepted wherever it stands", () => {
    for (const path of pathsOf(FULL)) {
      const inputs = replaced(FULL, path, UNKNOWN);
      const parsed = parseSpec(inputs, mesh);
      expect(parsed, path.join(".")).toHaveProperty("spec");
      if ("spec" in parsed) expect(resolveTargets(parsed.spec, mesh), path.join(".")).toHaveProperty("targets");
    }
  });

  test("is accepted in any number of places at once", () => {
    const paths = pathsOf(FULL);
    fc.assert(
      fc.property(fc.subarray(paths), (chosen) => {
        // Deepest last, so that a part of what is already unknown is not replaced.
        const inputs = [...chosen].reverse().reduce((value: unknown, path) => replaced(value, path, UNKNOWN), FULL);
        expect(parseSpec(inputs, mesh)).toHaveProperty("spec");
      }),
    );
  });

  test("leaves the rest checked", () => {
    expect(failuresOf({ ...FULL, labels: UNKNOWN, annotations: { "a//b": "c" } })).toMatchObject([
      { property: 'annotations["a//b"]' },
    ]);
    expect(failuresOf({ ...FULL, clusters: { matchLabels: UNKNOWN, matchExpresions: [] } })).toMatchObject([
      { property: "clusters", reason: 'has no property "matchExpresions"' },
    ]);
  });

  test("in the name of a cluster makes the whole affinity unknown, and no false alarm", () => {
    expect(specOf({ clusters: ["east", UNKNOWN] }).clusters).toBe(UNKNOWN);
    expect(specOf({ clusters: { except: [UNKNOWN] } }).clusters).toBe(UNKNOWN);
  });
});

describe("a declaration that is refused", () => {
  const deep = { matchExpressions: [{ key: "env", operator: "Is", values: ["prod"] }] };
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, string, string])[] = [
    ["a name of 64 characters", { name: "x".repeat(64) }, "name", "has 64 characters; Kubernetes allows 63"],
    ["a name with an upper-case letter", { name: "Payments" }, "name", 'lower case: "payments"'],
    ["a name with a leading hyphen", { name: "-payments" }, "name", "is not a namespace's name"],
    ["a protected namespace", { name: "kube-system" }, "name", "is a protected namespace"],
    ["a number as name", { name: 5 }, "name", "is 5; expected string"],
    ["a label's value", { labels: { team: "a b" } }, "labels.team", "is not a label's value"],
    ["a label that is a number", { labels: { tier: 1 } }, "labels.tier", 'write "1"'],
    ["a label that is a boolean", { labels: { on: true } }, "labels.on", 'write "true"'],
    ["a label that is null", { labels: { team: null } }, "labels.team", "is null; Kubernetes wants a string"],
    ["labels that are a list", { labels: ["team"] }, "labels", 'is ["team"]; expected record'],
    ["an annotation that is a number", { annotations: { n: 1 } }, "annotations.n", 'write "1"'],
    [
      "Kubernetes' own key",
      { labels: { "kubernetes.io/metadata.name": "x" } },
      'labels["kubernetes.io/metadata.name"]',
      "is never spread over a mesh",
    ],
    [
      "the injection as a label",
      { overrides: { east: { labels: { "istio-injection": "enabled" } } } },
      'overrides.east.labels["istio-injection"]',
      'write injection: "enabled"',
    ],
    [
      "a cluster's waypoint that the injection of all sets",
      {
        injection: { ambient: { waypoint: "shared" } },
        overrides: { east: { labels: { "istio.io/use-waypoint": "own" } } },
      },
      'overrides.east.labels["istio.io/use-waypoint"]',
      "is set by injection as well",
    ],
    ["an unknown injection", { injection: "on" }, "injection", 'is "on"; allowed: "enabled", "disabled", "ambient"'],
    ["an empty revision", { injection: { revision: "" } }, "injection.revision", "is empty"],
    ["a revision that is no label's value", { injection: { tag: "a/b" } }, "injection.tag", "is not a label's value"],
    ["two injections", { injection: { tag: "a", revision: "b" } }, "injection", "allowed:"],
    ["an override's injection", { overrides: { east: { injection: 1 } } }, "overrides.east.injection", "is 1; allowed"],
    ["an override's misspelling", { overrides: { east: { lable: {} } } }, "overrides.east", 'no property "lable"'],
    ["a cluster the mesh lacks", { overrides: { est: {} } }, "overrides.est", 'the mesh has no cluster "est"'],
    ["a cluster called constructor", { overrides: { constructor: {} } }, "overrides.constructor", "has no cluster"],
    ["a word for clusters", { clusters: "prod" }, "clusters", 'is "prod"; allowed: a list of cluster names, "all"'],
    ["a number among clusters", { clusters: ["east", 2] }, "clusters[1]", "is 2; expected the name of a cluster"],
    ["null among clusters", { clusters: [null] }, "clusters[0]", "is null; expected the name of a cluster"],
    ["an operator", { clusters: deep }, "clusters.matchExpressions[0].operator", 'is "Is"; allowed: "In", "NotIn"'],
    [
      "an operator without its values",
      { clusters: { matchExpressions: [{ key: "env", operator: "NotIn", values: [] }] } },
      "clusters.matchExpressions[0].values",
      "is []; NotIn takes one or more",
    ],
    [
      "an operator with values that it does not look at",
      { clusters: { matchExpressions: [{ key: "env", operator: "Exists", values: ["prod"] }] } },
      "clusters.matchExpressions[0].values",
      'is ["prod"]; Exists takes none',
    ],
    ["adopt", { adopt: "always" }, "adopt", 'is "always"; allowed: "labels", "never"'],
    ["onLeave", { onLeave: "keep" }, "onLeave", 'allowed: "release", "retain", "delete"'],
    ["onDelete", { onDelete: true }, "onDelete", "is true; allowed"],
    ["force", { force: "true" }, "force", 'is "true"; expected boolean'],
    ["a time limit of nothing", { deleteTimeoutSeconds: 0 }, "deleteTimeoutSeconds", "is 0; the least is 1"],
    ["a restart on some day", { restart: "later" }, "restart", 'is "later"; allowed: "report", "rollout"'],
    ["half a restart", { restartsAtOnce: 0.5 }, "restartsAtOnce", "is 0.5; expected int"],
    ["too many restarts", { restartsAtOnce: 101 }, "restartsAtOnce", "is 101; the most is 100"],
    ["a restart without time", { restartTimeoutSeconds: 0 }, "restartTimeoutSeconds", "is 0; the least is 1"],
    ["a time limit of days", { deleteTimeoutSeconds: 3601 }, "deleteTimeoutSeconds", "is 3601; the most is 3600"],
  ];
  test.each(cases)("for %s", (_, changes, property, reason) => {
    expect(failuresOf({ name: "payments", ...changes })).toEqual([
      { property, reason: expect.stringContaining(reason) },
    ]);
  });

  test("for labels and annotations that Kubernetes has no room for", () => {
    const half = "x".repeat(MAX_METADATA_BYTES / 2);
    const fits = { a: half.slice(1), b: half.slice(1) };
    expect(failuresOf({ name: "payments", annotations: fits })).toEqual([]);
    expect(failuresOf({ name: "payments", annotations: { ...fits, c: "" } })).toEqual([
      { property: "annotations.a", reason: expect.stringContaining("Kubernetes allows 262144") },
    ]);
    const twoBytes = { a: "é".repeat(MAX_METADATA_BYTES / 2) };
    expect(failuresOf({ name: "payments", annotations: twoBytes })).toHaveLength(1);
  });

  test("is told everything that is wrong with it", () => {
    const inputs = {
      name: "A",
      labels: { "a//b": "c", team: 1 },
      injection: "on",
      clusters: [1],
      overrides: { est: {} },
    };
    expect(failuresOf(inputs).map(({ property }) => property)).toEqual([
      "name",
      'labels["a//b"]',
      "labels.team",
      "injection",
      "clusters[0]",
      "overrides.est",
    ]);
  });

  test("is refused with a property and a sentence, whatever was written, and never with an exception", () => {
    const paths = pathsOf(FULL);
    fc.assert(
      fc.property(fc.constantFrom(...paths), anyJson, (path, value) => {
        const inputs = replaced(FULL, path, value);
        for (const { property, reason } of failuresOf(inputs)) {
          expect(property).not.toBe("");
          expect(reason).toMatch(/^\S.*\S$/);
        }
        parsePolicies(inputs as Record<string, unknown>);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(anyJson, (inputs) => {
        expect(parseSpec(inputs, mesh)).toHaveProperty("failures");
      }),
    );
  });

  test("does not let __proto__ through as a label", () => {
    const labels = JSON.parse('{"__proto__": "x", "team": "a"}') as Record<string, unknown>;
    const parsed = parseSpec({ name: "payments", labels }, mesh);
    if ("spec" in parsed) expect(Object.keys(parsed.spec.labels)).toEqual(["team"]);
    expect(({} as Record<string, unknown>).team).toBeUndefined();
    expect(specOf({ labels: { constructor: "x" } }).labels).toEqual({ constructor: "x" });
  });
});

describe("the policies", () => {
  test("are cautious where nothing is said", () => {
    const cautious = {
      adopt: "labels",
      onLeave: "release",
      onDelete: "retain",
      force: false,
      deleteTimeoutSeconds: 300,
    };
    expect(parsePolicies({})).toMatchObject(cautious);
    expect(parsePolicies({ adopt: null, onLeave: UNKNOWN, onDelete: UNKNOWN, force: UNKNOWN })).toMatchObject(cautious);
    expect(parsePolicies({ onDelete: "purge", force: true })).toMatchObject(cautious);
  });

  test("are what is said", () => {
    const given = { adopt: "never", onLeave: "delete", onDelete: "release", force: true, deleteTimeoutSeconds: 5 };
    expect(parsePolicies({ name: "payments", ...given })).toMatchObject(given);
  });
});
