/**
 * JSON requests to one cluster's API server: who we are, what the answer means, and nothing of what is asked. Every
 * rejection is a `ClusterError` whose message holds no secret.
 */

import type { ClusterError } from "../model/cluster-error";
import { isRecord, parseJson } from "../model/json";
import { type ClassifyContext, classifyAnswer, classifyFailure, readStatus } from "./classify";
import type { Credential, Credentials } from "./credentials";
import type { Redactor } from "./redact";
import type { ResolvedCluster } from "./resolved-cluster";
import type { Transport } from "./transport";
import { TransportError } from "./transport-error";
import type { WireAnswer } from "./wire";

export interface ApiCall {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** From the root of the API: `/api/v1/namespaces/payments`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: { readonly contentType: string; readonly json: unknown };
  /** Asks for another representation than the object itself: its metadata alone, discovery in one piece. */
  readonly accept?: string;
  /** A collection: it may be large, and is asked for packed. */
  readonly large?: boolean;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export type ApiAnswer =
  | {
      readonly kind: "found";
      readonly status: number;
      readonly json: JsonObject;
      /** Characters of the body, unpacked; absent where there was no body to count. */
      readonly size?: number;
    }
  /** The API's own word that the named object is not there. A 404 of a proxy or for an unknown path is an error. */
  | { readonly kind: "absent"; readonly error: ClusterError };

export interface ApiServer {
  request(call: ApiCall): Promise<ApiAnswer>;
}

/** Bytes; etcd stores at most 1.5 MiB an object (`--max-request-bytes`). */
const MAX_OBJECT_BYTES = 4 * 1024 * 1024;
const MAX_LIST_BYTES = 64 * 1024 * 1024;

function maxBytesOf({ large }: ApiCall): number {
  return large === true ? MAX_LIST_BYTES : MAX_OBJECT_BYTES;
}

export function createApiServer(
  cluster: ResolvedCluster,
  parts: {
    readonly transport: Transport;
    readonly credentials: Credentials;
    readonly redactor: Redactor;
    readonly userAgent: string;
    /** Milliseconds for one request, admission webhooks included, each of which Kubernetes gives 10 s by itself. */
    readonly requestTimeLimitMs: number;
    now(): number;
  },
): ApiServer {
  const server = new URL(cluster.server);
  const basePath = server.pathname.replace(/\/+$/, "");
  const context: ClassifyContext = {
    address: server.host,
    redact: (text) => parts.redactor.redact(text),
    now: () => parts.now(),
  };
  const fixedHeaders = {
    accept: "application/json",
    "user-agent": parts.userAgent,
    ...impersonationHeaders(cluster),
  };

  const send = (call: ApiCall, credential: Credential): Promise<WireAnswer> =>
    parts.transport.send(
      {
        method: call.method,
        path: basePath + call.path + queryText(call.query),
        headers: {
          ...fixedHeaders,
          ...(call.accept === undefined ? {} : { accept: call.accept }),
          ...(credential.token === undefined ? {} : { authorization: `Bearer ${credential.token}` }),
          ...(call.body === undefined ? {} : { "content-type": call.body.contentType }),
          ...(call.large === true && cluster.compress ? { "accept-encoding": "gzip" } : {}),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body.json) }),
        timeLimitMs: parts.requestTimeLimitMs,
        maxBytes: maxBytesOf(call),
      },
      credential.clientCertificate,
    );

  const exchange = async (call: ApiCall): Promise<WireAnswer> => {
    const credential = await parts.credentials.get();
    const answer = await send(call, credential);
    if (answer.status !== 401) return answer;
    const renewed = await parts.credentials.renew(credential);
    return renewed === undefined ? answer : send(call, renewed);
  };

  return {
    async request(call) {
      let answer: WireAnswer;
      let text: string;
      try {
        answer = await exchange(call);
        text = await unpack(answer, maxBytesOf(call));
      } catch (error) {
        throw classifyFailure(error, context);
      }
      const json = parseJson(text);
      if (answer.status >= 200 && answer.status < 300) {
        if (isRecord(json)) return { kind: "found", status: answer.status, json, size: text.length };
        throw classifyAnswer({ ...answer, json: undefined }, context);
      }
      const error = classifyAnswer({ ...answer, json }, context);
      const status = readStatus(json);
      const absent = answer.status === 404 && status?.reason === "NotFound" && status.name !== undefined;
      if (absent) return { kind: "absent", error };
      throw error;
    },
  };
}

function queryText(query: ApiCall["query"]): string {
  const given = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonationHeaders(cluster: ResolvedCluster): Record<string, string | readonly string[]> {
  const { impersonation } = cluster.user;
  if (impersonation === undefined) return {};
  const headers: Record<string, string | readonly string[]> = { "impersonate-user": inUtf8(impersonation.user) };
  if (impersonation.uid !== undefined) headers["impersonate-uid"] = inUtf8(impersonation.uid);
  if (impersonation.groups.length > 0) headers["impersonate-group"] = impersonation.groups.map(inUtf8);
  for (const [key, values] of Object.entries(impersonation.extra)) {
    headers[`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`] = values.map(inUtf8);
  }
  return headers;
}

/** The bytes that client-go sends. Node makes one byte of each character of a header. */
function inUtf8(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}

async function unpack(answer: WireAnswer, maxBytes: number): Promise<string> {
  const encoding = answer.headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return answer.body.toString("utf8");
  if (encoding !== "gzip")
    throw new TransportError("BODY_ENCODING", "the answer is packed in a way that was not asked for");
  const { gunzip } = require("node:zlib") as typeof import("node:zlib");
  return new Promise((resolve, reject) => {
    gunzip(answer.body, { maxOutputLength: maxBytes }, (error, unpacked) => {
      if (error === null) resolve(unpacked.toString("utf8"));
      else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        reject(new TransportError("BODY_TOO_LARGE", "the answer is larger than allowed"));
      } else reject(new TransportError("BODY_ENCODING", "the answer cannot be unpacked", { cause: error }));
    });
  });
}
