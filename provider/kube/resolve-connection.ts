/**
 * From what the user says about a cluster to where it is and how we prove who we are. Reads files, opens no socket, so
 * that everything wrong with a kubeconfig is known in a preview before the first request.
 */

import { type ClusterConnection, type ExecPlugins, podServer, SERVICE_ACCOUNT } from "../model/connection";
import { readCluster } from "./cluster-entry";
import { execPluginProblem } from "./exec-plugin";
import {
  ConnectionProblem,
  type Entry,
  type Kubeconfig,
  mergeKubeconfigs,
  parseKubeconfig,
  readText,
} from "./kubeconfig";
import { readOptional } from "./local-file";
import type { ResolvedCluster } from "./resolved-cluster";
import { readUser } from "./user-entry";
import type { ConnectionWorld } from "./world";

export type ResolvedConnection =
  | { readonly kind: "resolved"; readonly cluster: ResolvedCluster }
  /** `reason` is a sentence without a full stop that names what to do and holds nothing secret. */
  | { readonly kind: "problem"; readonly reason: string };

/** Never throws for what the user wrote; `execPlugins` left out means that the policy is not looked at here. */
export function resolveConnection(
  connection: ClusterConnection,
  world: ConnectionWorld,
  options: { readonly execPlugins?: ExecPlugins } = {},
): ResolvedConnection {
  try {
    const cluster = connection.inCluster === true ? inCluster(connection, world) : fromKubeconfig(connection, world);
    const { exec } = cluster.user;
    const refused =
      exec === undefined || options.execPlugins === undefined
        ? undefined
        : execPluginProblem(exec, options.execPlugins);
    if (refused !== undefined) return { kind: "problem", reason: refused };
    checkTlsMaterial(cluster);
    return { kind: "resolved", cluster };
  } catch (error) {
    if (error instanceof ConnectionProblem) return { kind: "problem", reason: error.message };
    throw error;
  }
}

function fromKubeconfig(connection: ClusterConnection, world: ConnectionWorld): ResolvedCluster {
  const kubeconfig = loadKubeconfig(connection, world);
  const name = pickContext(kubeconfig, connection.context);
  const context = kubeconfig.contexts.get(name) as Entry;
  const where = `context "${name}"`;
  const clusterName = readText(context.fields, "cluster", where);
  const userName = readText(context.fields, "user", where);
  if (clusterName === undefined) throw new ConnectionProblem(`${where} names no cluster`);
  const cluster = kubeconfig.clusters.get(clusterName);
  if (cluster === undefined) {
    throw new ConnectionProblem(`${where} names the cluster "${clusterName}", which the kubeconfig does not have`);
  }
  const user = userName === undefined ? undefined : kubeconfig.users.get(userName);
  if (userName !== undefined && user === undefined) {
    throw new ConnectionProblem(`${where} names the user "${userName}", which the kubeconfig does not have`);
  }
  if (user === undefined && connection.insecure !== true) throw new ConnectionProblem(`${where} names no user`);
  return {
    ...readCluster(cluster, `cluster "${clusterName}"`, connection.insecure === true, world),
    user: user === undefined ? {} : readUser(user, cluster, `user "${userName}"`, connection.insecure === true, world),
  };
}

function loadKubeconfig(connection: ClusterConnection, world: ConnectionWorld): Kubeconfig {
  if (connection.kubeconfig !== undefined) {
    if (connection.kubeconfigPath !== undefined) {
      throw new ConnectionProblem("both kubeconfig and kubeconfigPath are given; keep one of them");
    }
    return parseKubeconfig(connection.kubeconfig, { kind: "inline" });
  }
  if (connection.kubeconfigPath !== undefined) {
    const path = expandHome(connection.kubeconfigPath, world);
    const text = readOptional(path, world);
    if (text === undefined) throw new ConnectionProblem(`there is no kubeconfig file "${path}"`);
    return parseFile(path, text, world);
  }
  const separator = process.platform === "win32" ? ";" : ":";
  const listed = (world.env.KUBECONFIG ?? "").split(separator).filter((path) => path !== "");
  const paths = listed.length > 0 ? [...new Set(listed)] : [expandHome("~/.kube/config", world)];
  const read = paths.flatMap((path) => {
    const text = readOptional(path, world);
    // Like kubectl: of a list, files that are missing or empty do not count.
    const missing = text === undefined || (paths.length > 1 && text.trim() === "");
    return missing ? [] : [parseFile(path, text, world)];
  });
  if (read.length === 0) {
    const tried = paths.map((path) => `"${path}"`).join(", ");
    throw new ConnectionProblem(
      `there is no kubeconfig file ${tried}${listed.length > 0 ? " (from KUBECONFIG)" : ""}; give kubeconfig or kubeconfigPath, or set KUBECONFIG`,
    );
  }
  return mergeKubeconfigs(read);
}

