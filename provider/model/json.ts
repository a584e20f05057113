/** Plain JSON values: what the engine hands over and keeps. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type StringMap = Readonly<Record<string, string>>;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `undefined` where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Deep equality of JSON values; the order of keys does not count, a key that is `undefined` counts as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameJson(ownValue(a, key), ownValue(b, key)));
}

/** The value of a key that a user chose: `constructor` names nothing unless it was put there. */
export function ownValue<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The same value without `undefined` anywhere: the engine's wire format refuses it, after the work is done. */
export function withoutUndefined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutUndefined) as T;
  if (!isRecord(value)) return value;
  const kept: [string, unknown][] = [];
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) kept.push([key, withoutUndefined(value[key])]);
  }
  return Object.fromEntries(kept) as T;
}

/** Copies the named keys that are there. */
export function pick<T>(map: Readonly<Record<string, T>>, keys: Iterable<string>): Record<string, T> {
  const picked: Record<string, T> = {};
  for (const key of keys) {
    const value = ownValue(map, key);
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

export function mapValues<A, B>(
  map: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}
