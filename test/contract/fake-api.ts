/**
 * A cluster's namespaces in memory, with field ownership as server-side apply keeps it. It holds the same contract as a
 * real API server (`namespace-api.contract.ts`), so that what is tested against it is worth something.
 *
 * Left out: admission, authorization, validation beyond the name, quotas, and the times in managed fields.
 */

import type { NamespaceApi } from "../../provider/kube/namespace-api.ts";
import { ClusterError, type FieldConflict } from "../../provider/model/cluster-error.ts";
import type { FieldManager, Namespace, NamespaceApply } from "../../provider/model/namespace.ts";

type Kind = "labels" | "annotations";
type Changes = Readonly<Record<string, string | null>>;

const KINDS: readonly Kind[] = ["labels", "annotations"];

/** Kubernetes makes them itself, and refuses to delete the first three. */
const BUILT_IN = ["default", "kube-system", "kube-public", "kube-node-lease"];
const NAME_LABEL = "kubernetes.io/metadata.name";
const UNDELETABLE = new Set(["default", "kube-system", "kube-public"]);

interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly labels: Set<string>;
  readonly annotations: Set<string>;
}

interface Stored {
  readonly name: string;
  readonly uid: string;
  readonly creationTimestamp: string;
  resourceVersion: number;
  deletionTimestamp?: string;
  readonly labels: Map<string, string>;
  readonly annotations: Map<string, string>;
  readonly finalizers: Set<string>;
  owners: Owner[];
}

export interface FakeApi extends NamespaceApi {
  /** Writes as kubectl does: an update, which takes the fields it changes; `null` removes. */
  edit(
    name: string,
    changes: { readonly labels?: Changes; readonly annotations?: Changes; readonly finalizers?: readonly string[] },
    manager?: string,
  ): void;
  /** Makes it disappear at once, whatever holds it. */
  vanish(name: string): void;
}

