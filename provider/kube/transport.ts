/**
 * The kept connection to one cluster. It is opened by the first request, shared by all, replaced when it is gone or
 * silent, and does not keep the process alive while it is idle. It knows nothing of Kubernetes, follows no redirect and
 * repeats only what the server says it has not looked at.
 */

import { dial } from "./dial";
import { createHttp1Wire } from "./http1-wire";
import { createHttp2Wire } from "./http2-wire";
import type { ClientCertificate, ResolvedCluster } from "./resolved-cluster";
import { TransportError } from "./transport-error";
import type { Wire, WireAnswer, WireRequest } from "./wire";

export interface Transport {
  /** A connection is made for one client certificate; with another one it is replaced. */
  send(request: WireRequest, clientCertificate?: ClientCertificate): Promise<WireAnswer>;
  /** Idle connections end at once, busy ones with their last answer. Further requests reject. */
  close(): void;
}

/** Milliseconds for TCP, proxy and TLS together: five round trips to the far side of the world, ten times over. */
export const CONNECT_TIME_LIMIT_MS = 5_000;

/**
 * Milliseconds without a word from the server after which a kept connection is tried before it is used. NAT gateways
 * and sleeping laptops drop connections without telling either side; AWS' NAT gateway does so after 350 s.
 */
const QUIET_MS = 15_000;

/** Milliseconds that such a trial may take. */
const CHECK_TIME_LIMIT_MS = 2_000;

/** How often one request is sent anew because the server turned it away unread (GOAWAY, REFUSED_STREAM). */
const MAX_RESENDS = 3;

interface Kept {
  readonly certificate: string | undefined;
  readonly wire: Promise<Wire>;
}

export function createTransport(
  target: Omit<ResolvedCluster, "user">,
  options: { readonly connectTimeLimitMs?: number; readonly now: () => number },
): Transport {
  const timeLimitMs = options.connectTimeLimitMs ?? CONNECT_TIME_LIMIT_MS;
  const { origin } = new URL(target.server);
  let kept: Kept | undefined;
  let closed = false;

  const open = async (clientCertificate: ClientCertificate | undefined): Promise<Wire> => {
    const dialing = { clientCertificate, timeLimitMs };
    const connection = await dial(target, { ...dialing, protocols: ["h2", "http/1.1"] });
    if (connection.protocol === "h2") return createHttp2Wire(origin, connection.socket, options.now);
    const dialMore = async () => (await dial(target, { ...dialing, protocols: ["http/1.1"] })).socket;
    return createHttp1Wire(origin, connection.socket, dialMore, options.now);
  };

  const replace = (clientCertificate: ClientCertificate | undefined): Kept => {
    const wire = open(clientCertificate);
    const next: Kept = { certificate: clientCertificate?.certificate, wire };
    kept = next;
    wire.then(
      (opened) => closed && opened.close(),
      () => {
        if (kept === next) kept = undefined;
      },
    );
    return next;
  };

  const wireFor = async (clientCertificate: ClientCertificate | undefined): Promise<Wire> => {
    for (;;) {
      // A new connection is used as it is: a server that closes each one at once must not keep us dialling for ever.
      if (kept === undefined) return replace(clientCertificate).wire;
      const current = kept;
      const wire = await current.wire;
      const fits = current.certificate === clientCertificate?.certificate;
      if (fits && wire.usable) {
        const quiet = options.now() - wire.heardAt > QUIET_MS;
        if (!quiet || (await checkOnce(wire))) return wire;
      }
      if (kept === current) {
        kept = undefined;
        // Whoever got it in this moment has sent by then, and is waited for.
        setImmediate(() => wire.close());
      }
    }
  };

  return {
    async send(request, clientCertificate) {
      for (let resends = 0; ; resends++) {
        if (closed) throw new TransportError("CLOSED", "the client is closed");
        const wire = await wireFor(clientCertificate);
        try {
          return await wire.send(request);
        } catch (error) {
          const unread = error instanceof TransportError && error.code === "NOT_PROCESSED";
          if (!unread || resends >= MAX_RESENDS) throw error;
        }
      }
    },
    close() {
      closed = true;
      kept?.wire.then(
        (wire) => wire.close(),
        () => undefined,
      );
      kept = undefined;
    },
  };
}

const checks = new WeakMap<Wire, Promise<boolean>>();

/** Requests that find the same quiet connection together wait for one trial of it. */
function checkOnce(wire: Wire): Promise<boolean> {
  const running = checks.get(wire);
  if (running !== undefined) return running;
  const check = wire.check(CHECK_TIME_LIMIT_MS).finally(() => checks.delete(wire));
  checks.set(wire, check);
  return check;
}
