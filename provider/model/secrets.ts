/**
 * Secrets in the engine's wire form, taken off on the way in and put back on the way out. What is computed from a secret
 * is one too: a text that came in as a secret leaves as one, wherever it stands, and so does a text that quotes it. Pure.
 */

import { isRecord } from "./json";
import { isUnknown } from "./unknown";

/** https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Characters. A shorter secret is found only where it stands alone: it is a part of too many texts. */
const SHORTEST_QUOTED = 4;

export type Path = readonly (string | number)[];

/** What was secret in the values of one request. */
export interface Secrets {
  /** As JSON: where a secret stood. */
  readonly paths: Set<string>;
  readonly texts: Set<string>;
}

export function noSecrets(): Secrets {
  return { paths: new Set(), texts: new Set() };
}

export function isEmpty({ paths, texts }: Secrets): boolean {
  return paths.size === 0 && texts.size === 0;
}

/** The value as the core knows it. Adds to `secrets` what it found. */
export function reveal(value: unknown, secrets: Secrets, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => reveal(item, secrets, [...path, index]));
  if (!isRecord(value)) return value;
  if (value[SIGNATURE] === SECRET) {
    const inner = reveal(value.value, secrets, path);
    secrets.paths.add(JSON.stringify(path));
    for (const { text } of textsIn(inner)) secrets.texts.add(text);
    return inner;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item, secrets, [...path, key])]));
}

/** The secrets of a value that comes without marks, which are at these paths and below. Anything but paths is none. */
export function secretsAt(paths: unknown, value: unknown): Secrets {
  const given = Array.isArray(paths) ? paths.filter(Array.isArray) : [];
  if (given.length === 0) return noSecrets();
  const secrets = { paths: new Set(given.map((path) => JSON.stringify(path))), texts: new Set<string>() };
  for (const { text, isSecret } of textsIn(value, secrets.paths)) if (isSecret) secrets.texts.add(text);
  return secrets;
}

/**
 * The secrets of an update: those of its inputs, and the old ones, which clusters may carry still. What the inputs say in
 * plain text is no secret any more.
 */
export function secretsOfUpdate(olds: Secrets, inputs: unknown, news: Secrets): Secrets {
  const texts = new Set(olds.texts);
  for (const { text, isSecret } of textsIn(inputs, news.paths)) if (!isSecret) texts.delete(text);
  for (const text of news.texts) texts.add(text);
  return { paths: news.paths, texts };
}

/** Where in the value secrets stand. */
export function secretPathsIn(value: unknown, secrets: Secrets): Path[] {
  const found = textsIn(value, secrets.paths).filter(({ text, isSecret }) => isSecret || tells(text, secrets));
  return found.map(({ path }) => path);
}

/** The value as the engine shall keep it. */
export function conceal(value: unknown, secrets: Secrets, path: Path = []): unknown {
  const isSecret = secrets.paths.has(JSON.stringify(path)) || (typeof value === "string" && tells(value, secrets));
  if (isSecret) return asSecret(value);
  if (Array.isArray(value)) return value.map((item, index) => conceal(item, secrets, [...path, index]));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, conceal(item, secrets, [...path, key])]));
}

/** Whether the text is a secret, or quotes one. */
function tells(text: string, { texts }: Secrets): boolean {
  if (texts.has(text)) return true;
  for (const secret of texts) if (secret.length >= SHORTEST_QUOTED && text.includes(secret)) return true;
  return false;
}

export function asSecret(value: unknown): unknown {
  return { [SIGNATURE]: SECRET, value };
}

interface Found {
  readonly text: string;
  readonly path: Path;
  /** It stands at one of the paths, or below. */
  readonly isSecret: boolean;
}

/** All texts that say something: not the empty one, and not the mark of what is unknown. */
function textsIn(value: unknown, paths: ReadonlySet<string> = new Set(), path: Path = [], isBelow = false): Found[] {
  const isSecret = isBelow || paths.has(JSON.stringify(path));
  if (typeof value === "string") return value === "" || isUnknown(value) ? [] : [{ text: value, path, isSecret }];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => textsIn(item, paths, [...path, index], isSecret));
  }
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, paths, [...path, key], isSecret));
}
