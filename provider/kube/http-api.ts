/** The namespaces of one cluster over the Kubernetes API. Retry and limits are decorators of what is returned here. */

import type { ApiAnswer, ApiServer, JsonObject } from "./api-server";
import { listItems } from "./list-pages";
import type { NamespaceApi } from "./namespace-api";
import { parseNamespace, parseNamespaceItem, renderNamespace } from "./namespace-json";

const NAMESPACES = "/api/v1/namespaces";

/** `pages` is the same server, for a list: it repeats a page that fails, so that the list is not begun anew. */
export function createHttpApi(server: ApiServer, pages: ApiServer): NamespaceApi {
  return {
    async get(name) {
      const answer = await server.request({ method: "GET", path: pathOf(name) });
      return answer.kind === "absent" ? undefined : parseNamespace(answer.json);
    },

    async list() {
      return (await listItems(pages, NAMESPACES, "NamespaceList")).map(parseNamespaceItem);
    },

    async create(body, fieldManager) {
      const answer = await server.request({
        method: "POST",
        path: NAMESPACES,
        query: { fieldManager, fieldValidation: "Strict" },
        body: { contentType: "application/json", json: renderNamespace(body) },
      });
      return parseNamespace(found(answer).json);
    },

    async apply(body, { fieldManager, force, dryRun }) {
      const query = { fieldManager, force: String(force), fieldValidation: "Strict" };
      const answer = await server.request({
        method: "PATCH",
        path: pathOf(body.name),
        query: dryRun === true ? { ...query, dryRun: "All" } : query,
        // JSON is YAML; the server takes only this content type for an apply.
        body: { contentType: "application/apply-patch+yaml", json: renderNamespace(body) },
      });
      const { status, json } = found(answer);
      const created = status === 201;
      return { created, namespace: parseNamespace(dryRun === true && created ? withVersion(json) : json) };
    },

    async removeLabels({ name, uid, resourceVersion }, keys, fieldManager) {
      const labels = Object.fromEntries(keys.map((key) => [key, null]));
      const answer = await server.request({
        method: "PATCH",
        path: pathOf(name),
        query: { fieldManager, fieldValidation: "Strict" },
        body: { contentType: "application/merge-patch+json", json: { metadata: { uid, resourceVersion, labels } } },
      });
      return parseNamespace(found(answer).json);
    },

    async remove({ name, uid, resourceVersion }) {
      const preconditions = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
      const answer = await server.request({
        method: "DELETE",
        path: pathOf(name),
        body: { contentType: "application/json", json: { apiVersion: "v1", kind: "DeleteOptions", preconditions } },
      });
      return answer.kind === "absent" ? "absent" : "accepted";
    },
  };
}

/** What a dry run would have made is stored nowhere and has no version. */
function withVersion(json: JsonObject): JsonObject {
  return { ...json, metadata: { resourceVersion: "0", ...(json.metadata as JsonObject) } };
}

/** For verbs to which "not found" is no answer: the object has gone since it was read. */
function found(answer: ApiAnswer): { readonly status: number; readonly json: JsonObject } {
  if (answer.kind === "absent") throw answer.error;
  return answer;
}

function pathOf(name: string): string {
  return `${NAMESPACES}/${encodeURIComponent(name)}`;
}
