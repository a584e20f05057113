import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  OWN_PREFIX,
  problemOfAnnotationValue,
  problemOfKey,
  problemOfLabelValue,
} from "../../../provider/model/labels.ts";
import { affinityAnnotations, OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import { anyJson, anyText, labelMap, labelWord } from "./builders.ts";

const problem = (key: string, podSecurityLabels = false) => problemOfKey(key, { podSecurityLabels });

/** A DNS name of exactly so many characters. */
function dnsName(length: number): string {
  return `${"a".repeat(63)}.`
    .repeat(4)
    .slice(0, length - 1)
    .concat("a");
}

describe("the key of a label or annotation", () => {
  test.each([
    "a",
    "0",
    "team",
    "Team",
    "team.name_of-it",
    "x".repeat(63),
    "example.com/team",
    "a/b",
    `${dnsName(253)}/${"x".repeat(63)}`,
    "istio.io/use-waypoint",
    "my-kubernetes.io/a",
    "constructor",
    "toString",
  ])("%j is one", (key) => {
    expect(problem(key)).toBeUndefined();
  });

  test.each([
    ["", "the name must have 1 to 63"],
    ["x".repeat(64), "the name must have 1 to 63"],
    [`example.com/${"x".repeat(64)}`, "the name must have 1 to 63"],
    ["-team", "the first and the last a letter or digit"],
    ["team.", "the first and the last a letter or digit"],
    ["__proto__", "the first and the last a letter or digit"],
    ["te am", "letters, digits"],
    ["équipe", "letters, digits"],
    ["team\n", "letters, digits"],
    ["example.com/", "the name must have 1 to 63"],
    ["/team", 'the part before "/"'],
    ["a//b", "the name must have 1 to 63"],
    ["a/b/c", "the name must have 1 to 63"],
    ["Example.com/team", 'the part before "/"'],
    ["example..com/team", 'the part before "/"'],
    ["-example.com/team", 'the part before "/"'],
    ["example_x.com/team", 'the part before "/"'],
    [`${dnsName(254)}/team`, "at most 253 characters"],
  ])("%j is none", (key, reason) => {
    expect(problem(key)).toContain(reason);
  });

  test.each([
    ["istio-injection", 'write injection: "enabled"'],
    ["istio.io/rev", 'write injection: { revision: "..." }'],
    ["istio.io/dataplane-mode", 'write injection: "ambient"'],
  ])("%s is set by injection, and the problem says how", (key, advice) => {
    expect(problem(key)).toContain(advice);
    expect(problem(key, true)).toContain(advice);
  });

  test.each([
    "kubernetes.io/metadata.name",
    "app.kubernetes.io/name",
    "kubectl.kubernetes.io/last-applied-configuration",
    "k8s.io/x",
    "gateway.networking.k8s.io/x",
    "topology.istio.io/network",
    "field.cattle.io/projectId",
    "cattle.io/status",
    "kubernetes.azure.com/managedByArm",
    "maistra.io/member-of",
    "clusterset.open-cluster-management.io/bind",
    "liqo.io/scheduling-enabled",
    "resourcetemplate.karmada.io/managed-labels",
    "work.karmada.io/conflict-resolution",
    "hnc.x-k8s.io/included-namespace",
    "team.tree.hnc.x-k8s.io/depth",
    "capsule.clastix.io/tenant",
    OWNER_ANNOTATION,
    ...Object.keys(affinityAnnotations(["east"])),
    `${OWN_PREFIX}/synced.east`,
    `x.${OWN_PREFIX}/y`,
  ])("%s is somebody else's and refused", (key) => {
    expect(problem(key)).toContain("is never spread over a mesh");
    expect(problem(key, true)).toContain("is never spread over a mesh");
  });

  test("decides what pods may do only where the mesh allows it", () => {
    const key = "pod-security.kubernetes.io/enforce";
    expect(problem(key)).toContain("allow it with podSecurityLabels: true on the Mesh");
    expect(problem(key, true)).toBeUndefined();
    expect(problem("pod-security.kubernetes.io/-", true)).toContain("the name must have");
    expect(problem("x.pod-security.kubernetes.io/enforce", true)).toContain("is never spread over a mesh");
  });

  test("is accepted in every form of the grammar", () => {
    fc.assert(
      fc.property(labelMap, (labels) => {
        for (const key of Object.keys(labels)) expect(problem(key)).toBeUndefined();
      }),
    );
  });

  test("has a problem of one short line, whatever it is", () => {
    fc.assert(
      fc.property(anyText, (key) => {
        const text = problem(key) ?? "";
        expect(text).not.toMatch(/[\n\r]/);
        expect(text.length).toBeLessThan(300);
      }),
    );
  });
});

describe("the value of a label", () => {
  test.each(["", "a", "0", "A.b_c-d", "v1.2.3", "x".repeat(63), "true", "null"])("%j is one", (value) => {
    expect(problemOfLabelValue(value)).toBeUndefined();
  });

  test.each([
    ["x".repeat(64), "has 64 characters; a label's value has at most 63"],
    ["-a", "is not a label's value"],
    ["a.", "is not a label's value"],
    ["a b", "is not a label's value"],
    ["a/b", "is not a label's value"],
    ["😀", "is not a label's value"],
    ["a\nb", "is not a label's value"],
    ["a\n", "is not a label's value"],
    [1, 'is 1, a number; Kubernetes wants a string: write "1"'],
    [true, 'is true, a boolean; Kubernetes wants a string: write "true"'],
    [null, "is null; Kubernetes wants a string"],
    [{}, "is {}; Kubernetes wants a string"],
    [["a"], 'is ["a"]; Kubernetes wants a string'],
    [undefined, "is undefined; Kubernetes wants a string"],
  ])("%j is none", (value, reason) => {
    expect(problemOfLabelValue(value)).toContain(reason);
  });

  test("is any word of the grammar, and nothing that is not text", () => {
    fc.assert(
      fc.property(labelWord, (value) => {
        expect(problemOfLabelValue(value)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(
        anyJson.filter((value) => typeof value !== "string"),
        (value) => {
          expect(problemOfLabelValue(value)).toContain("Kubernetes wants a string");
        },
      ),
    );
  });
});

describe("the value of an annotation", () => {
  test("is any text", () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(problemOfAnnotationValue(value)).toBeUndefined();
      }),
    );
  });

  test("is nothing else", () => {
    expect(problemOfAnnotationValue(1)).toBe('is 1, a number; Kubernetes wants a string: write "1"');
    expect(problemOfAnnotationValue(null)).toBe("is null; Kubernetes wants a string");
  });
});
