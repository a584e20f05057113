import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FieldManager } from "../../../provider/model/namespace.ts";
import {
  affinityAnnotations,
  fieldManagerOf,
  isCreatorOf,
  OWNER_ANNOTATION,
  ownerOf,
  ownerOfFieldManager,
  wasCreatedBy,
} from "../../../provider/model/owner.ts";
import { aNamespace } from "../kube/builders.ts";
import { anyText, OWNER } from "./builders.ts";

/** FieldManagerMaxLength and unicode.IsPrint, as the API server has them. */
const FIELD_MANAGER = /^[\x20-\x7e]{1,128}$/;

describe("the field manager of an owner", () => {
  test("is the owner behind this package's prefix", () => {
    expect(fieldManagerOf(OWNER)).toBe(`global-namespace.dev/${OWNER}`);
    expect(ownerOfFieldManager(fieldManagerOf(OWNER))).toBe(OWNER);
  });

  test("keeps the end of an owner that is too long, behind a digest of the whole", () => {
    const fits = "o".repeat(107);
    expect(fieldManagerOf(fits)).toBe(`global-namespace.dev/${fits}`);
    expect(fieldManagerOf(fits)).toHaveLength(128);
    const tooLong = `${"o".repeat(107)}/payments`;
    expect(fieldManagerOf(tooLong)).toMatch(/^global-namespace\.dev\/[0-9a-f]{8}~o+\/payments$/);
    expect(fieldManagerOf(tooLong)).toHaveLength(128);
  });

  test("is one that the API server takes, and always the same", () => {
    fc.assert(
      fc.property(anyText, (owner) => {
        expect(fieldManagerOf(owner)).toMatch(FIELD_MANAGER);
        expect(fieldManagerOf(owner)).toBe(fieldManagerOf(owner));
      }),
    );
  });

  test("tells owners apart whose long names differ only at the beginning", () => {
    const names = Array.from({ length: 500 }, (_, index) => `organization-${index}/${"p".repeat(130)}`);
    expect(new Set(names.map(fieldManagerOf)).size).toBe(names.length);
  });

  test("is no stranger's", () => {
    expect(ownerOfFieldManager("kubectl-label")).toBeUndefined();
    expect(ownerOfFieldManager("global-namespace.devious")).toBeUndefined();
  });
});

describe("the marks on a namespace", () => {
  test("are one annotation a cluster, so that two writers never share a value", () => {
    expect(affinityAnnotations(["east", "west"])).toEqual({
      "global-namespace.dev/cluster.east": "true",
      "global-namespace.dev/cluster.west": "true",
    });
    expect(affinityAnnotations([])).toEqual({});
  });

  test("name the owner, if it has one", () => {
    expect(ownerOf(aNamespace())).toBeUndefined();
    expect(ownerOf(aNamespace({ annotations: { [OWNER_ANNOTATION]: OWNER } }))).toBe(OWNER);
  });
});