interface ParsedFile {
  readonly text: string;
  readonly kubeconfig: Kubeconfig;
}

/** By path, what a file was last read as. */
const parsedFiles = new WeakMap<ConnectionWorld, Map<string, ParsedFile>>();

/** A mesh's clusters are often contexts of one file, and to parse YAML takes longer than to connect: once a content. */
function parseFile(path: string, text: string, world: ConnectionWorld): Kubeconfig {
  const files = parsedFiles.get(world) ?? new Map<string, ParsedFile>();
  parsedFiles.set(world, files);
  const before = files.get(path);
  if (before?.text === text) return before.kubeconfig;
  const kubeconfig = parseKubeconfig(text, { kind: "file", path });
  files.set(path, { text, kubeconfig });
  return kubeconfig;
}

function pickContext(kubeconfig: Kubeconfig, asked: string | undefined): string {
  const names = [...kubeconfig.contexts.keys()];
  const known = names.length === 0 ? "it has none" : `it has ${names.map((name) => `"${name}"`).join(", ")}`;
  const wanted = asked ?? kubeconfig.currentContext;
  if (wanted === undefined) {
    const [only] = names;
    if (only !== undefined && names.length === 1) return only;
    throw new ConnectionProblem(`the kubeconfig has no current-context; say which context to use: ${known}`);
  }
  if (kubeconfig.contexts.has(wanted)) return wanted;
  const named = asked === undefined ? `the current-context "${wanted}"` : `the context "${wanted}"`;
  throw new ConnectionProblem(`the kubeconfig does not have ${named}; ${known}`);
}

function inCluster(connection: ClusterConnection, world: ConnectionWorld): ResolvedCluster {
  for (const key of ["kubeconfig", "kubeconfigPath", "context"] as const) {
    if (connection[key] !== undefined)
      throw new ConnectionProblem(`both inCluster and ${key} are given; keep one of them`);
  }
  const server = podServer(world.env);
  const authority = readOptional(`${SERVICE_ACCOUNT}/ca.crt`, world);
  if (server === undefined || authority === undefined) {
    throw new ConnectionProblem("inCluster is set, but this is not a pod with a service account");
  }
  return {
    server,
    authority,
    verifyTls: true,
    compress: true,
    user: { tokenFile: `${SERVICE_ACCOUNT}/token` },
  };
}

/** OpenSSL's word on certificates and keys, had before the first connection instead of with it. */
function checkTlsMaterial(cluster: ResolvedCluster): void {
  const { X509Certificate } = require("node:crypto") as typeof import("node:crypto");
  const { createSecureContext } = require("node:tls") as typeof import("node:tls");
  const { clientCertificate } = cluster.user;
  try {
    // Not by a secure context: it skips over an authority that it cannot read.
    for (const block of cluster.authority?.split(/(?=-----BEGIN )/) ?? []) {
      if (block.startsWith("-----BEGIN ")) new X509Certificate(block);
    }
  } catch {
    throw new ConnectionProblem(
      "the certificate authority of the cluster cannot be read; it is not a valid PEM certificate",
    );
  }
  try {
    if (clientCertificate !== undefined) {
      createSecureContext({ cert: clientCertificate.certificate, key: clientCertificate.key });
    }
  } catch {
    throw new ConnectionProblem("the client certificate and its key cannot be read or do not belong together");
  }
}

function expandHome(path: string, world: ConnectionWorld): string {
  if (!/^~(?=[/\\]|$)/.test(path)) return path;
  const home = world.env.HOME ?? world.env.USERPROFILE;
  if (home === undefined) throw new ConnectionProblem(`HOME is not set, so "${path}" cannot be found`);
  return home + path.slice(1);
}
