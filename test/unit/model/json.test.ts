import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRecord, mapValues, ownValue, pick, sameJson, withoutUndefined } from "../../../provider/model/json.ts";
import { anyJson } from "./builders.ts";

/** As the engine's JSON has it: an own property, not the prototype. */
const withProto = JSON.parse('{"__proto__": "x"}') as Record<string, unknown>;

describe("sameJson", () => {
  const cases: readonly (readonly [string, unknown, unknown, boolean])[] = [
    ["the same text", "a", "a", true],
    ["text and number", "1", 1, false],
    ["null and nothing", null, undefined, false],
    ["maps in another order", { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ["a key that is undefined and one that is absent", { a: undefined }, {}, true],
    ["a key that is null and one that is absent", { a: null }, {}, false],
    ["lists in another order", [1, 2], [2, 1], false],
    ["a list and a map", [], {}, false],
    ["lists of other lengths", [1], [1, 2], false],
    ["maps of maps", { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 1 }] } }, true],
    ["maps that differ far inside", { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false],
    ["a key that every object has, and none", { constructor: "x" }, {}, false],
    ["__proto__, and none", withProto, {}, false],
  ];
  test.each(cases)("%s", (_, a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(sameJson(b, a)).toBe(same);
  });

  test("says yes to a copy and to nothing else that serialises otherwise", () => {
    fc.assert(
      fc.property(anyJson, anyJson, (a, b) => {
        expect(sameJson(a, structuredClone(a))).toBe(true);
        if (sameJson(a, b)) expect(b).toEqual(a);
        expect(sameJson(a, b)).toBe(sameJson(b, a));
      }),
    );
  });
});

describe("withoutUndefined", () => {
  test("leaves nothing undefined at any depth, and the rest as it is", () => {
    expect(withoutUndefined({ a: undefined, b: { c: undefined, d: [{ e: undefined, f: 1 }] }, g: null })).toEqual({
      b: { d: [{ f: 1 }] },
      g: null,
    });
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(withoutUndefined(value)).toEqual(value);
      }),
    );
  });
});

describe("maps whose keys a user chose", () => {
  test("hold what was put there and not what every object has", () => {
    expect(ownValue({ a: 1 }, "a")).toBe(1);
    expect(ownValue({}, "constructor")).toBeUndefined();
    expect(ownValue({ constructor: 1 } as unknown as Record<string, number>, "constructor")).toBe(1);
    expect(pick({ a: 1, b: 2 }, ["a", "constructor", "c"])).toEqual({ a: 1 });
    expect(mapValues({ a: 1, b: 2 }, (value, key) => `${key}${value}`)).toEqual({ a: "a1", b: "b2" });
  });

  test("are told from lists and null", () => {
    expect([{}, [], null, "a", undefined].map(isRecord)).toEqual([true, false, false, false, false]);
  });
});
