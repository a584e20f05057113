/** The programs that are measured: each declares the same namespaces on the same clusters. */

import { MODULES, PLUGINS } from "../test/e2e/face.ts";

export interface Declared {
  readonly namespaces: number;
  /** Contexts of the kubeconfig; the first is the control plane. */
  readonly clusters: readonly string[];
  /** Those that the namespaces belong to. */
  readonly members: readonly string[];
  /** A label of all of them. */
  readonly team: string;
}

export type Key = "package" | "plural" | "plugin" | "loop" | "engine";

export interface Contestant {
  readonly key: Key;
  readonly title: string;
  readonly asksClusters: boolean;
  /** Added to Pulumi.yaml. */
  readonly settings?: string;
  program(declared: Declared): string;
}

export const thisPackage: Contestant = {
  key: "package",
  title: "this package",
  asksClusters: true,
  program: (declared) => `
const { GlobalNamespace, Mesh } = require("pulumi-global-namespace");
${resources(declared)}`,
};

/** All namespaces as one resource. */
export const asOne: Contestant = {
  key: "plural",
  title: "this package, all namespaces as one resource",
  asksClusters: true,
  program: ({ namespaces, clusters, members, team }) => `
const { GlobalNamespaces, Mesh } = require("pulumi-global-namespace");
${meshOf(clusters)}
const names = Array.from({ length: ${namespaces} }, (_, index) => "bench-" + index);
const args = { labels: { team: "${team}" }, clusters: ${JSON.stringify(members)} };
const namespaces = Object.fromEntries(names.map((name) => [name, args]));
new GlobalNamespaces("bench", { namespaces }, { provider: mesh });
`,
};

/** The other face of the same core. */
export const asPlugin: Contestant = {
  key: "plugin",
  title: "this package, as a plugin",
  asksClusters: true,
  settings: PLUGINS,
  program: (declared) => `
const { GlobalNamespace, Mesh } = require("${MODULES.plugin}");
${resources(declared)}`,
};

/** The same program, resources and state of the same kind; the provider keeps what it is given and asks nobody. */
export const engineAlone: Contestant = {
  key: "engine",
  title: "a provider that does nothing",
  asksClusters: false,
  program: (declared) => `
const { GlobalNamespace, Mesh } = require("./nothing");
${resources(declared)}`,
};

export const kubernetesLoop: Contestant = {
  key: "loop",
  title: "a loop of @pulumi/kubernetes",
  asksClusters: true,
  program: ({ namespaces, clusters, members, team }) => `
const k8s = require("@pulumi/kubernetes");
for (const cluster of ${JSON.stringify(clusters)}) {
  const provider = new k8s.Provider(cluster, { context: cluster });
  if (!${JSON.stringify(members)}.includes(cluster)) continue;
  for (let index = 0; index < ${namespaces}; index++) {
    const name = "bench-" + index;
    new k8s.core.v1.Namespace(name + "-" + cluster, { metadata: { name, labels: { team: "${team}" } } }, { provider });
  }
}
`,
};

function meshOf(clusters: readonly string[]): string {
  const contexts = Object.fromEntries(clusters.map((context) => [context, { context }]));
  return `const mesh = new Mesh("mesh", { controlPlane: "${clusters[0]}", clusters: ${JSON.stringify(contexts)} });`;
}

function resources({ namespaces, clusters, members, team }: Declared): string {
  return `
${meshOf(clusters)}
for (let index = 0; index < ${namespaces}; index++) {
  const args = { labels: { team: "${team}" }, clusters: ${JSON.stringify(members)} };
  new GlobalNamespace("bench-" + index, args, { provider: mesh });
}
`;
}

/** What `engineAlone` imports: as the SDK does it, with nothing behind. */
export const NOTHING = `
const pulumi = require("@pulumi/pulumi");

class Mesh extends pulumi.ProviderResource {
  constructor(name, args, opts) {
    super("pulumi-nodejs", name, args, opts);
  }
}

class GlobalNamespace extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const __provider = 'exports.handler = () => require("./nothing-provider").provider;';
    super("pulumi-nodejs:dynamic/nothing:GlobalNamespace", name, { name, ...args, __provider }, opts);
  }
}

module.exports = { Mesh, GlobalNamespace };
`;

export const NOTHING_PROVIDER = `
exports.provider = {
  check: async (olds, news) => ({ inputs: news, failures: [] }),
  diff: async (id, olds, news) => {
    const same = (key) => JSON.stringify(olds[key]) === JSON.stringify(news[key]);
    return { changes: !["name", "labels", "clusters"].every(same), replaces: [] };
  },
  create: async (inputs) => ({ id: inputs.name, outs: inputs }),
  update: async (id, olds, news) => ({ outs: news }),
  read: async (id, props) => ({ id, props }),
  delete: async () => {},
};
`;
