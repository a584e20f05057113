import * as pulumi from "@pulumi/pulumi";

/** Seconds that a cloud takes to make a cluster: minutes, in truth. */
const SECONDS = 3;

/**
 * Stands in for a cloud's cluster: nothing is known of it in a preview, and its kubeconfig comes late. What it hands out
 * is the kubeconfig in KUBECONFIG (one file), else ~/.kube/config, so that there is something behind it.
 */
export class Cluster extends pulumi.dynamic.Resource {
  readonly kubeconfig!: pulumi.Output<string>;

  constructor(name: string, args: { readonly context: string }, opts?: pulumi.CustomResourceOptions) {
    super(cloud, name, { ...args, kubeconfig: undefined }, { ...opts, additionalSecretOutputs: ["kubeconfig"] });
  }
}

// Loaded within, since its text goes into the state.
const cloud: pulumi.dynamic.ResourceProvider<{ context: string }> = {
  async create({ context }) {
    const { readFile } = await import("node:fs/promises");
    const { homedir } = await import("node:os");
    const path = process.env.KUBECONFIG ?? `${homedir()}/.kube/config`;
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    return { id: context, outs: { context, kubeconfig: await readFile(path, "utf8") } };
  },
};
