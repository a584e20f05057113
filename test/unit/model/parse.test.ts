import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { describeList, describePath, describeValue } from "../../../provider/model/failure.ts";
import { failuresOf, failuresOfKeys, orUnknown } from "../../../provider/model/parse.ts";
import { hasUnknown, UNKNOWN } from "../../../provider/model/unknown.ts";
import { anyJson, anyText } from "./builders.ts";

describe("a property path", () => {
  const cases: readonly (readonly [readonly PropertyKey[], string])[] = [
    [["name"], "name"],
    [["labels", "team"], "labels.team"],
    [["labels", "a/b"], 'labels["a/b"]'],
    [["labels", "a.b"], 'labels["a.b"]'],
    [["labels", "1a"], 'labels["1a"]'],
    [["labels", ""], 'labels[""]'],
    [["labels", 'a"b'], 'labels["a\\"b"]'],
    [["labels", "__proto__"], "labels.__proto__"],
    [["clusters", 2], "clusters[2]"],
    [["clusters", "matchExpressions", 0, "operator"], "clusters.matchExpressions[0].operator"],
    [["overrides", "us-east-1", "labels", "team"], 'overrides["us-east-1"].labels.team'],
    [[], ""],
  ];
  test.each(cases)("%j is spelled %s", (path, text) => {
    expect(describePath(path)).toBe(text);
  });

  test("tells every two paths apart", () => {
    const path = fc.array(fc.oneof(fc.nat(9), fc.constantFrom("a", "a.b", "[0]", "0", 'x"'), anyText), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(path, path, (one, other) => {
        if (describePath(one) === describePath(other)) expect(other).toEqual(one);
      }),
    );
  });
});

describe("a value in a message", () => {
  test("is quoted, on one line, and cut where it is long", () => {
    expect(describeValue("a")).toBe('"a"');
    expect(describeValue(undefined)).toBe("undefined");
    expect(describeValue("x".repeat(100))).toBe(`"${"x".repeat(76)}...`);
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = describeValue(value);
        expect(text.length).toBeLessThanOrEqual(80);
        expect(text).not.toMatch(/[\n\r]/);
      }),
    );
  });

  test("is listed by name", () => {
    expect(describeList([])).toBe("none");
    expect(describeList([], "nobody")).toBe("nobody");
    expect(describeList(["a"])).toBe('"a"');
    expect(describeList(["c", "a", "b"])).toBe('"a", "b" and "c"');
  });
});

describe("what a schema refuses", () => {
  const schema = z.object({
    mode: orUnknown(z.enum(["on", "off"])).optional(),
    seconds: orUnknown(z.number().min(1).max(60)).optional(),
    names: orUnknown(z.array(z.string())).optional(),
    each: orUnknown(z.record(z.string(), orUnknown(z.strictObject({ level: z.int() })))).optional(),
    custom: z.string().refine((text) => text !== "bad", "is bad"),
  });
  const refused = (given: Record<string, unknown>, root?: readonly PropertyKey[]) => {
    const input = { custom: "good", ...given };
    const parsed = schema.safeParse(input);
    return parsed.success ? [] : failuresOf(parsed.error, input, root);
  };

  test("is named with its path, what was given, and what is allowed", () => {
    expect(refused({ mode: "of" })).toEqual([{ property: "mode", reason: 'is "of"; allowed: "on", "off"' }]);
    expect(refused({ seconds: 0 })).toEqual([{ property: "seconds", reason: "is 0; the least is 1" }]);
    expect(refused({ seconds: 61 })).toEqual([{ property: "seconds", reason: "is 61; the most is 60" }]);
    expect(refused({ seconds: "5" })).toEqual([{ property: "seconds", reason: 'is "5"; expected number' }]);
    expect(refused({ names: "a" })).toEqual([{ property: "names", reason: 'is "a"; expected array' }]);
    expect(refused({ names: ["a", 1] })).toEqual([{ property: "names[1]", reason: "is 1; expected string" }]);
    expect(refused({ custom: undefined })).toEqual([{ property: "custom", reason: "is missing; expected string" }]);
    expect(refused({ custom: "bad" })).toEqual([{ property: "custom", reason: "is bad" }]);
  });

  test("is named inside of maps and unions", () => {
    expect(refused({ each: { "us-1": { level: "high" } } })).toEqual([
      { property: 'each["us-1"].level', reason: 'is "high"; expected number' },
    ]);
    expect(refused({ each: { east: { level: 1, lvl: 2 } } })).toEqual([
      { property: "each.east", reason: 'has no property "lvl"' },
    ]);
    expect(refused({ each: { east: 1 } }, ["mesh"])).toEqual([
      { property: "mesh.each.east", reason: "is 1; expected object" },
    ]);
  });

  test("is everything that is wrong, not the first of it", () => {
    expect(refused({ mode: 1, seconds: 0, custom: "bad" })).toHaveLength(3);
  });

  test("is never a value that is not known yet", () => {
    expect(refused({ mode: UNKNOWN, seconds: UNKNOWN, names: UNKNOWN, each: UNKNOWN })).toEqual([]);
    expect(refused({ each: { east: UNKNOWN } })).toEqual([]);
  });
});

describe("a map of labels or annotations", () => {
  const options = { podSecurityLabels: false };

  test("is refused key by key", () => {
    const map = { team: "a", "a//b": "x", count: 1, "bad-": UNKNOWN };
    expect(failuresOfKeys("labels", map, ["overrides", "east", "labels"], options)).toEqual([
      { property: 'overrides.east.labels["a//b"]', reason: expect.stringContaining("the name must have") },
      { property: "overrides.east.labels.count", reason: 'is 1, a number; Kubernetes wants a string: write "1"' },
      { property: 'overrides.east.labels["bad-"]', reason: expect.stringContaining("the name must have") },
    ]);
  });

  test("takes any text as an annotation, and values that are not known yet", () => {
    expect(failuresOfKeys("annotations", { note: "any text\n" }, ["annotations"], options)).toEqual([]);
    expect(failuresOfKeys("labels", { team: UNKNOWN }, ["labels"], options)).toEqual([]);
    expect(failuresOfKeys("labels", undefined, ["labels"], options)).toEqual([]);
  });
});

describe("hasUnknown", () => {
  test("finds the mark at any depth, and only there", () => {
    fc.assert(
      fc.property(anyJson, fc.array(fc.oneof(fc.constant("key"), fc.constant(0))), (value, path) => {
        const wrap = (inner: unknown) =>
          path.reduce((around: unknown, part) => (part === 0 ? [1, around] : { other: 1, [part]: around }), inner);
        expect(hasUnknown(wrap(value))).toBe(false);
        expect(hasUnknown(wrap(UNKNOWN))).toBe(true);
      }),
    );
  });
});
