/** What a Mesh tells its provider, whichever that is. */

// Not the whole of the package: its types and its code take seconds to read.
import type * as kubernetes from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { PENDING_KUBECONFIG, podServer, SERVICE_ACCOUNT } from "../provider/model/connection";
import { CONTROL_PLANE } from "../provider/model/place";
import type { ClusterArgs, ConnectionArgs, MeshArgs } from "./mesh";

/** The inputs of the provider: kubeconfigs apart, and secret, so that a preview shows a changed label. */
export function meshInputs(name: string, args: MeshArgs): pulumi.Inputs {
  const { controlPlane, clusters, ...options } = args;
  if (typeof controlPlane === "string" && !Object.keys(clusters).includes(controlPlane)) {
    // The text is not repeated, and does not get into the state: it may be a kubeconfig.
    throw new pulumi.RunError(
      `Mesh "${name}": controlPlane is a text and not the name of one of its clusters (${Object.keys(clusters).sort().join(", ")}); for an API of its own write controlPlane: { kubeconfig: ... }`,
    );
  }
  const kubeconfigs: { [name: string]: pulumi.Input<string> } = {};
  const plain = (key: string, given: ClusterArgs): object => {
    const { kubeconfig, ...rest } = given;
    if (kubeconfig !== undefined) kubeconfigs[key] = kubeconfigText(kubeconfig);
    return rest;
  };
  const plainClusters: { [name: string]: object } = {};
  for (const key of Object.keys(clusters)) plainClusters[key] = plain(key, clusters[key] as ClusterArgs);
  const inputs: pulumi.Inputs = {
    owner: `${organization()}/${pulumi.getProject()}/${pulumi.getStack()}/${name}`,
    controlPlane: typeof controlPlane === "string" ? controlPlane : plain(CONTROL_PLANE, controlPlane),
    clusters: plainClusters,
    ...options,
  };
  if (Object.keys(kubeconfigs).length > 0) inputs.kubeconfigs = pulumi.secret(kubeconfigs);
  return inputs;
}

/** See `Mesh.kubernetes`. */
export function kubernetesProvider(
  mesh: pulumi.ProviderResource,
  { name: meshName, args }: { readonly name: string; readonly args: MeshArgs },
  cluster: string,
  opts: (pulumi.ResourceOptions & { name?: string }) | undefined,
): kubernetes.Provider {
  const { controlPlane, clusters } = args;
  const member = cluster === CONTROL_PLANE && typeof controlPlane === "string" ? controlPlane : cluster;
  const connection = member === CONTROL_PLANE ? (controlPlane as ConnectionArgs) : clusters[member];
  if (connection === undefined || (member !== CONTROL_PLANE && !Object.keys(clusters).includes(member))) {
    const known = Object.keys(clusters).sort().join(", ");
    throw new pulumi.RunError(`Mesh "${meshName}" has no cluster "${cluster}"; it has ${known}, and "controlPlane"`);
  }
  const { Provider } = require("@pulumi/kubernetes/provider") as typeof kubernetes;
  const { name = `${meshName}-${member}`, ...rest } = opts === undefined ? {} : opts;
  const given: pulumi.Inputs = {};
  const { inCluster } = connection;
  const ofPod = (isInPod: boolean) => (isInPod ? podKubeconfig(meshName, member) : undefined);
  if (typeof inCluster === "boolean") given.kubeconfig = ofPod(inCluster);
  else if (inCluster !== undefined) given.kubeconfig = pulumi.output(inCluster).apply(ofPod);
  if (connection.context !== undefined) given.context = connection.context;
  if (connection.kubeconfigPath !== undefined) given.kubeconfig = connection.kubeconfigPath;
  if (connection.kubeconfig !== undefined) given.kubeconfig = pulumi.secret(textOf(connection.kubeconfig));
  return new Provider(name, given, { parent: mesh, ...rest });
}

/** What `inCluster` is: without a kubeconfig `@pulumi/kubernetes` takes the current context of KUBECONFIG first. */
function podKubeconfig(meshName: string, member: string): string {
  const server = podServer(process.env);
  if (server === undefined) {
    throw new pulumi.RunError(
      `Mesh "${meshName}": "${member}" has inCluster: true, but this is not a pod with a service account`,
    );
  }
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "pod", cluster: { server, "certificate-authority": `${SERVICE_ACCOUNT}/ca.crt` } }],
    users: [{ name: "pod", user: { tokenFile: `${SERVICE_ACCOUNT}/token` } }],
    contexts: [{ name: "pod", context: { cluster: "pod", user: "pod" } }],
    "current-context": "pod",
  });
}

function textOf(kubeconfig: pulumi.Input<string | object>): pulumi.Output<string> {
  return pulumi
    .output(kubeconfig)
    .apply((value) => (typeof value === "string" ? value : JSON.stringify(value))) as pulumi.Output<string>;
}

function kubeconfigText(kubeconfig: pulumi.Input<string | object>): pulumi.Output<string> {
  const text = textOf(kubeconfig);
  const { isKnown } = text as unknown as { isKnown: Promise<boolean> };
  return pulumi.output(
    isKnown.then((known) => (known ? text : PENDING_KUBECONFIG)),
  ) as unknown as pulumi.Output<string>;
}

/** The engine always has one; under mocks there is none unless `setMocks` names it, and a program's test need not know that. */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}
