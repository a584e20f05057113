/** What the end-to-end tests share: a project on the run's lab, and the ways a person with kubectl would look. */

import { afterAll, inject } from "vitest";
import { type Lab, openLab } from "../lab/lab.ts";
import { PulumiProject } from "./pulumi-project.ts";

/** The provider's requests in an audit log. */
export const PROVIDER = /^pulumi-global-namespace\//;

export interface World {
  readonly lab: Lab;
  readonly project: PulumiProject;
  /** Labels of a namespace, without Kubernetes' own; `undefined` where there is no such namespace. */
  labels(cluster: string, namespace: string): Promise<Record<string, string> | undefined>;
}

/** The lines that every program of these tests begins with. */
export const MESH = `
const mesh = new Mesh("mesh", {
  controlPlane: { context: "mesh" },
  clusters: {
    east: { context: "east", labels: { env: "prod" } },
    west: { context: "west", labels: { env: "prod" } },
    north: { context: "north", labels: { env: "dev" } },
  },
});
`;

/** A program with one namespace: the mesh of these tests and the arguments as a user writes them. */
export function programOf(name: string, args: string, mesh: string = MESH): string {
  return `${mesh}\nnew GlobalNamespace("${name}", ${args}, { provider: mesh });\n`;
}

/** One project for the tests of a file; its stack is not destroyed, its namespaces have names of their own. */
export async function aWorld(name: string): Promise<World> {
  const lab = openLab(inject("labDir"));
  const project = await PulumiProject.create(lab.dir, name);
  afterAll(() => project.remove());
  return {
    lab,
    project,
    labels: async (cluster, namespace) => {
      const found = await lab.cluster(cluster).kube.find(`/api/v1/namespaces/${namespace}`);
      if (found === undefined) return undefined;
      const { "kubernetes.io/metadata.name": _, ...labels } = found.metadata.labels ?? {};
      return labels;
    },
  };
}
