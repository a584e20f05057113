/** What a transport can say about a request that had no complete answer, beside Node's own error codes. */
export type TransportErrorCode =
  | "LOOKUP_TIMEOUT"
  | "CONNECT_TIMEOUT"
  | "REQUEST_TIMEOUT"
  /** The connection went away before the answer was complete. */
  | "CONNECTION_LOST"
  /** The server says that it has not looked at the request: it may be sent again, whatever it was. */
  | "NOT_PROCESSED"
  | "BODY_TOO_LARGE"
  | "BODY_ENCODING"
  /** The proxy answered CONNECT with another status than 2xx. */
  | "PROXY_REFUSED"
  | "PROXY_UNREACHABLE"
  | "CLOSED";

export class TransportError extends Error {
  readonly code: TransportErrorCode;
  /** The HTTP status of a proxy. */
  readonly status: number | undefined;

  constructor(
    code: TransportErrorCode,
    message: string,
    options: { readonly status?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "TransportError";
    this.code = code;
    this.status = options.status;
  }
}
