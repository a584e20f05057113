import * as pulumi from "@pulumi/pulumi";
import { GlobalNamespace, Mesh } from "pulumi-global-namespace";

interface Team {
  readonly namespaces: readonly string[];
  /** The first to have Istio's next revision. */
  readonly isEarly?: boolean;
}

const teams = new pulumi.Config().requireObject<Record<string, Team>>("teams");

const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: { east: { context: "east" }, west: { context: "west" } },
});

const declared = Object.entries(teams).flatMap(([team, { namespaces, isEarly = false }]) =>
  namespaces.map(
    (namespace) =>
      new GlobalNamespace(
        `${team}-${namespace}`,
        { labels: { team }, injection: isEarly ? { revision: "canary" } : "enabled" },
        { provider: mesh },
      ),
  ),
);

export const names = pulumi.all(declared.map(({ name }) => name));
