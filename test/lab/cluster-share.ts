/**
 * One API server as several clusters: through a share only the namespaces with its suffix are seen, by their names
 * without it, and kube-system has a uid of its own. So a mesh of ten members needs no ten servers, and what answers is
 * still a real one. For requests that are about namespaces alone.
 */

import { createHash } from "node:crypto";
import type { KubeObject } from "./kube-client.ts";

export interface ClusterShare {
  readonly name: string;
  /** Of a namespace, by the name that the server has for it. */
  nameOf(namespace: string): string;
  path(path: string): string;
  body(body: Buffer): Buffer;
  answer(body: Buffer): Buffer;
}

const SYSTEM = "kube-system";

/** `name` is the share's and tells it apart from others of the same server. */
export function shareOfCluster(name: string): ClusterShare {
  const suffix = `-in-${name}`;
  const digest = createHash("sha256").update(name).digest("hex");
  const systemUid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4000-8000-${digest.slice(12, 24)}`;
  const nameOf = (namespace: string) => (namespace === SYSTEM ? namespace : `${namespace}${suffix}`);
  const isSeen = ({ metadata }: KubeObject) => metadata.name === SYSTEM || metadata.name.endsWith(suffix);
  const disguised = (object: KubeObject): KubeObject =>
    object.metadata.name === SYSTEM ? { ...object, metadata: { ...object.metadata, uid: systemUid } } : object;

  return {
    name,
    nameOf,
    path: (path) => path.replace(/^(\/api\/v1\/namespaces\/)([^/?]+)/, (_, start, own) => `${start}${nameOf(own)}`),
    body: (body) => {
      if (body.length === 0) return body;
      const given = JSON.parse(body.toString()) as Partial<KubeObject>;
      if (given.metadata === undefined) return body;
      const metadata = { ...given.metadata, name: nameOf(given.metadata.name) };
      return Buffer.from(JSON.stringify({ ...given, metadata }));
    },
    answer: (body) => {
      const given = JSON.parse(body.toString()) as KubeObject & { readonly items?: readonly KubeObject[] };
      const seen =
        given.items === undefined ? disguised(given) : { ...given, items: given.items.filter(isSeen).map(disguised) };
      return Buffer.from(JSON.stringify(seen).replaceAll(suffix, ""));
    },
  };
}
