/**
 * The Mesh as the provider's configuration. Programs in other languages say it with each kubeconfig beside its cluster,
 * and their SDKs send what is no text as JSON; here it becomes what the core parses, kubeconfigs apart and secret. Pure.
 */

import { PENDING_KUBECONFIG } from "../provider/model/connection";
import { isRecord, mapValues } from "../provider/model/json";
import { CONTROL_PLANE } from "../provider/model/place";
import { isUnknown } from "../provider/model/unknown";
import type { Properties } from "./wire";

/** What `getOrganization` says where the backend has none. */
const NO_ORGANIZATION = "organization";

/** Sent as JSON by SDKs that are generated, and by the stack's configuration. */
const NO_TEXTS = [
  "controlPlane",
  "clusters",
  "kubeconfigs",
  "protectedNamespaces",
  "podSecurityLabels",
  "execPlugins",
  "requestTimeoutSeconds",
  "concurrency",
];

/** `urn` is the Mesh's: the owner's name is made of it where the program gives none. */
export function meshConfigOf(given: Properties, urn: string): Properties {
  const config: Properties = { ...given };
  for (const key of NO_TEXTS) config[key] = parsed(given[key]);
  // A member may be called "1".
  if (typeof config.controlPlane !== "object") config.controlPlane = unquoted(given.controlPlane);
  const kubeconfigs: Properties = isRecord(config.kubeconfigs) ? { ...config.kubeconfigs } : {};
  const withoutKubeconfig = (cluster: unknown, name: string): unknown => {
    if (!isRecord(cluster) || cluster.kubeconfig === undefined) return cluster;
    const { kubeconfig, ...rest } = cluster;
    kubeconfigs[name] = kubeconfigText(kubeconfig);
    return rest;
  };
  config.controlPlane = withoutKubeconfig(config.controlPlane, CONTROL_PLANE);
  if (isRecord(config.clusters)) config.clusters = mapValues(config.clusters, withoutKubeconfig);
  if (!isUnknown(config.kubeconfigs)) config.kubeconfigs = mapValues(kubeconfigs, kubeconfigText);
  if (Object.keys(kubeconfigs).length === 0) delete config.kubeconfigs;
  if (config.clusters !== undefined && config.owner === undefined) config.owner = ownerOf(urn);
  return config;
}

/** What is not known before the update is marked for its one cluster, so that the others can be asked. */
function kubeconfigText(kubeconfig: unknown): unknown {
  if (isUnknown(kubeconfig)) return PENDING_KUBECONFIG;
  return typeof kubeconfig === "object" && kubeconfig !== null ? JSON.stringify(kubeconfig) : kubeconfig;
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string" || isUnknown(value)) return value;
  try {
    const json: unknown = JSON.parse(value);
    return json;
  } catch {
    return value;
  }
}

function unquoted(value: unknown): unknown {
  const json = parsed(value);
  return typeof json === "string" ? json : value;
}

/** The engine's default provider has the plugin's version in its name: an owner is the same for every version. */
function meshOf(name: string): string {
  return /^default_\d+_\d+_\d+/.test(name) ? "default" : name;
}

/** organization/project/stack/mesh, as the SDK for TypeScript has it. */
function ownerOf(urn: string): string {
  const [start = "", project, , ...name] = urn.split("::");
  return [NO_ORGANIZATION, project, start.slice("urn:pulumi:".length), meshOf(name.join("::"))].join("/");
}
