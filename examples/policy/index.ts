import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: { east: { context: "east" }, west: { context: "west" } },
});

new GlobalNamespace(
  "payments",
  { labels: { team: "payments" }, injection: "enabled", onDelete: "delete" },
  { provider: mesh },
);

new GlobalNamespace("batch", { labels: { team: "data" }, injection: "disabled" }, { provider: mesh });
