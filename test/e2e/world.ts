/** What the end-to-end tests share: a project on the run's lab, and the ways a person with kubectl would look. */

import { inject } from "vitest";
import { clearLab } from "../lab/clear-lab.ts";
import type { Lab } from "../lab/lab.ts";
import type { LabCluster } from "../lab/lab-cluster.ts";
import { labOfFile } from "../lab/lab-of-file.ts";
import { type ProjectOptions, PulumiProject } from "./pulumi-project.ts";

/** The provider's requests in an audit log. */
export const PROVIDER = /^pulumi-global-namespace\//;

export interface World {
  readonly lab: Lab;
  readonly project: PulumiProject;
  /** Labels of a namespace, without Kubernetes' own; `undefined` where there is no such namespace. */
  labels(cluster: string, namespace: string): Promise<Record<string, string> | undefined>;
  /** Annotations of a namespace that must be there. */
  annotations(cluster: string, namespace: string): Promise<Record<string, string>>;
  /** Another project on the same clusters, as another team has one. */
  anotherProject(name: string, options?: ProjectOptions): Promise<PulumiProject>;
  /** What the provider asks each cluster while `act` runs; a cluster that is asked nothing is left out. */
  requestsDuring(act: () => Promise<unknown>): Promise<Record<string, Counts>>;
  /** The same, writes alone. */
  writesDuring(act: () => Promise<unknown>): Promise<Record<string, Counts>>;
}

/** By verb and resource: `{ "patch namespaces": 3 }`. */
export type Counts = Readonly<Record<string, number>>;

const READS = /^(get|list|watch) /;

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

/** A project on clusters that hold nothing yet. Its stack is not destroyed: who comes next clears the clusters. */
export async function aWorld(name: string, options?: ProjectOptions): Promise<World> {
  const lab = await labOfFile(inject("labDirs"));
  await clearLab(lab);
  const anotherProject = (projectName: string, options?: ProjectOptions) =>
    PulumiProject.create(lab.dir, projectName, options);
  const requestsDuring = async (act: () => Promise<unknown>, isCounted: (kind: string) => boolean = () => true) => {
    const marks = lab.names.map((cluster) => [cluster, lab.cluster(cluster).mark()] as const);
    await act();
    const asked = marks.map(([cluster, since]) => {
      const { counts } = lab.cluster(cluster).requests({ userAgent: PROVIDER, since });
      return [cluster, Object.fromEntries(Object.entries(counts).filter(([kind]) => isCounted(kind)))] as const;
    });
    return Object.fromEntries(asked.filter(([, counts]) => Object.keys(counts).length > 0));
  };
  return {
    lab,
    project: await anotherProject(name, options),
    anotherProject,
    requestsDuring: (act) => requestsDuring(act),
    writesDuring: (act) => requestsDuring(act, (kind) => !READS.test(kind)),
    annotations: async (cluster, namespace) =>
      (await lab.cluster(cluster).kube.get(`/api/v1/namespaces/${namespace}`)).metadata.annotations ?? {},
    labels: (cluster, namespace) => labelsOf(lab.cluster(cluster), namespace),
  };
}

/** Without Kubernetes' own; `undefined` where there is no such namespace. */
export async function labelsOf({ kube }: LabCluster, namespace: string): Promise<Record<string, string> | undefined> {
  const found = await kube.find(`/api/v1/namespaces/${namespace}`);
  if (found === undefined) return undefined;
  const { "kubernetes.io/metadata.name": _, ...labels } = found.metadata.labels ?? {};
  return labels;
}
