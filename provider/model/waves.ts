/** In which order a change reaches the clusters: all at once, or wave after wave until one fails. */

import { type CheckFailure, describeList, describePath } from "./failure";
import { isUnknown, type Known } from "./unknown";

/** A wave as a program writes it: one cluster's name, or several. */
export type GivenWave = string | readonly Known<string>[];

/** Names of clusters, by wave. */
export type Waves = readonly (readonly string[])[];

/** The waves of `rollout`, as far as they are known. */
export function parseWaves(given: readonly Known<GivenWave>[]): Waves {
  return given.map((wave) =>
    isUnknown(wave) ? [] : (typeof wave === "string" ? [wave] : wave).filter((name) => !isUnknown(name)),
  ) as Waves;
}

/** Names that the mesh does not have, or that stand in two waves. */
export function failuresOfWaves(waves: Waves, meshClusters: readonly string[]): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const seen = new Map<string, number>();
  for (const [index, wave] of waves.entries()) {
    const property = describePath(["rollout", "waves", index]);
    for (const name of wave) {
      const earlier = seen.get(name);
      if (!meshClusters.includes(name)) {
        const reason = `the mesh has no cluster ${JSON.stringify(name)}; it has ${describeList(meshClusters)}`;
        failures.push({ property, reason });
      } else if (earlier !== undefined && earlier !== index) {
        const reason = `names cluster ${JSON.stringify(name)}, which is in wave ${earlier + 1} already`;
        failures.push({ property, reason });
      }
      seen.set(name, index);
    }
  }
  return failures;
}

/** The clusters in their waves, each sorted; those that no wave names come last, together. Empty waves are left out. */
export function wavesOf(waves: Waves, clusters: readonly string[]): Waves {
  const named = new Set(waves.flat());
  const rest = clusters.filter((cluster) => !named.has(cluster));
  return [...waves.map((wave) => clusters.filter((cluster) => wave.includes(cluster))), rest]
    .map((wave) => [...wave].sort())
    .filter((wave) => wave.length > 0);
}

/** `east; then north, west`. */
export function describeWaves(waves: Waves): string {
  return waves.map((wave) => wave.join(", ")).join("; then ");
}
