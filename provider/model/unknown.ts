/**
 * Values that a preview does not know yet. The engine hands them to a dynamic provider as one sentinel string, at
 * whatever depth: a label's value, or the whole map.
 */

/** Pulumi's wire form of an unknown string. https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Unknown = typeof UNKNOWN;

/** A value, or the mark that it is not known before the update. */
export type Known<T> = T | Unknown;

export function isUnknown(value: unknown): value is Unknown {
  return value === UNKNOWN;
}

/** Whether anything inside a JSON value is unknown. */
export function hasUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}