/** `uidPrefix` tells the objects of several fakes apart. */
export function createFakeApi({ uidPrefix = "fake" }: { readonly uidPrefix?: string } = {}): FakeApi {
  const stored = new Map<string, Stored>();
  let version = 0;
  let uids = 0;

  const stamp = (): string => new Date(Date.UTC(2026, 0, 1) + version * 1000).toISOString().replace(".000", "");

  const add = (name: string): Stored => {
    const namespace: Stored = {
      name,
      uid: `${uidPrefix}-${++uids}`,
      creationTimestamp: stamp(),
      resourceVersion: ++version,
      labels: new Map([[NAME_LABEL, name]]),
      annotations: new Map(),
      finalizers: new Set(),
      owners: [],
    };
    stored.set(name, namespace);
    return namespace;
  };
  for (const name of BUILT_IN) add(name);

  /** A namespace that nothing holds any more is gone once somebody has seen that it is going. */
  const collect = (namespace: Stored): void => {
    if (namespace.deletionTimestamp !== undefined && namespace.finalizers.size === 0) stored.delete(namespace.name);
  };

  const ownerOf = (namespace: Stored, manager: string, operation: Owner["operation"]): Owner => {
    const known = namespace.owners.find((owner) => owner.manager === manager && owner.operation === operation);
    if (known !== undefined) return known;
    const owner = { manager, operation, labels: new Set<string>(), annotations: new Set<string>() };
    namespace.owners.push(owner);
    return owner;
  };

  /** Does `write`, and counts the version up if that changed anything. */
  const change = (namespace: Stored, write: () => void): void => {
    const before = JSON.stringify(view(namespace));
    write();
    namespace.owners = namespace.owners.filter((owner) => owner.labels.size + owner.annotations.size > 0);
    if (JSON.stringify(view(namespace)) !== before) namespace.resourceVersion = ++version;
  };

  const update = (namespace: Stored, kind: Kind, changes: Changes, manager: string): void => {
    for (const [key, value] of Object.entries(changes)) {
      if (value === (namespace[kind].get(key) ?? null)) continue;
      for (const owner of namespace.owners) owner[kind].delete(key);
      if (value === null) namespace[kind].delete(key);
      else {
        namespace[kind].set(key, value);
        ownerOf(namespace, manager, "Update")[kind].add(key);
      }
    }
  };

  return {
    async get(name) {
      const namespace = stored.get(name);
      if (namespace === undefined) return undefined;
      const seen = view(namespace);
      collect(namespace);
      return seen;
    },

    async list() {
      const seen = [...stored.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const views = seen.map(view);
      for (const namespace of seen) collect(namespace);
      return views;
    },

    async create(body, fieldManager) {
      refuseBadName(body.name);
      if (stored.has(body.name)) {
        throw new ClusterError("already-exists", `namespaces "${body.name}" already exists`, { status: 409 });
      }
      const namespace = add(body.name);
      // An apply leaves it to nobody.
      ownerOf(namespace, fieldManager, "Update").labels.add(NAME_LABEL);
      for (const kind of KINDS) update(namespace, kind, body[kind], fieldManager);
      return view(namespace);
    },

    async apply(body, { fieldManager, force, dryRun }) {
      const kept = { version, uids, namespace: structuredClone(stored.get(body.name)) };
      const known = stored.get(body.name);
      if (known === undefined) {
        if (body.uid !== undefined) throw changed("uid mismatch: no existing object was found", 409);
        refuseBadName(body.name);
      }
      const conflicts = known === undefined ? [] : conflictsOf(known, body, fieldManager);
      if (known !== undefined && conflicts.length > 0 && !force) throw conflict(conflicts);
      if (known !== undefined && body.uid !== undefined && body.uid !== known.uid) {
        throw changed("metadata.uid: field is immutable", 422);
      }
      const namespace = known ?? add(body.name);
      change(namespace, () => {
        const own = ownerOf(namespace, fieldManager, "Apply");
        for (const kind of KINDS) applyKind(namespace, own, kind, body[kind]);
      });
      const answer = { created: known === undefined, namespace: view(namespace) };
      if (dryRun === true) {
        ({ version, uids } = kept);
        if (kept.namespace === undefined) stored.delete(body.name);
        else stored.set(body.name, kept.namespace);
      }
      return answer;
    },

    async removeLabels({ name, uid, resourceVersion }, keys, fieldManager) {
      const namespace = stored.get(name);
      if (namespace === undefined) throw changed(`namespaces "${name}" not found`, 404);
      if (namespace.uid !== uid) throw changed("metadata.uid: field is immutable", 422);
      if (String(namespace.resourceVersion) !== resourceVersion) throw changed("the object has been modified", 409);
      change(namespace, () =>
        update(namespace, "labels", Object.fromEntries(keys.map((key) => [key, null])), fieldManager),
      );
      return view(namespace);
    },

    async remove({ name, uid, resourceVersion }) {
      const namespace = stored.get(name);
      if (namespace === undefined) return "absent";
      if (UNDELETABLE.has(name)) {
        throw new ClusterError("forbidden", `namespaces "${name}" is forbidden: this namespace may not be deleted`, {
          status: 403,
        });
      }
      if (namespace.uid !== uid) throw changed("Precondition failed: UID", 409);
      if (resourceVersion !== undefined && resourceVersion !== String(namespace.resourceVersion)) {
        throw changed("Precondition failed: ResourceVersion", 409);
      }
      if (namespace.deletionTimestamp === undefined) {
        namespace.resourceVersion = ++version;
        namespace.deletionTimestamp = stamp();
      }
      return "accepted";
    },

    edit(name, { labels = {}, annotations = {}, finalizers }, manager = "kubectl-label") {
      const namespace = stored.get(name);
      if (namespace === undefined) throw new Error(`there is no namespace ${name}`);
      change(namespace, () => {
        update(namespace, "labels", labels, manager);
        update(namespace, "annotations", annotations, manager);
        if (finalizers === undefined) return;
        namespace.finalizers.clear();
        for (const finalizer of finalizers) namespace.finalizers.add(finalizer);
      });
    },

    vanish(name) {
      stored.delete(name);
    },
  };
}

function applyKind(namespace: Stored, own: Owner, kind: Kind, wanted: Readonly<Record<string, string>>): void {
  for (const key of own[kind]) {
    if (Object.hasOwn(wanted, key)) continue;
    own[kind].delete(key);
    // What another manager owns as well stays.
    if (!namespace.owners.some((owner) => owner[kind].has(key))) namespace[kind].delete(key);
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (namespace[kind].get(key) !== value) {
      for (const owner of namespace.owners) if (owner !== own) owner[kind].delete(key);
      namespace[kind].set(key, value);
    }
    own[kind].add(key);
  }
}

function conflictsOf(namespace: Stored, body: NamespaceApply, fieldManager: string): readonly FieldConflict[] {
  return KINDS.flatMap((kind) =>
    Object.entries(body[kind]).flatMap(([key, value]) =>
      namespace[kind].get(key) === value
        ? []
        : namespace.owners
            .filter((owner) => !(owner.manager === fieldManager && owner.operation === "Apply") && owner[kind].has(key))
            .map(({ manager }) => ({ field: `.metadata.${kind}.${key}`, manager })),
    ),
  );
}

function view(namespace: Stored): Namespace {
  const { name, uid, creationTimestamp, deletionTimestamp, labels, annotations, finalizers, owners } = namespace;
  return {
    name,
    uid,
    resourceVersion: String(namespace.resourceVersion),
    creationTimestamp,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    labels: Object.fromEntries(labels),
    annotations: Object.fromEntries(annotations),
    finalizers: [...finalizers, "kubernetes"],
    conditions: [],
    fieldManagers: owners.map(
      (owner): FieldManager => ({
        manager: owner.manager,
        operation: owner.operation,
        labels: [...owner.labels].sort(),
        annotations: [...owner.annotations].sort(),
      }),
    ),
  };
}

function refuseBadName(name: string): void {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  throw new ClusterError("rejected", `metadata.name: Invalid value: "${name}"`, { status: 422 });
}

function conflict(conflicts: readonly FieldConflict[]): ClusterError {
  const named = conflicts.map(({ manager, field }) => `conflict with "${manager}": ${field}`).join(", ");
  return new ClusterError("conflict", `Apply failed with ${conflicts.length} conflict: ${named}`, {
    conflicts,
    status: 409,
  });
}

function changed(message: string, status: number): ClusterError {
  return new ClusterError("changed", message, { status });
}
