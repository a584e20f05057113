/**
 * As many API servers as there are no machines for, each as far away as it is told to be, and as patient.
 * `node stub-clusters.ts <JSON>` writes a line of JSON with their ports and the certificate of their authority, and at each
 * line that it is given one with what was asked of them since the last. They keep what is applied.
 */

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createSecureServer, type Http2ServerRequest } from "node:http2";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { createAuthority, createServerCertificate, type KeyPair } from "../test/lab/certificates.ts";
import { writeKubeconfig } from "../test/lab/kubeconfig.ts";

/** One cluster. */
export interface Stub {
  /** From the arrival of a request to its answer. */
  readonly answerMs: number;
  /** Beyond it a second is answered with 429 and `Retry-After: 1`. */
  readonly requestsPerSecond?: number;
}

interface Ready {
  readonly ports: readonly number[];
  readonly authority: string;
}

export interface StubClusters extends Ready {
  /** What was asked of them since the last time. */
  counts(): Promise<StubCounts>;
  stop(): void;
}

/** Of all clusters. */
export interface StubCounts {
  readonly lists: number;
  readonly writes: number;
  readonly throttled: number;
}

/** In a process of their own, so that what they do is on nobody's account. */
export async function startStubs(stubs: readonly Stub[]): Promise<StubClusters> {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(stubs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const next = async () => JSON.parse(String((await once(lines, "line"))[0]));
  const ready: Ready = await next();
  const counts = () => {
    child.stdin.write("\n");
    return next();
  };
  return { ...ready, counts, stop: () => child.kill() };
}

/** A kubeconfig with a context for each, `stub-0` and so on. */
export function kubeconfigOfStubs(ports: readonly number[], authority: string): string {
  return writeKubeconfig(
    ports.map((port, index) => {
      const cluster = `stub-${index}`;
      return { cluster, server: `https://127.0.0.1:${port}`, authority, user: "bench", token: "stub" };
    }),
  );
}

const TOO_MANY_REQUESTS = [
  429,
  { kind: "Status", apiVersion: "v1", status: "Failure", reason: "TooManyRequests", code: 429 },
] as const;

let counts = { lists: 0, writes: 0, throttled: 0 };

if (import.meta.main) {
  const stubs = JSON.parse(String(process.argv[2])) as readonly Stub[];
  const authority = await createAuthority("stub-clusters");
  const own = await createServerCertificate(authority);
  const ports = await Promise.all(stubs.map((stub) => serve(stub, own)));
  process.stdout.write(`${JSON.stringify({ ports, authority: authority.certificate } satisfies Ready)}\n`);
  for await (const _ of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(counts satisfies StubCounts)}\n`);
    counts = { lists: 0, writes: 0, throttled: 0 };
  }
  process.exit();
}

async function serve({ answerMs, requestsPerSecond }: Stub, { certificate, key }: KeyPair): Promise<number> {
  const held = new Map<string, object>([["kube-system", created("kube-system")]]);
  const isTooMuch = limiter(requestsPerSecond);
  const server = createSecureServer({ cert: certificate, key });
  server.on("session", (session) => session.on("error", () => undefined));
  server.on("request", async (incoming, outgoing) => {
    const [status, body] = isTooMuch() ? TOO_MANY_REQUESTS : await answerTo(incoming, held);
    if (status === 429) counts.throttled++;
    setTimeout(() => {
      outgoing.writeHead(status, { "content-type": "application/json", ...(status === 429 && { "retry-after": "1" }) });
      outgoing.end(JSON.stringify(body));
    }, answerMs);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function answerTo(
  incoming: Http2ServerRequest,
  held: Map<string, object>,
): Promise<readonly [status: number, body: object]> {
  const { pathname, searchParams } = new URL(incoming.url, "https://stub");
  const name = pathname.split("/").at(-1) ?? "";
  if (incoming.method === "PATCH") {
    counts.writes++;
    const { metadata } = JSON.parse(await text(incoming));
    const before = held.get(name) ?? created(name);
    held.set(name, { ...before, ...metadata, managedFields: [managedFields(metadata, searchParams)] });
    return [200, namespace(held.get(name))];
  }
  if (name !== "namespaces") return [200, namespace(held.get(name))];
  counts.lists++;
  const from = Number(searchParams.get("continue") ?? 0);
  const to = from + Number(searchParams.get("limit") ?? held.size);
  const metadata = { resourceVersion: "1", ...(to < held.size && { continue: String(to) }) };
  const items = [...held.values()].slice(from, to).map(namespace);
  return [200, { apiVersion: "v1", kind: "NamespaceList", metadata, items }];
}

function limiter(perSecond: number | undefined): () => boolean {
  if (perSecond === undefined) return () => false;
  let second = 0;
  let asked = 0;
  return () => {
    const now = Math.floor(Date.now() / 1000);
    asked = now === second ? asked + 1 : 1;
    second = now;
    return asked > perSecond;
  };
}

function created(name: string): object {
  return { name, uid: randomUUID(), resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
}

function namespace(metadata: object | undefined): object {
  return { apiVersion: "v1", kind: "Namespace", metadata, status: { phase: "Active" } };
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
