import { beforeAll, describe, expect, test } from "vitest";
import { type Compiled, type Compiler, compile, compilers, installedFolder } from "./installed-program.ts";

/** Everything that a program may write, in the ways that programs write it. */
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import { GlobalNamespace, GlobalNamespaceArgs, Injection, Mesh, MeshArgs, NamespaceSync } from "pulumi-global-namespace";

const kubeconfig: pulumi.Output<string> = pulumi.secret("text");
const clusters: MeshArgs["clusters"] = {
  east: { kubeconfig, labels: { env: "prod", region: pulumi.output("us-east-1") } },
  west: { context: "west", kubeconfigPath: "/k", labels: { env: "prod" }, draining: true },
  north: { kubeconfig: pulumi.output({ apiVersion: "v1" }), insecure: true },
  south: { inCluster: true },
};
const mesh = new Mesh("mesh", {
  controlPlane: "east",
  clusters,
  protectedNamespaces: ["vault"],
  podSecurityLabels: true,
  execPlugins: { allow: ["aws"] },
  requestTimeoutSeconds: 10,
  concurrency: 8,
});
new Mesh("other", { controlPlane: { kubeconfig }, clusters, execPlugins: "deny" }, { dependsOn: [mesh] });

const modes: Injection[] = ["enabled", "disabled", "ambient", { ambient: { waypoint: "none" } }, { revision: "canary" }, { tag: pulumi.output("prod") }];
const affinities: GlobalNamespaceArgs["clusters"][] = [
  "all",
  ["east", pulumi.output("west")],
  { matchLabels: { env: "prod" }, matchExpressions: [{ key: "region", operator: "Exists" }], except: ["north"] },
  undefined,
];
const payments = new GlobalNamespace(
  "payments",
  {
    name: pulumi.output("payments"),
    labels: { team: "payments", tier: pulumi.output("1") },
    annotations: { note: "x" },
    injection: modes[0],
    overrides: { west: { labels: { tier: "2" }, injection: "disabled" } },
    adopt: "never",
    onLeave: "delete",
    onDelete: "release",
    force: false,
    deleteTimeoutSeconds: 60,
    deleteNonEmpty: pulumi.output(true),
    revisionCheck: "warn",
    propagate: "all",
    restart: "rollout",
    restartTimeoutSeconds: 600,
    restartsAtOnce: 2,
  },
  { provider: mesh, protect: true },
);
const sync = new NamespaceSync(
  "sync",
  { cluster: "west", include: ["team-*"], exclude: [pulumi.output("team-x")], conflicts: "mesh" },
  { provider: mesh },
);
export const synced: pulumi.Output<string[]> = sync.namespaces.apply((namespaces) => Object.keys(namespaces));
new GlobalNamespace("billing", { clusters: affinities[0], injection: modes[1] }, { provider: mesh, dependsOn: payments });

export const name: pulumi.Output<string> = payments.name;
export const east: pulumi.Output<string> = payments.members.apply((members) => members.east.state);
export const team: pulumi.Output<string> = payments.targets.apply((targets) => targets.east.labels.team);
export const waiting: pulumi.Output<string[]> = payments.members.apply(({ east }) => Object.keys(east.restarts || {}));
export const uid: pulumi.Output<string | undefined> = payments.controlPlane.apply(({ uid }) => uid);
export const kubernetes: pulumi.ProviderResource = mesh.kubernetes("east", { name: "east" });
`;

/** Each line is wrong, and a compiler that accepts one of them accepts too much. */
const MISTAKES = [
  'new GlobalNamespace("a", { lables: {} });',
  'new GlobalNamespace("a", { injection: "on" });',
  'new GlobalNamespace("a", { injection: { revison: "canary" } });',
  'new GlobalNamespace("a", { labels: { team: 1 } });',
  'new GlobalNamespace("a", { onDelete: "purge" });',
  'new GlobalNamespace("a", { clusters: { matchLabel: {} } });',
  'new NamespaceSync("s", {});',
  'new NamespaceSync("s", { cluster: "east", conflicts: "ask" });',
  'new Mesh("m", { clusters: {} });',
  'new Mesh("m", { controlPlane: { kubeconfg: "x" }, clusters: {} });',
  'new Mesh("m", { controlPlane: "east", clusters: ["east"] });',
];

interface Setting {
  readonly title: string;
  readonly compiler: string;
  readonly file: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const repository = "the repository's TypeScript";
const vendored = "Pulumi's own TypeScript 3.8.3";
const settings: readonly Setting[] = [
  {
    title: `${repository}, module nodenext, a CommonJS program`,
    compiler: repository,
    file: "cjs/index.ts",
    options: { module: "nodenext", moduleResolution: "nodenext", target: "es2022" },
  },
  {
    title: `${repository}, module nodenext, an ES module`,
    compiler: repository,
    file: "esm/index.mts",
    options: { module: "nodenext", moduleResolution: "nodenext", target: "es2022" },
  },
  {
    title: `${repository}, module commonjs`,
    compiler: repository,
    file: "commonjs/index.ts",
    options: { module: "commonjs", target: "es2020", esModuleInterop: true },
  },
  {
    title: `${repository}, module commonjs, resolved as of old`,
    compiler: repository,
    file: "node10/index.ts",
    options: { module: "commonjs", moduleResolution: "node10", target: "es2020", ignoreDeprecations: "6.0" },
  },
  {
    title: `${vendored}, module commonjs`,
    compiler: vendored,
    file: "old/index.ts",
    options: { module: "commonjs", moduleResolution: "node", target: "es2018", lib: ["es2018"] },
  },
];

let dir: string;

beforeAll(() => {
  dir = installedFolder();
});

describe.each(settings)("the package's types with $title", ({ compiler, file, options }) => {
  const mistaken = MISTAKES.map((_, index) => file.replace("index", `mistake-${index}`));
  let compiled: Compiled;

  beforeAll(() => {
    const imports = 'import { GlobalNamespace, Mesh, NamespaceSync } from "pulumi-global-namespace";\n';
    const mistakes = mistaken.map((name, index) => [name, imports + MISTAKES[index]]);
    compiled = compile(compilerCalled(compiler), dir, { [file]: PROGRAM, ...Object.fromEntries(mistakes) }, options);
  });

  test("take everything that a program may write", () => {
    expect(compiled.complaints.filter((complaint) => !complaint.includes("/mistake-"))).toEqual([]);
  });

  test("refuse each mistake", () => {
    const refused = mistaken.map((name) => compiled.complaints.some((complaint) => complaint.includes(`/${name}:`)));
    expect(MISTAKES.filter((_, index) => !refused[index])).toEqual([]);
  });

  test("do not make a program read all of @pulumi/kubernetes", () => {
    const read = compiled.files.filter((name) => name.includes("/@pulumi/kubernetes/"));
    expect(read.some((name) => name.endsWith("/kubernetes/provider.d.ts"))).toBe(true);
    expect(read.filter((name) => /kubernetes\/(index|core|apps|helm)\b/.test(name))).toEqual([]);
  });
});

function compilerCalled(name: string): Compiler {
  const load = compilers[name];
  if (load === undefined) throw new Error(`there is no ${name}`);
  return load();
}
