/** The mesh as the provider is configured with it: `Mesh`'s inputs, parsed once a process. */

import type { Candidate } from "./affinity";
import { type ClusterConnection, type ExecPlugins, PENDING_KUBECONFIG } from "./connection";
import { type CheckFailure, describePath } from "./failure";
import { isRecord, ownValue, type StringMap } from "./json";
import { problemOfLabelValue } from "./labels";
import { problemOfClusterName } from "./name";
import { failuresOf } from "./parse";
import { CONTROL_PLANE } from "./place";
import * as z from "./zod";

export interface MeshCluster extends Candidate {
  readonly connection: ClusterConnection;
  /** Its kubeconfig is not known before the update: it can be targeted, not asked. */
  readonly pending: boolean;
}

export interface RequestLimits {
  readonly requestTimeoutSeconds: number;
  readonly concurrency: number;
}

export interface Mesh extends RequestLimits {
  /** organization/project/stack/mesh. */
  readonly owner: string;
  /** The name of the member that is the control plane, or `CONTROL_PLANE` where it has an API of its own. */
  readonly controlPlane: string;
  /** The members, and the control plane under `CONTROL_PLANE` where it has an API of its own. */
  readonly connections: Readonly<Record<string, MeshCluster>>;
  readonly clusters: Readonly<Record<string, MeshCluster>>;
  readonly protectedNamespaces: readonly string[];
  readonly podSecurityLabels: boolean;
  readonly execPlugins: ExecPlugins;
}

const connectionShape = {
  context: z.string().optional(),
  kubeconfigPath: z.string().optional(),
  inCluster: z.boolean().optional(),
  insecure: z.boolean().optional(),
};

const meshSchema = z.object({
  owner: z.string(),
  controlPlane: z.union([z.string(), z.strictObject(connectionShape)]),
  clusters: z.record(
    z.string(),
    z.strictObject({
      ...connectionShape,
      labels: z.record(z.string(), z.unknown()).optional(),
      draining: z.boolean().optional(),
    }),
  ),
  kubeconfigs: z.record(z.string(), z.string()).optional(),
  protectedNamespaces: z.array(z.string()).optional(),
  podSecurityLabels: z.boolean().optional(),
  execPlugins: z.union([z.strictObject({ allow: z.array(z.string()) }), z.enum(["allow", "deny"])]).optional(),
  requestTimeoutSeconds: z.number().min(1).max(600).optional(),
  concurrency: z.int().min(1).max(1000).optional(),
});

/** Seconds one request may take, its connection included. kubectl has no limit, a preview in CI needs one. */
export const DEFAULT_REQUEST_TIMEOUT_SECONDS = 15;
/** Requests at once to one cluster; API Priority and Fairness gives a user of its own a few dozen seats. */
export const DEFAULT_CONCURRENCY = 32;

export type MeshResult = { readonly mesh: Mesh } | { readonly failures: readonly CheckFailure[] };

/** Failures name properties of the Mesh; `problemOfMesh` puts them into the words of a namespace's check. */
export function parseMesh(config: unknown): MeshResult {
  if (!isRecord(config) || config.owner === undefined || config.clusters === undefined) {
    return {
      failures: [
        { property: "provider", reason: "is not a Mesh; write new GlobalNamespace(name, args, { provider: mesh })" },
      ],
    };
  }
  const parsed = meshSchema.safeParse(config);
  if (!parsed.success) return { failures: failuresOf(parsed.error, withoutKubeconfigs(config)) };
  const input = parsed.data;
  const kubeconfigs = input.kubeconfigs ?? {};
  const failures: CheckFailure[] = [];

  const cluster = (name: string, given: z.infer<z.ZodObject<typeof connectionShape>>, extra: Partial<Candidate>) => {
    const kubeconfig = ownValue(kubeconfigs, name);
    const pending = kubeconfig === PENDING_KUBECONFIG;
    const { context, kubeconfigPath, inCluster, insecure } = given;
    const connection: ClusterConnection = {
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
      ...(kubeconfigPath !== undefined && { kubeconfigPath }),
      ...(inCluster !== undefined && { inCluster }),
      ...(insecure !== undefined && { insecure }),
    };
    return { connection, pending, labels: extra.labels ?? {}, draining: extra.draining ?? false };
  };

  const clusters: Record<string, MeshCluster> = {};
  for (const [name, given] of Object.entries(input.clusters)) {
    const problem = problemOfClusterName(name);
    if (problem !== undefined) failures.push({ property: describePath(["clusters", name]), reason: problem });
    failures.push(...failuresOfClusterLabels(name, given.labels ?? {}));
    clusters[name] = cluster(name, given, {
      labels: (given.labels ?? {}) as StringMap,
      draining: given.draining ?? false,
    });
  }
  failures.push(...failuresOfConnections(clusters));

  const ownApi = typeof input.controlPlane === "string" ? undefined : cluster(CONTROL_PLANE, input.controlPlane, {});
  if (typeof input.controlPlane === "string" && !Object.hasOwn(clusters, input.controlPlane)) {
    // A kubeconfig that was meant as a connection is not repeated in a message.
    const isName = problemOfClusterName(input.controlPlane) === undefined;
    const given = isName ? JSON.stringify(input.controlPlane) : "is a text that";
    const reason = `${given} is not the name of one of the clusters; give a member's name, or a connection: { kubeconfig: ... }`;
    failures.push({ property: "controlPlane", reason });
  }
  if (ownApi !== undefined) failures.push(...failuresOfConnections({ [CONTROL_PLANE]: ownApi }));
  if (failures.length > 0) return { failures };

  return {
    mesh: {
      owner: input.owner,
      controlPlane: typeof input.controlPlane === "string" ? input.controlPlane : CONTROL_PLANE,
      connections: ownApi === undefined ? clusters : { ...clusters, [CONTROL_PLANE]: ownApi },
      clusters,
      protectedNamespaces: input.protectedNamespaces ?? [],
      podSecurityLabels: input.podSecurityLabels ?? false,
      execPlugins: input.execPlugins ?? "allow",
      requestTimeoutSeconds: input.requestTimeoutSeconds ?? DEFAULT_REQUEST_TIMEOUT_SECONDS,
      concurrency: input.concurrency ?? DEFAULT_CONCURRENCY,
    },
  };
}

/** Where the given value is quoted in a failure, a kubeconfig never is. */
function withoutKubeconfigs(config: Readonly<Record<string, unknown>>): unknown {
  const { kubeconfigs: _, ...rest } = config;
  return rest;
}

function failuresOfClusterLabels(name: string, labels: Readonly<Record<string, unknown>>): CheckFailure[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const problem = problemOfLabelValue(value);
    return problem === undefined
      ? []
      : [{ property: describePath(["clusters", name, "labels", key]), reason: problem }];
  });
}

function failuresOfConnections(clusters: Readonly<Record<string, MeshCluster>>): CheckFailure[] {
  return Object.entries(clusters).flatMap(([name, { connection }]) => {
    const property = name === CONTROL_PLANE ? CONTROL_PLANE : describePath(["clusters", name]);
    const { kubeconfig, kubeconfigPath, context, inCluster } = connection;
    if (kubeconfig !== undefined && kubeconfigPath !== undefined) {
      return [{ property, reason: "has both kubeconfig and kubeconfigPath; give one" }];
    }
    if (inCluster === true && (kubeconfig ?? kubeconfigPath ?? context) !== undefined) {
      return [{ property, reason: "has inCluster: true and a kubeconfig or context; give one" }];
    }
    return [];
  });
}
