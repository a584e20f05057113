import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

// Contexts of the kubeconfig in KUBECONFIG. Clusters made by the same program are given as `{ kubeconfig: eks.kubeconfig }`.
const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: {
    east: { context: "east", labels: { env: "prod" } },
    west: { context: "west", labels: { env: "prod" } },
    north: { context: "north", labels: { env: "dev" } },
  },
});

// On the control plane and on every cluster that carries the label: east and west.
const payments = new GlobalNamespace(
  "payments",
  { labels: { team: "payments" }, injection: "enabled", clusters: { matchLabels: { env: "prod" } } },
  { provider: mesh },
);

// Everywhere, on a revision of its own.
const checkout = new GlobalNamespace(
  "checkout",
  { labels: { team: "checkout" }, injection: { revision: "canary" }, clusters: "all" },
  { provider: mesh },
);

// On one cluster, by its name.
const sandbox = new GlobalNamespace(
  "sandbox",
  { labels: { team: "platform" }, clusters: ["north"] },
  { provider: mesh },
);

export const members = { payments: payments.members, checkout: checkout.members, sandbox: sandbox.members };
