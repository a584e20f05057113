/**
 * What everything above `NamespaceApi` relies on, said once and held by the fake and by a real API server alike. A real
 * server is what decides: where a sentence here fails on one, the fake and the code that believes it are wrong.
 */

import { describe, expect, test } from "vitest";
import type { NamespaceApi } from "../../provider/kube/namespace-api.ts";
import type { ClusterError } from "../../provider/model/cluster-error.ts";
import type { Namespace, NamespaceApply } from "../../provider/model/namespace.ts";
import { until } from "../lab/condition.ts";

export interface Subject {
  readonly api: NamespaceApi;
  /** Writes as kubectl does, as field manager `manager`. */
  edit(
    name: string,
    changes: {
      readonly labels?: Readonly<Record<string, string | null>>;
      readonly annotations?: Readonly<Record<string, string | null>>;
      readonly finalizers?: readonly string[];
    },
    manager: string,
  ): void | Promise<void>;
}

const OWNER = "global-namespace.dev/owner";
const ANOTHER_UID = "d0e0a1b0-0000-4000-8000-000000000000";

export function describeNamespaceApi(title: string, makeSubject: () => Subject): void {
  let count = 0;
  const run = Date.now().toString(36);
  /** A name that no other test has. */
  const aName = (): string => `contract-${run}-${++count}`;

  const declare = (name: string, fields: Partial<NamespaceApply> = {}): NamespaceApply => ({
    name,
    labels: {},
    annotations: {},
    ...fields,
  });
  const as = (fieldManager: string, force = false) => ({ fieldManager, force });

  const rejection = async (promise: Promise<unknown>): Promise<ClusterError> => {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: "ClusterError" });
    return error as ClusterError;
  };

  const found = async (api: NamespaceApi, name: string): Promise<Namespace> => {
    const namespace = await api.get(name);
    if (namespace === undefined) throw new Error(`${name} is not there`);
    return namespace;
  };

  const ownLabels = (namespace: Namespace): Record<string, string> => {
    const { "kubernetes.io/metadata.name": _, ...own } = namespace.labels;
    return own;
  };

  const ownersOf = (namespace: Namespace, key: string): readonly string[] =>
    namespace.fieldManagers
      .filter(({ labels, annotations }) => labels.includes(key) || annotations.includes(key))
      .map(({ manager }) => manager)
      .sort();

  const gone = (api: NamespaceApi, name: string): Promise<boolean> =>
    until(async () => (await api.get(name)) === undefined, { what: `the end of ${name}` });

  describe(`${title}: get and list`, () => {
    test("a namespace that is not there is undefined", async () => {
      expect(await makeSubject().api.get(aName())).toBeUndefined();
    });

    test("kube-system has a uid that stays the same", async () => {
      const { api } = makeSubject();
      const { uid } = await found(api, "kube-system");
      expect(uid).not.toBe("");
      expect((await found(api, "kube-system")).uid).toBe(uid);
    });

    test("a list holds what get gives, and every built-in namespace", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" } }), as("us"));
      const list = await api.list();
      expect(list.find((namespace) => namespace.name === name)).toEqual(await api.get(name));
      expect(list.map((namespace) => namespace.name)).toEqual(
        expect.arrayContaining(["default", "kube-system", "kube-public", "kube-node-lease"]),
      );
    });
  });

  describe(`${title}: apply`, () => {
    test("makes a namespace that is not there and says so", async () => {
      const { api } = makeSubject();
      const name = aName();
      const body = declare(name, { labels: { team: "a" }, annotations: { [OWNER]: "me" } });
      const { created, namespace } = await api.apply(body, as("us"));
      expect(created).toBe(true);
      expect(namespace).toMatchObject({ name, annotations: { [OWNER]: "me" } });
      expect(ownLabels(namespace)).toEqual({ team: "a" });
      expect(namespace.deletionTimestamp).toBeUndefined();
    });

    test("of the same again says that it made nothing and leaves the version as it is", async () => {
      const { api } = makeSubject();
      const body = declare(aName(), { labels: { team: "a" } });
      const first = await api.apply(body, as("us"));
      const second = await api.apply(body, as("us"));
      expect(second).toMatchObject({ created: false, namespace: { resourceVersion: first.namespace.resourceVersion } });
    });

    test("as a dry run answers as if it were made and stores nothing", async () => {
      const { api } = makeSubject();
      const body = declare(aName(), { labels: { team: "a" } });
      const dry = await api.apply(body, { ...as("us"), dryRun: true });
      expect(dry).toMatchObject({ created: true, namespace: { labels: { team: "a" } } });
      expect(await api.get(body.name)).toBeUndefined();
      const { namespace } = await api.apply(body, as("us"));
      const changed = await api.apply({ ...body, labels: { team: "b" } }, { ...as("us"), dryRun: true });
      expect(changed).toMatchObject({ created: false, namespace: { uid: namespace.uid, labels: { team: "b" } } });
      expect(await api.get(body.name)).toMatchObject({ labels: { team: "a" } });
    });

    test("as a dry run meets the same conflict", async () => {
      const { api } = makeSubject();
      const body = declare(aName(), { labels: { team: "a" } });
      await api.apply(body, as("them"));
      const dry = api.apply({ ...body, labels: { team: "b" } }, { ...as("us"), dryRun: true });
      await expect(dry).rejects.toMatchObject({ code: "conflict", conflicts: [{ manager: "them" }] });
    });

    test("of no labels at all makes a bare namespace that the manager owns nothing of", async () => {
      const { namespace } = await makeSubject().api.apply(declare(aName()), as("us"));
      expect(ownLabels(namespace)).toEqual({});
      expect(namespace.fieldManagers).toEqual([]);
    });

    test("owns the labels and annotations it sets", async () => {
      const body = declare(aName(), { labels: { team: "a", "acme.com/x": "1" }, annotations: { [OWNER]: "me" } });
      const { namespace } = await makeSubject().api.apply(body, as("us"));
      expect(namespace.fieldManagers).toMatchObject([{ manager: "us", operation: "Apply", annotations: [OWNER] }]);
      expect([...(namespace.fieldManagers[0]?.labels ?? [])].sort()).toEqual(["acme.com/x", "team"]);
    });

    test("removes a label that it set before and does not name any more", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a", tier: "1" } }), as("us"));
      const { namespace } = await api.apply(declare(name, { labels: { team: "a" } }), as("us"));
      expect(ownLabels(namespace)).toEqual({ team: "a" });
    });

    test("leaves alone what others have set", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" } }), as("us"));
      await edit(name, { labels: { theirs: "x" }, annotations: { note: "y" } }, "kubectl-label");
      const { namespace } = await api.apply(declare(name), as("us"));
      expect(ownLabels(namespace)).toEqual({ theirs: "x" });
      expect(namespace.annotations).toMatchObject({ note: "y" });
    });

    test("of another value than another manager has applied is a conflict that names field and manager", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" }, annotations: { [OWNER]: "first" } }), as("first"));
      const claim = declare(name, { labels: { team: "b" }, annotations: { [OWNER]: "second" } });
      const error = await rejection(api.apply(claim, as("second")));
      expect(error).toMatchObject({ code: "conflict", retryable: false, status: 409 });
      expect([...error.conflicts].sort((a, b) => (a.field < b.field ? -1 : 1))).toEqual([
        { field: `.metadata.annotations.${OWNER}`, manager: "first" },
        { field: ".metadata.labels.team", manager: "first" },
      ]);
      expect(ownLabels(await found(api, name))).toEqual({ team: "a" });
    });

    test("of another value than kubectl has written is a conflict", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { tier: "1" } }), as("us"));
      await edit(name, { labels: { team: "b" } }, "kubectl-label");
      const error = await rejection(api.apply(declare(name, { labels: { team: "a" } }), as("us")));
      expect(error.conflicts).toEqual([{ field: ".metadata.labels.team", manager: "kubectl-label" }]);
    });

    test("conflicts even with an update under its own name", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { tier: "1" } }), as("us"));
      await edit(name, { labels: { team: "b" } }, "us");
      const error = await rejection(api.apply(declare(name, { labels: { team: "a" } }), as("us")));
      expect(error.conflicts).toEqual([{ field: ".metadata.labels.team", manager: "us" }]);
    });

    test("of the same value as another manager's shares the field", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" } }), as("first"));
      const { namespace } = await api.apply(declare(name, { labels: { team: "a" } }), as("second"));
      expect(ownersOf(namespace, "team")).toEqual(["first", "second"]);
    });

    test("that gives up a shared field leaves its value", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" } }), as("first"));
      await api.apply(declare(name, { labels: { team: "a" } }), as("second"));
      const { namespace } = await api.apply(declare(name), as("second"));
      expect(ownLabels(namespace)).toEqual({ team: "a" });
      expect(ownersOf(namespace, "team")).toEqual(["first"]);
    });

    test("with force takes the field from the other manager", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" } }), as("first"));
      const { namespace } = await api.apply(declare(name, { labels: { team: "b" } }), as("second", true));
      expect(ownLabels(namespace)).toEqual({ team: "b" });
      expect(ownersOf(namespace, "team")).toEqual(["second"]);
    });

    test("loses a field that kubectl changes", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" } }), as("us"));
      await edit(name, { labels: { team: "b" } }, "kubectl-label");
      const namespace = await found(api, name);
      expect(ownLabels(namespace)).toEqual({ team: "b" });
      expect(ownersOf(namespace, "team")).toEqual(["kubectl-label"]);
    });

    test("sets a label again that kubectl has removed", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      const body = declare(name, { labels: { team: "a" } });
      await api.apply(body, as("us"));
      await edit(name, { labels: { team: null } }, "kubectl-label");
      expect((await found(api, name)).fieldManagers).toEqual([]);
      expect(ownLabels((await api.apply(body, as("us"))).namespace)).toEqual({ team: "a" });
    });

    test("keeps a label whose value is empty", async () => {
      const body = declare(aName(), { labels: { team: "" } });
      expect(ownLabels((await makeSubject().api.apply(body, as("us"))).namespace)).toEqual({ team: "" });
    });

    test("under the right uid changes the namespace", async () => {
      const { api } = makeSubject();
      const name = aName();
      const { namespace } = await api.apply(declare(name), as("us"));
      const next = await api.apply(declare(name, { uid: namespace.uid, labels: { team: "a" } }), as("us"));
      expect(next).toMatchObject({ created: false, namespace: { uid: namespace.uid } });
    });

    test("under a uid never makes a namespace", async () => {
      const { api } = makeSubject();
      const name = aName();
      expect((await rejection(api.apply(declare(name, { uid: ANOTHER_UID }), as("us")))).code).toBe("changed");
      expect(await api.get(name)).toBeUndefined();
    });

    test("under another uid changes nothing", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name), as("us"));
      const body = declare(name, { uid: ANOTHER_UID, labels: { team: "a" } });
      expect((await rejection(api.apply(body, as("us")))).code).toBe("changed");
      expect(ownLabels(await found(api, name))).toEqual({});
    });

    test("that is wrong about the uid and in conflict says conflict", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a" } }), as("first"));
      const body = declare(name, { uid: ANOTHER_UID, labels: { team: "b" } });
      expect((await rejection(api.apply(body, as("second")))).code).toBe("conflict");
    });

    test("under a name that Kubernetes does not allow is rejected", async () => {
      expect(await rejection(makeSubject().api.apply(declare("Not-Allowed"), as("us")))).toMatchObject({
        code: "rejected",
        retryable: false,
      });
    });

    test("to a namespace that is going succeeds and shows that it is going", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      const { uid } = (await api.apply(declare(name), as("us"))).namespace;
      await edit(name, { finalizers: ["contract.example/hold"] }, "test");
      await api.remove({ name, uid });
      const late = await api.apply(declare(name, { labels: { team: "a" } }), as("us"));
      expect(late.created).toBe(false);
      expect(late.namespace.deletionTimestamp).toMatch(/^\d{4}-/);
      expect(late.namespace.finalizers).toContain("contract.example/hold");
      await edit(name, { finalizers: [] }, "test");
    });
  });

  describe(`${title}: create`, () => {
    test("makes a namespace and owns its labels by update", async () => {
      const body = declare(aName(), { labels: { team: "a" } });
      const namespace = await makeSubject().api.create(body, "us");
      expect(ownLabels(namespace)).toEqual({ team: "a" });
      expect(namespace.fieldManagers).toMatchObject([{ manager: "us", operation: "Update" }]);
      expect(ownersOf(namespace, "team")).toEqual(["us"]);
    });

    test("of a name that is taken says so", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name), as("us"));
      expect((await rejection(api.create(declare(name), "us"))).code).toBe("already-exists");
    });

    test("of a name whose namespace is going says that it is taken", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      const { uid } = await api.create(declare(name), "us");
      await edit(name, { finalizers: ["contract.example/hold"] }, "test");
      await api.remove({ name, uid });
      expect((await rejection(api.create(declare(name), "us"))).code).toBe("already-exists");
      await edit(name, { finalizers: [] }, "test");
    });
  });

  describe(`${title}: removeLabels`, () => {
    test("removes labels whoever owns them, and leaves the others", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      await api.apply(declare(name, { labels: { team: "a", tier: "1" } }), as("us"));
      await edit(name, { labels: { "istio-injection": "enabled" } }, "kubectl-label");
      const after = await api.removeLabels(await found(api, name), ["istio-injection", "tier"], "us");
      expect(ownLabels(after)).toEqual({ team: "a" });
      expect(ownersOf(after, "istio-injection")).toEqual([]);
      expect(ownersOf(after, "tier")).toEqual([]);
    });

    test("of a label that is not there changes nothing", async () => {
      const { api } = makeSubject();
      const { namespace } = await api.apply(declare(aName(), { labels: { team: "a" } }), as("us"));
      expect(await api.removeLabels(namespace, ["other"], "us")).toEqual(namespace);
    });

    test("under another version is refused", async () => {
      const { api } = makeSubject();
      const name = aName();
      const before = (await api.apply(declare(name, { labels: { team: "a" } }), as("us"))).namespace;
      await api.apply(declare(name, { labels: { team: "b" } }), as("us"));
      expect((await rejection(api.removeLabels(before, ["team"], "us"))).code).toBe("changed");
      expect(ownLabels(await found(api, name))).toEqual({ team: "b" });
    });

    test("under another uid is refused", async () => {
      const { api } = makeSubject();
      const { namespace } = await api.apply(declare(aName(), { labels: { team: "a" } }), as("us"));
      const stranger = { ...namespace, uid: ANOTHER_UID };
      expect((await rejection(api.removeLabels(stranger, ["team"], "us"))).code).toBe("changed");
    });

    test("of a namespace that is not there is refused", async () => {
      const nobody = { name: aName(), uid: ANOTHER_UID, resourceVersion: "1" };
      expect((await rejection(makeSubject().api.removeLabels(nobody, ["team"], "us"))).code).toBe("changed");
    });
  });

  describe(`${title}: remove`, () => {
    test("begins the deletion, and the namespace goes", async () => {
      const { api } = makeSubject();
      const name = aName();
      const { namespace } = await api.apply(declare(name), as("us"));
      expect(await api.remove(namespace)).toBe("accepted");
      expect(await gone(api, name)).toBe(true);
    });

    test("of a namespace that is not there says that it is absent", async () => {
      expect(await makeSubject().api.remove({ name: aName(), uid: ANOTHER_UID })).toBe("absent");
    });

    test("under another uid is refused", async () => {
      const { api } = makeSubject();
      const name = aName();
      await api.apply(declare(name), as("us"));
      expect((await rejection(api.remove({ name, uid: ANOTHER_UID }))).code).toBe("changed");
      expect((await found(api, name)).deletionTimestamp).toBeUndefined();
    });

    test("under another version is refused", async () => {
      const { api } = makeSubject();
      const name = aName();
      const { namespace } = await api.apply(declare(name), as("us"));
      await api.apply(declare(name, { labels: { team: "a" } }), as("us"));
      expect((await rejection(api.remove(namespace))).code).toBe("changed");
    });

    test("of a namespace that a finalizer holds shows what holds it", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      const { uid } = (await api.apply(declare(name), as("us"))).namespace;
      await edit(name, { finalizers: ["contract.example/hold"] }, "test");
      expect(await api.remove({ name, uid })).toBe("accepted");
      const going = await found(api, name);
      expect(going.deletionTimestamp).toMatch(/^\d{4}-/);
      expect(going.finalizers).toContain("contract.example/hold");
      await edit(name, { finalizers: [] }, "test");
      expect(await gone(api, name)).toBe(true);
    });

    test("again of a namespace that is going is accepted again", async () => {
      const { api, edit } = makeSubject();
      const name = aName();
      const { uid } = (await api.apply(declare(name), as("us"))).namespace;
      await edit(name, { finalizers: ["contract.example/hold"] }, "test");
      await api.remove({ name, uid });
      expect(await api.remove({ name, uid })).toBe("accepted");
      await edit(name, { finalizers: [] }, "test");
    });

    test("of kube-system is forbidden", async () => {
      const { api } = makeSubject();
      const { name, uid } = await found(api, "kube-system");
      expect((await rejection(api.remove({ name, uid }))).code).toBe("forbidden");
    });

    test("makes room for another namespace of the name with another uid", async () => {
      const { api } = makeSubject();
      const name = aName();
      const first = (await api.apply(declare(name), as("us"))).namespace;
      await api.remove(first);
      expect(await gone(api, name)).toBe(true);
      const second = await api.apply(declare(name), as("us"));
      expect(second.created).toBe(true);
      expect(second.namespace.uid).not.toBe(first.uid);
    });
  });
}
