/**
 * As many API servers as there are no machines for: `node stub-clusters.ts <count>` writes a line of JSON with their ports
 * and the certificate of their authority. They keep what is applied and answer at once.
 */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createAuthority, createServerCertificate, type KeyPair } from "../test/lab/certificates.ts";

export interface StubClusters {
  readonly ports: readonly number[];
  readonly authority: string;
}

if (import.meta.main) {
  const authority = await createAuthority("stub-clusters");
  const own = await createServerCertificate(authority);
  const ports = await Promise.all(Array.from({ length: Number(process.argv[2]) }, () => serve(own)));
  process.stdout.write(`${JSON.stringify({ ports, authority: authority.certificate } satisfies StubClusters)}\n`);
}

async function serve({ certificate, key }: KeyPair): Promise<number> {
  const systemUid = randomUUID();
  const server = createSecureServer({ cert: certificate, key });
  server.on("session", (session) => session.on("error", () => undefined));
  server.on("request", async (incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url, "https://stub");
    const reply = (status: number, body: object) => {
      outgoing.writeHead(status, { "content-type": "application/json" });
      outgoing.end(JSON.stringify(body));
    };
    const name = pathname.split("/").at(-1) ?? "";
    if (incoming.method === "PATCH") {
      const { metadata } = JSON.parse(await text(incoming));
      return reply(201, namespace({ ...metadata, managedFields: [managedFields(metadata, searchParams)] }));
    }
    if (name !== "namespaces") return reply(200, namespace({ name, uid: systemUid }));
    const items = [namespace({ name: "kube-system", uid: systemUid })];
    reply(200, { apiVersion: "v1", kind: "NamespaceList", metadata: { resourceVersion: "1" }, items });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function namespace(metadata: object): object {
  const made = { uid: randomUUID(), resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { ...made, ...metadata }, status: { phase: "Active" } };
}

interface Metadata {
  readonly labels?: object;
  readonly annotations?: object;
}

function managedFields({ labels = {}, annotations = {} }: Metadata, query: URLSearchParams): object {
  const fields = (of: object) => Object.fromEntries(Object.keys(of).map((key) => [`f:${key}`, {}]));
  return {
    manager: query.get("fieldManager"),
    operation: "Apply",
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:metadata": { "f:labels": fields(labels), "f:annotations": fields(annotations) } },
  };
}
