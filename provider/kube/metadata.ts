/** Metadata-only requests: what objects are called, carry and belong to, without what is in them. */

import { ClusterError } from "../model/cluster-error";
import { isRecord } from "../model/json";
import type { ObjectMetadata, OwnerReference } from "../model/object";
import type { ApiServer } from "./api-server";
import { listItems } from "./list-pages";

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** All objects of a collection, page by page. */
export async function listMetadata(
  server: ApiServer,
  path: string,
  fieldSelector?: string,
): Promise<readonly ObjectMetadata[]> {
  const items = await listItems(server, path, "PartialObjectMetadataList", { fieldSelector }, METADATA_LIST);
  return items.map(parseMetadata);
}

/** The first objects of a collection, and how many more there are at least. */
export async function peekMetadata(
  server: ApiServer,
  path: string,
  limit: number,
): Promise<{ readonly objects: readonly ObjectMetadata[]; readonly remaining: number }> {
  // An API server that is no kube-apiserver may know whole objects only.
  const accept = `${METADATA_LIST},application/json`;
  const query = { limit: String(limit) };
  const answer = await server.request({ method: "GET", path, query, accept, large: true });
  if (answer.kind === "absent") throw answer.error;
  const { kind, items = [], metadata } = answer.json;
  // Go writes an empty list as null.
  const list = items ?? [];
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(list)) throw unexpected();
  const { continue: mark, remainingItemCount } = isRecord(metadata) ? metadata : {};
  const isCut = typeof mark === "string" && mark !== "";
  const remaining = isCut ? (typeof remainingItemCount === "number" ? remainingItemCount : 1) : 0;
  return { objects: list.map(parseMetadata), remaining };
}

/** @throws ClusterError `protocol` */
function parseMetadata(json: unknown): ObjectMetadata {
  const metadata = isRecord(json) ? json.metadata : undefined;
  if (!isRecord(metadata) || typeof metadata.name !== "string") throw unexpected();
  const { name, namespace, uid, deletionTimestamp } = metadata;
  return {
    name,
    ...(typeof namespace === "string" ? { namespace } : {}),
    uid: typeof uid === "string" ? uid : "",
    labels: texts(metadata.labels),
    annotations: texts(metadata.annotations),
    owners: objects(metadata.ownerReferences).map(parseOwner),
    finalizers: Array.isArray(metadata.finalizers) ? metadata.finalizers.map(String) : [],
    ...(typeof deletionTimestamp === "string" ? { deletionTimestamp } : {}),
    setFields: objects(metadata.managedFields).map((entry) => entry.fieldsV1),
  };
}

function parseOwner({ kind, name, uid, controller }: Readonly<Record<string, unknown>>): OwnerReference {
  return { kind: String(kind), name: String(name), uid: String(uid), controller: controller === true };
}

function texts(map: unknown): Readonly<Record<string, string>> {
  if (!isRecord(map)) return {};
  const entries = Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(entries);
}

function objects(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function unexpected(): ClusterError {
  return new ClusterError("protocol", "the server answered with something that is not a list of objects");
}
