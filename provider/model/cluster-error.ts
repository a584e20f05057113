/**
 * What can go wrong between the provider and one cluster, as a closed list. Everything that decides on an error decides
 * on its `code`; nobody reads messages. "Absent" is not an error: a read answers `undefined`, a delete `"absent"`.
 */

export type ClusterErrorCode =
  /** The kubeconfig, its context or its files are at fault; no request was made. */
  | "connection"
  /** No TCP connection, no name, a connection reset before an answer. Retried. */
  | "unreachable"
  /** No answer within the time limit. Retried while the budget lasts. */
  | "timeout"
  /** The certificate is not trusted, is for another host, or is out of date. Never retried. */
  | "tls"
  /** 401 after the credential was renewed once, or no credential could be had (exec plugin failed, file missing). */
  | "unauthorized"
  /** 403. */
  | "forbidden"
  /** 409 from server-side apply: another field manager owns a field. `conflicts` names them. */
  | "conflict"
  /** 409 or 422: the object is not the one with the uid or resourceVersion the request named, or it is gone. */
  | "changed"
  /** 409 AlreadyExists on a plain create. */
  | "already-exists"
  /** 400, 422, or an admission webhook that refuses. */
  | "rejected"
  /** 429 beyond the budget. Retried, `Retry-After` obeyed. */
  | "throttled"
  /** 5xx beyond the budget. Retried. */
  | "unavailable"
  /** Not a Kubernetes answer: HTML, truncated JSON, a redirect. */
  | "protocol"
  /** The user stopped the operation (^C) before the answer. Whether it was done is not known. */
  | "cancelled";

export interface FieldConflict {
  /** As the server names it: `.metadata.labels.team`, `.metadata.annotations.global-namespace.dev/owner`. */
  readonly field: string;
  readonly manager: string;
}

/**
 * A failed request to one cluster. `message` is the cause alone ("connect ECONNREFUSED", the Status message of the
 * server), redacted and at most 500 characters; who reports it adds cluster, verb and namespace.
 */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  readonly retryable: boolean;
  readonly conflicts: readonly FieldConflict[];
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** From `Retry-After`, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The connection was there and broke before the whole answer had come: the cluster was reachable a moment ago. */
  readonly isBroken: boolean;

  constructor(
    code: ClusterErrorCode,
    message: string,
    options: {
      readonly retryable?: boolean;
      readonly conflicts?: readonly FieldConflict[];
      readonly status?: number | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly isBroken?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "ClusterError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.conflicts = options.conflicts ?? [];
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.isBroken = options.isBroken ?? false;
  }
}

/** Whether what failed so may have been done all the same. A request that was throttled was not looked at. */
export function mayBeDone({ code, retryable }: ClusterError): boolean {
  return code === "protocol" || (retryable && code !== "throttled");
}

/** Recognised by its shape, not by `instanceof`: two copies of the package may be loaded. */
export function isClusterError(error: unknown): error is ClusterError {
  return error instanceof Error && error.name === "ClusterError" && "code" in error;
}
