/** Free ports of this machine. */

import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { ServerEnded } from "./server-process.ts";

/**
 * Below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere): a server
 * that is stopped for a while must get its port back.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;

const ATTEMPTS = 5;

/** Starts a server on a free port; on another one when somebody was faster. Returns the port. */
export async function onFreePort(start: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await start(port);
      return port;
    } catch (error) {
      if (!(error instanceof ServerEnded) || !error.isPortTaken || attempt === ATTEMPTS) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
