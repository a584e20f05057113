import tls from "node:tls";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ResolvedCluster } from "../../../provider/kube/resolved-cluster.ts";
import { createTransport } from "../../../provider/kube/transport.ts";
import { aCluster } from "./builders.ts";
import { createAuthority } from "./certificates.ts";
import { goodCertificate, json, type ServerOptions, startServer, startTcp } from "./servers.ts";

const serve = (options: ServerOptions = {}) => startServer((_, response) => json(response, 200, {}), options);

/** OpenSSL's words for one whom nobody vouches for; which of them depends on the certificates that were sent. */
const STRANGER = /^UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)$/;

/** The answer's status, or the error's code. */
async function outcome(cluster: ResolvedCluster, create = createTransport): Promise<unknown> {
  const transport = create(cluster, { now: Date.now });
  onTestFinished(() => transport.close());
  try {
    const request = { method: "GET", path: "/", headers: {}, timeLimitMs: 60_000, maxBytes: 1000 };
    return (await transport.send(request, cluster.user.clientCertificate)).status;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe("a server's certificate", () => {
  test("from the configured authority is accepted", async () => {
    expect(await outcome(aCluster(await serve()))).toBe(200);
  });

  test("from another authority is refused", async () => {
    const server = await serve();
    const { certificate: authority } = await createAuthority();
    expect(await outcome(aCluster({ ...server, url: server.url, authority }))).toMatch(
      /UNABLE_TO_VERIFY|SELF_SIGNED|SIGNATURE/,
    );
  });

  test("from an intermediate authority is accepted where that alone is configured", async () => {
    const { authority } = await goodCertificate();
    const intermediate = await authority.issueAuthority();
    const server = await serve({ certificate: await intermediate.issue(), authority: intermediate.certificate });
    expect(await outcome(aCluster(server))).toBe(200);
  });

  test("that the system does not know is refused where no authority is configured", async () => {
    const { url } = await serve();
    expect(await outcome(aCluster({ url }))).toMatch(STRANGER);
  });

  test("for another host is refused", async () => {
    const { authority } = await goodCertificate();
    const certificate = await authority.issue({ addresses: [], dnsNames: ["kube.example"] });
    expect(await outcome(aCluster(await serve({ certificate })))).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("for another host is accepted under the name of tls-server-name", async () => {
    const { authority } = await goodCertificate();
    const certificate = await authority.issue({ addresses: [], dnsNames: ["kube.example"] });
    expect(await outcome(aCluster(await serve({ certificate }), { serverName: "kube.example" }))).toBe(200);
  });

  test("that has expired is refused", async () => {
    const { authority } = await goodCertificate();
    const certificate = await authority.issue({ from: -10, until: -1 });
    expect(await outcome(aCluster(await serve({ certificate })))).toBe("CERT_HAS_EXPIRED");
  });

  test("that is not valid yet is refused", async () => {
    const { authority } = await goodCertificate();
    const certificate = await authority.issue({ from: 1, until: 10 });
    expect(await outcome(aCluster(await serve({ certificate })))).toBe("CERT_NOT_YET_VALID");
  });

  test("is not looked at only where that was asked for", async () => {
    const { url } = await serve();
    expect(await outcome(aCluster({ url }, { verifyTls: false }))).toBe(200);
  });

  test("missing on a port without TLS is an error of TLS", async () => {
    const { port } = await startTcp((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(await outcome(aCluster({ url: `https://127.0.0.1:${port}` }))).toMatch(/^ERR_SSL_/);
  });
});

describe("an authority of the system", () => {
  /** A process that has not asked for the system's authorities yet, on a system that has just this one. */
  async function aProcess(authority: string) {
    const lists = vi.spyOn(tls, "getCACertificates");
    lists.mockImplementation((type) => (type === "system" ? [authority] : []));
    onTestFinished(() => {
      lists.mockRestore();
    });
    vi.resetModules();
    const { createTransport } = await import("../../../provider/kube/transport.ts");
    return { lists, create: createTransport };
  }

  test("is trusted where no authority is configured, and is read once", async () => {
    const { url, authority } = await serve();
    const { lists, create } = await aProcess(authority);
    expect(await outcome(aCluster({ url }), create)).toBe(200);
    expect(await outcome(aCluster({ url }), create)).toBe(200);
    expect(lists.mock.calls).toEqual([["default"], ["system"]]);
  });

  test("is neither trusted nor read where another one is configured", async () => {
    const { url, authority } = await serve();
    const { lists, create } = await aProcess(authority);
    const { certificate: other } = await createAuthority();
    expect(await outcome(aCluster({ url, authority: other }), create)).not.toBe(200);
    expect(lists).not.toHaveBeenCalled();
  });
});

describe("NODE_TLS_REJECT_UNAUTHORIZED=0", () => {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  afterEach(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });

  test("does not make us accept a stranger", async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    const { url } = await serve();
    expect(await outcome(aCluster({ url }))).toMatch(STRANGER);
  });
});

describe("a client certificate", () => {
  test("is shown to the server", async () => {
    const { authority } = await goodCertificate();
    const server = await serve({ clientAuthority: authority.certificate });
    const clientCertificate = await authority.issue({ commonName: "me" });
    expect(await outcome(aCluster(server, { user: { clientCertificate } }))).toBe(200);
  });

  test("that is missing is an error of TLS", async () => {
    const { authority } = await goodCertificate();
    const server = await serve({ clientAuthority: authority.certificate });
    expect(await outcome(aCluster(server))).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
  });
});
