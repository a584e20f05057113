/**
 * A small JSON client of a Kubernetes API, with which tests look at clusters and play kubectl.
 *
 * It shares no code with the provider, so a fault there does not hide itself. One connection a request: a server that
 * was stopped and started leaves nothing stale behind.
 */

import * as https from "node:https";
import { readKubeconfig } from "./kubeconfig.ts";

/** As much of any Kubernetes object as tests look at. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Which field manager writes, and whether the write is only tried. */
export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}

/** How a patch is meant; `force` is for `apply` alone. */
export interface PatchOptions extends WriteOptions {
  readonly type?: "merge" | "strategic" | "json" | "apply";
  readonly force?: boolean;
}

/** A request as it goes to the server. */
export interface KubeRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Another representation than plain JSON. */
  readonly accept?: string;
}

/** What the server said, whatever it said. */
export interface KubeResponse {
  readonly status: number;
  readonly body: unknown;
}

/** Paths are those of the API, such as `/api/v1/namespaces/payments`. */
export interface KubeClient {
  /** Fails with a {@link KubeError} when the server refuses. */
  get(path: string): Promise<KubeObject>;
  /** The object, or nothing when there is none. */
  find(path: string): Promise<KubeObject | undefined>;
  list(path: string, query?: Readonly<Record<string, string>>): Promise<readonly KubeObject[]>;
  create(path: string, body: unknown, options?: WriteOptions): Promise<KubeObject>;
  /** A merge patch unless `type` says otherwise. */
  patch(path: string, body: unknown, options?: PatchOptions): Promise<KubeObject>;
  /** Asks for the deletion; a namespace is then Terminating for a while. */
  delete(path: string, body?: unknown): Promise<void>;
  /** Any request at all; never fails because of the status. */
  request(request: KubeRequest): Promise<KubeResponse>;
}

/** A refusal of the API server. */
export class KubeError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(request: KubeRequest, { status, body }: KubeResponse) {
    const message =
      typeof body === "object" && body !== null && "message" in body ? body.message : JSON.stringify(body);
    super(`${request.method} ${request.path}: ${status} ${message}`);
    this.name = "KubeError";
    this.status = status;
    this.body = body;
  }
}

/** By this name the lab's own requests are known in the audit log. */
export const LAB_USER_AGENT = "global-namespace-lab";

const PATCH_TYPES = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** A client with the rights of the kubeconfig's current context. */
export function connect(kubeconfig: string, { timeoutMs = 30_000 }: { readonly timeoutMs?: number } = {}): KubeClient {
  const access = readKubeconfig(kubeconfig);

  function request({ method, path, query, body, contentType, accept }: KubeRequest): Promise<KubeResponse> {
    const url = new URL(path, access.server);
    for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = https.request(url, {
        method,
        agent: false,
        ca: access.authority,
        timeout: timeoutMs,
        ...(access.certificate === undefined ? {} : { cert: access.certificate, key: access.key }),
        headers: {
          accept: accept ?? "application/json",
          "user-agent": LAB_USER_AGENT,
          ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
          ...(text === undefined ? {} : { "content-type": contentType ?? "application/json" }),
        },
      });
      outgoing.once("timeout", () => {
        outgoing.destroy(new Error(`${method} ${path} on ${access.cluster}: no answer in ${timeoutMs} ms`));
      });
      outgoing.once("error", reject);
      outgoing.once("response", (response) => {
        let answer = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          answer += chunk;
        });
        response.once("error", reject);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, body: parseBody(answer) }));
      });
      outgoing.end(text);
    });
  }

  async function successful(wanted: KubeRequest): Promise<KubeResponse> {
    const response = await request(wanted);
    if (response.status >= 300) throw new KubeError(wanted, response);
    return response;
  }

  async function object(wanted: KubeRequest): Promise<KubeObject> {
    return (await successful(wanted)).body as KubeObject;
  }

  return {
    request,
    get: (path) => object({ method: "GET", path }),
    async find(path) {
      const wanted = { method: "GET", path };
      const response = await request(wanted);
      if (response.status === 404) return undefined;
      if (response.status >= 300) throw new KubeError(wanted, response);
      return response.body as KubeObject;
    },
    async list(path, query = {}) {
      const { body } = await successful({ method: "GET", path, query });
      return (body as { readonly items: readonly KubeObject[] }).items;
    },
    create: (path, body, options = {}) => object({ method: "POST", path, body, query: writeQuery(options) }),
    patch: (path, body, { type = "merge", force, ...options } = {}) =>
      object({
        method: "PATCH",
        path,
        body,
        contentType: PATCH_TYPES[type],
        query: { ...writeQuery(options), ...(force === undefined ? {} : { force: String(force) }) },
      }),
    async delete(path, body) {
      await successful({ method: "DELETE", path, body });
    },
  };
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): Record<string, string> {
  return { ...(fieldManager === undefined ? {} : { fieldManager }), ...(dryRun === true ? { dryRun: "All" } : {}) };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
