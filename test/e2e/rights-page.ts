/** The ClusterRoles of docs/rights.md, as a user would apply them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { PolicyRule } from "../lab/lab-cluster.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "rights.md"), "utf8");

/** The rules by the role's name. */
const roles = new Map(
  [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => {
    const { metadata, rules } = parse(text) as { metadata: { name: string }; rules: readonly PolicyRule[] };
    return [metadata.name, rules] as const;
  }),
);

export const rulesOf = (...names: readonly string[]) => names.flatMap((name) => roles.get(name) ?? []);

export interface Right {
  readonly resource: string;
  readonly verb: string;
}

export const rightsOf = (...names: readonly string[]): readonly Right[] =>
  rulesOf(...names).flatMap(({ resources = [], verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ resource, verb }))),
  );
