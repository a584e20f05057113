/**
 * Reads the text of kubeconfigs into named entries and lays several files over each other as kubectl does. It knows no
 * file system and no network. What it refuses it refuses with a sentence that says what to do and that never repeats
 * the text it was given, since that text is a secret.
 */

import { isRecord, parseJson } from "../model/json";
import { parse } from "./yaml";

/** Why a connection cannot be used; the message is for the user and free of the kubeconfig's content. */
export class ConnectionProblem extends Error {
  constructor(reason: string, options: { readonly cause?: unknown } = {}) {
    super(reason, options);
    this.name = "ConnectionProblem";
  }
}

/** Where an entry was read: relative paths in a file are relative to it, and an inline text may name no file at all. */
export type Origin = { readonly kind: "inline" } | { readonly kind: "file"; readonly path: string };

/** One named cluster, user or context. Its fields are looked at only when it is the one that is used. */
export interface Entry {
  readonly origin: Origin;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Kubeconfig {
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
  readonly contexts: ReadonlyMap<string, Entry>;
}

/** Characters. Kubernetes stores kubeconfigs in Secrets, which end at 1 MiB (`MaxSecretSize`). */
const MAX_TEXT_LENGTH = 1024 * 1024;

/** YAML aliases, counted with what they repeat. kubectl writes none; the yaml library's own default is 100. */
const MAX_ALIAS_COUNT = 100;

/** @throws {@link ConnectionProblem} */
export function parseKubeconfig(text: string, origin: Origin): Kubeconfig {
  const root = parseDocument(text, describeOrigin(origin));
  const where = describeOrigin(origin);
  const kubeconfig: Kubeconfig = {
    currentContext: readText(root, "current-context", where),
    clusters: readEntries(root, "clusters", "cluster", origin),
    users: readEntries(root, "users", "user", origin),
    contexts: readEntries(root, "contexts", "context", origin),
  };
  if (kubeconfig.clusters.size + kubeconfig.users.size + kubeconfig.contexts.size === 0) {
    throw new ConnectionProblem(`${where} has no clusters, users or contexts; it is not a kubeconfig`);
  }
  return kubeconfig;
}

/** The first file that has a name wins, and the first that has a current-context: kubectl's rule for `KUBECONFIG`. */
export function mergeKubeconfigs(kubeconfigs: readonly Kubeconfig[]): Kubeconfig {
  const first = (pick: (kubeconfig: Kubeconfig) => ReadonlyMap<string, Entry>): Map<string, Entry> =>
    new Map([...kubeconfigs].reverse().flatMap((kubeconfig) => [...pick(kubeconfig)]));
  return {
    currentContext: kubeconfigs.find((kubeconfig) => kubeconfig.currentContext !== undefined)?.currentContext,
    clusters: first((kubeconfig) => kubeconfig.clusters),
    users: first((kubeconfig) => kubeconfig.users),
    contexts: first((kubeconfig) => kubeconfig.contexts),
  };
}

export function describeOrigin(origin: Origin): string {
  return origin.kind === "inline" ? "the kubeconfig" : `the kubeconfig file "${origin.path}"`;
}

/** A field that is text; absent, null and empty are the same, as they are to kubectl. */
export function readText(fields: Readonly<Record<string, unknown>>, key: string, where: string): string | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw new ConnectionProblem(`${where}: ${key} is not text; put it in quotes`);
  return value;
}

export function readFlag(fields: Readonly<Record<string, unknown>>, key: string, where: string): boolean {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw new ConnectionProblem(`${where}: ${key} is neither true nor false`);
  return value;
}

export function readTexts(fields: Readonly<Record<string, unknown>>, key: string, where: string): readonly string[] {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new ConnectionProblem(`${where}: ${key} is not a list of texts; put each in quotes`);
  }
  return value;
}

export function readObject(
  fields: Readonly<Record<string, unknown>>,
  key: string,
  where: string,
): Readonly<Record<string, unknown>> | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw new ConnectionProblem(`${where}: ${key} is not an object`);
  return value;
}

function parseDocument(text: string, where: string): Readonly<Record<string, unknown>> {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") throw new ConnectionProblem(`${where} is empty`);
  if (trimmed.length > MAX_TEXT_LENGTH) throw new ConnectionProblem(`${where} is larger than 1 MiB`);
  // A YAML flow mapping starts with a brace too.
  const value = trimmed.startsWith("{") ? (parseJson(trimmed) ?? parseYaml(trimmed, where)) : parseYaml(trimmed, where);
  if (isRecord(value)) return value;
  if (typeof value === "string") throw new ConnectionProblem(describeWrongText(value, where));
  throw new ConnectionProblem(`${where} is not an object with clusters, users and contexts`);
}

function parseYaml(text: string, where: string): unknown {
  try {
    return parse(text, { maxAliasCount: MAX_ALIAS_COUNT, logLevel: "error" });
  } catch (error) {
    // The library's messages quote the text, so only the place is taken from them, and no cause is kept.
    const line = (error as { linePos?: readonly { line: number }[] }).linePos?.[0]?.line;
    if (line !== undefined) throw new ConnectionProblem(`${where} is not valid YAML at line ${line}`);
    if (error instanceof ReferenceError) {
      throw new ConnectionProblem(`${where} repeats itself through YAML aliases more than a kubeconfig needs to`);
    }
    throw new ConnectionProblem(`${where} is not valid YAML`);
  }
}

function describeWrongText(value: string, where: string): string {
  if (!value.includes("\n") && /^[~./\\]|^[A-Za-z]:\\|\.(?:ya?ml|json|conf|config|kubeconfig)$/.test(value)) {
    return `${where} is a file path, not the text of a kubeconfig; give the path as kubeconfigPath`;
  }
  if (/^[A-Za-z0-9+/\s]+={0,2}$/.test(value) && /^\s*(?:\{|[a-z-]+:)/i.test(Buffer.from(value, "base64").toString())) {
    return `${where} is base64; decode it first`;
  }
  return `${where} is a single text, not a kubeconfig`;
}

function readEntries(
  root: Readonly<Record<string, unknown>>,
  list: string,
  part: string,
  origin: Origin,
): ReadonlyMap<string, Entry> {
  const where = describeOrigin(origin);
  const value = Object.hasOwn(root, list) ? root[list] : undefined;
  if (value === undefined || value === null) return new Map();
  if (!Array.isArray(value)) throw new ConnectionProblem(`${where}: ${list} is not a list`);
  const entries = new Map<string, Entry>();
  for (const item of value) {
    const name = isRecord(item) ? readText(item, "name", `${where}: an item of ${list}`) : undefined;
    if (!isRecord(item) || name === undefined) throw new ConnectionProblem(`${where}: an item of ${list} has no name`);
    if (entries.has(name)) throw new ConnectionProblem(`${where} has two ${list} named "${name}"`);
    entries.set(name, { origin, fields: readObject(item, part, `${where}: ${part} "${name}"`) ?? {} });
  }
  return entries;
}
