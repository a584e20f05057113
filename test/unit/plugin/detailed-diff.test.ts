import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changesBetween } from "../../../plugin/detailed-diff.ts";

describe("a detailed diff", () => {
  const before = { labels: { team: "a", tier: "gold" }, clusters: ["east", "west"], injection: "enabled" };
  const cases: readonly (readonly [string, unknown, readonly (readonly [string, string])[]])[] = [
    [
      "names the one label that changes",
      { ...before, labels: { team: "b", tier: "gold" } },
      [["labels.team", "update"]],
    ],
    ["names a label that goes", { ...before, labels: { team: "a" } }, [["labels.tier", "delete"]]],
    [
      "spells a key with a dot as a property path has it",
      { ...before, labels: { ...before.labels, "istio.io/rev": "canary" } },
      [['labels["istio.io/rev"]', "add"]],
    ],
    ["names an item of a list by its place", { ...before, clusters: ["east"] }, [["clusters[1]", "delete"]]],
    ["does not go into what is of another kind", { ...before, injection: { tag: "prod" } }, [["injection", "update"]]],
  ];
  test.each(cases)("%s", (_, after, expected) => {
    expect(changesBetween(before, after).map(({ path, kind }) => [path, kind])).toEqual(expected);
  });

  test("of a value with itself is empty", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(changesBetween(value, structuredClone(value))).toEqual([]);
      }),
    );
  });
});
