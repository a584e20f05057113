/** Counts the requests an API server got, from its audit log. */

import * as fs from "node:fs";
import { LAB_USER_AGENT } from "./kube-client.ts";

/**
 * Every request is written down on its arrival, before it is handled: when a client has its answer, the line is there.
 * The servers' own traffic is left out.
 */
export const auditPolicy: object = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["ResponseStarted", "ResponseComplete"],
  rules: [
    { level: "None", users: ["system:apiserver", "system:kube-controller-manager"] },
    { level: "None", nonResourceURLs: ["/readyz*", "/livez*", "/healthz*"] },
    { level: "Metadata" },
  ],
};

/** A place in the log: what comes after it is new. */
export type Mark = number;

/** Which requests to look at. */
export interface RequestFilter {
  /** Part of the user agent, or a pattern for it. Left out: everybody's but the lab's own client's. */
  readonly userAgent?: string | RegExp;
  readonly since?: Mark;
}

/** One request. */
export interface LoggedRequest {
  /** As Kubernetes says it: get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string;
  /** Such as `namespaces`, `pods/status`; the path for a request that is of no resource, such as `/version`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uri: string;
  readonly user: string;
  readonly userAgent: string;
}

/** The requests, and how many of each kind. */
export interface RequestCounts {
  readonly total: number;
  /** By verb and resource: `{ "patch namespaces": 3 }`. */
  readonly counts: Readonly<Record<string, number>>;
  readonly requests: readonly LoggedRequest[];
}

/** The present end of the log. */
export function markRequests(logPath: string): Mark {
  return fs.statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
}

/** Reads the log from the mark on, and counts what the filter lets through. */
export function countRequests(logPath: string, { userAgent, since = 0 }: RequestFilter): RequestCounts {
  const requests = readFrom(logPath, since)
    .split("\n")
    .filter((line) => line !== "")
    .map(parseRequest)
    .filter((request) => matches(request.userAgent, userAgent));
  const counts: Record<string, number> = {};
  for (const { verb, resource } of requests) {
    const kind = `${verb} ${resource}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return { total: requests.length, counts, requests };
}

function matches(actual: string, wanted: string | RegExp | undefined): boolean {
  if (wanted === undefined) return actual !== LAB_USER_AGENT;
  return typeof wanted === "string" ? actual.includes(wanted) : wanted.test(actual);
}

function readFrom(path: string, offset: number): string {
  if (!fs.existsSync(path)) return "";
  const text = fs.readFileSync(path).subarray(offset).toString("utf8");
  // The last line may be half written.
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username?: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
}

function parseRequest(line: string): LoggedRequest {
  const event: AuditEvent = JSON.parse(line);
  const { resource, subresource, namespace, name } = event.objectRef ?? {};
  return {
    verb: event.verb,
    resource: resource === undefined ? pathOf(event.requestURI) : [resource, subresource].filter(Boolean).join("/"),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    uri: event.requestURI,
    user: event.user.username ?? "",
    userAgent: event.userAgent ?? "",
  };
}

function pathOf(uri: string): string {
  return uri.split("?")[0] ?? uri;
}
