import { describe, expect, test } from "vitest";
import { parseNamespace, renderNamespace } from "../../../provider/kube/namespace-json.ts";
import { namespaceJson } from "./builders.ts";

describe("parseNamespace", () => {
  test("takes the parts that decisions are made from", () => {
    const json = {
      ...namespaceJson({
        labels: { team: "a" },
        annotations: { note: "b" },
        deletionTimestamp: "2026-11-02T00:00:00Z",
        finalizers: ["example.dev/hold"],
        selfLink: "/x",
      }),
      status: { phase: "Terminating", conditions: [{ type: "T", status: "True", message: "m", reason: "r" }] },
    };
    expect(parseNamespace(json)).toEqual({
      name: "payments",
      uid: "uid-1",
      resourceVersion: "7",
      creationTimestamp: "2026-11-01T00:00:00Z",
      deletionTimestamp: "2026-11-02T00:00:00Z",
      labels: { team: "a" },
      annotations: { note: "b" },
      finalizers: ["example.dev/hold", "kubernetes"],
      conditions: [{ type: "T", status: "True", message: "m" }],
      fieldManagers: [],
    });
  });

  test("tells which manager set which labels and annotations", () => {
    const managedFields = [
      {
        manager: "us",
        operation: "Apply",
        time: "2026-11-01T00:00:00Z",
        fieldsV1: { "f:metadata": { "f:labels": { "f:team": {}, "f:example.com/x": {} } } },
      },
      {
        manager: "kubectl-edit",
        operation: "Update",
        fieldsV1: { "f:metadata": { "f:annotations": { ".": {}, "f:note": {} } } },
      },
      { manager: "kcm", operation: "Update", subresource: "status", fieldsV1: { "f:status": { "f:phase": {} } } },
    ];
    expect(parseNamespace(namespaceJson({ managedFields })).fieldManagers).toEqual([
      {
        manager: "us",
        operation: "Apply",
        time: "2026-11-01T00:00:00Z",
        labels: ["team", "example.com/x"],
        annotations: [],
      },
      { manager: "kubectl-edit", operation: "Update", labels: [], annotations: ["note"] },
      { manager: "kcm", operation: "Update", subresource: "status", labels: [], annotations: [] },
    ]);
  });

  const refused: readonly (readonly [string, unknown])[] = [
    ["null", null],
    ["a text", "Namespace"],
    ["another kind", { ...namespaceJson(), kind: "Pod" }],
    ["a Namespace of another version", { ...namespaceJson(), apiVersion: "v2" }],
    ["one without metadata", { apiVersion: "v1", kind: "Namespace" }],
    ["one without a uid", namespaceJson({ uid: undefined })],
    ["one with an empty resourceVersion", namespaceJson({ resourceVersion: "" })],
    ["one whose labels are a list", namespaceJson({ labels: [] })],
    ["one with a label that is a number", namespaceJson({ labels: { a: 1 } })],
    ["one whose finalizers are a text", namespaceJson({ finalizers: "x" })],
    ["one with a field manager that is a text", namespaceJson({ managedFields: ["x"] })],
  ];
  for (const [title, json] of refused) {
    test(`refuses ${title}`, () => {
      expect(() => parseNamespace(json)).toThrow(expect.objectContaining({ code: "protocol" }));
    });
  }

  test("reads a label that is named like a part of JavaScript as a label", () => {
    const json = JSON.parse(
      JSON.stringify(namespaceJson()).replace('"name"', '"labels":{"__proto__":"x","constructor":"y"},"name"'),
    );
    expect(Object.entries(parseNamespace(json).labels)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });
});

describe("renderNamespace", () => {
  test("declares nothing that is empty", () => {
    expect(renderNamespace({ name: "a", labels: {}, annotations: {} })).toEqual({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "a" },
    });
  });

  test("declares labels, annotations and the uid", () => {
    expect(renderNamespace({ name: "a", uid: "u", labels: { l: "1" }, annotations: { n: "2" } }).metadata).toEqual({
      name: "a",
      uid: "u",
      labels: { l: "1" },
      annotations: { n: "2" },
    });
  });
});
