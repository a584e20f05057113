/** Looks at everything that a namespace holds. Fails closed: what could not be looked at is told, not left out. */

import { ClusterError, type ClusterErrorCode, isClusterError } from "../model/cluster-error";
import {
  type Contents,
  contentsOf,
  counts,
  enumerate,
  type Listing,
  parseDiscovery,
  type ResourceType,
  remainsOf,
} from "../model/contents";
import type { ApiServer, JsonObject } from "./api-server";
import { peekMetadata } from "./metadata";

/** Kubernetes 1.30 has v2, 1.27 the same under v2beta1. */
const DISCOVERY = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(",");

/** Objects of one type that are read. One is enough for a refusal, more are for its words. */
const PEEK = 100;

/** The cluster did not answer, or not us: nothing can be told of any type. */
const UNANSWERED: readonly ClusterErrorCode[] = ["connection", "unreachable", "tls", "unauthorized"];

/** Namespaces that are looked at in the same moment learn the types from the same answers. */
const underWay = new WeakMap<ApiServer, Promise<readonly JsonObject[]>>();

/** One request for each type of object that the cluster serves, some forty on a small cluster, and two to learn the types. */
export async function lookAtContents(server: ApiServer, namespace: string): Promise<Contents> {
  const { listings, unknown } = await look(server, namespace);
  return contentsOf(listings, unknown);
}

/** The same of a namespace that is being deleted. */
export async function lookAtRemains(server: ApiServer, namespace: string): Promise<Contents> {
  const { listings, unknown } = await look(server, namespace);
  return remainsOf(listings, unknown);
}

async function look(
  server: ApiServer,
  namespace: string,
): Promise<{ readonly listings: readonly Listing[]; readonly unknown: readonly string[] }> {
  const discovery = parseDiscovery(await discoverAll(server));
  if (discovery === undefined) {
    const why = "the API server does not say in one piece what it serves, as Kubernetes does from 1.27 on";
    throw new ClusterError(
      "protocol",
      `it cannot be told whether it is empty: ${why}; deleteNonEmpty: true skips the look`,
    );
  }
  const unknown = discovery.broken.map((name) => `the API service of ${name} does not answer`);
  const forbidden: string[] = [];
  const listings: Listing[] = [];
  const list = async (type: ResourceType) => {
    try {
      listings.push({ type, ...(await peekMetadata(server, pathOf(type, namespace), PEEK)) });
    } catch (error) {
      if (!isClusterError(error) || UNANSWERED.includes(error.code)) throw error;
      if (error.code === "forbidden") forbidden.push(nameOf(type));
      else unknown.push(`${nameOf(type)} cannot be listed (${error.message})`);
    }
  };
  await Promise.all(discovery.types.filter(counts).map(list));
  if (forbidden.length > 0) unknown.push(`${enumerate(forbidden.sort())} may not be listed`);
  return { listings, unknown };
}

function discoverAll(server: ApiServer): Promise<readonly JsonObject[]> {
  const shared = underWay.get(server);
  if (shared !== undefined) return shared;
  const asked = Promise.all(["/api", "/apis"].map((path) => discover(server, path)));
  underWay.set(server, asked);
  const forget = () => underWay.delete(server);
  asked.then(forget, forget);
  return asked;
}

async function discover(server: ApiServer, path: string): Promise<JsonObject> {
  const answer = await server.request({ method: "GET", path, accept: DISCOVERY, large: true });
  if (answer.kind === "absent") throw answer.error;
  return answer.json;
}

function pathOf({ group, version, resource }: ResourceType, namespace: string): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}

function nameOf({ group, resource }: ResourceType): string {
  return group === "" ? resource : `${resource}.${group}`;
}
