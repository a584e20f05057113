/** Asks each cluster of a mesh once a kind: namespaces, webhooks that inject, and pods by their metadata. */

import type { ClusterClient } from "../../provider/kube/cluster-client";
import { listInjectionWebhooks } from "../../provider/kube/injection-webhooks";
import { listAllPods } from "../../provider/kube/workloads";
import { isClusterError } from "../../provider/model/cluster-error";
import { ownValue } from "../../provider/model/json";
import type { Namespace } from "../../provider/model/namespace";
import { type ContextOptions, connect } from "../connect";
import { clustersNamed } from "./belonging";
import type { Answer, ClusterSight, MeshSight } from "./sight";

export interface MeshContexts {
  readonly kubeconfigPath: string | undefined;
  /** Of the control plane. */
  readonly context: string | undefined;
  /** The members' contexts by their names. Empty: those that the mesh's namespaces name, in contexts of their names. */
  readonly members: Readonly<Record<string, string>>;
}

export interface Observer {
  /** Throws a sentence where the control plane does not answer. */
  look(): Promise<MeshSight>;
  close(): void;
}

type Connection = Answer<ClusterClient>;

/** Connections stay open from one look to the next. */
export function createObserver({ kubeconfigPath, context, members }: MeshContexts): Observer {
  const controlPlane = connect({ kubeconfigPath, context });
  const connections = new Map<string, Connection>();

  const contextOf = (member: string) => ownValue(members, member) ?? member;
  const connectionOf = (member: string): Connection => {
    const known = connections.get(member) ?? tryConnect({ kubeconfigPath, context: contextOf(member) });
    connections.set(member, known);
    return known;
  };

  return {
    async look() {
      const namespaces = await listOfMesh(controlPlane);
      const given = Object.keys(members).sort();
      const names = given.length > 0 ? given : clustersNamed(namespaces);
      const sights = names.map(async (name) => {
        // A member that is the control plane has been asked for its namespaces.
        const isControlPlane = context !== undefined && contextOf(name) === context;
        const sight = isControlPlane
          ? sightOf({ value: controlPlane }, async () => namespaces)
          : sightOf(connectionOf(name), (client) => client.list());
        return [name, await sight] as const;
      });
      return { controlPlane: namespaces, clusters: Object.fromEntries(await Promise.all(sights)) };
    },
    close() {
      controlPlane.close();
      for (const connection of connections.values()) if ("value" in connection) connection.value.close();
    },
  };
}

async function listOfMesh(controlPlane: ClusterClient) {
  try {
    return await controlPlane.list();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot list the namespaces of the mesh: ${cause}`, { cause: error });
  }
}

/** One member whose context is wrong does not hide the others. */
function tryConnect(options: ContextOptions): Connection {
  try {
    return { value: connect(options) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

async function sightOf(
  connection: Connection,
  list: (client: ClusterClient) => Promise<readonly Namespace[]>,
): Promise<ClusterSight> {
  if ("problem" in connection) return { namespaces: connection, webhooks: connection, pods: connection };
  const { value: client } = connection;
  const [namespaces, webhooks, pods] = await Promise.all([
    answerOf(list(client)),
    answerOf(listInjectionWebhooks(client.server)),
    answerOf(listAllPods(client.server)),
  ]);
  return { namespaces, webhooks, pods };
}

async function answerOf<T>(asked: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await asked };
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return { problem: error.message };
  }
}
