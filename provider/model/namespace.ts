/**
 * A Namespace as this package sees one: the parts of the API object that decisions are made from, and nothing else.
 * Field names are Kubernetes' own.
 */

/** One entry of `metadata.managedFields`: who set which labels and annotations. */
export interface FieldManager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  /** RFC 3339, seconds; absent where the server left it out. */
  readonly time?: string;
  /** Set for entries written through a subresource (`status`, `finalize`). */
  readonly subresource?: string;
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

export interface NamespaceCondition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

export interface Namespace {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** RFC 3339, seconds. */
  readonly creationTimestamp: string;
  /** Present while the namespace is Terminating; it cannot be taken back. */
  readonly deletionTimestamp?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** `metadata.finalizers` and `spec.finalizers` together. */
  readonly finalizers: readonly string[];
  readonly conditions: readonly NamespaceCondition[];
  readonly fieldManagers: readonly FieldManager[];
}

/** What a server-side apply declares: exactly the labels and annotations the field manager shall own afterwards. */
export interface NamespaceApply {
  readonly name: string;
  /** With a uid an apply never creates: 409 where the namespace is absent, 409 or 422 where it is another one. */
  readonly uid?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
