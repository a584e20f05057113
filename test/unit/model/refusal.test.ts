import { describe, expect, test } from "vitest";
import type { FieldManager } from "../../../provider/model/namespace.ts";
import { fieldManagerOf, OWNER_ANNOTATION, syncFieldManagerOf } from "../../../provider/model/owner.ts";
import {
  type Claim,
  describeCompetitors,
  describeConflicts,
  describeOverruled,
  describeOwner,
  describeTakeovers,
  isOursToSettle,
  refusalOf,
} from "../../../provider/model/refusal.ts";
import { aNamespace } from "../kube/builders.ts";
import { OWNER } from "./builders.ts";

const OTHER_STACK = "acme/mesh/prod/mesh/payments";

function aClaim({ adopt = "labels", force = false, ...changes }: Partial<Claim & Claim["policies"]> = {}): Claim {
  return { owner: OWNER, labels: { team: "a" }, policies: { adopt, force }, known: false, written: {}, ...changes };
}

function managerOf(label: string, manager: string): FieldManager {
  return { manager, operation: "Update", labels: [label], annotations: [] };
}

const owned = (owner: string) => aNamespace({ annotations: { [OWNER_ANNOTATION]: owner } });
const injected = (manager: string) =>
  aNamespace({ labels: { "istio-injection": "enabled" }, fieldManagers: [managerOf("istio-injection", manager)] });
const CANARY = { "istio.io/rev": "canary" };

describe("a namespace that is there already", () => {
  test("is taken, by default", () => {
    expect(refusalOf(aNamespace({ labels: { team: "b" } }), aClaim())).toBeUndefined();
  });

  test("is refused where somebody else has set another value for a label that is declared", () => {
    const theirs = (manager: string, value = "b") =>
      aNamespace({ labels: { team: value }, fieldManagers: [managerOf("team", manager)] });
    expect(refusalOf(theirs("kubectl-label"), aClaim())).toEqual({
      property: "labels.team",
      reason: 'label "team" is owned by "kubectl-label"; take it out there or here, or force: true takes it over',
    });
    expect(refusalOf(theirs("kubectl-label", "a"), aClaim())).toBeUndefined();
    expect(refusalOf(theirs("kubectl-label"), aClaim({ force: true }))).toBeUndefined();
    // Drift, and what gives way by itself.
    expect(refusalOf(theirs("kubectl-label"), aClaim({ written: { team: "x" } }))).toBeUndefined();
    expect(refusalOf(theirs(fieldManagerOf(OWNER)), aClaim())).toBeUndefined();
    expect(refusalOf(theirs(syncFieldManagerOf("acme/mesh/dev/mesh/sync")), aClaim())).toBeUndefined();
  });

  test("is taken by force from whoever has it, who is named with what is theirs", () => {
    const existing = aNamespace({
      labels: { team: "b", "istio-injection": "enabled" },
      annotations: { [OWNER_ANNOTATION]: OTHER_STACK },
      fieldManagers: [managerOf("team", "kubectl-label"), managerOf("istio-injection", "argocd")],
    });
    const labels = { team: "a", ...CANARY };
    expect(describeTakeovers(existing, aClaim({ labels, force: true }))).toEqual([
      `it belongs to "${OTHER_STACK}"`,
      'label istio-injection="enabled" is owned by "argocd", and competes with the declared injection',
      'label "team" is owned by "kubectl-label"',
    ]);
    expect(describeTakeovers(existing, aClaim({ labels }))).toEqual([]);
    expect(describeTakeovers(owned(OWNER), aClaim({ labels, force: true }))).toEqual([]);
  });

  test("is refused with adopt: never, unless it is known or our own", () => {
    expect(refusalOf(aNamespace(), aClaim({ adopt: "never" }))).toEqual({
      property: "adopt",
      reason: expect.stringContaining('adopt: "labels" takes it'),
    });
    expect(refusalOf(aNamespace(), aClaim({ adopt: "never", force: true }))?.property).toBe("adopt");
    expect(refusalOf(aNamespace(), aClaim({ adopt: "never", known: true }))).toBeUndefined();
    expect(refusalOf(owned(OWNER), aClaim({ adopt: "never" }))).toBeUndefined();
  });

  test("is refused where another stack owns it, and told whose it is", () => {
    expect(refusalOf(owned(OTHER_STACK), aClaim())).toEqual({
      property: "name",
      reason: `it belongs to "${OTHER_STACK}"; take it out of that stack, or force: true takes it over`,
    });
    expect(refusalOf(owned(OTHER_STACK), aClaim({ known: true }))).toMatchObject({ property: "name" });
  });

  test("is refused with no more of its owner than a message can bear", () => {
    expect(refusalOf(owned("x/".repeat(100_000)), aClaim())?.reason.length).toBeLessThan(600);
  });

  test("is refused where another resource of the stack owns it, with how to rename", () => {
    expect(refusalOf(owned("acme/mesh/dev/mesh/old"), aClaim())).toEqual({
      property: "name",
      reason:
        'it belongs to the GlobalNamespace "old" of this stack; to rename that resource give the new one aliases: [{ name: "old" }]',
    });
  });

  test("is refused where somebody else's label would change the meaning of the injection", () => {
    expect(refusalOf(injected("kubectl-label"), aClaim({ labels: CANARY }))).toEqual({
      property: "injection",
      reason:
        'label istio-injection="enabled" is owned by "kubectl-label", and competes with the declared injection; remove it there, or force: true removes it',
    });
  });

  test("is taken where the competing label is our own from before: the apply leaves it out", () => {
    expect(refusalOf(injected(fieldManagerOf(OWNER)), aClaim({ labels: CANARY }))).toBeUndefined();
  });

  test("is taken whoever has set what it carries, by force", () => {
    const force = true;
    expect(refusalOf(owned(OTHER_STACK), aClaim({ force }))).toBeUndefined();
    expect(refusalOf(injected("kubectl-label"), aClaim({ force, labels: CANARY }))).toBeUndefined();
  });
});

