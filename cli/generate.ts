/** `generate`: the program that declares what a mesh holds now. Reads only. */

import { parseArgs } from "node:util";
import { declarationOf, type Members } from "../provider/model/declaration";
import { matchesGlob } from "../provider/model/glob";
import { clustersOf, syncRecordsOf } from "../provider/model/owner";
import type { Command } from "./command";
import { type ContextOptions, connect, parseMembers } from "./connect";
import { renderProgram } from "./generate/program";

export const generate: Command = {
  summary: "generate         the program that declares the namespaces a mesh holds now",
  usage: `Usage: npx pulumi-global-namespace generate [--kubeconfig FILE] [--context CONTEXT] [--cluster NAME[=CONTEXT]]...

Prints a TypeScript program with a Mesh and a GlobalNamespace for each namespace of the mesh: names, labels, injection,
and the clusters each belongs to: those that are written on the mesh by a GlobalNamespace or a NamespaceSync, else those
that hold it. Reads only. The first "pulumi up" of the program adopts the namespaces and changes no label: a cluster
that holds a namespace with other labels is left out, and a comment says so. A namespace that a GlobalNamespace has made
is declared as that one did, with its overrides.

  --kubeconfig FILE       default: KUBECONFIG, else ~/.kube/config
  --context CONTEXT       of the mesh's control plane (default: the current-context)
  --cluster NAME=CONTEXT  a member and its context (default context: NAME); needed where the mesh's namespaces do not say
                          which clusters they belong to
  --include GLOB          namespaces of these names alone; may be repeated (default: all)
  --exclude GLOB          none of these names; may be repeated
  --mesh-name NAME        the Mesh's name in the program (default: mesh)`,

  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        kubeconfig: { type: "string" },
        context: { type: "string" },
        cluster: { type: "string", multiple: true, default: [] },
        include: { type: "string", multiple: true, default: ["*"] },
        exclude: { type: "string", multiple: true, default: [] },
        "mesh-name": { type: "string", default: "mesh" },
      },
    });
    const { kubeconfig: kubeconfigPath, context } = values;
    const all = await namespacesOf("the mesh", { kubeconfigPath, context });
    const isNamed = (globs: readonly string[], name: string) => globs.some((glob) => matchesGlob(glob, name));
    const namespaces = all.filter(({ name }) => isNamed(values.include, name) && !isNamed(values.exclude, name));
    const named = namespaces.flatMap((each) => [...(clustersOf(each) ?? []), ...Object.keys(syncRecordsOf(each))]);
    const given = parseMembers(values.cluster);
    const members = values.cluster.length > 0 ? given : parseMembers([...new Set(named)].sort());
    const entries = Object.entries(members).map(async ([name, memberContext]) => {
      const found = await namespacesOf(name, { kubeconfigPath, context: memberContext });
      return [name, new Map(found.map((each) => [each.name, each]))] as const;
    });
    const held: Members = Object.fromEntries(await Promise.all(entries));
    const declarations = namespaces.flatMap((namespace) => declarationOf(namespace, held) ?? []);
    const uid = all.find(({ name }) => name === "kube-system")?.uid;
    const isSame = (name: string) => uid !== undefined && held[name]?.get("kube-system")?.uid === uid;
    const controlPlane = Object.keys(held).find(isSame);
    const meshName = values["mesh-name"];
    const program = { meshName, kubeconfigPath, context, controlPlane, members, declarations };
    process.stdout.write(renderProgram(program));
    return 0;
  },
};

async function namespacesOf(what: string, options: ContextOptions) {
  const client = connect(options);
  try {
    return await client.list();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot list the namespaces of ${what}: ${cause}`, { cause: error });
  } finally {
    client.close();
  }
}
