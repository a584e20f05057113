/** From Node's errors and Kubernetes' Status answers to the closed list of `ClusterError` codes. Reads no clock, opens nothing. */

import { ClusterError, type ClusterErrorCode, type FieldConflict, isClusterError } from "../model/cluster-error";
import { isRecord } from "../model/json";
import { shorten } from "./redact";

/** Characters. A Status can repeat a whole object; what is of use stands at its beginning. */
export const MAX_MESSAGE_LENGTH = 500;

export interface ClassifyContext {
  /** `host:port` of the server, for messages. */
  readonly address: string;
  redact(text: string): string;
  /** Milliseconds since 1970. */
  now(): number;
}

/** An answer that is not what was asked for. `json` is its body where it is JSON. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
}

/** Milliseconds between our clock and the server's `Date` from which a refused credential may be the clock's fault. */
const CLOCK_DIFFERENCE_MS = 5 * 60_000;

const CLOCK_HINT = "check this machine's clock";

/** OpenSSL's and Node's codes for certificates; those that begin with ERR_SSL_, ERR_TLS_ and ERR_OSSL_ are recognised by that. */
const CERTIFICATE_CODES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed and not the configured authority's",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not from the configured authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not from the configured authority",
  UNABLE_TO_GET_ISSUER_CERT: "the server's certificate is not from the configured authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is not from the configured authority",
  CERT_SIGNATURE_FAILURE: "the server's certificate is not from the configured authority",
  CERT_UNTRUSTED: "the server's certificate is not trusted",
  CERT_REJECTED: "the server's certificate is not trusted",
  CERT_REVOKED: "the server's certificate is revoked",
  CERT_CHAIN_TOO_LONG: "the server's certificate chain is too long",
  INVALID_CA: "the server's certificate chain holds something that is not an authority",
  INVALID_PURPOSE: "the server's certificate is not one for servers",
  PATH_LENGTH_EXCEEDED: "the server's certificate chain is too long",
  HOSTNAME_MISMATCH: "the server's certificate is for another host; tls-server-name may say which",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host; tls-server-name may say which",
  CERT_HAS_EXPIRED: `the server's certificate has expired; renew it, or ${CLOCK_HINT}`,
  CERT_NOT_YET_VALID: `the server's certificate is not valid yet; ${CLOCK_HINT}`,
};

const NETWORK_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ECONNABORTED: "connection aborted",
  EPIPE: "connection closed",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "name service not available",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no connection in time",
};

/** Of a request that had no whole answer. An error that is none of the network's is our own and is thrown on. */
export function classifyFailure(error: unknown, context: ClassifyContext): ClusterError {
  if (isClusterError(error)) return error;
  const code = codeOf(error);
  const make = (kind: ClusterErrorCode, message: string, retryable: boolean, isBroken = false): ClusterError =>
    new ClusterError(kind, context.redact(message).slice(0, MAX_MESSAGE_LENGTH), { retryable, isBroken });
  switch (code) {
    case "CONNECT_TIMEOUT":
      return make("unreachable", `${messageOf(error)} to ${context.address}`, true);
    case "LOOKUP_TIMEOUT":
      return make("unreachable", `${messageOf(error)}: ${context.address}`, true);
    case "REQUEST_TIMEOUT":
      return make("timeout", messageOf(error), true);
    case "CONNECTION_LOST":
    case "NOT_PROCESSED":
      return make("unreachable", withCause(messageOf(error), error), true, true);
    case "PROXY_UNREACHABLE":
      return make("unreachable", withCause(messageOf(error), error), true);
    case "PROXY_REFUSED":
      return make("unreachable", messageOf(error), isServerFault((error as { status?: number }).status));
    case "BODY_TOO_LARGE":
    case "BODY_ENCODING":
      return make("protocol", messageOf(error), false);
    case "CLOSED":
      return make("unreachable", messageOf(error), false);
  }
  const certificate = code === undefined ? undefined : CERTIFICATE_CODES[code];
  if (certificate !== undefined) return make("tls", `${certificate} (${code})`, false);
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return make("tls", `${context.address} does not speak TLS (${code})`, false);
  }
  if (code !== undefined && /^ERR_(?:SSL|TLS|OSSL)_|^EPROTO$/.test(code)) {
    return make("tls", `the TLS connection to ${context.address} was refused (${code})`, false);
  }
  if (code !== undefined && NETWORK_CODES[code] !== undefined) {
    return make("unreachable", `${NETWORK_CODES[code]}: ${context.address} (${code})`, true);
  }
  if (code?.startsWith("ERR_HTTP2_")) return make("unreachable", `the HTTP/2 connection failed (${code})`, true, true);
  if (code?.startsWith("HPE_")) return make("protocol", `${context.address} does not speak HTTP (${code})`, false);
  // Whatever else the system says: EMFILE, ENOBUFS, ... A TypeError is ours, with a code or without.
  if (code !== undefined && !(error instanceof TypeError)) {
    return make("unreachable", `the connection to ${context.address} failed (${code})`, true);
  }
  throw error;
}

