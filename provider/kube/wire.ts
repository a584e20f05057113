/** One open way to a server, HTTP/2 or HTTP/1.1: what `transport.ts` keeps, replaces and closes. */

export interface WireRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  readonly timeLimitMs: number;
  /** Of the body, counted on the wire and again when unpacked. */
  readonly maxBytes: number;
}

export interface WireAnswer {
  readonly status: number;
  /** Lower-case names; a header that came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Wire {
  /** Whether a new request may be given to it. */
  readonly usable: boolean;
  /** When the server was last heard, milliseconds since 1970. */
  readonly heardAt: number;
  /** Rejects with a `TransportError` or with Node's own error, each request for itself. */
  send(request: WireRequest): Promise<WireAnswer>;
  /** Asks the other side for a sign of life; false closes the wire. */
  check(timeLimitMs: number): Promise<boolean>;
  close(): void;
}

export function plainHeaders(raw: Readonly<Record<string, unknown>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name.startsWith(":") || value === undefined) continue;
    headers[name] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return headers;
}
