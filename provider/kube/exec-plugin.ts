/**
 * Credentials from a program that the kubeconfig names, as EKS, GKE and AKS hand them out. Such a program is arbitrary
 * code, so it is run only under the mesh's policy, without a shell, with a small environment and a time limit, and what
 * it writes to stderr is read by nobody: plugins print tokens there when they fail.
 *
 * @see https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
 */

import { ClusterError } from "../model/cluster-error";
import type { ExecPlugins } from "../model/connection";
import { isRecord, parseJson } from "../model/json";
import { ConnectionProblem, type Entry, readFlag, readObject, readText, readTexts } from "./kubeconfig";
import type { ClientCertificate, ResolvedCluster } from "./resolved-cluster";
import type { World } from "./world";

export interface ExecPlugin {
  readonly apiVersion: "client.authentication.k8s.io/v1" | "client.authentication.k8s.io/v1beta1";
  /** As the kubeconfig spells it: what a policy names. */
  readonly spelled: string;
  /** What is run: `spelled`, with a path relative to the kubeconfig's file made one that can be run. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly installHint?: string;
  readonly provideClusterInfo: boolean;
  /** The cluster entry's extension `client.authentication.k8s.io/exec`, passed on as `spec.cluster.config`. */
  readonly clusterConfig?: unknown;
}

/** What a plugin answered. */
export interface ExecCredential {
  readonly token?: string;
  readonly clientCertificate?: ClientCertificate;
  /** Milliseconds since 1970; absent: good until the server refuses it. */
  readonly expiresAt?: number;
}

/**
 * Milliseconds. client-go has no limit at all; `aws eks get-token` and `gke-gcloud-auth-plugin` need 1 to 5 s, more when
 * a session token has to be had first.
 */
export const EXEC_TIME_LIMIT_MS = 30_000;

/** Bytes. The largest credentials, client certificates with their chain, stay under 20 kB. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

const API_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"] as const;

/**
 * Of our environment a plugin sees these, and its own `env` entries over them. kubectl hands on everything; in a
 * Pulumi program that would include the passphrase and the tokens of every other provider. What the clouds' own tools
 * read stays.
 */
const PASSED_ON =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|(?:https?|no|all)_proxy|XDG_\w+|(?:AWS|GOOGLE|CLOUDSDK|GCLOUD|AZURE|ARM|AAD|KUBE|ALIBABA_CLOUD|ALICLOUD|OCI|DIGITALOCEAN)\w*|USERPROFILE|APPDATA|LOCALAPPDATA|PATHEXT|SYSTEMROOT|COMSPEC|HOMEDRIVE|HOMEPATH|PROGRAM\w+)$/i;

/** Why the policy does not let this plugin run, or `undefined`. */
export function execPluginProblem(plugin: ExecPlugin, policy: ExecPlugins): string | undefined {
  if (policy === "allow") return undefined;
  if (policy === "deny") {
    return `the kubeconfig wants to run "${plugin.spelled}" for a credential, and execPlugins is "deny"`;
  }
  if (policy.allow.includes(plugin.spelled)) return undefined;
  return `the kubeconfig wants to run "${plugin.spelled}" for a credential, which execPlugins does not allow; add it to execPlugins.allow if it may`;
}

/** @throws {@link ConnectionProblem} */
export function readExecPlugin(user: Entry, cluster: Entry, where: string): ExecPlugin | undefined {
  const fields = readObject(user.fields, "exec", where);
  if (fields === undefined) return undefined;
  const place = `${where}: exec`;
  const spelled = readText(fields, "command", place);
  if (spelled === undefined) throw new ConnectionProblem(`${place} has no command`);
  const stated = readText(fields, "apiVersion", place);
  const apiVersion = API_VERSIONS.find((version) => version === stated);
  if (apiVersion === undefined) {
    throw new ConnectionProblem(
      `${place}: apiVersion is neither ${API_VERSIONS.join(" nor ")}; write the kubeconfig anew with a current version of the cloud's tool`,
    );
  }
  if (readText(fields, "interactiveMode", place) === "Always") {
    throw new ConnectionProblem(
      `${place}: the plugin needs a terminal (interactiveMode: Always), and there is none here`,
    );
  }
  const installHint = readText(fields, "installHint", place);
  const clusterConfig = readClusterConfig(cluster);
  return {
    apiVersion,
    spelled,
    command: commandPath(spelled, user, place),
    args: readTexts(fields, "args", place),
    env: readEnv(fields, place),
    provideClusterInfo: readFlag(fields, "provideClusterInfo", place),
    ...(installHint === undefined ? {} : { installHint }),
    ...(clusterConfig === undefined ? {} : { clusterConfig }),
  };
}

