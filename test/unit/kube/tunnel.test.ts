import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTransport } from "../../../provider/kube/transport.ts";
import { aCluster } from "./builders.ts";
import { closedPort, goodCertificate, json, startServer, startTcp, type TestServer } from "./servers.ts";

interface Proxy {
  readonly port: number;
  readonly asked: { readonly target: string; readonly authorization: string | undefined }[];
}

/** An HTTP proxy that tunnels, or that answers CONNECT with a status of its own. */
async function startProxy({ refuse, tls = false }: { refuse?: number; tls?: boolean } = {}): Promise<Proxy> {
  const { leaf } = await goodCertificate();
  const asked: Proxy["asked"] = [];
  const server = tls ? https.createServer({ cert: leaf.certificate, key: leaf.key }) : http.createServer();
  server.on("tlsClientError", () => undefined);
  server.on("connect", (request: http.IncomingMessage, near: net.Socket) => {
    const target = request.url ?? "";
    asked.push({ target, authorization: request.headers["proxy-authorization"] });
    near.on("error", () => undefined);
    if (refuse !== undefined) {
      near.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const far = net.connect(Number(target.split(":")[1]), "127.0.0.1", () => {
      near.write("HTTP/1.1 200 OK\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, asked };
}

async function outcome(server: TestServer, proxyUrl: string, connectTimeLimitMs = 60_000): Promise<unknown> {
  const transport = createTransport(aCluster(server, { proxyUrl }), { now: Date.now, connectTimeLimitMs });
  onTestFinished(() => transport.close());
  try {
    return (await transport.send({ method: "GET", path: "/", headers: {}, timeLimitMs: 60_000, maxBytes: 1000 }))
      .status;
  } catch (error) {
    const { code, status, message } = error as { code?: string; status?: number; message: string };
    return { code, status, message };
  }
}

const serve = (http1 = false) => startServer((_, response) => json(response, 200, {}), { http1 });

describe("through a proxy", () => {
  for (const http1 of [false, true]) {
    test(`${http1 ? "HTTP/1.1" : "HTTP/2"} requests reach the server, which still proves itself`, async () => {
      const [server, proxy] = [await serve(http1), await startProxy()];
      expect(await outcome(server, `http://127.0.0.1:${proxy.port}`)).toBe(200);
      expect(proxy.asked).toEqual([{ target: `127.0.0.1:${server.port}`, authorization: undefined }]);
    });
  }

  test("the URL's user and password are given to the proxy and not to the server", async () => {
    const [server, proxy] = [await serve(), await startProxy()];
    expect(await outcome(server, `http://me:p%40ss@127.0.0.1:${proxy.port}`)).toBe(200);
    expect(proxy.asked[0]?.authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
    expect(server.seen[0]?.headers["proxy-authorization"]).toBeUndefined();
  });

  for (const status of [407, 403, 503]) {
    test(`a refusal with ${status} names the proxy without its password`, async () => {
      const [server, proxy] = [await serve(), await startProxy({ refuse: status })];
      expect(await outcome(server, `http://me:secret@127.0.0.1:${proxy.port}`)).toEqual({
        code: "PROXY_REFUSED",
        status,
        message: `the proxy 127.0.0.1:${proxy.port} refused the connection (HTTP ${status})`,
      });
    });
  }

  test("an https proxy must prove itself to the system's authorities", async () => {
    const [server, proxy] = [await serve(), await startProxy({ tls: true })];
    expect(await outcome(server, `https://127.0.0.1:${proxy.port}`)).toMatchObject({ code: "PROXY_UNREACHABLE" });
    expect(proxy.asked).toEqual([]);
  });
});

describe("a proxy that", () => {
  test("is not there is an error", async () => {
    const proxy = `http://127.0.0.1:${await closedPort()}`;
    expect(await outcome(await serve(), proxy)).toMatchObject({ code: "PROXY_UNREACHABLE" });
  });

  test("hangs up is an error", async () => {
    const { port } = await startTcp((socket) => socket.destroy());
    expect(await outcome(await serve(), `http://127.0.0.1:${port}`)).toMatchObject({ code: "PROXY_UNREACHABLE" });
  });

  test("never answers is an error at the connect limit", async () => {
    const { port } = await startTcp(() => undefined);
    expect(await outcome(await serve(), `http://127.0.0.1:${port}`, 100)).toMatchObject({ code: "CONNECT_TIMEOUT" });
  });
});
