/**
 * The clusters of the mesh as the lifecycle uses them: a client each, made when first needed, and one look at all
 * namespaces of a cluster that serves every resource of the process.
 */

import type { ApiServer } from "../kube/api-server";
import { listInjectionWebhooks } from "../kube/injection-webhooks";
import type { NamespaceApi } from "../kube/namespace-api";
import { type ClusterError, isClusterError } from "../model/cluster-error";
import type { InjectionWebhook } from "../model/injection";
import type { Namespace } from "../model/namespace";

/** One cluster: its namespaces, and any other request to the same API server, under the same limits. */
export interface ClusterApi extends NamespaceApi {
  readonly server: ApiServer;
  /** Masks the cluster's credentials in a text that the cluster wrote and that is to be shown. */
  redact(text: string): string;
}

export interface Fleet {
  /** Throws a `ClusterError` where the connection itself is at fault. */
  api(place: string): ClusterApi;
  /** First characters of the uid of kube-system; `undefined` where it may not be read. */
  identity(place: string): Promise<string | undefined>;
  /** All namespaces as they were at the last look, at most a minute old, by name. */
  list(place: string): Promise<ReadonlyMap<string, Namespace>>;
  /** A namespace as it was at the last look. */
  observe(place: string, name: string): Promise<Namespace | undefined>;
  /** For who waits until a namespace is gone. */
  poll(place: string): Poll;
  /** The webhooks that inject Istio's sidecar there, asked once a process. */
  webhooks(place: string): Promise<readonly InjectionWebhook[]>;
  /** A namespace as the last look or write saw it; asks nothing, and `undefined` also means that nobody has looked. */
  recall(place: string, name: string): Promise<Namespace | undefined>;
  /** What a write of ours left behind. */
  note(place: string, name: string, namespace: Namespace | undefined): void;
}

/** Where many wait for a namespace of the same cluster, one list serves them all. */
export interface Poll {
  /** As it is now, or was half a second ago. */
  look(name: string): Promise<Namespace | undefined>;
  /** Nothing is waited for any more. */
  end(): void;
}

/** Milliseconds a look at a cluster serves reads. Long enough for a refresh of a thousand namespaces. */
const LOOK_LIFETIME_MS = 60_000;
/** Milliseconds a look serves those who wait, of whom each looks once a second. */
const POLL_LIFETIME_MS = 500;
/** So many that wait are served by lists, unless the cluster has many more namespaces than those. */
const LIST_FROM = 8;
/** Namespaces in a list that cost a server as much as a GET of one. */
const NAMESPACES_A_GET = 20;
/** Characters of a uid that tell two clusters apart. */
const IDENTITY_LENGTH = 8;

interface Look {
  readonly at: number;
  readonly namespaces: Promise<Map<string, Namespace>>;
}

/** `connect` makes the client of a place; `now` is in milliseconds. */
export function createFleet(connect: (place: string) => ClusterApi, now: () => number): Fleet {
  const clients = new Map<string, ClusterApi>();
  const looks = new Map<string, Look>();
  const identities = new Map<string, Promise<string | undefined>>();
  const webhooks = new Map<string, Promise<readonly InjectionWebhook[]>>();
  const waiting = new Map<string, number>();
  /** Namespaces in the last list; infinitely many where listing is forbidden, which no one is served by. */
  const sizes = new Map<string, number>();

  const api = (place: string): ClusterApi => {
    const client = clients.get(place) ?? connect(place);
    clients.set(place, client);
    return client;
  };

  const look = (place: string, lifetimeMs = LOOK_LIFETIME_MS): Promise<Map<string, Namespace>> => {
    const last = looks.get(place);
    if (last !== undefined && now() - last.at < lifetimeMs) return last.namespaces;
    const namespaces = (async () => new Map((await api(place).list()).map((item) => [item.name, item])))();
    looks.set(place, { at: now(), namespaces });
    namespaces.then(
      ({ size }) => sizes.set(place, size),
      (error) => (isForbidden(error) ? sizes.set(place, Number.POSITIVE_INFINITY) : looks.delete(place)),
    );
    return namespaces;
  };

  /** Where listing is forbidden but reading is not, names are asked for one by one. */
  const observe = async (place: string, name: string, lifetimeMs?: number): Promise<Namespace | undefined> => {
    try {
      return (await look(place, lifetimeMs)).get(name);
    } catch (error) {
      if (isForbidden(error)) return api(place).get(name);
      throw error;
    }
  };

  const identity = async (place: string): Promise<string | undefined> => {
    try {
      const known = looks.has(place) ? await observe(place, "kube-system") : await api(place).get("kube-system");
      return known?.uid.slice(0, IDENTITY_LENGTH);
    } catch (error) {
      if (isForbidden(error)) return undefined;
      throw error;
    }
  };

  const isCrowded = (place: string): boolean => {
    const many = waiting.get(place) ?? 0;
    return many >= LIST_FROM && many * NAMESPACES_A_GET >= (sizes.get(place) ?? 0);
  };

  const poll = (place: string): Poll => {
    waiting.set(place, (waiting.get(place) ?? 0) + 1);
    return {
      look: (name) => (isCrowded(place) ? observe(place, name, POLL_LIFETIME_MS) : api(place).get(name)),
      end: () => waiting.set(place, (waiting.get(place) ?? 0) - 1),
    };
  };

  return {
    api,
    list: (place) => look(place),
    observe: (place, name) => observe(place, name),
    poll,
    identity: (place) => once(identities, place, () => identity(place)),
    webhooks: (place) => once(webhooks, place, async () => listInjectionWebhooks(api(place).server)),
    recall: async (place, name) => {
      try {
        return (await looks.get(place)?.namespaces)?.get(name);
      } catch (error) {
        clusterErrorOf(error);
        return undefined;
      }
    },
    note: (place, name, namespace) => {
      const last = looks.get(place);
      if (last === undefined) return;
      last.namespaces.then(
        (namespaces) => (namespace === undefined ? namespaces.delete(name) : namespaces.set(name, namespace)),
        () => {},
      );
    },
  };
}

/** What one name is refused, the next one will be too: it is not asked for again. */
function isForbidden(error: unknown): boolean {
  return isClusterError(error) && error.code === "forbidden";
}

/** One question a place, asked again only where it failed. */
function once<T>(asked: Map<string, Promise<T>>, place: string, ask: () => Promise<T>): Promise<T> {
  const answer = asked.get(place) ?? ask();
  asked.set(place, answer);
  answer.catch((error) => isForbidden(error) || asked.delete(place));
  return answer;
}

/** A failure of a place in one sentence: what, where, why. */
export function describeFailure(verb: string, name: string, place: string, error: unknown): string {
  const cause = error instanceof Error ? error.message : String(error);
  return `cannot ${verb} namespace ${JSON.stringify(name)} on ${place}: ${cause}`;
}

/** What went wrong on one cluster; our own bugs are not hidden among them. */
export function clusterErrorOf(error: unknown): ClusterError {
  if (isClusterError(error)) return error;
  throw error;
}
