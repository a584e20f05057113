import { expect, test } from "vitest";
import { connectionOf } from "../../../cli/connect.ts";
import { resolveConnection } from "../../../provider/kube/resolve-connection.ts";
import { aWorld, files } from "../kube/builders.ts";

test("a command reaches a cluster as the kubeconfig says, as kubectl does: by http, or without a look at the certificate", () => {
  const resolved = (cluster: object) => {
    const kubeconfig = JSON.stringify({
      contexts: [{ name: "main", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: {} }],
    });
    const world = { ...aWorld(), readFile: files({ "/k": kubeconfig }) };
    return resolveConnection(connectionOf({ kubeconfigPath: "/k", context: "main" }), world);
  };
  expect(resolved({ server: "http://127.0.0.1:8001" })).toMatchObject({ kind: "resolved" });
  const unchecked = { server: "https://127.0.0.1:6443", "insecure-skip-tls-verify": true };
  expect(resolved(unchecked)).toMatchObject({ kind: "resolved", cluster: { verifyTls: false } });
  expect(resolved({ server: "https://127.0.0.1:6443" })).toMatchObject({ cluster: { verifyTls: true } });
});
