import * as k8s from "@pulumi/kubernetes";
import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: { east: { context: "east" }, west: { context: "west" } },
});

const payments = new GlobalNamespace(
  "payments",
  { labels: { team: "payments" }, injection: "enabled" },
  { provider: mesh },
);

// `payments.name` is an output: the engine makes the namespace on all clusters before the first workload.
const labels = { app: "api" };
for (const cluster of ["east", "west"]) {
  new k8s.apps.v1.Deployment(
    `api-${cluster}`,
    {
      metadata: { name: "api", namespace: payments.name },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "api", image: "ghcr.io/acme/payments:1.4.2" }] },
        },
      },
    },
    { provider: mesh.kubernetes(cluster) },
  );
}
