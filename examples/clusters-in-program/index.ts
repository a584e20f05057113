import { GlobalNamespace, Mesh } from "pulumi-global-namespace";
import { Cluster } from "./cluster";

// In place of these: an eks.Cluster, a gcp.container.Cluster, an azure.containerservice.KubernetesCluster, ...
const hub = new Cluster("hub", { context: "mesh" });
const east = new Cluster("east", { context: "east" });

const mesh = new Mesh("mesh", {
  controlPlane: { kubeconfig: hub.kubeconfig, context: "mesh" },
  clusters: {
    east: { kubeconfig: east.kubeconfig, context: "east" },
  },
});

new GlobalNamespace("payments", { labels: { team: "payments" } }, { provider: mesh });
new GlobalNamespace("checkout", { labels: { team: "shop" }, clusters: ["east"] }, { provider: mesh });
