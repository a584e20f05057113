import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff } from "../../../provider/model/diff.ts";
import type { FieldManager } from "../../../provider/model/namespace.ts";
import { fieldManagerOf, OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import { outputsOf, ownPart, parseState, SCHEMA_VERSION } from "../../../provider/model/state.ts";
import { aNamespace } from "../kube/builders.ts";
import { aMesh, anyJson, aState, aStatus, labelMap, OWNER } from "./builders.ts";

/** The outputs that a released version recorded, one file a version. Only ever added to. */
function recorded(version: number): Record<string, unknown> {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../fixtures/state/v${version}.json`), "utf8"));
}

describe("a recorded state", () => {
  test.each(Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1))("of version %i is read", (version) => {
    const state = parseState(recorded(version));
    expect(state).toMatchObject({
      name: "payments",
      owner: OWNER,
      controlPlane: { state: "Ready", origin: "created" },
      members: { east: { origin: "adopted" }, west: { state: "Unreachable", labels: {} } },
      orphaned: { south: { origin: "created" } },
      targets: { east: { labels: { team: "payments" } }, west: { labels: { team: "payments" } } },
    });
    expect(state.inputs).not.toHaveProperty("members");
  });

  test("of the current version comes out as it went in", () => {
    const outputs = recorded(SCHEMA_VERSION);
    expect(outputsOf(parseState(outputs))).toEqual(outputs);
  });

  test("comes out as it went in, whatever the namespace carries", () => {
    const status = labelMap.map((labels) => aStatus({ labels }));
    fc.assert(
      fc.property(status, fc.dictionary(fc.constantFrom("east", "west"), status), labelMap, (one, members, labels) => {
        const target = { labels };
        const targets = { east: target };
        const inputs = { name: "payments", owner: OWNER, targets, controlPlaneTarget: target };
        const state = aState({ controlPlane: one, members, targets, controlPlaneTarget: target, inputs });
        expect(parseState(outputsOf(state))).toEqual(state);
        expect(parseState(JSON.parse(JSON.stringify(outputsOf(state))))).toEqual(state);
      }),
    );
  });

  test("does not carry the loader, nor what is computed, among its inputs", () => {
    const { inputs } = parseState({
      ...recorded(1),
      __provider: "exports.handler = ...",
      schemaVersion: 1,
      resource: "x",
    });
    expect(Object.keys(inputs)).not.toContain("__provider");
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(["name", "owner", "targets", "controlPlaneTarget"]));
  });

  test("has no orphaned where there are none", () => {
    expect(outputsOf(aState())).not.toHaveProperty("orphaned");
  });
});

describe("a state that is damaged", () => {
  const whole = recorded(1);
  test.each([
    ["nothing", undefined, "it is empty"],
    ["null", null, "it is empty"],
    ["a list", [], "it is empty"],
    ["an empty map", {}, "it has no name or owner"],
    ["one without a name", { ...whole, name: undefined }, "it has no name or owner"],
    ["one whose owner is a number", { ...whole, owner: 5 }, "it has no name or owner"],
    ["one without members", { ...whole, members: undefined }, "it has no members or controlPlane"],
    ["one whose control plane is text", { ...whole, controlPlane: "gone" }, "it has no members or controlPlane"],
  ])("is refused with what to do about it: %s", (_, outputs, why) => {
    expect(() => parseState(outputs)).toThrow(
      `the recorded state of this GlobalNamespace cannot be read: ${why}. Restore it from an earlier "pulumi stack export"`,
    );
  });

  test("is not taken for one, where a newer package wrote it", () => {
    const newer = { ...whole, schemaVersion: SCHEMA_VERSION + 1 };
    expect(() => parseState(newer)).toThrow(`this package knows ${SCHEMA_VERSION}: update pulumi-global-namespace`);
  });

  test("is refused in a sentence or read so that a diff can be made of it, whatever is broken", () => {
    const keys = Object.keys(whole);
    fc.assert(
      fc.property(fc.constantFrom(...keys), anyJson, (key, value) => {
        const outputs = { ...whole, [key]: value };
        const sentence = /^the recorded state .*("pulumi state delete"|update pulumi-global-namespace)/;
        let state: ReturnType<typeof parseState>;
        try {
          state = parseState(outputs);
        } catch (error) {
          expect((error as Error).message).toMatch(sentence);
          return;
        }
        expect(diff(state, whole, aMesh())).toHaveProperty("changes");
      }),
      { numRuns: 300 },
    );
  });
});

describe("our part of a namespace", () => {
  const ours = (labels: readonly string[], annotations: readonly string[] = []): FieldManager => ({
    manager: fieldManagerOf(OWNER),
    operation: "Apply",
    labels,
    annotations,
  });

  test("is what is declared, as it now is", () => {
    const namespace = aNamespace({ labels: { team: "b", other: "x" }, annotations: { note: "c", foreign: "y" } });
    const target = { labels: { team: "a", tier: "1" }, annotations: { note: "b" } };
    expect(ownPart(namespace, target, OWNER)).toEqual({ labels: { team: "b" }, annotations: { note: "c" } });
  });

  test("is also what our field manager still owns and is no longer declared", () => {
    const namespace = aNamespace({
      labels: { team: "a", old: "x" },
      annotations: { "old-note": "y", [OWNER_ANNOTATION]: OWNER },
      fieldManagers: [ours(["old", "team"], ["old-note", OWNER_ANNOTATION])],
    });
    expect(ownPart(namespace, { labels: { team: "a" } }, OWNER)).toEqual({
      labels: { old: "x", team: "a" },
      annotations: { "old-note": "y" },
    });
  });

  test("is not the name that a plain create of ours put on it", () => {
    const namespace = aNamespace({
      labels: { team: "a", "kubernetes.io/metadata.name": "payments" },
      fieldManagers: [{ ...ours(["kubernetes.io/metadata.name"]), operation: "Update" }, ours(["team"])],
    });
    expect(ownPart(namespace, { labels: { team: "a" } }, OWNER)).toEqual({ labels: { team: "a" } });
  });

  test("is also what competes with the declared injection, whoever set it", () => {
    const namespace = aNamespace({ labels: { "istio.io/rev": "canary", "istio-injection": "enabled" } });
    expect(ownPart(namespace, { labels: { "istio.io/rev": "canary" } }, OWNER).labels).toEqual({
      "istio-injection": "enabled",
      "istio.io/rev": "canary",
    });
  });

  test("is nothing of what others set", () => {
    const kubectl: FieldManager = { manager: "kubectl-label", operation: "Update", labels: ["a"], annotations: ["b"] };
    const namespace = aNamespace({ labels: { a: "1" }, annotations: { b: "2" }, fieldManagers: [kubectl] });
    expect(ownPart(namespace, { labels: {} }, OWNER)).toEqual({ labels: {} });
  });
});