describe("whether an owner made a namespace", () => {
  const created = "2026-11-01T00:00:00Z";
  const later = "2026-11-01T00:00:05Z";
  const before = "2026-10-31T23:59:59Z";
  const entry = (manager: string, time: string | undefined, parts: Partial<FieldManager> = {}): FieldManager => ({
    manager,
    operation: "Apply",
    labels: [],
    annotations: [],
    ...(time !== undefined && { time }),
    ...parts,
  });
  const ours = fieldManagerOf(OWNER);
  const cases: readonly (readonly [string, readonly FieldManager[], boolean])[] = [
    ["yes, where ours alone is as old as the namespace", [entry(ours, created)], true],
    ["yes, where a second began between the server's two looks at its clock", [entry(ours, before)], true],
    ["yes, where others wrote afterwards", [entry(ours, created), entry("kubectl-label", later)], true],
    [
      "yes, where the namespace controller set the status at once",
      [entry(ours, created), entry("kube-controller-manager", created, { operation: "Update", subresource: "status" })],
      true,
    ],
    ["no, where ours is younger", [entry(ours, later)], false],
    ["no, where another is as old as ours", [entry(ours, created), entry("kubectl-create", created)], false],
    ["no, where another is older than ours", [entry(ours, created), entry("kubectl-create", before)], false],
    ["no, where another has no time", [entry(ours, created), entry("kubectl-create", undefined)], false],
    ["no, where ours has no time", [entry(ours, undefined)], false],
    ["no, where ours is of a subresource", [entry(ours, created, { subresource: "status" })], false],
    ["no, where another owner made it", [entry(fieldManagerOf("acme/other/dev/mesh/payments"), created)], false],
    ["no, where nothing is known", [], false],
  ];
  test.each(cases)("%s", (_, fieldManagers, expected) => {
    expect(wasCreatedBy(OWNER, aNamespace({ creationTimestamp: created, fieldManagers }))).toBe(expected);
  });

  test("is told by a look at the same object before our own write made our entry younger", () => {
    const seen = (time: string, uid: string) =>
      aNamespace({ uid, creationTimestamp: created, fieldManagers: [entry(ours, time)] });
    expect(wasCreatedBy(OWNER, seen(later, "uid-1"), seen(created, "uid-1"))).toBe(true);
    expect(wasCreatedBy(OWNER, seen(later, "uid-1"), seen(created, "uid-2"))).toBe(false);
    expect(wasCreatedBy(OWNER, seen(later, "uid-1"), undefined)).toBe(false);
  });

  test("is never said of a namespace that another manager may have made", () => {
    const time = fc.constantFrom(undefined, created, later, before);
    const manager = fc.record({ manager: fc.constantFrom(ours, "kubectl", "argocd"), time });
    fc.assert(
      fc.property(fc.array(manager, { maxLength: 4 }), (entries) => {
        const fieldManagers = entries.map(({ manager: name, time: at }) => entry(name, at));
        const mayBeForeign = entries.some(({ manager: name, time: at }) => name !== ours && (at ?? "") <= created);
        if (mayBeForeign) {
          expect(wasCreatedBy(OWNER, aNamespace({ creationTimestamp: created, fieldManagers }))).toBe(false);
        }
      }),
    );
  });
});

describe("the creator of a namespace, told from its managed fields", () => {
  const ours = fieldManagerOf(OWNER);
  const entry = (manager: string, operation: "Apply" | "Update", labels: readonly string[]): FieldManager => ({
    manager,
    operation,
    time: "2026-11-01T00:00:00Z",
    labels,
    annotations: [],
  });
  const applied = entry(ours, "Apply", ["team"]);
  const labelled = entry("kubectl-label", "Update", ["cost-center"]);
  const cases: readonly { title: string; fieldManagers: readonly FieldManager[]; expected: boolean }[] = [
    { title: "is who sent the only apply", fieldManagers: [applied], expected: true },
    { title: "is the same after others have labelled it", fieldManagers: [applied, labelled], expected: true },
    {
      title: "is who sent the plain create",
      fieldManagers: [entry("kubectl-create", "Update", ["kubernetes.io/metadata.name"]), applied],
      expected: false,
    },
    {
      title: "is this owner where it sent the plain create",
      fieldManagers: [entry(ours, "Update", ["kubernetes.io/metadata.name"]), applied],
      expected: true,
    },
    {
      title: "is in doubt between two applies",
      fieldManagers: [applied, entry("flux", "Apply", ["a"])],
      expected: false,
    },
    { title: "is in doubt without managed fields", fieldManagers: [], expected: false },
    {
      title: "is not who wrote through a subresource",
      fieldManagers: [applied, { ...entry("controller", "Apply", []), subresource: "status" }],
      expected: true,
    },
  ];
  for (const { title, fieldManagers, expected } of cases) {
    test(title, () => expect(isCreatorOf(OWNER, aNamespace({ fieldManagers }))).toBe(expected));
  }
});
