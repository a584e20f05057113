import { describe, expect, test } from "vitest";
import { createRedactor, shorten } from "../../../provider/kube/redact.ts";
import { describeValue } from "../../../provider/model/failure.ts";

const CANARY = "c4n4ry-Secret/Value+1=";
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl";

describe("a registered secret is masked", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["as it is", CANARY],
    ["in base64", Buffer.from(CANARY).toString("base64")],
    ["in a URL", encodeURIComponent(CANARY)],
    ["more than once", `${CANARY} and ${CANARY}`],
  ];
  for (const [form, text] of forms) {
    test(form, () => {
      const redactor = createRedactor();
      redactor.register(CANARY);
      expect(redactor.redact(`got ${text} back`)).toMatch(/^got \[redacted\]( and \[redacted\])? back$/);
    });
  }

  test("in a JSON text", () => {
    const redactor = createRedactor();
    redactor.register('with "quotes"\nand lines');
    expect(redactor.redact(JSON.stringify({ a: 'with "quotes"\nand lines' }))).toBe('{"a":"[redacted]"}');
  });

  test("cut short by a message", () => {
    const long = `${CANARY}${"x".repeat(100)}`;
    const redactor = createRedactor();
    redactor.register(long);
    expect(redactor.redact(`is ${describeValue(long)}; not allowed`)).toBe('is "[redacted]...; not allowed');
  });

  test("whole where another secret is a part of it", () => {
    const redactor = createRedactor();
    redactor.register("abcd");
    redactor.register("abcdefgh");
    expect(redactor.redact("x abcdefgh x")).toBe("x [redacted] x");
  });

  test("unless it is too short to tell from ordinary text", () => {
    const redactor = createRedactor();
    redactor.register("abc");
    expect(redactor.redact("abc")).toBe("abc");
  });
});

describe("an unknown secret is masked by its shape", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a bearer token", "sent Bearer abc.def-123 here", "sent Bearer [redacted] here"],
    ["a JWT", `token ${JWT}, refused`, "token [redacted], refused"],
    ["a token of EKS", "k8s-aws-v1.aHR0cHM6Ly9zdHM refused", "[redacted] refused"],
    ["an Authorization header", "Authorization: Bearer xyz", "Authorization: [redacted]"],
    ["a header in JSON", '{"authorization":"Negotiate abcd"}', '{"authorization":"[redacted]"}'],
    ["basic authentication", `Basic ${Buffer.from("me:pass").toString("base64")}`, "Basic [redacted]"],
    ["the userinfo of a URL", "via http://me:p@ss@proxy:3128/x", "via http://[redacted]@proxy:3128/x"],
    ["a signed URL's signature", "https://s3/x?X-Amz-Signature=abc&y=1", "https://s3/x?X-Amz-Signature=[redacted]&y=1"],
    ["a kubeconfig's key", "client-key-data: LS0tLS1CRUdJTg==", "client-key-data: [redacted]"],
    ["a password in JSON", '{"password":"hunter2"}', '{"password":"[redacted]"}'],
    ["a PEM block", "a -----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- b", "a [redacted] b"],
    ["a PEM block that is cut off", "a -----BEGIN RSA PRIVATE KEY-----\nMII", "a [redacted]"],
  ];
  for (const [title, text, masked] of cases) {
    test(title, () => expect(createRedactor().redact(text)).toBe(masked));
  }
});

describe("a text of a server", () => {
  test("that is of ordinary length is not shortened", () => expect(shorten("a b ".repeat(2048))).toHaveLength(8192));

  test("that is longer ends with a whole word", () => expect(shorten("seven7 ".repeat(2000))).toMatch(/ seven7$/));

  test("without a space in it is not shown in part", () => expect(shorten("x".repeat(10_000))).toBe(""));
});

describe("ordinary text is left as it is", () => {
  const cases = [
    'namespaces "payments" is forbidden: User "viewer" cannot get resource "namespaces" in API group ""',
    'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .metadata.labels.team',
    "Basic authentication is not supported",
    "the bearer token is missing",
    "https://kubernetes.io/docs/x?y=1",
  ];
  for (const text of cases) test(text, () => expect(createRedactor().redact(text)).toBe(text));
});
