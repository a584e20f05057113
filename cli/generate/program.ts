/** Declarations as a TypeScript program. Pure. */

import type { Declaration } from "../../provider/model/declaration";
import { problemOfKey } from "../../provider/model/labels";

export interface Program {
  readonly meshName: string;
  readonly kubeconfigPath: string | undefined;
  readonly context: string | undefined;
  /** The member that is the control plane, where one is. */
  readonly controlPlane: string | undefined;
  /** Contexts by the clusters' names. */
  readonly members: Readonly<Record<string, string>>;
  readonly declarations: readonly Declaration[];
}

export function renderProgram({
  meshName,
  kubeconfigPath,
  context,
  controlPlane,
  members,
  declarations,
}: Program): string {
  const connection = (name: string | undefined) => ({
    ...(kubeconfigPath !== undefined && { kubeconfigPath }),
    ...(name !== undefined && { context: name }),
  });
  const clusters = Object.entries(members).map(
    ([name, memberContext]) => `    ${key(name)}: ${literal(connection(memberContext))},\n`,
  );
  const mesh = [
    `const mesh = new Mesh(${literal(meshName)}, {`,
    `  controlPlane: ${literal(controlPlane ?? connection(context))},`,
    clusters.length === 0 ? "  clusters: {}," : `  clusters: {\n${clusters.join("")}  },`,
    ...(declarations.some(declaresPodSecurity) ? ["  podSecurityLabels: true,"] : []),
    "});",
  ];
  return [
    'import { GlobalNamespace, Mesh } from "pulumi-global-namespace";\n',
    `${mesh.join("\n")}\n`,
    ...withOwnResources(declarations).map(renderDeclaration),
  ].join("\n");
}

/** A Mesh lets a program decide what pods may do only where it says so. */
function declaresPodSecurity({ labels, annotations, overrides = {} }: Declaration): boolean {
  const parts = [{ labels, annotations }, ...Object.values(overrides)];
  const keys = parts.flatMap((part) => Object.keys({ ...part.labels, ...part.annotations }));
  const isAllowed = (key: string, podSecurityLabels: boolean) => problemOfKey(key, { podSecurityLabels }) === undefined;
  return keys.some((key) => isAllowed(key, true) && !isAllowed(key, false));
}

/** Stacks may call their resources alike, and one program may not: those are called as their namespaces. */
function withOwnResources(declarations: readonly Declaration[]): readonly Declaration[] {
  const counts = new Map<string, number>();
  for (const { resource } of declarations) counts.set(resource, (counts.get(resource) ?? 0) + 1);
  const isAlike = ({ resource, name }: Declaration) => resource !== name && (counts.get(resource) ?? 0) > 1;
  if (!declarations.some(isAlike)) return declarations;
  // Which may be what another is called.
  return withOwnResources(declarations.map((each) => (isAlike(each) ? { ...each, resource: each.name } : each)));
}

function renderDeclaration({ resource, name, remarks, ...declared }: Declaration): string {
  const { labels, annotations, injection, clusters, propagate, overrides } = declared;
  const own = name === resource ? undefined : name;
  const given = { name: own, labels, annotations, injection, clusters, propagate, overrides };
  const args = Object.entries(given).flatMap(([input, value]) =>
    value === undefined ? [] : [`  ${input}: ${literal(value)},`],
  );
  const comments = remarks.map((remark) => `// ${remark.replace(/[\r\n\u2028\u2029]+/g, " ")}`);
  const lines = [...comments, `new GlobalNamespace(${literal(resource)}, {`, ...args, "}, { provider: mesh });"];
  return `${lines.join("\n")}\n`;
}

/** JSON is TypeScript; keys that are identifiers lose their quotes, as a person writes them. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, item]) => `${key(name)}: ${literal(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** In brackets `__proto__` is a key like any other. */
function key(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
