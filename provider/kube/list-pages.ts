/** Reads a whole collection, page by page. */

import { ClusterError, isClusterError } from "../model/cluster-error";
import { isRecord } from "../model/json";
import type { ApiCall, ApiServer, JsonObject } from "./api-server";

/** Objects a page. Twice what kubectl asks for: of namespaces that is 2 MB, and most meshes have fewer. */
const PAGE_SIZE = 1000;

/**
 * Objects, pages and characters of JSON after which a list is taken for one that never ends. Kubernetes is made for
 * 150,000 pods: 150 pages, and some hundred MB with all their managed fields. What is read takes several times as much
 * memory, and Node.js has 2 to 4 GB of it.
 * https://kubernetes.io/docs/setup/best-practices/cluster-large/
 */
const MAX_ITEMS = 1_000_000;
const MAX_PAGES = 10_000;
const MAX_SIZE = 256 * 1024 * 1024;

/** Milliseconds after which no further page is asked for: 4 s for each of those. */
const MAX_TIME_MS = 10 * 60_000;

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
  let pages = 0;
  let size = 0;
  let next: string | undefined;
  const late = AbortSignal.timeout(MAX_TIME_MS);
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
    pages += 1;
    size += answer.size ?? 0;
    const mark = markOf(json);
    const isTooMuch = all.length > MAX_ITEMS || pages >= MAX_PAGES || size > MAX_SIZE || late.aborted;
    if (mark !== undefined && (mark === next || isTooMuch)) {
      const what = size > MAX_SIZE ? `is larger than ${MAX_SIZE / 1024 ** 2} MiB` : "does not end";
      throw new ClusterError("protocol", `the server answered with a ${kind} that ${what}`);
    }
    next = mark;
  } while (next !== undefined);
  return all;
}

/** Where the next page begins, if there is one. */
function markOf(json: JsonObject): string | undefined {
  const mark = isRecord(json.metadata) ? json.metadata.continue : undefined;
  return typeof mark === "string" && mark !== "" ? mark : undefined;
}
