import { once } from "node:events";
import * as http2 from "node:http2";
import * as net from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createHttp2Wire } from "../../../provider/kube/http2-wire.ts";
import type { ResolvedCluster } from "../../../provider/kube/resolved-cluster.ts";
import { createTransport } from "../../../provider/kube/transport.ts";
import type { WireRequest } from "../../../provider/kube/wire.ts";
import { aCluster } from "./builders.ts";
import { closedPort, json, startRelay, startServer, startTcp, type TestServer } from "./servers.ts";

interface Options {
  readonly connectTimeLimitMs?: number;
  readonly now?: () => number;
}

function open(cluster: ResolvedCluster, options: Options = {}) {
  const transport = createTransport(cluster, { now: Date.now, ...options });
  onTestFinished(() => transport.close());
  const send = (path: string, parts: Partial<WireRequest> = {}) =>
    transport.send({ method: "GET", path, headers: {}, timeLimitMs: 60_000, maxBytes: 100_000, ...parts });
  return { transport, send };
}

/** From now on time limits end by `vi.advanceTimersByTime` alone. What Node does itself goes on. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

function cut(server: TestServer): void {
  for (const socket of server.sockets) socket.destroy();
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error: { code?: unknown }) => error.code,
  );

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

for (const http1 of [false, true]) {
  describe(http1 ? "over HTTP/1.1" : "over HTTP/2", () => {
    test("a request and its answer arrive whole", async () => {
      const server = await startServer((_, response) => json(response, 201, { a: "ü" }, { "x-one": "1" }), { http1 });
      const { send } = open(aCluster(server));
      const answer = await send("/a?b=c", {
        method: "PATCH",
        headers: { "x-mine": "2", many: ["p", "q"] },
        body: "{ü}",
      });
      expect(answer).toMatchObject({ status: 201, headers: { "content-type": "application/json", "x-one": "1" } });
      expect(answer.body.toString()).toBe('{"a":"ü"}');
      expect(server.seen).toMatchObject([
        { method: "PATCH", path: "/a?b=c", body: "{ü}", headers: { "x-mine": "2", many: "p, q" } },
      ]);
    });

    test("requests one after the other share one connection", async () => {
      const server = await startServer((_, response) => json(response, 200, {}), { http1 });
      const { send } = open(aCluster(server));
      for (let i = 0; i < 5; i++) await send("/");
      expect(server.connections).toBe(1);
    });

    test("a server that is silent is an error at the time limit", async () => {
      const server = await startServer(() => undefined, { http1 });
      expect(await codeOf(open(aCluster(server)).send("/", { timeLimitMs: 50 }))).toBe("REQUEST_TIMEOUT");
    });

    test("one slow request leaves the others alone", async () => {
      const server = await startServer(({ path }, response) => path === "/slow" || json(response, 200, {}), { http1 });
      const { send } = open(aCluster(server));
      await send("/");
      stopClock();
      const slow = codeOf(send("/slow", { timeLimitMs: 100 }));
      expect((await send("/fast")).status).toBe(200);
      await until(() => server.seen.some(({ path }) => path === "/slow"));
      vi.advanceTimersByTime(100);
      expect(await slow).toBe("REQUEST_TIMEOUT");
      expect((await send("/fast")).status).toBe(200);
    });

    test("a connection that breaks before the answer is an error", async () => {
      const server = await startServer(() => cut(server), { http1 });
      expect(await codeOf(open(aCluster(server)).send("/"))).toBe("CONNECTION_LOST");
    });

    test("a connection that breaks within the answer is an error", async () => {
      const server = await startServer(
        (_, response) => {
          response.writeHead(200);
          response.write("half", () => setImmediate(() => cut(server)));
        },
        { http1 },
      );
      expect(await codeOf(open(aCluster(server)).send("/"))).toBe("CONNECTION_LOST");
    });

    test("a connection that broke is replaced by the next request", async () => {
      const server = await startServer((_, response, nth) => (nth === 2 ? cut(server) : json(response, 200, {})), {
        http1,
      });
      const { send } = open(aCluster(server));
      await send("/");
      await codeOf(send("/"));
      expect((await send("/")).status).toBe(200);
    });

    test("a connection that the server closed while it was idle is replaced without an error", async () => {
      const server = await startServer((_, response) => json(response, 200, {}), { http1 });
      const { send } = open(aCluster(server));
      await send("/");
      cut(server);
      await until(() => server.sockets.size === 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await send("/")).status).toBe(200);
      expect(server.connections).toBe(2);
    });

    test("an answer beyond the limit is an error", async () => {
      const server = await startServer((_, response) => json(response, 200, "x".repeat(5000)), { http1 });
      expect(await codeOf(open(aCluster(server)).send("/", { maxBytes: 1000 }))).toBe("BODY_TOO_LARGE");
    });

    test("a redirect is an answer and is not followed", async () => {
      const server = await startServer((_, response) => json(response, 302, {}, { location: "/elsewhere" }), { http1 });
      expect((await open(aCluster(server)).send("/")).status).toBe(302);
      expect(server.seen).toHaveLength(1);
    });

    test("close ends idle connections", async () => {
      const server = await startServer((_, response) => json(response, 200, {}), { http1 });
      const { transport, send } = open(aCluster(server));
      await send("/");
      transport.close();
      await until(() => server.sockets.size === 0);
      expect(await codeOf(send("/"))).toBe("CLOSED");
    });

    test("close lets a running request have its answer", async () => {
      let finish = (): void => undefined;
      const server = await startServer((_, response) => (finish = () => json(response, 200, {})), { http1 });
      const { transport, send } = open(aCluster(server));
      const running = send("/");
      await until(() => server.seen.length === 1);
      transport.close();
      finish();
      expect((await running).status).toBe(200);
      await until(() => server.sockets.size === 0);
    });

    /** A server that knows clients by certificate, and one that it knows. */
    async function withCertificate() {
      const server = await startServer((_, response) => json(response, 200, {}), { http1 });
      const { transport } = open(aCluster(server));
      const { goodCertificate } = await import("./servers.ts");
      const { authority } = await goodCertificate();
      const request = { method: "GET", path: "/", headers: {}, timeLimitMs: 60_000, maxBytes: 1000 };
      return { server, transport, request, certificate: await authority.issue({ commonName: "me" }) };
    }

    test("another client certificate is another connection", async () => {
      const { server, transport, request, certificate } = await withCertificate();
      await transport.send(request);
      await transport.send(request, certificate);
      await transport.send(request, certificate);
      expect(server.connections).toBe(2);
    });

    test("another client certificate in the same moment takes nobody's connection away", async () => {
      const { server, transport, request, certificate } = await withCertificate();
      const sent = [undefined, certificate].map((each) => transport.send(request, each));
      expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200]);
      expect(server.connections).toBe(2);
    });
  });
}

