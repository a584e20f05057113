/**
 * Who we are to one cluster: a token, a token file that rotates, a client certificate, or what an exec plugin hands out.
 * Many requests share one credential, and one run of a plugin at a time gets it.
 */

import { ClusterError, isClusterError } from "../model/cluster-error";
import type { ExecPlugins } from "../model/connection";
import { runExecPlugin } from "./exec-plugin";
import type { Redactor } from "./redact";
import type { ClientCertificate, ResolvedCluster } from "./resolved-cluster";
import type { World } from "./world";

export interface Credential {
  readonly token?: string;
  readonly clientCertificate?: ClientCertificate;
}

export interface Credentials {
  /** @throws ClusterError `unauthorized` */
  get(): Promise<Credential>;
  /**
   * After a 401: another credential than `used`, or `undefined` where there is none to be had. Of many requests that
   * were refused together, one has it renewed and the others get the same.
   *
   * @throws ClusterError `unauthorized`
   */
  renew(used: Credential): Promise<Credential | undefined>;
}

/** Milliseconds; client-go's period for token files. Kubernetes rotates a pod's token well before its end. */
const TOKEN_FILE_PERIOD_MS = 60_000;

/** Milliseconds before the end of a plugin's credential at which a new one is had; a fifth of a shorter life. */
const EXPIRY_MARGIN_MS = 60_000;

/**
 * Milliseconds. A credential younger than this that the server refuses is not renewed, and a plugin that failed is not
 * run again: a hundred namespaces cost one run of a broken plugin, not a hundred.
 */
const RENEWAL_PAUSE_MS = 10_000;

interface Held {
  readonly credential: Credential;
  /** By `elapsed`; the others are moments of the clock, as a plugin names them. */
  readonly since: number;
  /** When another one is had. */
  readonly until: number;
  /** When it is good no longer; until then it is used where no other can be had. */
  readonly expiresAt: number;
}

interface Source {
  /** Milliseconds that must have passed before a second try may give another credential; `Infinity`: it never does. */
  readonly pauseMs: number;
  obtain(): Promise<Held>;
}

type CredentialWorld = Pick<World, "elapsed" | "env" | "now" | "readFile" | "run">;

export function createCredentials(
  cluster: ResolvedCluster,
  execPlugins: ExecPlugins,
  redactor: Redactor,
  world: CredentialWorld,
): Credentials {
  const source = createSource(cluster, execPlugins, world);
  let held: Held | undefined;
  let obtaining: Promise<Held> | undefined;
  let failed: { readonly error: ClusterError; readonly at: number } | undefined;

  const obtain = async (): Promise<Held> => {
    if (failed !== undefined && world.elapsed() - failed.at < RENEWAL_PAUSE_MS) throw failed.error;
    try {
      held = await source.obtain();
      failed = undefined;
    } catch (error) {
      if (isClusterError(error)) failed = { error, at: world.elapsed() };
      throw error;
    }
    if (held.credential.token !== undefined) redactor.register(held.credential.token);
    if (held.credential.clientCertificate !== undefined) redactor.register(held.credential.clientCertificate.key);
    return held;
  };
  const obtainOnce = (): Promise<Held> => {
    obtaining ??= obtain().finally(() => {
      obtaining = undefined;
    });
    return obtaining;
  };

  return {
    async get() {
      const last = held;
      if (last !== undefined && world.now() < last.until) return last.credential;
      try {
        return (await obtainOnce()).credential;
      } catch (error) {
        if (last !== undefined && isClusterError(error) && world.now() < last.expiresAt) return last.credential;
        throw error;
      }
    },
    async renew(used) {
      if (obtaining === undefined && held !== undefined) {
        if (!isSame(held.credential, used)) return held.credential;
        if (world.elapsed() - held.since < source.pauseMs) return undefined;
      }
      const { credential } = await obtainOnce();
      return isSame(credential, used) ? undefined : credential;
    },
  };
}

function createSource(cluster: ResolvedCluster, execPlugins: ExecPlugins, world: CredentialWorld): Source {
  const { token, tokenFile, clientCertificate, exec } = cluster.user;
  const certificate = clientCertificate === undefined ? {} : { clientCertificate };
  if (tokenFile !== undefined) {
    return {
      pauseMs: 0,
      async obtain() {
        const since = world.elapsed();
        const until = world.now() + TOKEN_FILE_PERIOD_MS;
        const read = readToken(tokenFile, world);
        return { credential: { token: read, ...certificate }, since, until, expiresAt: Number.POSITIVE_INFINITY };
      },
    };
  }
  // As with kubectl a plugin is not run where the kubeconfig has a token.
  if (exec !== undefined && token === undefined) {
    return {
      pauseMs: RENEWAL_PAUSE_MS,
      async obtain() {
        const answer = await runExecPlugin(exec, cluster, execPlugins, world);
        const { expiresAt = Number.POSITIVE_INFINITY, ...credential } = answer;
        const until = expiresAt - marginOf(expiresAt - world.now());
        return { credential: { ...certificate, ...credential }, since: world.elapsed(), until, expiresAt };
      },
    };
  }
  const credential = { ...(token === undefined ? {} : { token }), ...certificate };
  const never = Number.POSITIVE_INFINITY;
  return {
    pauseMs: never,
    obtain: async () => ({ credential, since: world.elapsed(), until: never, expiresAt: never }),
  };
}

function isSame(a: Credential, b: Credential): boolean {
  return a.token === b.token && a.clientCertificate?.certificate === b.clientCertificate?.certificate;
}

function marginOf(lifeMs: number): number {
  return Math.min(EXPIRY_MARGIN_MS, Math.max(0, lifeMs) / 5);
}

function readToken(path: string, world: Pick<World, "readFile">): string {
  let text: string;
  try {
    text = world.readFile(path).trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new ClusterError("unauthorized", `the token file "${path}" cannot be read (${code})`, { cause: error });
  }
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new ClusterError(
    "unauthorized",
    `the token file "${path}" ${text === "" ? "is empty" : "does not hold a token"}`,
  );
}
