/** What every Kubernetes object has: its metadata, as a metadata-only request returns it. */

import type { StringMap } from "./json";

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** The one owner that manages the object. */
  readonly controller: boolean;
}

export interface ObjectMetadata {
  readonly name: string;
  /** Absent for what is in no namespace. */
  readonly namespace?: string;
  /** Empty for what an API makes up on the spot and does not store. */
  readonly uid: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly deletionTimestamp?: string;
  /** `fieldsV1` of each entry of `managedFields`: the fields that are set, without their values. */
  readonly setFields: readonly unknown[];
}
