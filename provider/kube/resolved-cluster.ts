/** A cluster as the rest of this folder knows it: where it is and how we prove who we are. Only data. */

import type { ExecPlugin } from "./exec-plugin";

/** PEM texts. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A user of a kubeconfig. Several may be there; who wins is `credentials.ts`'s. */
export interface ClusterUser {
  readonly token?: string;
  /** Absolute, or relative to the working directory. Read again as it rotates. */
  readonly tokenFile?: string;
  readonly clientCertificate?: ClientCertificate;
  readonly exec?: ExecPlugin;
  readonly impersonation?: Impersonation;
}

export interface ResolvedCluster {
  /** `https://host:port/path` without a slash at the end. Rancher's and Teleport's proxies need the path. */
  readonly server: string;
  /** Where the certificate is for another name than the server's host: `tls-server-name`. */
  readonly serverName?: string;
  /** PEM. Absent: the authorities of Node.js and of the system. */
  readonly authority?: string;
  /** False only with `insecure: true` and `insecure-skip-tls-verify`. */
  readonly verifyTls: boolean;
  /** Of the kubeconfig, else of the environment. http or https. */
  readonly proxyUrl?: string;
  readonly compress: boolean;
  readonly user: ClusterUser;
}

/** Every value of a resolved cluster that must not be read in a message. */
export function secretsOf(cluster: ResolvedCluster): readonly string[] {
  const { user, proxyUrl } = cluster;
  const proxy = proxyUrl === undefined ? undefined : new URL(proxyUrl);
  return [
    user.token,
    user.clientCertificate?.key,
    proxy === undefined ? undefined : decodeURIComponent(proxy.password),
  ].filter((secret) => secret !== undefined && secret !== "") as string[];
}
