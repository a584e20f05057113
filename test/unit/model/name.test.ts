import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isDeletable,
  PROTECTED_NAMESPACES,
  problemOfClusterName,
  problemOfNamespaceName,
} from "../../../provider/model/name.ts";
import { anyText, namespaceName } from "./builders.ts";

const problem = (name: string, alsoProtected: readonly string[] = []) => problemOfNamespaceName(name, alsoProtected);

describe("a namespace's name", () => {
  test.each(["a", "0", "payments", "team-a-1", "a--b", "123", "x".repeat(63), "default", "constructor"])(
    "%j is one",
    (name) => {
      expect(problem(name)).toBeUndefined();
    },
  );

  test.each([
    ["", "is empty"],
    ["x".repeat(64), "has 64 characters; Kubernetes allows 63"],
    ["-a", "the first and the last a letter or digit"],
    ["a-", "the first and the last a letter or digit"],
    ["a.b", "RFC 1123 label"],
    ["a_b", "RFC 1123 label"],
    ["a b", "RFC 1123 label"],
    ["a\n", "RFC 1123 label"],
    ["café", "RFC 1123 label"],
    ["\u0430", "RFC 1123 label"],
    ["__proto__", "RFC 1123 label"],
    ["Payments", 'Kubernetes wants lower case: "payments"'],
    ["PAY", 'Kubernetes wants lower case: "pay"'],
    ["-Payments", "the first and the last a letter or digit"],
  ])("%j is none", (name, reason) => {
    expect(problem(name)).toContain(reason);
  });

  test("is never that of a protected namespace, nor of one that the mesh protects besides", () => {
    for (const name of PROTECTED_NAMESPACES) expect(problem(name)).toContain("is a protected namespace");
    expect(problem("vault")).toBeUndefined();
    expect(problem("vault", ["vault"])).toContain("is a protected namespace");
  });

  test("may be default, which is never deleted", () => {
    expect(problem("default")).toBeUndefined();
    expect(isDeletable("default", [])).toBe(false);
    for (const name of PROTECTED_NAMESPACES) expect(isDeletable(name, [])).toBe(false);
    expect([isDeletable("vault", []), isDeletable("vault", ["vault"])]).toEqual([true, false]);
  });

  test("is accepted whenever it is an RFC 1123 label, and refused when a character of another kind is put into it", () => {
    fc.assert(
      fc.property(namespaceName, (name) => {
        expect(problem(name)).toBeUndefined();
      }),
    );
    const foreign = fc.constantFrom("_", ".", "/", " ", "é", "A", "\n");
    fc.assert(
      fc.property(namespaceName, foreign, fc.nat(62), (name, character, at) => {
        expect(problem(name.slice(0, at) + character + name.slice(at))).toBeDefined();
      }),
    );
  });

  test("is quoted in its problem, so that it stays on one line", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        expect(problem(name) ?? "").not.toMatch(/[\n\r]/);
      }),
    );
  });
});

describe("a cluster's name", () => {
  test.each(["east", "us-east-1", "eu_west.2", "0", "x".repeat(55)])("%j is one", (name) => {
    expect(problemOfClusterName(name)).toBeUndefined();
  });

  test.each([
    ["x".repeat(56), "has 56 characters; a cluster's name has at most 55"],
    ["", "is not a cluster's name"],
    ["East", "lower-case letters"],
    ["-east", "is not a cluster's name"],
    ["east.", "is not a cluster's name"],
    ["a/b", "is not a cluster's name"],
    ["controlPlane", "is not a cluster's name"],
    ["__proto__", "is not a cluster's name"],
  ])("%j is none", (name, reason) => {
    expect(problemOfClusterName(name)).toContain(reason);
  });
});
