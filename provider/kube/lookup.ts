/** The addresses of a host, as the system's resolver knows them: from DNS, /etc/hosts, or what a VPN has set up. */

import type { LookupAddress } from "node:dns";
import { within } from "./deadline";
import { TransportError } from "./transport-error";

const underWay = new Map<string, Promise<readonly LookupAddress[]>>();

/**
 * Rejects with Node's own error, or with a `TransportError`. Node looks up two names at once, and a silent name server
 * holds such a place for long after the time limit: who asks for the same host again waits for the answer that is under
 * way, and takes no second place.
 */
export function lookUp(host: string, timeLimitMs: number): Promise<readonly LookupAddress[]> {
  const shared = underWay.get(host) ?? ask(host).finally(() => underWay.delete(host));
  underWay.set(host, shared);
  return within(
    timeLimitMs,
    shared,
    () => new TransportError("LOOKUP_TIMEOUT", `no answer of the name service within ${timeLimitMs / 1000} s`),
  );
}

function ask(host: string): Promise<readonly LookupAddress[]> {
  const { ADDRCONFIG, lookup } = require("node:dns") as typeof import("node:dns");
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, hints: process.platform === "win32" ? 0 : ADDRCONFIG }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}
