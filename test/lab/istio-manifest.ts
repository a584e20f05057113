/** What `istioctl` makes of an installation: the objects that the control plane of one revision consists of. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "./kube-client.ts";

const run = promisify(execFile);

/** An object that can be applied. */
export interface Manifest extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Which control plane. */
export interface Installation {
  /** `default` is the one that is installed without a revision. */
  readonly revision: string;
  /** Further settings, as `istioctl manifest generate --set` takes them. */
  readonly set?: readonly string[];
}

/** The smallest profile: custom resource definitions, istiod, what injects sidecars, and nothing else. */
export async function renderIstio(istioctl: string, { revision, set = [] }: Installation): Promise<Manifest[]> {
  const settings = ["profile=minimal", ...(revision === "default" ? [] : [`revision=${revision}`]), ...set];
  const { stdout } = await run(
    istioctl,
    ["manifest", "generate", ...settings.flatMap((setting) => ["--set", setting])],
    { maxBuffer: Number.POSITIVE_INFINITY },
  );
  return parseAllDocuments(stdout)
    .map((document): Manifest | null => document.toJS())
    .filter((manifest) => manifest !== null);
}
