/** What one look at a mesh's clusters shows: nothing but what they answered. */

import type { InjectionWebhook } from "../../provider/model/injection";
import type { Namespace } from "../../provider/model/namespace";
import type { ObjectMetadata } from "../../provider/model/object";

/** An answer, or the sentence that says why there is none. */
export type Answer<T> = { readonly value: T } | { readonly problem: string };

export interface ClusterSight {
  readonly namespaces: Answer<readonly Namespace[]>;
  readonly webhooks: Answer<readonly InjectionWebhook[]>;
  /** Of all namespaces. */
  readonly pods: Answer<readonly ObjectMetadata[]>;
}

export interface MeshSight {
  readonly controlPlane: readonly Namespace[];
  /** By the clusters' names in the mesh. */
  readonly clusters: Readonly<Record<string, ClusterSight>>;
}
