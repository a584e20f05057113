/**
 * A way to a cluster that goes wrong on demand: TLS in, TLS out, and between them every fault that a network, a load
 * balancer or a busy API server has. The server behind it is real, so what was done before an answer was lost is done.
 */

import * as http2 from "node:http2";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createAuthority, createServerCertificate, type KeyPair } from "./certificates.ts";
import type { ClusterShare } from "./cluster-share.ts";
import { readKubeconfig, writeKubeconfig } from "./kubeconfig.ts";
import type { LabCluster } from "./lab-cluster.ts";

export interface ProxiedRequest {
  /** The name of the cluster behind. */
  readonly cluster: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly isWrite: boolean;
  /** The namespace it is about, where it is about one. */
  readonly namespace: string | undefined;
}

export type Fault =
  /** Passed on after a while. */
  | { readonly kind: "delay"; readonly milliseconds: number }
  /** Answered here. The server never hears of it, unless it is told to do it first. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly after?: boolean;
    }
  /** The connection breaks before the request reaches the server. */
  | { readonly kind: "reset-before" }
  /** The server has done it when the connection breaks. */
  | { readonly kind: "reset-after"; readonly onDone?: () => void }
  /** The server has done it, and half of its answer arrives. */
  | { readonly kind: "truncate" }
  /** The request is taken, and nothing ever comes back until its sender gives it up. */
  | { readonly kind: "silence"; readonly onGivenUp?: () => void };

/** What becomes of a request; nothing in particular where it answers nothing. */
export type Judge = (request: ProxiedRequest) => Fault | undefined | Promise<Fault | undefined>;

export interface FaultProxy {
  /** The cluster's administrator, by way of this proxy. */
  readonly kubeconfig: string;
  /** In the order of their arrival, since the last `heal`. */
  readonly requests: readonly ProxiedRequest[];
  judge(judge: Judge): void;
  /** From the next connection on another certificate, of an authority that nobody has heard of. */
  showStrangeCertificate(): Promise<void>;
  /** Resolves when the server has answered all that was passed on. */
  idle(): Promise<void>;
  /** Breaks every open connection. */
  breakConnections(): void;
  /** As it was at the beginning. */
  heal(): void;
  close(): void;
}

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** Of one connection, not of a request or its answer. */
const HOP_HEADERS = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "host", "content-length"]);

/**
 * `passed` is called when the server has answered, before the client hears of it. With `share` the proxy is the way to a
 * part of the cluster.
 */
export async function startFaultProxy(
  cluster: LabCluster,
  passed: (request: ProxiedRequest) => Promise<void> = async () => {},
  share?: ClusterShare,
): Promise<FaultProxy> {
  const behind = readKubeconfig(cluster.kubeconfig);
  const authority = await createAuthority("fault-proxy");
  const own = await createServerCertificate(authority);
  const agent = new https.Agent({ keepAlive: true, ca: behind.authority });
  const sockets = new Set<Socket>();
  const underWay = new Set<Promise<unknown>>();
  let requests: ProxiedRequest[] = [];
  let judge: Judge = () => undefined;

  const server = http2.createSecureServer({ ...tlsOf(own), allowHTTP1: true });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  });
  server.on("session", (session) => session.on("error", () => undefined));
  server.on("sessionError", () => undefined);
  server.on("request", (incoming, outgoing) => {
    incoming.on("error", () => undefined);
    outgoing.on("error", () => undefined);
    // A request whose sender was killed has nobody to complain to.
    serve(incoming, outgoing).catch(() => breakOff(incoming));
  });

  async function serve(incoming: http2.Http2ServerRequest, outgoing: http2.Http2ServerResponse): Promise<void> {
    const body = await read(incoming);
    const request = describe(share?.name ?? behind.cluster, incoming);
    requests.push(request);
    const fault = await judge(request);
    if (fault?.kind === "silence") {
      const { onGivenUp = () => {} } = fault;
      (incoming.stream ?? incoming.socket).once("close", onGivenUp);
      return;
    }
    if (fault?.kind === "reset-before") return breakOff(incoming);
    if (fault?.kind === "answer") {
      if (fault.after === true) {
        await follow(request, incoming, body);
      }
      outgoing.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      outgoing.end(fault.body ?? "");
      return;
    }
    if (fault?.kind === "delay") {
      const { milliseconds } = fault;
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
    }
    const answer = await follow(request, incoming, body);
    if (fault?.kind === "reset-after") {
      fault.onDone?.();
      return breakOff(incoming);
    }
    outgoing.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length) });
    if (fault?.kind === "truncate") {
      outgoing.write(answer.body.subarray(0, answer.body.length / 2), () => breakOff(incoming));
    } else outgoing.end(answer.body);
  }

  function follow(request: ProxiedRequest, incoming: http2.Http2ServerRequest, body: Buffer): Promise<Answer> {
    const following = pass(incoming, body).then(async (answer) => {
      await passed(request);
      return answer;
    });
    underWay.add(following);
    const done = () => underWay.delete(following);
    following.then(done, done);
    return following;
  }

  function pass(incoming: http2.Http2ServerRequest, given: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { method, headers } = incoming;
      const body = share?.body(given) ?? given;
      const url = new URL(share?.path(incoming.url) ?? incoming.url, behind.server);
      const { "accept-encoding": encoding, ...kept } = plain(headers);
      // What is compressed cannot be cut into shares.
      const accepted = share === undefined && encoding !== undefined ? { "accept-encoding": encoding } : {};
      const onward = https.request(url, {
        method,
        agent,
        headers: { ...kept, ...accepted, "content-length": body.length },
      });
      onward.once("error", reject);
      onward.once("response", (response) => {
        read(response).then((answer) => {
          const seen = share?.answer(answer) ?? answer;
          resolve({ status: response.statusCode ?? 502, headers: plain(response.headers), body: seen });
        }, reject);
      });
      onward.end(body);
    });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const breakConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    kubeconfig: writeKubeconfig([{ ...behind, server: `https://127.0.0.1:${port}`, authority: authority.certificate }]),
    get requests() {
      return requests;
    },
    judge: (next) => {
      judge = next;
    },
    showStrangeCertificate: async () => {
      server.setSecureContext(tlsOf(await createServerCertificate(await createAuthority("stranger"))));
    },
    idle: async () => void (await Promise.allSettled(underWay)),
    breakConnections,
    heal: () => {
      judge = () => undefined;
      requests = [];
      server.setSecureContext(tlsOf(own));
    },
    close: () => {
      breakConnections();
      agent.destroy();
      server.close();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

function tlsOf({ certificate, key }: KeyPair): { cert: string; key: string } {
  return { cert: certificate, key };
}

function describe(cluster: string, { method, url }: http2.Http2ServerRequest): ProxiedRequest {
  const namespace = /^\/api\/v1\/namespaces\/([^/?]+)/.exec(url)?.[1];
  return { cluster, method, path: url, isWrite: WRITES.has(method), namespace };
}

/** Of HTTP/2 the whole session, as a broken connection takes every stream with it. */
function breakOff({ stream, socket }: http2.Http2ServerRequest): void {
  if (stream?.session !== undefined) stream.session.destroy();
  else socket.destroy();
}

function plain(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(":") && !HOP_HEADERS.has(name) && value !== undefined) kept[name] = value;
  }
  return kept;
}

async function read(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
