/**
 * Secrets in the engine's wire form, taken off on the way in and put back on the way out. What is computed from a secret
 * is one too: a text that came in as a secret leaves as one, wherever it stands.
 */

import { isRecord } from "../provider/model/json";

/** https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

type Path = readonly (string | number)[];

/** What was secret in the values of one request. */
export interface Secrets {
  readonly paths: Set<string>;
  readonly texts: Set<string>;
}

export function noSecrets(): Secrets {
  return { paths: new Set(), texts: new Set() };
}

/** The value as the core knows it. Adds to `secrets` what it found. */
export function reveal(value: unknown, secrets: Secrets, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => reveal(item, secrets, [...path, index]));
  if (!isRecord(value)) return value;
  if (value[SIGNATURE] === SECRET) {
    const inner = reveal(value.value, secrets, path);
    secrets.paths.add(JSON.stringify(path));
    for (const text of textsIn(inner)) secrets.texts.add(text);
    return inner;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item, secrets, [...path, key])]));
}

/** The value as the engine shall keep it. */
export function conceal(value: unknown, secrets: Secrets, path: Path = []): unknown {
  const isSecret = secrets.paths.has(JSON.stringify(path)) || (typeof value === "string" && secrets.texts.has(value));
  if (isSecret) return asSecret(value);
  if (Array.isArray(value)) return value.map((item, index) => conceal(item, secrets, [...path, index]));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, conceal(item, secrets, [...path, key])]));
}

export function asSecret(value: unknown): unknown {
  return { [SIGNATURE]: SECRET, value };
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
