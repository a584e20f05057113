/** One request at a time a connection, over kept connections: for servers and gateways that do not speak HTTP/2. */

import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TransportError } from "./transport-error";
import { plainHeaders, type Wire, type WireAnswer, type WireRequest } from "./wire";

/** Connections to one server; more requests than that wait for their turn. */
const MAX_CONNECTIONS = 16;

/** Node's codes for a connection that was there and is gone. */
const LOST = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** `first` is a connection that is open already; further ones are opened by `dialMore`. */
export function createHttp1Wire(
  origin: string,
  first: Socket,
  dialMore: () => Promise<Socket>,
  now: () => number,
): Wire {
  const http = require("node:http") as typeof import("node:http");
  const url = new URL(origin);
  const agent = new http.Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, scheduling: "lifo" });
  let unused: Socket | undefined = first;
  let heardAt = now();
  let closed = false;
  let inFlight = 0;
  first.unref();
  agent.createConnection = (_options, callback): Duplex | null => {
    const connecting = unused === undefined || unused.destroyed ? dialMore() : Promise.resolve(unused);
    unused = undefined;
    connecting.then(
      (socket) => {
        socket.ref();
        callback?.(null, socket);
      },
      // Node's types want a stream beside the error; its code looks at the error alone.
      (error: Error) => (callback as unknown as (error: Error) => void)(error),
    );
    return null;
  };
  const close = (): void => {
    closed = true;
    unused?.destroy();
    if (inFlight === 0) agent.destroy();
  };
  return {
    get usable() {
      return !closed;
    },
    get heardAt() {
      return heardAt;
    },
    async send(request) {
      const outgoing = http.request({
        agent,
        host: url.hostname,
        port: url.port,
        method: request.method,
        path: request.path,
        headers: {
          host: url.host,
          ...Object.fromEntries(
            Object.entries(request.headers).map(([name, value]) => [
              name,
              typeof value === "string" ? value : [...value],
            ]),
          ),
          ...(request.body === undefined ? {} : { "content-length": Buffer.byteLength(request.body) }),
        },
      });
      inFlight++;
      try {
        const answer = await exchange(outgoing, request);
        heardAt = now();
        return answer;
      } finally {
        if (--inFlight === 0 && closed) agent.destroy();
      }
    },
    // HTTP/1.1 has no ping: connections that were quiet for long are given up, which costs a handshake and no doubt.
    check: async () => {
      close();
      return false;
    },
    close,
  };
}

function exchange(outgoing: ClientRequest, request: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      outgoing.destroy();
      reject(error);
    };
    const lost = (cause?: Error): void =>
      fail(new TransportError("CONNECTION_LOST", "the connection was lost before the whole answer", { cause }));
    const timer = setTimeout(
      () => fail(new TransportError("REQUEST_TIMEOUT", `no answer within ${request.timeLimitMs / 1000} s`)),
      request.timeLimitMs,
    );
    outgoing.once("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > request.maxBytes) fail(new TransportError("BODY_TOO_LARGE", "the answer is larger than allowed"));
        else chunks.push(chunk);
      });
      response.once("error", lost);
      response.once("close", () => {
        if (!response.complete) return lost();
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          headers: plainHeaders(response.headers),
          body: Buffer.concat(chunks),
        });
      });
    });
    let isConnected = false;
    outgoing.once("socket", () => {
      isConnected = true;
    });
    // Kept: a request that was destroyed may still report an error.
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // Without a connection the same codes tell of one that could not be opened.
      if (isConnected && LOST.has(error.code ?? "")) lost(error);
      else fail(error);
    });
    outgoing.end(request.body);
  });
}