describe("a conflict that the server found", () => {
  const label = (key: string, manager = "kubectl-label") => ({ field: `.metadata.labels.${key}`, manager });
  const annotation = (key: string, manager = "kubectl-annotate") => ({
    field: `.metadata.annotations.${key}`,
    manager,
  });

  test("is drift where all of it is what we wrote before", () => {
    const written = { labels: { team: "a", "istio.io/rev": "canary" }, annotations: { "a.b/note": "c" } };
    expect(isOursToSettle([label("team"), label("istio.io/rev"), annotation("a.b/note")], written)).toBe(true);
    expect(isOursToSettle([label("team"), label("tier")], written)).toBe(false);
    expect(isOursToSettle([annotation("note")], { labels: { note: "x" } })).toBe(false);
    expect(isOursToSettle([label("constructor")], written)).toBe(false);
    expect(isOursToSettle([{ field: ".spec.finalizers", manager: "x" }], written)).toBe(false);
    expect(isOursToSettle([], written)).toBe(false);
  });

  test("is settled in the declaration's favour where a NamespaceSync set the label, and nothing else is in the way", () => {
    const synced = label("istio-injection", syncFieldManagerOf("acme/mesh/dev/mesh/east"));
    expect(isOursToSettle([synced], { labels: {} })).toBe(true);
    expect(isOursToSettle([synced, label("team")], { labels: {} })).toBe(false);
    expect(isOursToSettle([annotation(OWNER_ANNOTATION, synced.manager)], { labels: {} })).toBe(false);
  });

  test("is never drift where it is about the owner", () => {
    expect(isOursToSettle([annotation(OWNER_ANNOTATION)], { labels: {}, annotations: { note: "c" } })).toBe(false);
  });

  test("names each field and its manager", () => {
    expect(describeConflicts([label("team"), { field: ".spec.x", manager: "argocd" }], OWNER)).toBe(
      'label "team" is owned by "kubectl-label", .spec.x is owned by "argocd"; take it out there or here, or force: true takes it over',
    );
  });

  test("names the owner, where that is what it is about", () => {
    const conflict = annotation(OWNER_ANNOTATION, fieldManagerOf(OTHER_STACK));
    expect(describeConflicts([label("team"), conflict], OWNER)).toBe(describeOwner(OTHER_STACK, OWNER));
    expect(describeConflicts([annotation(OWNER_ANNOTATION)], OWNER)).toContain('belongs to "kubectl-annotate"');
  });

  test("says nobody where a competing label has no manager", () => {
    const namespace = aNamespace({ labels: { "istio-injection": "" } });
    expect(describeCompetitors(namespace, { "istio-injection": "" }, ["istio-injection"])).toContain(
      'label istio-injection="" is owned by nobody',
    );
  });
});

describe("a write that something on the cluster has changed", () => {
  test("is told by what was written and what became of it", () => {
    const namespace = aNamespace({ labels: { team: "ops" }, annotations: {} });
    expect(describeOverruled(namespace, { labels: { team: "a" }, annotations: { note: "x" } })).toBe(
      'label "team" was written as "a" and made "ops", annotation "note" was written as "x" and removed in the same moment; ' +
        "an admission webhook or policy of the cluster does that, change it there or declare what it wants",
    );
  });

  test("is nothing to tell where all is as it was written, whatever else stands there", () => {
    const namespace = aNamespace({ labels: { team: "a", other: "1" } });
    expect(describeOverruled(namespace, { labels: { team: "a" } })).toBeUndefined();
  });
});
