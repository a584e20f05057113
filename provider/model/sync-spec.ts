/** What a program declares of a `NamespaceSync`, parsed: failures name the property, unknowns are accepted. */

import { type CheckFailure, describeList, describePath } from "./failure";
import { problemOfGlob } from "./glob";
import { isRecord } from "./json";
import type { Mesh } from "./mesh";
import { failuresOf, orUnknown } from "./parse";
import { CONTROL_PLANE } from "./place";
import { hasUnknown, type Known, UNKNOWN } from "./unknown";
import * as z from "./zod";

/** Whose injection labels hold where the source and the mesh differ. */
export type Conflicts = "cluster" | "mesh" | "fail";

export interface SyncSpec {
  /** The source: a cluster of the mesh, by its name. */
  readonly cluster: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly conflicts: Conflicts;
}

const globs = orUnknown(z.array(orUnknown(z.string())));
const argsSchema = z.object({
  cluster: orUnknown(z.string()),
  include: globs.optional(),
  exclude: globs.optional(),
  conflicts: orUnknown(z.enum(["cluster", "mesh", "fail"])).optional(),
});

/** The properties of `NamespaceSync` that a program writes; the rest of the inputs is computed. */
export const SYNC_ARGS: readonly string[] = Object.keys(argsSchema.shape);

export type SyncSpecResult =
  /** Unknown where any argument is: what is synced depends on each of them. */
  { readonly spec: Known<SyncSpec> } | { readonly failures: readonly CheckFailure[] };

export function parseSyncSpec(inputs: unknown, mesh: Mesh): SyncSpecResult {
  const given = isRecord(inputs)
    ? Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== null))
    : inputs;
  const parsed = argsSchema.safeParse(given);
  if (!parsed.success) return { failures: failuresOf(parsed.error, inputs) };
  const { cluster, include = ["*"], exclude = [], conflicts = "cluster" } = parsed.data;
  const failures = [...failuresOfGlobs("include", include), ...failuresOfGlobs("exclude", exclude)];
  const problem = hasUnknown(cluster) ? undefined : problemOfSource(cluster, mesh);
  if (problem !== undefined) failures.push({ property: "cluster", reason: problem });
  if (failures.length > 0) return { failures };
  if (hasUnknown([cluster, include, exclude, conflicts])) return { spec: UNKNOWN };
  return { spec: { cluster, include, exclude, conflicts } as SyncSpec };
}

function failuresOfGlobs(property: string, globs: Known<readonly string[]>): CheckFailure[] {
  if (typeof globs === "string") return [];
  return globs.flatMap((glob, index) => {
    const problem = hasUnknown(glob) ? undefined : problemOfGlob(glob);
    return problem === undefined ? [] : [{ property: describePath([property, index]), reason: problem }];
  });
}

function problemOfSource(cluster: string, mesh: Mesh): string | undefined {
  const sources = Object.keys(mesh.clusters).filter((name) => name !== mesh.controlPlane);
  if (cluster === mesh.controlPlane || cluster === CONTROL_PLANE) {
    return `${JSON.stringify(cluster)} is the mesh's control plane, to which namespaces are synced; give one of ${describeList(sources)}`;
  }
  if (Object.hasOwn(mesh.clusters, cluster)) return undefined;
  return `the mesh has no cluster ${JSON.stringify(cluster)}; it has ${describeList(sources)}`;
}
