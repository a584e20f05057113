import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: { east: { context: "east" }, west: { context: "west" } },
});

// Tags name what a namespace wants, a stable or a new Istio, and the cluster's operators say which revision that is.
new GlobalNamespace("checkout", { injection: { tag: "stable" } }, { provider: mesh });
new GlobalNamespace("payments", { injection: { tag: "stable" } }, { provider: mesh });
