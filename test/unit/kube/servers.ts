/** Small local servers that misbehave on demand. Each ends with the test that started it. */

import * as http from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";
import * as net from "node:net";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { type Authority, type Certificate, createAuthority } from "./certificates.ts";

let shared: Promise<{ authority: Authority; leaf: Certificate }> | undefined;

/** One authority and one good certificate for the whole file. */
export function goodCertificate(): Promise<{ authority: Authority; leaf: Certificate }> {
  shared ??= createAuthority().then(async (authority) => ({ authority, leaf: await authority.issue() }));
  return shared;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly authority: string;
  readonly seen: readonly Seen[];
  /** Connections that were made to it, ended ones included. */
  readonly connections: number;
  /** HTTP/2 sessions that are open. */
  readonly sessions: ReadonlySet<http2.ServerHttp2Session>;
  readonly sockets: ReadonlySet<net.Socket>;
}

export type Answer = (request: Seen, response: http2.Http2ServerResponse, nth: number) => void;

export interface ServerOptions {
  readonly http1?: boolean;
  readonly plain?: boolean;
  readonly certificate?: Certificate;
  readonly authority?: string;
  readonly settings?: http2.Settings;
  readonly clientAuthority?: string;
  readonly onSession?: (session: http2.ServerHttp2Session, nth: number) => void;
}

export async function startServer(answer: Answer, options: ServerOptions = {}): Promise<TestServer> {
  const good = await goodCertificate();
  const { certificate: cert, key } = options.certificate ?? good.leaf;
  const seen: Seen[] = [];
  const sockets = new Set<net.Socket>();
  const sessions = new Set<http2.ServerHttp2Session>();
  let connections = 0;
  let sessionCount = 0;
  const listener = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      const record = { method, path: url, headers, body: Buffer.concat(chunks).toString("utf8") };
      seen.push(record);
      answer(record, response, seen.length);
    });
  };
  const tls = {
    cert,
    key,
    ...(options.clientAuthority === undefined
      ? {}
      : { ca: options.clientAuthority, requestCert: true, rejectUnauthorized: true }),
  };
  const server = options.plain
    ? http.createServer(listener as unknown as http.RequestListener)
    : options.http1
      ? https.createServer(tls, listener as unknown as http.RequestListener)
      : http2.createSecureServer({ ...tls, ...(options.settings ? { settings: options.settings } : {}) }, listener);
  server.on("connection", (socket: net.Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  });
  server.on("session", (session: http2.ServerHttp2Session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => undefined);
    options.onSession?.(session, ++sessionCount);
  });
  server.on("sessionError", () => undefined);
  server.on("tlsClientError", () => undefined);
  await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `${options.plain ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    authority: options.authority ?? good.authority.certificate,
    seen,
    sessions,
    sockets,
    get connections() {
      return connections;
    },
  };
}

/** Bytes on a socket, nothing above it. */
export async function startTcp(
  onConnection: (socket: net.Socket) => void,
): Promise<{ port: number; connections: number }> {
  const sockets = new Set<net.Socket>();
  const state = { port: 0, connections: 0 };
  const server = net.createServer((socket) => {
    state.connections++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  state.port = (server.address() as net.AddressInfo).port;
  return state;
}

/** Passes bytes on to a port of this machine until it is told to freeze: then both ends see nothing more, not even an end. */
export async function startRelay(port: number): Promise<{ port: number; connections: number; freeze(): void }> {
  const pipes: (readonly [net.Socket, net.Socket])[] = [];
  const listener = await startTcp((near) => {
    const far = net.connect(port, "127.0.0.1");
    far.on("error", () => undefined);
    onTestFinished(() => void far.destroy());
    near.pipe(far).pipe(near);
    pipes.push([near, far]);
  });
  const freeze = (): void => {
    for (const [near, far] of pipes) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
    }
  };
  return Object.assign(listener, { freeze });
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  await listen(server);
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function json(
  response: http2.Http2ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export function gzipJson(response: http2.Http2ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
  response.end(gzipSync(JSON.stringify(body)));
}

export function status(code: number, reason: string, message: string, details: Record<string, unknown> = {}): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", metadata: {}, code, reason, message, details };
}

function listen(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
}