describe("an HTTP/2 session", () => {
  test("carries many requests at once over one connection", async () => {
    const server = await startServer((_, response) => json(response, 200, {}));
    const { send } = open(aCluster(server));
    await Promise.all(Array.from({ length: 50 }, () => send("/")));
    expect(server.connections).toBe(1);
  });

  test("keeps to the number of streams that the server allows", async () => {
    let running = 0;
    let most = 0;
    const server = await startServer(
      (_, response) => {
        most = Math.max(most, ++running);
        setImmediate(() => {
          running--;
          json(response, 200, {});
        });
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    const { send } = open(aCluster(server));
    await send("/");
    const answers = await Promise.all(Array.from({ length: 20 }, () => send("/")));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(most).toBe(2);
  });

  test("that the server ends with GOAWAY is replaced without an error", async () => {
    const server = await startServer((_, response) => json(response, 200, {}));
    const { send } = open(aCluster(server));
    await send("/");
    for (const session of server.sessions) session.goaway(http2.constants.NGHTTP2_NO_ERROR);
    const answers = await Promise.all(Array.from({ length: 5 }, () => send("/")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  test("that ends with GOAWAY lets running requests have their answer", async () => {
    let finish = (): void => undefined;
    const server = await startServer((_, response, nth) => {
      if (nth === 1) finish = () => json(response, 200, {});
      else json(response, 200, {});
    });
    const { send } = open(aCluster(server));
    const running = send("/running");
    await until(() => server.seen.length === 1);
    for (const session of server.sessions) session.goaway(http2.constants.NGHTTP2_NO_ERROR, 1);
    expect((await send("/next")).status).toBe(200);
    finish();
    expect((await running).status).toBe(200);
  });

  test("resends what the server refused unread", async () => {
    let refusals = 0;
    const server = await startServer((_, response) => json(response, 200, {}), {
      onSession: (session, nth) => {
        if (nth > 1) return;
        session.on("stream", (stream) => {
          refusals++;
          stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
        });
      },
    });
    const { send } = open(aCluster(server));
    expect(await codeOf(send("/"))).toBe("NOT_PROCESSED");
    expect(refusals).toBe(4);
  });

  test("that dies fails each of its requests for itself", async () => {
    const server = await startServer(({ path }) => {
      if (path === "/last") cut(server);
    });
    const { send } = open(aCluster(server));
    const all = Array.from({ length: 20 }, (_, i) => codeOf(send(i === 19 ? "/last" : "/")));
    expect(new Set(await Promise.all(all))).toEqual(new Set(["CONNECTION_LOST"]));
  });

  test("that goes dead under its requests is replaced when one of them ends at its time limit", async () => {
    const server = await startServer((_, response) => json(response, 200, {}));
    const relay = await startRelay(server.port);
    const { send } = open(aCluster({ ...server, url: `https://127.0.0.1:${relay.port}` }));
    await send("/");
    relay.freeze();
    const patient = codeOf(send("/", { timeLimitMs: 60_000 }));
    expect(await codeOf(send("/", { timeLimitMs: 100 }))).toBe("REQUEST_TIMEOUT");
    expect(await patient).toBe("CONNECTION_LOST");
    expect((await send("/")).status).toBe(200);
    expect(relay.connections).toBe(2);
  });

  test("that goes dead within an answer fails it, and does not pass what has come for the whole", async () => {
    const half = "x".repeat(10_000);
    const server = http2.createServer((request, response) => {
      if (request.url === "/half") response.write(half);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    const socket = net.connect(port, "127.0.0.1");
    const wire = createHttp2Wire(`http://127.0.0.1:${port}`, socket, () => 0);
    onTestFinished(() => {
      wire.close();
      server.close();
    });
    const request = { method: "GET", headers: {}, maxBytes: 100_000 };
    const cut = codeOf(wire.send({ ...request, path: "/half", timeLimitMs: 60_000 }));
    await until(() => socket.bytesRead > half.length);
    expect(await codeOf(wire.send({ ...request, path: "/silent", timeLimitMs: 50 }))).toBe("REQUEST_TIMEOUT");
    expect(await cut).toBe("CONNECTION_LOST");
  });

  test("that is closed before it has begun ends without an error", async () => {
    const { port } = await startTcp(() => undefined);
    const socket = net.connect(port, "127.0.0.1");
    await once(socket, "connect");
    const uncaught: unknown[] = [];
    const keep = (error: unknown): void => void uncaught.push(error);
    process.on("uncaughtException", keep);
    onTestFinished(() => {
      process.off("uncaughtException", keep);
    });
    createHttp2Wire(`http://127.0.0.1:${port}`, socket, () => 0).close();
    await once(socket, "close");
    expect(uncaught).toEqual([]);
  });

  test("is kept when a request ends at its time limit while others are answered", async () => {
    const server = await startServer(({ path }, response) => path === "/slow" || json(response, 200, {}));
    const { send } = open(aCluster(server));
    stopClock();
    const slow = codeOf(send("/slow", { timeLimitMs: 100 }));
    await send("/");
    vi.advanceTimersByTime(100);
    await slow;
    await send("/");
    expect(server.connections).toBe(1);
  });

  test("that was quiet for long is tried before it is used, and kept when it answers", async () => {
    let now = 0;
    const server = await startServer((_, response) => json(response, 200, {}));
    const { send } = open(aCluster(server), { now: () => now });
    await send("/");
    now += 60_000;
    await Promise.all([send("/"), send("/")]);
    expect(server.connections).toBe(1);
  });

  test("that was quiet for long and is dead is replaced without an error", async () => {
    let now = 0;
    const server = await startServer((_, response) => json(response, 200, {}));
    const relay = await startRelay(server.port);
    const { send } = open(aCluster({ ...server, url: `https://127.0.0.1:${relay.port}` }), { now: () => now });
    await send("/");
    relay.freeze();
    now += 60_000;
    expect((await send("/")).status).toBe(200);
    expect(relay.connections).toBe(2);
  });

  test("that receives something while it is tried is kept, though its ping is not answered", async () => {
    // An empty SETTINGS frame: the least that a server may say. https://www.rfc-editor.org/rfc/rfc9113#section-6.5
    const frame = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const peer: { socket?: net.Socket; received: number } = { received: 0 };
    const { port } = await startTcp((accepted) => {
      peer.socket = accepted;
      accepted.on("data", (chunk) => (peer.received += chunk.length));
      accepted.write(frame);
    });
    const socket = net.connect(port, "127.0.0.1");
    const wire = createHttp2Wire(`http://127.0.0.1:${port}`, socket, () => 0);
    onTestFinished(() => wire.close());
    await until(() => peer.received > 0 && socket.bytesRead > 0);
    stopClock();
    const alive = wire.check(2_000);
    const before = socket.bytesRead;
    peer.socket?.write(frame);
    await until(() => socket.bytesRead > before);
    vi.advanceTimersByTime(2_000);
    expect(await alive).toBe(true);
    expect(wire.usable).toBe(true);
  });
});

describe("a server that cannot be reached", () => {
  test("because nobody listens is an error", async () => {
    const port = await closedPort();
    expect(await codeOf(open(aCluster({ url: `https://127.0.0.1:${port}` })).send("/"))).toBe("ECONNREFUSED");
  });

  test("because it never answers the handshake is an error at the connect limit", async () => {
    const { port } = await startTcp(() => undefined);
    const { send } = open(aCluster({ url: `https://127.0.0.1:${port}` }), { connectTimeLimitMs: 50 });
    expect(await codeOf(send("/"))).toBe("CONNECT_TIMEOUT");
  });

  test("because it hangs up within the handshake is an error", async () => {
    const { port } = await startTcp((socket) => socket.destroy());
    expect(await codeOf(open(aCluster({ url: `https://127.0.0.1:${port}` })).send("/"))).toMatch(
      /ECONNRESET|CONNECTION_LOST/,
    );
  });

  test("is dialled once by many requests at the same time", async () => {
    const listener = await startTcp((socket) => socket.destroy());
    const { send } = open(aCluster({ url: `https://127.0.0.1:${listener.port}` }));
    await Promise.all(Array.from({ length: 10 }, () => codeOf(send("/"))));
    expect(listener.connections).toBe(1);
  });

  test("is dialled again by the next request", async () => {
    const listener = await startTcp((socket) => socket.destroy());
    const { send } = open(aCluster({ url: `https://127.0.0.1:${listener.port}` }));
    await codeOf(send("/"));
    await codeOf(send("/"));
    expect(listener.connections).toBe(2);
  });
});

describe("plain http", () => {
  test("works where it was allowed", async () => {
    const server = await startServer((_, response) => json(response, 200, {}), { plain: true });
    expect((await open(aCluster({ url: server.url })).send("/")).status).toBe(200);
  });
});
