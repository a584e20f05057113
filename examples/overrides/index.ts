import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: { east: { context: "east" }, west: { context: "west" }, north: { context: "north" } },
});

const payments = new GlobalNamespace(
  "payments",
  {
    labels: { team: "payments", tier: "gold" },
    injection: "enabled",
    overrides: {
      // A cluster that is nobody's production: another value for a label, and one more annotation.
      north: { labels: { tier: "bronze" }, annotations: { "acme.dev/contact": "#payments-dev" } },
      // The first to have Istio's next revision.
      west: { injection: { revision: "canary" } },
    },
  },
  { provider: mesh },
);

export const targets = payments.targets;
