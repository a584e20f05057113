/** Puts the parts together: one client a cluster, for the life of the provider process. */

import type { ExecPlugins } from "../model/connection";
import { type ApiServer, createApiServer } from "./api-server";
import { type Around, around } from "./around";
import { createBreaker } from "./breaker";
import { untilCancelled } from "./cancellation";
import { createLimit } from "./concurrency";
import { createCredentials } from "./credentials";
import { createHttpApi } from "./http-api";
import type { NamespaceApi } from "./namespace-api";
import { createRedactor, shorten } from "./redact";
import { type ResolvedCluster, secretsOf } from "./resolved-cluster";
import { createRetry, withRetry } from "./retry";
import { CONNECT_TIME_LIMIT_MS, createTransport } from "./transport";
import type { World } from "./world";

export interface ClusterClientOptions {
  readonly execPlugins: ExecPlugins;
  /** Of this package, for the `User-Agent` and so for the cluster's audit log. */
  readonly version: string;
  /** Calls at once to this cluster. */
  readonly callsAtOnce: number;
  /** Milliseconds for one request and one try. */
  readonly requestTimeLimitMs: number;
  /** Ends all that is asked, and lets nothing more be asked. */
  readonly signal?: AbortSignal;
}

export interface ClusterClient extends NamespaceApi {
  /**
   * Any other request to the same cluster, over the same connection and under the same limits: webhook configurations,
   * workloads. A POST is repeated only where the server has certainly not looked at it.
   */
  readonly server: ApiServer;
  /** Masks this cluster's credentials in a text that the cluster wrote and that is to be shown: a condition, an event. */
  redact(text: string): string;
  /** Ends idle connections at once and busy ones with their last answer. An open client does not keep the process alive. */
  close(): void;
}

/** Opens nothing: the first request connects. */
export function createClusterClient(
  cluster: ResolvedCluster,
  options: ClusterClientOptions,
  world: World,
): ClusterClient {
  const redactor = createRedactor();
  for (const secret of secretsOf(cluster)) redactor.register(secret);
  // Who waits less for an answer does not wait longer for the connection.
  const connectTimeLimitMs = Math.min(CONNECT_TIME_LIMIT_MS, options.requestTimeLimitMs);
  const transport = createTransport(cluster, { now: world.now, connectTimeLimitMs });
  const cancellable = untilCancelled(options.signal);
  const answering = createApiServer(cluster, {
    transport,
    credentials: createCredentials(cluster, options.execPlugins, redactor, world),
    redactor,
    userAgent: `pulumi-global-namespace/${options.version}`,
    now: world.now,
    requestTimeLimitMs: options.requestTimeLimitMs,
  });
  const server: ApiServer = { request: (call) => cancellable(() => answering.request(call)) };
  const sleep = (milliseconds: number) => cancellable(() => world.sleep(milliseconds));
  const retry = createRetry({ elapsed: world.elapsed, random: world.random, sleep });
  const repeated: ApiServer = {
    request: (call) => retry(() => server.request(call), { repeatable: call.method !== "POST" }),
  };
  const limit = createLimit(options.callsAtOnce);
  const breaker = createBreaker(world);
  // A call takes its place first: those that waited for one find the breaker open and leave at once.
  const guard: Around = (call) => limit(() => breaker(call));
  return {
    ...around(withRetry(createHttpApi(server, repeated), retry), guard),
    server: { request: (call) => guard(() => repeated.request(call)) },
    redact: (text) => redactor.redact(shorten(text)),
    close: () => transport.close(),
  };
}
