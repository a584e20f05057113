/**
 * Opens one connection to a cluster's API server: TCP or a proxy's tunnel, then TLS, within one time limit that begins when
 * the address is known.
 */

import type { LookupAddress } from "node:dns";
import type { LookupFunction, Socket } from "node:net";
import { commonAuthorities } from "./authorities";
import { within } from "./deadline";
import { lookUp } from "./lookup";
import { bareHost } from "./proxy";
import type { ClientCertificate, ResolvedCluster } from "./resolved-cluster";
import { TransportError } from "./transport-error";

export interface Connection {
  readonly socket: Socket;
  /** What the server chose by ALPN; `"http/1.1"` also where it knows no ALPN. */
  readonly protocol: "h2" | "http/1.1";
}

export interface DialOptions {
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Offered to the server, the preferred first. */
  readonly protocols: readonly ("h2" | "http/1.1")[];
  /** For TCP, the proxy and TLS together. */
  readonly timeLimitMs: number;
}

interface Way extends DialOptions {
  /** Of the host that comes first, the proxy or the server. */
  readonly addresses: readonly LookupAddress[];
}

/**
 * The lookup of a host may take so many times the time limit of the connection to it. The resolver gives up a silent name
 * server after 10 s or more, and the hosts of healthy clusters may wait behind that.
 */
const LOOKUP_FACTOR = 4;

/**
 * Milliseconds for each address of a host before the next one is tried. Node's own 250 ms give up every address but the
 * last of a host that is farther away than that, so that one of IPv6 and IPv4 is never reached where only it works.
 */
const ADDRESS_TIME_LIMIT_MS = 1_500;

/** Addresses, at the least, that are tried within the time limit of the connection. */
const ADDRESSES_TRIED = 3;

type Target = Pick<ResolvedCluster, "server" | "serverName" | "authority" | "verifyTls" | "proxyUrl">;

/** Rejects with a `TransportError` or with Node's own error. */
export async function dial(target: Target, options: DialOptions): Promise<Connection> {
  const way = { ...options, addresses: await addressesOf(target, LOOKUP_FACTOR * options.timeLimitMs) };
  const open: Socket[] = [];
  try {
    return await within(
      options.timeLimitMs,
      connect(target, way, open),
      () => new TransportError("CONNECT_TIMEOUT", `no connection within ${options.timeLimitMs / 1000} s`),
    );
  } catch (error) {
    for (const socket of open) socket.destroy();
    throw error;
  }
}

async function addressesOf({ server, proxyUrl }: Target, timeLimitMs: number): Promise<readonly LookupAddress[]> {
  if (proxyUrl === undefined) return lookUp(bareHost(new URL(server).hostname), timeLimitMs);
  const proxy = new URL(proxyUrl);
  try {
    return await lookUp(bareHost(proxy.hostname), timeLimitMs);
  } catch (error) {
    throw proxyUnreachable(proxy, error);
  }
}

async function connect(target: Target, options: Way, open: Socket[]): Promise<Connection> {
  const server = new URL(target.server);
  const host = bareHost(server.hostname);
  const port = portOf(server);
  const carrier =
    target.proxyUrl === undefined
      ? await openTcp(host, port, options, open)
      : await openTunnel(new URL(target.proxyUrl), server, options, open);
  if (server.protocol === "http:") return { socket: carrier, protocol: "http/1.1" };
  return openTls(carrier, host, target, options, open);
}

function openTcp(host: string, port: number, { timeLimitMs, addresses }: Way, open: Socket[]): Promise<Socket> {
  const { connect: connectTcp } = require("node:net") as typeof import("node:net");
  const socket = connectTcp({
    host,
    port,
    lookup: knownAs(addresses),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    autoSelectFamilyAttemptTimeout: Math.min(ADDRESS_TIME_LIMIT_MS, Math.ceil(timeLimitMs / ADDRESSES_TRIED)),
  });
  open.push(socket);
  return settled(socket, "connect");
}

/** What a socket asks for a host's addresses, where they are known: all of them, or one if it tries no more than that. */
function knownAs(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, callback) => {
    const [first] = addresses;
    if (all === true || first === undefined) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

async function openTls(
  carrier: Socket,
  host: string,
  target: Target,
  options: Pick<DialOptions, "clientCertificate" | "protocols">,
  open: Socket[],
): Promise<Connection> {
  const { connect: connectTls } = require("node:tls") as typeof import("node:tls");
  const { isIP } = require("node:net") as typeof import("node:net");
  const name = target.serverName ?? host;
  const authority = target.authority ?? (target.verifyTls ? commonAuthorities() : undefined);
  const socket = connectTls({
    socket: carrier,
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ALPNProtocols: [...options.protocols],
    // Written out, since NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would decide otherwise.
    rejectUnauthorized: target.verifyTls,
    // An intermediate authority is trusted as it is, as by kubectl, and without its root (from Node 22.9 on).
    ...(authority === undefined ? {} : { ca: authority, allowPartialTrustChain: true }),
    ...(options.clientCertificate === undefined
      ? {}
      : { cert: options.clientCertificate.certificate, key: options.clientCertificate.key }),
  });
  open.push(socket);
  await settled(socket, "secureConnect");
  return { socket, protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1" };
}

async function openTunnel(proxy: URL, server: URL, options: Way, open: Socket[]): Promise<Socket> {
  const host = bareHost(proxy.hostname);
  let carrier: Socket;
  try {
    carrier = await openTcp(host, portOf(proxy), options, open);
    if (proxy.protocol === "https:") {
      const trust = { server: proxy.href, verifyTls: true };
      carrier = (await openTls(carrier, host, trust, { protocols: ["http/1.1"] }, open)).socket;
    }
  } catch (error) {
    throw proxyUnreachable(proxy, error);
  }
  const { request } = require("node:http") as typeof import("node:http");
  const authority = `${server.hostname}:${portOf(server)}`;
  return new Promise((resolve, reject) => {
    const connecting = request({
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...proxyAuthorization(proxy) },
      createConnection: () => carrier,
    });
    connecting.once("connect", (response, socket, head) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300 && head.length === 0) resolve(socket as Socket);
      else reject(refused(proxy, status));
    });
    connecting.once("response", (response) => reject(refused(proxy, response.statusCode ?? 0)));
    connecting.once("error", (error) =>
      reject(
        new TransportError("PROXY_UNREACHABLE", `the proxy ${proxy.host} closed the connection`, { cause: error }),
      ),
    );
    connecting.end();
  });
}

function proxyUnreachable(proxy: URL, cause: unknown): TransportError {
  return new TransportError("PROXY_UNREACHABLE", `the proxy ${proxy.host} cannot be reached`, { cause });
}

function refused(proxy: URL, status: number): TransportError {
  return new TransportError("PROXY_REFUSED", `the proxy ${proxy.host} refused the connection (HTTP ${status})`, {
    status,
  });
}

function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === "" && proxy.password === "") return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair, "utf8").toString("base64")}` };
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

function settled<T extends Socket>(socket: T, event: "connect" | "secureConnect"): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.removeListener(event, opened);
      socket.removeListener("close", closed);
    };
    const opened = (): void => {
      stop();
      socket.removeListener("error", failed);
      resolve(socket);
    };
    const failed = (error: Error): void => {
      stop();
      // Left in place: an error that comes later than the first must find a listener.
      socket.on("error", () => undefined);
      reject(error);
    };
    const closed = (): void =>
      failed(new TransportError("CONNECTION_LOST", "the connection was closed while it was opened"));
    socket.once(event, opened);
    socket.once("error", failed);
    socket.once("close", closed);
  });
}
