/** Many requests at once over one HTTP/2 session. */

import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import { TransportError } from "./transport-error";
import { plainHeaders, type Wire, type WireAnswer, type WireRequest } from "./wire";

/** Bytes. The protocol's 64 KiB would make a list of 5 MB wait for 80 round trips. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const SESSION_WINDOW_BYTES = 8 * 1024 * 1024;

/** RFC 9113 section 7: the server has not begun with this request, so it may be sent again, whatever it is. */
const REFUSED_STREAM = 7;

/** Node's codes for a request that never left: its session was closing. */
const NOT_SENT = new Set(["ERR_HTTP2_GOAWAY_SESSION", "ERR_HTTP2_INVALID_SESSION", "ERR_HTTP2_STREAM_CANCEL"]);

export function createHttp2Wire(origin: string, socket: Socket, now: () => number): Wire {
  const { connect } = require("node:http2") as typeof import("node:http2");
  const session = connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
  });
  let going = false;
  let inFlight = 0;
  let heardAt = now();
  session.once("connect", () => {
    // It may have been closed before it was told.
    if (!session.destroyed) session.setLocalWindowSize(SESSION_WINDOW_BYTES);
  });
  session.on("goaway", () => {
    going = true;
  });
  // Not every stream is told why; and without a listener the process would end.
  let fault: unknown;
  const keepFault = (error: unknown): void => {
    fault ??= error;
  };
  session.on("error", keepFault);
  socket.on("error", keepFault);
  session.unref();

  return {
    get usable() {
      return !going && !session.closed && !session.destroyed;
    },
    get heardAt() {
      return heardAt;
    },
    async send(request) {
      const bytesBefore = socket.bytesRead;
      if (inFlight++ === 0) session.ref();
      try {
        return await exchange(
          session,
          request,
          () => fault,
          () => {
            // Not a byte for anyone on this session: it is the connection that is dead, not this one request.
            if (socket.bytesRead === bytesBefore) giveUp(session);
          },
        );
      } finally {
        if (socket.bytesRead !== bytesBefore) heardAt = now();
        if (--inFlight === 0 && !session.destroyed) session.unref();
      }
    },
    async check(timeLimitMs) {
      const bytesBefore = socket.bytesRead;
      if (inFlight++ === 0) session.ref();
      const answered = await ping(session, timeLimitMs);
      // The ping's answer may stand behind a large one to another request, of which every byte is a sign of life.
      const alive = answered || (!session.destroyed && socket.bytesRead > bytesBefore);
      if (alive) heardAt = now();
      else giveUp(session);
      if (--inFlight === 0 && !session.destroyed) session.unref();
      return alive;
    },
    close: () => (inFlight === 0 ? session.destroy() : session.close()),
  };
}

/** With an error: without one Node ends each answer that is under way as if it were whole. */
function giveUp(session: ClientHttp2Session): void {
  session.destroy(new TransportError("CONNECTION_LOST", "the connection went silent before the whole answer"));
}

function exchange(
  session: ClientHttp2Session,
  request: WireRequest,
  sessionFault: () => unknown,
  onSilence: () => void,
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const headers: OutgoingHttpHeaders = { ":method": request.method, ":path": request.path };
    for (const [name, value] of Object.entries(request.headers)) headers[name] = value as string | string[];
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(headers, { endStream: request.body === undefined });
    } catch (error) {
      reject(wasNotSent(error) ? notProcessed(error) : error);
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    let answered: Record<string, string> = {};
    let ended = false;
    let failure: unknown;
    const cancel = (error: TransportError): void => {
      failure ??= error;
      stream.close(constants().NGHTTP2_CANCEL);
    };
    const timer = setTimeout(() => {
      cancel(new TransportError("REQUEST_TIMEOUT", `no answer within ${request.timeLimitMs / 1000} s`));
      // A stream that waits for its turn is not closed until it has had it.
      finish();
      onSilence();
    }, request.timeLimitMs);
    const finish = (): void => {
      clearTimeout(timer);
      const isWhole = status !== 0 && ended && stream.rstCode === 0 && hasWholeBody(answered, bytes, request.method);
      if (failure === undefined && isWhole) {
        resolve({ status, headers: answered, body: Buffer.concat(chunks) });
      } else if (failure instanceof TransportError) {
        reject(failure);
      } else if (isTlsFault(sessionFault())) {
        // TLS 1.3 tells a client that its certificate is refused only after the handshake.
        reject(sessionFault());
      } else if (status === 0 && (stream.rstCode === REFUSED_STREAM || wasNotSent(failure))) {
        reject(notProcessed(failure));
      } else {
        reject(
          new TransportError("CONNECTION_LOST", "the connection was lost before the whole answer", { cause: failure }),
        );
      }
    };
    stream.on("response", (raw) => {
      status = Number(raw[":status"]);
      answered = plainHeaders(raw);
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > request.maxBytes) cancel(new TransportError("BODY_TOO_LARGE", "the answer is larger than allowed"));
      else chunks.push(chunk);
    });
    stream.on("end", () => {
      ended = true;
    });
    stream.on("error", (error) => {
      failure ??= error;
    });
    stream.on("close", finish);
    if (request.body !== undefined) stream.end(request.body);
  });
}

function hasWholeBody(headers: Readonly<Record<string, string>>, bytes: number, method: string): boolean {
  const stated = headers["content-length"];
  return stated === undefined || method === "HEAD" || Number(stated) === bytes;
}

function ping(session: ClientHttp2Session, timeLimitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeLimitMs);
    const answer = (alive: boolean): void => {
      clearTimeout(timer);
      resolve(alive);
    };
    if (session.closed || session.destroyed) answer(false);
    else if (!session.ping((error) => answer(error === null))) answer(false);
  });
}

function wasNotSent(error: unknown): boolean {
  return NOT_SENT.has((error as { code?: string } | undefined)?.code ?? "");
}

function isTlsFault(error: unknown): boolean {
  return /^ERR_SSL_/.test((error as { code?: string } | undefined)?.code ?? "");
}

function notProcessed(cause: unknown): TransportError {
  return new TransportError("NOT_PROCESSED", "the server closed the connection before it took the request", { cause });
}

function constants(): typeof import("node:http2").constants {
  return (require("node:http2") as typeof import("node:http2")).constants;
}
