import { describe, expect, test } from "vitest";
import { classifyAnswer, classifyFailure, type FailedAnswer } from "../../../provider/kube/classify.ts";
import { createRedactor } from "../../../provider/kube/redact.ts";
import { TransportError } from "../../../provider/kube/transport-error.ts";
import type { ClusterError } from "../../../provider/model/cluster-error.ts";
import { status } from "./servers.ts";

const NOW = Date.parse("2026-11-24T00:00:00Z");
const CANARY = "canary-token-123";
const redactor = createRedactor();
redactor.register(CANARY);
const context = { address: "api:6443", redact: redactor.redact, now: () => NOW };

const failed = (error: unknown): ClusterError => classifyFailure(error, context);
const answered = (code: number, json: unknown, headers: FailedAnswer["headers"] = {}): ClusterError =>
  classifyAnswer({ status: code, headers, json }, context);
const nodeError = (code: string): Error => Object.assign(new Error(`node says ${CANARY}`), { code });

describe("a request without an answer", () => {
  const cases: readonly (readonly [string, unknown, string, boolean, string])[] = [
    ["refused", nodeError("ECONNREFUSED"), "unreachable", true, "connection refused: api:6443 (ECONNREFUSED)"],
    ["reset", nodeError("ECONNRESET"), "unreachable", true, "connection reset: api:6443 (ECONNRESET)"],
    ["without a name", nodeError("ENOTFOUND"), "unreachable", true, "no such host: api:6443 (ENOTFOUND)"],
    [
      "in a broken session",
      nodeError("ERR_HTTP2_ERROR"),
      "unreachable",
      true,
      "the HTTP/2 connection failed (ERR_HTTP2_ERROR)",
    ],
    [
      "refused on each of several addresses",
      new AggregateError([nodeError("ECONNREFUSED"), nodeError("ENETUNREACH")]),
      "unreachable",
      true,
      "connection refused: api:6443 (ECONNREFUSED)",
    ],
    [
      "never connected",
      new TransportError("CONNECT_TIMEOUT", "no connection within 5 s"),
      "unreachable",
      true,
      "no connection within 5 s to api:6443",
    ],
    [
      "never found",
      new TransportError("LOOKUP_TIMEOUT", "no answer of the name service within 20 s"),
      "unreachable",
      true,
      "no answer of the name service within 20 s: api:6443",
    ],
    [
      "too slow",
      new TransportError("REQUEST_TIMEOUT", "no answer within 15 s"),
      "timeout",
      true,
      "no answer within 15 s",
    ],
    [
      "cut off",
      new TransportError("CONNECTION_LOST", "the connection was lost", { cause: nodeError("ECONNRESET") }),
      "unreachable",
      true,
      "the connection was lost (ECONNRESET)",
    ],
    [
      "refused by the proxy's rules",
      new TransportError("PROXY_REFUSED", "the proxy p refused (HTTP 407)", { status: 407 }),
      "unreachable",
      false,
      "the proxy p refused (HTTP 407)",
    ],
    [
      "refused by a proxy that is out of order",
      new TransportError("PROXY_REFUSED", "the proxy p refused (HTTP 503)", { status: 503 }),
      "unreachable",
      true,
      "the proxy p refused (HTTP 503)",
    ],
    ["too large", new TransportError("BODY_TOO_LARGE", "too large"), "protocol", false, "too large"],
    [
      "of a closed client",
      new TransportError("CLOSED", "the client is closed"),
      "unreachable",
      false,
      "the client is closed",
    ],
    [
      "from a stranger",
      nodeError("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
      "tls",
      false,
      "the server's certificate is not from the configured authority (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
    ],
    [
      "from another host",
      nodeError("ERR_TLS_CERT_ALTNAME_INVALID"),
      "tls",
      false,
      "the server's certificate is for another host; tls-server-name may say which (ERR_TLS_CERT_ALTNAME_INVALID)",
    ],
    [
      "with an expired certificate",
      nodeError("CERT_HAS_EXPIRED"),
      "tls",
      false,
      "the server's certificate has expired; renew it, or check this machine's clock (CERT_HAS_EXPIRED)",
    ],
    [
      "with a certificate of the future",
      nodeError("CERT_NOT_YET_VALID"),
      "tls",
      false,
      "the server's certificate is not valid yet; check this machine's clock (CERT_NOT_YET_VALID)",
    ],
    [
      "from a port without TLS",
      nodeError("ERR_SSL_WRONG_VERSION_NUMBER"),
      "tls",
      false,
      "api:6443 does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)",
    ],
    [
      "because our certificate is refused",
      nodeError("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
      "tls",
      false,
      "the TLS connection to api:6443 was refused (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)",
    ],
    ["without a free socket", nodeError("EMFILE"), "unreachable", true, "the connection to api:6443 failed (EMFILE)"],
    [
      "that is no HTTP",
      nodeError("HPE_INVALID_CONSTANT"),
      "protocol",
      false,
      "api:6443 does not speak HTTP (HPE_INVALID_CONSTANT)",
    ],
  ];
  for (const [title, error, code, retryable, message] of cases) {
    test(`${title} is ${code}`, () => expect(failed(error)).toMatchObject({ code, retryable, message }));
  }

  test("is told from one whose connection was there and broke", () => {
    const lost = ["CONNECTION_LOST", "NOT_PROCESSED"] as const;
    for (const code of lost) expect(failed(new TransportError(code, "lost")).isBroken).toBe(true);
    expect(failed(nodeError("ERR_HTTP2_ERROR")).isBroken).toBe(true);
    expect(failed(new TransportError("CONNECT_TIMEOUT", "no connection within 5 s")).isBroken).toBe(false);
    expect(failed(nodeError("ECONNREFUSED")).isBroken).toBe(false);
  });

  test("through a fault of our own is no ClusterError", () => {
    const bug = new TypeError("x is not a function");
    expect(() => failed(bug)).toThrow(bug);
  });
});

describe("an answer that is not a success", () => {
  const cases: readonly (readonly [string, number, unknown, Partial<ClusterError>])[] = [
    ["401", 401, status(401, "Unauthorized", "Unauthorized"), { code: "unauthorized", retryable: false }],
    ["403", 403, status(403, "Forbidden", "no"), { code: "forbidden", retryable: false, message: "no" }],
    ["404 for an object", 404, status(404, "NotFound", "gone", { name: "a" }), { code: "changed" }],
    [
      "404 for a path",
      404,
      status(404, "NotFound", "the server could not find the requested resource"),
      { code: "protocol" },
    ],
    ["404 of something else", 404, undefined, { code: "protocol" }],
    ["409 AlreadyExists", 409, status(409, "AlreadyExists", "taken"), { code: "already-exists" }],
    ["409 Conflict", 409, status(409, "Conflict", "modified"), { code: "changed", retryable: false }],
    ["410", 410, status(410, "Expired", "too old"), { code: "changed", status: 410 }],
    ["422", 422, status(422, "Invalid", "bad name", { causes: [{ field: "metadata.name" }] }), { code: "rejected" }],
    ["422 for a uid", 422, status(422, "Invalid", "x", { causes: [{ field: "metadata.uid" }] }), { code: "changed" }],
    ["400", 400, status(400, "BadRequest", "no"), { code: "rejected" }],
    ["413", 413, status(413, "RequestEntityTooLarge", "no"), { code: "rejected" }],
    ["415", 415, status(415, "UnsupportedMediaType", "no"), { code: "rejected" }],
    ["429", 429, status(429, "TooManyRequests", "slow"), { code: "throttled", retryable: true }],
    ["500", 500, status(500, "InternalError", "failed calling webhook"), { code: "unavailable", retryable: true }],
    ["503 in HTML", 503, undefined, { code: "unavailable", retryable: true }],
    ["504", 504, status(504, "Timeout", "may still be processing"), { code: "unavailable", retryable: true }],
    [
      "403 of a webhook",
      403,
      status(403, "Forbidden", 'admission webhook "v.example" denied the request: team missing'),
      { code: "rejected", message: 'admission webhook "v.example" denied the request: team missing' },
    ],
    [
      "403 of an admission policy",
      403,
      status(403, "Forbidden", "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"),
      { code: "rejected" },
    ],
    [
      "a redirect",
      302,
      undefined,
      {
        code: "protocol",
        message: "the server answered with a redirect (HTTP 302), which is not followed; give the address it leads to",
      },
    ],
  ];
  for (const [title, code, json, expected] of cases) {
    test(`${title} is ${expected.code}`, () => expect(answered(code, json)).toMatchObject(expected));
  }

  test("names the fields and managers of an apply conflict", () => {
    const causes = [
      { reason: "FieldManagerConflict", message: 'conflict with "kubectl-edit" using v1', field: ".metadata.labels.a" },
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "odd \\"name\\"" with subresource "status" using v1 at 2026-11-24T00:00:00Z',
        field: ".metadata.labels.b",
      },
      { reason: "FieldManagerConflict", message: 'conflict with "plain"', field: ".metadata.labels.c" },
    ];
    expect(answered(409, status(409, "Conflict", "3 conflicts", { causes }))).toMatchObject({
      code: "conflict",
      conflicts: [
        { field: ".metadata.labels.a", manager: "kubectl-edit" },
        { field: ".metadata.labels.b", manager: 'odd "name"' },
        { field: ".metadata.labels.c", manager: "plain" },
      ],
    });
  });

  test("of a proxy says so", () => {
    expect(answered(403, undefined, { "content-type": "text/html; charset=utf-8" }).message).toBe(
      "HTTP 403 that is not from a Kubernetes API (text/html); a proxy or a login page may stand before it",
    );
  });

  test("that repeats our token is masked", () => {
    expect(answered(400, status(400, "BadRequest", `you sent ${CANARY}`)).message).toBe("you sent [redacted]");
  });

  test("with a secret across the cut is masked before it is cut", () => {
    const { message } = answered(400, status(400, "BadRequest", "x".repeat(490) + CANARY));
    expect(message).toHaveLength(500);
    expect(message).not.toContain("canary");
  });

  test("that is megabytes long is cut before anything is searched in it", () => {
    const searched: number[] = [];
    const redact = (text: string): string => {
      searched.push(text.length);
      return text;
    };
    const long = "word ".repeat(1_000_000);
    const causes = [{ reason: "FieldManagerConflict", message: `conflict with "x" ${long}`, field: long }];
    const json = status(409, "Conflict", long, { causes });
    expect(classifyAnswer({ status: 409, headers: {}, json }, { ...context, redact }).conflicts).toHaveLength(1);
    expect(Math.max(...searched)).toBeLessThanOrEqual(8192);
  });

  test("that is one word without end is left out, and costs no time", () => {
    expect(answered(400, status(400, "BadRequest", "a.".repeat(500_000))).message).toBe("BadRequest (HTTP 400)");
  });

  test("that is cut within a secret holds no half of it", () => {
    const message = `Bearer ${"x".repeat(8_170)} ${CANARY}`;
    expect(answered(400, status(400, "BadRequest", `${message} and more`)).message).toBe("Bearer [redacted]");
  });

  test("401 with a clock far from ours hints at it", () => {
    const date = new Date(NOW - 10 * 60_000).toUTCString();
    expect(answered(401, status(401, "Unauthorized", "Unauthorized"), { date }).message).toBe(
      "Unauthorized; the server's clock and this machine's differ by more than 5 minutes; check this machine's clock",
    );
  });

  test("401 with a clock like ours does not", () => {
    const date = new Date(NOW - 60_000).toUTCString();
    expect(answered(401, status(401, "Unauthorized", "Unauthorized"), { date }).message).toBe("Unauthorized");
  });
});

describe("Retry-After", () => {
  test("is read in seconds", () => expect(answered(429, undefined, { "retry-after": "7" }).retryAfterMs).toBe(7000));

  test("is read as a date", () => {
    const headers = { "retry-after": new Date(NOW + 5000).toUTCString() };
    expect(answered(503, undefined, headers).retryAfterMs).toBe(5000);
  });

  test("is read from the Status", () => {
    expect(answered(429, status(429, "TooManyRequests", "x", { retryAfterSeconds: 3 })).retryAfterMs).toBe(3000);
  });

  test("that is neither is left out", () => {
    expect(answered(429, undefined, { "retry-after": "soon" }).retryAfterMs).toBeUndefined();
  });
});