/** Of an answer with a status that is not a success. 404 is classified as well: who expects it looks before. */
export function classifyAnswer(answer: FailedAnswer, context: ClassifyContext): ClusterError {
  const { status } = answer;
  const details = readStatus(answer.json);
  const retryAfterMs = readRetryAfter(answer.headers["retry-after"], details, context.now());
  const clean = (text: string): string => context.redact(text).slice(0, MAX_MESSAGE_LENGTH);
  const make = (
    code: ClusterErrorCode,
    options: {
      readonly retryable?: boolean;
      readonly conflicts?: readonly FieldConflict[];
      readonly hint?: string;
    } = {},
  ): ClusterError => {
    const { hint, ...rest } = options;
    const said = `${describe(answer, details)}${hint === undefined ? "" : `; ${hint}`}`;
    return new ClusterError(code, clean(said), { ...rest, status, retryAfterMs });
  };
  if (status >= 300 && status < 400) return make("protocol");
  if (status === 429) return make("throttled", { retryable: true });
  if (status >= 500) return make("unavailable", { retryable: true });
  if (status === 401) return make("unauthorized", clockHint(answer.headers, context.now()));
  if (refusedByAdmission(details)) return make("rejected");
  if (status === 403) return make("forbidden");
  if (status === 408) return make("timeout", { retryable: true });
  if (details === undefined) return make("protocol");
  if (status === 404) return details.name === undefined ? make("protocol") : make("changed");
  if (status === 409) {
    if (details.reason === "AlreadyExists") return make("already-exists");
    if (details.conflicts.length === 0) return make("changed");
    const conflicts = details.conflicts.map(({ field, manager }) => ({ field: clean(field), manager: clean(manager) }));
    return make("conflict", { conflicts });
  }
  if (status === 410) return make("changed");
  // A uid in the body that is another's is refused as a change of an immutable field.
  if (status === 422 && details.fields.includes("metadata.uid")) return make("changed");
  return make("rejected");
}

/** The parts of a Kubernetes Status that decisions are made from. */
export interface StatusDetails {
  readonly reason: string | undefined;
  readonly message: string | undefined;
  /** Of the object; absent where the server does not know the path at all. */
  readonly name: string | undefined;
  readonly fields: readonly string[];
  readonly conflicts: readonly FieldConflict[];
  readonly retryAfterSeconds: number | undefined;
}

/** `undefined` where `json` is not a Status: what a proxy or a login page says must not pass for the API's word. */
export function readStatus(json: unknown): StatusDetails | undefined {
  if (!isRecord(json) || json.kind !== "Status" || json.apiVersion !== "v1") return undefined;
  const details = isRecord(json.details) ? json.details : {};
  const causes = Array.isArray(details.causes) ? details.causes.filter(isRecord) : [];
  const seconds = details.retryAfterSeconds;
  return {
    reason: textOf(json.reason),
    message: textOf(json.message),
    name: textOf(details.name),
    fields: causes.flatMap((cause) => textOf(cause.field) ?? []),
    conflicts: causes.filter((cause) => cause.reason === "FieldManagerConflict").map(readConflict),
    retryAfterSeconds: typeof seconds === "number" && seconds > 0 ? seconds : undefined,
  };
}

/** `conflict with "kubectl-edit" using v1`, with a subresource and a time in between for some. */
function readConflict(cause: Readonly<Record<string, unknown>>): FieldConflict {
  const manager = /^conflict with "((?:[^"\\]|\\.)*)"/.exec(textOf(cause.message) ?? "")?.[1];
  return { field: textOf(cause.field) ?? "", manager: manager?.replace(/\\(.)/g, "$1") ?? "unknown" };
}

function refusedByAdmission(details: StatusDetails | undefined): boolean {
  const byWebhook = /^admission webhook "[^"]*" denied the request/;
  const byPolicy = /ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request/;
  const message = details?.message ?? "";
  return byWebhook.test(message) || byPolicy.test(message);
}

function describe(answer: FailedAnswer, details: StatusDetails | undefined): string {
  if (details?.message !== undefined) return details.message;
  if (details?.reason !== undefined) return `${details.reason} (HTTP ${answer.status})`;
  if (answer.status >= 300 && answer.status < 400) {
    return `the server answered with a redirect (HTTP ${answer.status}), which is not followed; give the address it leads to`;
  }
  const type = (answer.headers["content-type"] ?? "no content type").split(";")[0];
  return `HTTP ${answer.status} that is not from a Kubernetes API (${type}); a proxy or a login page may stand before it`;
}

/** `Retry-After` in seconds or as a date, else the Status' own. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function readRetryAfter(
  header: string | undefined,
  details: StatusDetails | undefined,
  now: number,
): number | undefined {
  if (header !== undefined && /^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = header === undefined ? Number.NaN : Date.parse(header);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  return details?.retryAfterSeconds === undefined ? undefined : details.retryAfterSeconds * 1000;
}

function clockHint(headers: Readonly<Record<string, string>>, now: number): { readonly hint?: string } {
  const theirs = Date.parse(headers.date ?? "");
  if (Number.isNaN(theirs) || Math.abs(theirs - now) < CLOCK_DIFFERENCE_MS) return {};
  return { hint: `the server's clock and this machine's differ by more than 5 minutes; ${CLOCK_HINT}` };
}

/** The code of an error, of the first of several addresses that were tried, or of what caused it. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const own = (error as NodeJS.ErrnoException).code;
  if (error instanceof AggregateError && own === undefined) return codeOf(error.errors[0]);
  return typeof own === "string" ? own : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}

function withCause(message: string, error: unknown): string {
  const code = codeOf((error as { cause?: unknown }).cause);
  return code === undefined ? message : `${message} (${code})`;
}

function isServerFault(status: number | undefined): boolean {
  return status !== undefined && status >= 500;
}

/** Each text of a Status is taken from here, so that no pattern meets one of several megabytes. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === "string" ? shorten(value) : "";
  return text === "" ? undefined : text;
}
