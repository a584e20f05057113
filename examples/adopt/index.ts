import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: {
    east: { context: "east" },
    west: { context: "west" },
    north: { context: "north" },
  },
});

new GlobalNamespace("checkout", {
  labels: { team: "shop" },
  injection: { revision: "canary" },
  clusters: ["east"],
}, { provider: mesh });

// Not on west by this program, which does not have team=payments, istio-injection=enabled.
new GlobalNamespace("payments", {
  labels: { team: "payments" },
  injection: "enabled",
  clusters: ["east"],
}, { provider: mesh });
