/** Workloads of one namespace in memory, as an API server shows them: pods by their metadata, and rollouts that end or do not. */

import type { ApiAnswer, ApiCall, ApiServer } from "../../../provider/kube/api-server.ts";
import { ClusterError } from "../../../provider/model/cluster-error.ts";

export interface FakeWorkload {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
  /**
   * What a restart comes to: new pods (by default), new pods that have what the old ones had, new pods that never become
   * available beside old ones, or in the place of the old ones.
   */
  readonly restart?: "works" | "changes nothing" | "hangs" | "hangs with new pods alone";
  readonly paused?: boolean;
  readonly onDelete?: boolean;
}

export interface FakeWorkloads {
  readonly server: ApiServer;
  /** Requests, as `PATCH deployments/api`. */
  readonly requests: string[];
  /** The most rollouts that were under way at once. */
  readonly mostAtOnce: () => number;
  /** Makes a hanging rollout come to its end. */
  heal(name: string): void;
}

interface Stored extends FakeWorkload {
  generation: number;
  /** Of its one pod. */
  revision: string;
  isAvailable: boolean;
  /** Looks until a rollout that works is done. */
  looksLeft: number;
}

/** `from` is what the pods have, `to` what a new pod gets. `looks`: how often a rollout is looked at before it is done. */
export function fakeWorkloads(
  workloads: readonly FakeWorkload[],
  { from = "stable", to = "canary", looks = 3, barePods = [] as readonly string[] } = {},
): FakeWorkloads {
  const stored = new Map<string, Stored>();
  for (const workload of workloads) {
    const path = `${workload.kind.toLowerCase()}s/${workload.name}`;
    stored.set(path, { ...workload, generation: 1, revision: from, isAvailable: true, looksLeft: 0 });
  }
  const requests: string[] = [];
  let most = 0;

  const underWay = () => [...stored.values()].filter(({ looksLeft }) => looksLeft > 0).length;

  const finish = (workload: Stored) => {
    workload.looksLeft = 0;
    workload.isAvailable = true;
    if (workload.restart !== "changes nothing") workload.revision = to;
  };

  const restart = (workload: Stored) => {
    workload.generation++;
    workload.looksLeft = looks;
    if (workload.restart?.startsWith("hangs")) workload.isAvailable = false;
    if (workload.restart === "hangs with new pods alone") workload.revision = to;
    most = Math.max(most, underWay());
  };

  const look = (workload: Stored) => {
    if (workload.looksLeft === 0 || workload.restart?.startsWith("hangs")) return;
    workload.looksLeft--;
    if (workload.looksLeft === 0) finish(workload);
  };

  const podOf = (name: string, revision: string, owner?: Stored) => ({
    metadata: {
      name,
      uid: `uid of ${name}`,
      annotations: { "istio.io/rev": revision },
      ownerReferences: owner === undefined ? [] : [{ ...referenceOf(owner), controller: true }],
    },
  });

  const list = (items: readonly unknown[]): ApiAnswer => found({ kind: "PartialObjectMetadataList", items });
  const answer = ({ method, path }: ApiCall): ApiAnswer => {
    const resource = path.replace(/^.*\/namespaces\/[^/]+\//, "");
    requests.push(`${method} ${resource}`);
    const all = [...stored.values()];
    if (resource === "pods") {
      const bare = barePods.map((name) => podOf(name, from));
      return list([...all.map((workload) => podOf(`${workload.name}-1`, workload.revision, workload)), ...bare]);
    }
    if (resource === "replicasets") {
      return list(
        all.map(({ kind, name }) => ({
          metadata: {
            name: `${name}-rs`,
            uid: `uid of ${name}-rs`,
            ownerReferences: [{ kind, name, uid: `uid of ${name}`, controller: true }],
          },
        })),
      );
    }
    const workload = stored.get(resource);
    if (workload === undefined) throw new ClusterError("forbidden", `the fake has no ${resource}`);
    if (method === "PATCH") restart(workload);
    else look(workload);
    return found(objectOf(workload));
  };

  return {
    server: { request: async (call) => answer(call) },
    requests,
    mostAtOnce: () => most,
    heal: (name) => {
      for (const workload of stored.values()) if (workload.name === name) finish(workload);
    },
  };
}

function referenceOf({ kind, name }: Stored) {
  if (kind !== "Deployment") return { kind, name, uid: `uid of ${name}` };
  return { kind: "ReplicaSet", name: `${name}-rs`, uid: `uid of ${name}-rs` };
}

/** With the numbers of all three kinds; each reads its own. */
function objectOf(workload: Stored): Readonly<Record<string, unknown>> {
  const { generation, isAvailable, looksLeft, paused, onDelete } = workload;
  const isDone = looksLeft === 0;
  const ready = isAvailable ? 1 : 0;
  return {
    metadata: { generation },
    spec: {
      replicas: 1,
      ...(paused && { paused }),
      updateStrategy: { type: onDelete === true ? "OnDelete" : "RollingUpdate" },
    },
    status: {
      observedGeneration: generation,
      replicas: 1,
      updatedReplicas: isDone || !isAvailable ? 1 : 0,
      availableReplicas: ready,
      readyReplicas: ready,
      updateRevision: "b",
      currentRevision: isDone ? "b" : "a",
      desiredNumberScheduled: 1,
      updatedNumberScheduled: isDone ? 1 : 0,
      numberAvailable: ready,
    },
  };
}

function found(json: Readonly<Record<string, unknown>>): ApiAnswer {
  return { kind: "found", status: 200, json };
}
