import { expect, test } from "vitest";
import { renderMatrix } from "./namespace-matrix.ts";

test("shows which cluster has which namespace with which labels", () => {
  const matrix = renderMatrix([
    {
      cluster: "mesh",
      namespaces: {
        payments: { team: "payments", "istio-injection": "enabled", "kubernetes.io/metadata.name": "payments" },
        sandbox: { "kubernetes.io/metadata.name": "sandbox" },
      },
    },
    { cluster: "east", namespaces: { payments: { team: "payments" } } },
  ]);
  expect(`\n${matrix}`).toMatchInlineSnapshot(`
    "
           payments                  sandbox
    ────   ───────────────────────   ─────────
    mesh   istio-injection=enabled   no labels
           team=payments
    ────   ───────────────────────   ─────────
    east   team=payments             -"
  `);
});
