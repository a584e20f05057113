import * as pulumi from "@pulumi/pulumi";
import { type ClusterArgs, GlobalNamespace, Mesh } from "pulumi-global-namespace";

// The clusters and their labels are in Pulumi.<stack>.yaml: who adds a cluster there touches no namespace.
const config = new pulumi.Config();
const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: config.requireObject<Record<string, ClusterArgs>>("clusters"),
});

// Wherever production runs.
new GlobalNamespace(
  "payments",
  { labels: { team: "payments" }, injection: "enabled", clusters: { matchLabels: { env: "prod" } } },
  { provider: mesh },
);

// In these regions, whatever runs there, but for one cluster.
new GlobalNamespace(
  "telemetry",
  {
    labels: { team: "platform" },
    clusters: {
      matchExpressions: [{ key: "region", operator: "In", values: ["eu", "us"] }],
      except: ["west"],
    },
  },
  { provider: mesh },
);
