/** What a kubeconfig says about a user: tokens, certificates, a plugin, and whom to act as. */

import { readExecPlugin } from "./exec-plugin";
import { ConnectionProblem, type Entry, readObject, readText, readTexts } from "./kubeconfig";
import { readPath, readPem } from "./local-file";
import type { ClientCertificate, ClusterUser, Impersonation } from "./resolved-cluster";
import type { ConnectionWorld } from "./world";

/** @throws {@link ConnectionProblem} */
export function readUser(
  entry: Entry,
  cluster: Entry,
  where: string,
  insecure: boolean,
  world: ConnectionWorld,
): ClusterUser {
  const { fields } = entry;
  const legacy = readObject(fields, "auth-provider", where);
  if (legacy !== undefined) {
    const name = readText(legacy, "name", `${where}: auth-provider`) ?? "";
    throw new ConnectionProblem(
      `${where} uses the auth-provider "${name}", which Kubernetes removed in 1.26; use an exec plugin (for gcp: gke-gcloud-auth-plugin, for azure: kubelogin)`,
    );
  }
  if (readText(fields, "username", where) !== undefined || readText(fields, "password", where) !== undefined) {
    throw new ConnectionProblem(
      `${where} has a username and password, which Kubernetes removed in 1.19; use a token, a client certificate or an exec plugin`,
    );
  }
  const token = readText(fields, "token", where);
  const tokenFile = readPath(entry, "tokenFile", where, "token");
  const clientCertificate = readClientCertificate(entry, where, world);
  const exec = readExecPlugin(entry, cluster, where);
  const impersonation = readImpersonation(entry, where);
  if (
    !insecure &&
    token === undefined &&
    tokenFile === undefined &&
    clientCertificate === undefined &&
    exec === undefined
  ) {
    throw new ConnectionProblem(`${where} has no credential: no token, client certificate or exec plugin`);
  }
  return {
    ...(token === undefined ? {} : { token: checkToken(token, where) }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(exec === undefined ? {} : { exec }),
    ...(impersonation === undefined ? {} : { impersonation }),
  };
}

function checkToken(token: string, where: string): string {
  const value = token.trim();
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new ConnectionProblem(`${where}: token holds characters that an HTTP header cannot carry`);
}

function readClientCertificate(entry: Entry, where: string, world: ConnectionWorld): ClientCertificate | undefined {
  const certificate = readPem(entry, "client-certificate", where, world);
  const key = readPem(entry, "client-key", where, world);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined) throw new ConnectionProblem(`${where} has a client-key and no client-certificate`);
  if (key === undefined) throw new ConnectionProblem(`${where} has a client-certificate and no client-key`);
  if (/ENCRYPTED/.test(key))
    throw new ConnectionProblem(`${where}: the client-key needs a passphrase; decrypt it first`);
  return { certificate, key };
}

function readImpersonation(entry: Entry, where: string): Impersonation | undefined {
  const { fields } = entry;
  const user = readText(fields, "as", where);
  const uid = readText(fields, "as-uid", where);
  const groups = readTexts(fields, "as-groups", where);
  const extra = readObject(fields, "as-user-extra", where) ?? {};
  if (user === undefined) {
    if (uid === undefined && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
    throw new ConnectionProblem(`${where} impersonates a uid, groups or extras without a user; add as`);
  }
  const extras = Object.keys(extra).map((key) => [key, readTexts(extra, key, `${where}: as-user-extra`)] as const);
  return { user, groups, extra: Object.fromEntries(extras), ...(uid === undefined ? {} : { uid }) };
}
