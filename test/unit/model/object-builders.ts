/** Objects by their metadata, with only what matters to a test spelled out. */

import type { ObjectMetadata, OwnerReference } from "../../../provider/model/object.ts";

export function anObject(name: string, fields: Partial<ObjectMetadata> = {}): ObjectMetadata {
  return {
    name,
    uid: `uid of ${name}`,
    labels: {},
    annotations: {},
    owners: [],
    finalizers: [],
    setFields: [],
    ...fields,
  };
}

export function ownedBy(kind: string, name: string): readonly OwnerReference[] {
  return [{ kind, name, uid: `uid of ${name}`, controller: true }];
}