/** @throws ClusterError `unauthorized`; its message names the command and never holds what the plugin wrote. */
export async function runExecPlugin(
  plugin: ExecPlugin,
  cluster: ResolvedCluster,
  policy: ExecPlugins,
  world: Pick<World, "env" | "run">,
): Promise<ExecCredential> {
  const refused = execPluginProblem(plugin, policy);
  if (refused !== undefined) throw new ClusterError("unauthorized", refused);
  const result = await world.run({
    command: plugin.command,
    args: plugin.args,
    env: pluginEnvironment(plugin, cluster, world.env),
    timeLimitMs: EXEC_TIME_LIMIT_MS,
    maxBytes: MAX_OUTPUT_BYTES,
  });
  const name = `the exec plugin "${plugin.spelled.replace(/^.*[/\\]/, "")}"`;
  const fail = (what: string): never => {
    throw new ClusterError("unauthorized", `${name} ${what}`);
  };
  switch (result.kind) {
    case "exited":
      if (result.code === 0) return parseExecCredential(result.stdout, plugin.apiVersion, fail);
      return fail(`ended with exit code ${result.code}; run it by hand to see why`);
    case "not-found":
      return fail(
        `is not installed or not on PATH${plugin.installHint === undefined ? "" : `; ${plugin.installHint.trim()}`}`,
      );
    case "timed-out":
      return fail(`gave no credential within ${EXEC_TIME_LIMIT_MS / 1000} s`);
    case "killed":
      return fail(`was ended by ${result.signal}`);
    case "too-much-output":
      return fail("wrote more than a credential");
    case "not-started":
      return fail(`cannot be started (${result.reason})`);
  }
}

function pluginEnvironment(
  plugin: ExecPlugin,
  cluster: ResolvedCluster,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && PASSED_ON.test(entry[0]),
  );
  const own = plugin.env.map(({ name, value }) => [name, value] as const);
  return {
    ...Object.fromEntries([...passed, ...own]),
    KUBERNETES_EXEC_INFO: JSON.stringify({
      apiVersion: plugin.apiVersion,
      kind: "ExecCredential",
      spec: { interactive: false, ...(plugin.provideClusterInfo ? { cluster: clusterInfo(plugin, cluster) } : {}) },
    }),
  };
}

function clusterInfo(plugin: ExecPlugin, cluster: ResolvedCluster): Record<string, unknown> {
  return {
    server: cluster.server,
    ...(cluster.serverName === undefined ? {} : { "tls-server-name": cluster.serverName }),
    ...(cluster.verifyTls ? {} : { "insecure-skip-tls-verify": true }),
    ...(cluster.authority === undefined
      ? {}
      : { "certificate-authority-data": Buffer.from(cluster.authority).toString("base64") }),
    ...(cluster.proxyUrl === undefined ? {} : { "proxy-url": cluster.proxyUrl }),
    ...(plugin.clusterConfig === undefined ? {} : { config: plugin.clusterConfig }),
  };
}

function parseExecCredential(stdout: string, apiVersion: string, fail: (what: string) => never): ExecCredential {
  const answer = parseJson(stdout);
  if (!isRecord(answer) || answer.kind !== "ExecCredential")
    return fail("wrote something that is not an ExecCredential");
  if (answer.apiVersion !== apiVersion) return fail(`answered in another apiVersion than ${apiVersion}`);
  const status = isRecord(answer.status) ? answer.status : {};
  const text = (key: string): string | undefined => {
    const value = status[key];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  const token = text("token");
  const certificate = text("clientCertificateData");
  const key = text("clientKeyData");
  if (token === undefined && certificate === undefined) return fail("gave neither a token nor a client certificate");
  if ((certificate === undefined) !== (key === undefined)) return fail("gave only one of client certificate and key");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    return fail("gave a token that an HTTP header cannot carry");
  const stamp = text("expirationTimestamp");
  const expiresAt = stamp === undefined ? undefined : Date.parse(stamp);
  if (expiresAt !== undefined && Number.isNaN(expiresAt)) return fail("gave an expirationTimestamp that is not a time");
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined ? {} : { clientCertificate: { certificate, key } }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function commandPath(spelled: string, user: Entry, place: string): string {
  const { dirname, isAbsolute, resolve } = require("node:path") as typeof import("node:path");
  if (!/[/\\]/.test(spelled) || isAbsolute(spelled)) return spelled;
  if (user.origin.kind === "inline") {
    throw new ConnectionProblem(`${place}: command is a relative path, and a kubeconfig given as text is in no folder`);
  }
  // Not joined, which drops the "./": without a slash it would be sought on PATH.
  return resolve(dirname(user.origin.path), spelled);
}

function readEnv(fields: Readonly<Record<string, unknown>>, place: string): ExecPlugin["env"] {
  const list = fields.env ?? [];
  if (!Array.isArray(list)) throw new ConnectionProblem(`${place}: env is not a list`);
  return list.map((item) => {
    const name = isRecord(item) ? readText(item, "name", `${place}: env`) : undefined;
    if (!isRecord(item) || name === undefined) throw new ConnectionProblem(`${place}: an item of env has no name`);
    return { name, value: readText(item, "value", `${place}: env`) ?? "" };
  });
}

function readClusterConfig(cluster: Entry): unknown {
  const extensions = cluster.fields.extensions;
  if (!Array.isArray(extensions)) return undefined;
  const own = extensions.find((item) => isRecord(item) && item.name === "client.authentication.k8s.io/exec");
  return isRecord(own) ? own.extension : undefined;
}
