import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesGlob, problemOfGlob } from "../../../provider/model/glob.ts";
import { namespaceName } from "./builders.ts";

describe("a glob", () => {
  const cases: [glob: string, name: string, matches: boolean][] = [
    ["*", "payments", true],
    ["payments", "payments", true],
    ["payments", "payments-eu", false],
    ["pay", "payments", false],
    ["pay*", "payments", true],
    ["pay*", "pay", true],
    ["*-eu", "payments-eu", true],
    ["*-eu", "payments-eu-1", false],
    ["dev-?", "dev-1", true],
    ["dev-?", "dev-", false],
    ["dev-?", "dev-12", false],
    ["*a*b*", "xxaxxbxx", true],
    ["*a*b*", "xxbxxaxx", false],
    ["*ab", "aab", true],
    ["**", "a", true],
    ["", "a", false],
  ];
  for (const [glob, name, matches] of cases) {
    test(`${JSON.stringify(glob)} ${matches ? "matches" : "does not match"} ${JSON.stringify(name)}`, () => {
      expect(matchesGlob(glob, name)).toBe(matches);
    });
  }

  test("decides as the regular expression that it stands for", () => {
    const unit = fc.constantFrom("a", "b", "-", "*", "?");
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom("a", "b", "-") }),
        (glob, name) => {
          const pattern = new RegExp(`^${glob.replaceAll("*", ".*").replaceAll("?", ".")}$`);
          expect(matchesGlob(glob, name)).toBe(pattern.test(name));
        },
      ),
    );
  });

  test("full of stars is decided at once", () => {
    expect(matchesGlob("*a".repeat(200), `${"a".repeat(150)}b`)).toBe(false);
  });

  test("that a name of a namespace can match is allowed", () => {
    fc.assert(fc.property(namespaceName, (name) => problemOfGlob(`${name}*`) === undefined));
  });

  for (const glob of ["", "Dev-*", "dev_*", "dev-[ab]", "dev-{a,b}", "!dev"]) {
    test(`${JSON.stringify(glob)} is refused, with what a glob can have`, () => {
      expect(problemOfGlob(glob)).toContain('"*" (any characters)');
    });
  }
});
