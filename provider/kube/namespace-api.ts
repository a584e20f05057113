import type { Namespace, NamespaceApply } from "../model/namespace";

/**
 * The namespaces of one cluster. Every method rejects with a `ClusterError` and with nothing else.
 * Retry, time limits and concurrency are decorators of this interface; the HTTP implementation knows none of them.
 */
export interface NamespaceApi {
  /** `undefined` where the server says 404, and only then. */
  get(name: string): Promise<Namespace | undefined>;
  /** All namespaces, read in pages. */
  list(): Promise<readonly Namespace[]>;
  /** Plain POST; `already-exists` where the name is taken. */
  create(body: NamespaceApply, fieldManager: string): Promise<Namespace>;
  /**
   * Server-side apply. `created` is whether the server made the namespace just now (201). A dry run goes through all that
   * an apply goes through, admission included, and stores nothing.
   */
  apply(
    body: NamespaceApply,
    options: { readonly fieldManager: string; readonly force: boolean; readonly dryRun?: boolean },
  ): Promise<{ readonly created: boolean; readonly namespace: Namespace }>;
  /** Merge patch that removes labels, with the uid and resourceVersion as preconditions (`changed` when they differ). */
  removeLabels(
    namespace: { readonly name: string; readonly uid: string; readonly resourceVersion: string },
    keys: readonly string[],
    fieldManager: string,
  ): Promise<Namespace>;
  /** DELETE with preconditions. `"absent"` where there was nothing to delete; `"accepted"` when deletion has begun. */
  remove(namespace: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion?: string;
  }): Promise<"accepted" | "absent">;
}
