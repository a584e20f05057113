/** What a kubeconfig says about a cluster: its address, whom to trust there and the proxy before it. */

import { ConnectionProblem, type Entry, readFlag, readText } from "./kubeconfig";
import { readPem } from "./local-file";
import { chooseProxy } from "./proxy";
import type { ResolvedCluster } from "./resolved-cluster";
import type { ConnectionWorld } from "./world";

/** @throws {@link ConnectionProblem} */
export function readCluster(
  entry: Entry,
  where: string,
  insecure: boolean,
  world: ConnectionWorld,
): Omit<ResolvedCluster, "user"> {
  const { fields } = entry;
  const server = readServer(readText(fields, "server", where), where, insecure);
  const skip = readFlag(fields, "insecure-skip-tls-verify", where);
  if (skip && !insecure) {
    throw new ConnectionProblem(
      `${where} skips TLS verification; give its certificate authority, or say insecure: true for this cluster`,
    );
  }
  const authority = readPem(entry, "certificate-authority", where, world);
  if (skip && authority !== undefined) {
    throw new ConnectionProblem(`${where} has both a certificate authority and insecure-skip-tls-verify; keep one`);
  }
  const serverName = readText(fields, "tls-server-name", where);
  const proxyUrl = readProxy(readText(fields, "proxy-url", where), where) ?? proxyOfEnvironment(server, world);
  return {
    server: server.href.replace(/\/+$/, ""),
    verifyTls: !skip,
    compress: !readFlag(fields, "disable-compression", where),
    ...(serverName === undefined ? {} : { serverName }),
    ...(authority === undefined ? {} : { authority }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  };
}

function readServer(text: string | undefined, where: string, insecure: boolean): URL {
  if (text === undefined) throw new ConnectionProblem(`${where} has no server`);
  const server = parseUrl(text.includes("://") ? text : `none:${text}`);
  if (server === undefined || (server.protocol !== "https:" && server.protocol !== "http:")) {
    throw new ConnectionProblem(`${where}: server is not a URL that begins with https://`);
  }
  if (server.username !== "" || server.password !== "" || server.search !== "" || server.hash !== "") {
    throw new ConnectionProblem(`${where}: server may hold a host, a port and a path, and nothing else`);
  }
  if (server.protocol === "http:" && !insecure) {
    throw new ConnectionProblem(
      `${where} is reached over http, where anyone on the way can read the credential; use https, or say insecure: true for this cluster`,
    );
  }
  return server;
}

function readProxy(text: string | undefined, where: string): string | undefined {
  if (text === undefined) return undefined;
  const proxy = parseUrl(text);
  if (proxy !== undefined && /^socks/.test(proxy.protocol)) {
    throw new ConnectionProblem(`${where}: a SOCKS proxy is not supported; use an http or https proxy`);
  }
  if (proxy === undefined || (proxy.protocol !== "http:" && proxy.protocol !== "https:") || proxy.hostname === "") {
    throw new ConnectionProblem(`${where}: the proxy is not a URL that begins with http:// or https://`);
  }
  if (!isDecodable(proxy.username) || !isDecodable(proxy.password)) {
    throw new ConnectionProblem(
      `${where}: the proxy's user or password has a % that is not part of a percent-encoding; write %25`,
    );
  }
  return proxy.href;
}

function proxyOfEnvironment(server: URL, world: ConnectionWorld): string | undefined {
  return readProxy(
    chooseProxy(server, world.env),
    `the environment's ${server.protocol.slice(0, -1).toUpperCase()}_PROXY`,
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
