/** Kubeconfigs: written for the clusters of a lab, read for the lab's own client. */

import { parse, stringify } from "yaml";

/** One way into one cluster: by token, or by certificate. */
export interface Access {
  /** The name of the cluster, which is also the context's. */
  readonly cluster: string;
  readonly server: string;
  /** The authority's certificate, PEM. */
  readonly authority: string;
  /** The user's name within the kubeconfig. */
  readonly user: string;
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** The text of a kubeconfig with a context for each access; the first is the current one. */
export function writeKubeconfig(accesses: readonly Access[]): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": accesses[0]?.cluster,
    clusters: accesses.map(({ cluster, server, authority }) => ({
      name: cluster,
      cluster: { server, "certificate-authority-data": encode(authority) },
    })),
    users: accesses.map((access) => ({ name: userName(access), user: credentials(access) })),
    contexts: accesses.map((access) => ({
      name: access.cluster,
      context: { cluster: access.cluster, user: userName(access) },
    })),
  });
}

/** What the current context of a kubeconfig that this module wrote says. */
export function readKubeconfig(text: string): Access {
  const config: Kubeconfig = parse(text);
  const context = named(config.contexts, config["current-context"]).context;
  const { cluster } = named(config.clusters, context.cluster);
  const { user } = named(config.users, context.user);
  return {
    cluster: context.cluster,
    server: cluster.server,
    authority: decode(cluster["certificate-authority-data"]),
    user: context.user,
    ...("token" in user
      ? { token: user.token }
      : { certificate: decode(user["client-certificate-data"]), key: decode(user["client-key-data"]) }),
  };
}

interface Kubeconfig {
  readonly "current-context": string;
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: { readonly server: string; readonly "certificate-authority-data": string };
  }[];
  readonly users: readonly { readonly name: string; readonly user: Credentials }[];
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
}

type Credentials =
  | { readonly token: string }
  | { readonly "client-certificate-data": string; readonly "client-key-data": string };

/** A user's name with the cluster's, since the clusters' users are different ones in one merged file. */
function userName({ user, cluster }: Access): string {
  return user.endsWith(`@${cluster}`) ? user : `${user}@${cluster}`;
}

function credentials({ token, certificate, key }: Access): Credentials {
  if (token !== undefined) return { token };
  return { "client-certificate-data": encode(certificate ?? ""), "client-key-data": encode(key ?? "") };
}

function named<Entry extends { readonly name: string }>(entries: readonly Entry[], name: string): Entry {
  const entry = entries.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`the kubeconfig has no "${name}"`);
  return entry;
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString();
}
