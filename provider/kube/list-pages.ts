/** Reads a whole collection, page by page. */

import { ClusterError, isClusterError } from "../model/cluster-error";
import { isRecord } from "../model/json";
import type { ApiCall, ApiServer } from "./api-server";

/** Objects a page. Twice what kubectl asks for: of namespaces that is 2 MB, and most meshes have fewer. */
const PAGE_SIZE = 1000;

/**
 * The items of a collection as the server wrote them (they do not repeat `kind` and `apiVersion`). `kind` is what the
 * list must be: `NamespaceList`; `selection` narrows it (`labelSelector`), `accept` asks for another representation.
 */
export async function listItems(
  server: ApiServer,
  path: string,
  kind: string,
  selection: ApiCall["query"] = {},
  accept?: string,
): Promise<readonly unknown[]> {
  try {
    return await readPages(server, { path, kind, selection, accept, limit: PAGE_SIZE });
  } catch (error) {
    // The snapshot that the pages are cut from was compacted away meanwhile. In one piece that cannot happen.
    // https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
    if (isClusterError(error) && error.status === 410)
      return readPages(server, { path, kind, selection, accept, limit: undefined });
    throw error;
  }
}

interface Collection {
  readonly path: string;
  readonly kind: string;
  readonly selection: ApiCall["query"];
  readonly accept: string | undefined;
  readonly limit: number | undefined;
}

async function readPages(
  server: ApiServer,
  { path, kind, selection, accept, limit }: Collection,
): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  let next: string | undefined;
  do {
    const query = { ...selection, limit: limit === undefined ? undefined : String(limit), continue: next };
    const answer = await server.request({ method: "GET", path, query, large: true, ...(accept && { accept }) });
    if (answer.kind === "absent") throw answer.error;
    const { json } = answer;
    // Go writes an empty list as null.
    const items = json.items ?? [];
    if (json.kind !== kind || !Array.isArray(items)) {
      throw new ClusterError("protocol", `the server answered with something that is not a ${kind}`);
    }
    for (const item of items) all.push(item);
    const mark = isRecord(json.metadata) ? json.metadata.continue : undefined;
    next = typeof mark === "string" && mark !== "" ? mark : undefined;
  } while (next !== undefined);
  return all;
}
