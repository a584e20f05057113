/** The files that a kubeconfig names, and the rule that one given as text may name none. */

import { ConnectionProblem, type Entry, readText } from "./kubeconfig";
import type { ConnectionWorld } from "./world";

/** `<key>-data` in base64, or the file that `<key>` names. The data wins, as with kubectl. */
export function readPem(entry: Entry, key: string, where: string, world: ConnectionWorld): string | undefined {
  const data = readText(entry.fields, `${key}-data`, where);
  if (data !== undefined) {
    const pem = Buffer.from(data, "base64").toString("utf8");
    if (pem.includes("-----BEGIN ")) return pem;
    const advice = data.includes("-----BEGIN ") ? "; encode the PEM text in base64" : "";
    throw new ConnectionProblem(`${where}: ${key}-data is not a PEM text in base64${advice}`);
  }
  const path = readPath(entry, key, where, `${key}-data`);
  if (path === undefined) return undefined;
  const text = readOptional(path, world);
  if (text === undefined) throw new ConnectionProblem(`${where}: there is no ${key} file "${path}"`);
  if (!text.includes("-----BEGIN ")) throw new ConnectionProblem(`${where}: the ${key} file "${path}" is not PEM`);
  return text;
}

export function readPath(entry: Entry, key: string, where: string, instead: string): string | undefined {
  const path = readText(entry.fields, key, where);
  if (path === undefined) return undefined;
  if (entry.origin.kind === "inline") {
    // Whoever writes such a text, perhaps the owner of a member, would have our files read and sent.
    throw new ConnectionProblem(
      `${where} names a local file in ${key}, which a kubeconfig given as text may not; embed it as ${instead} (kubectl config view --raw --flatten)`,
    );
  }
  const { dirname, isAbsolute, join } = require("node:path") as typeof import("node:path");
  return isAbsolute(path) ? path : join(dirname(entry.origin.path), path);
}

/** `undefined` where there is no such file. */
export function readOptional(path: string, world: ConnectionWorld): string | undefined {
  try {
    return world.readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new ConnectionProblem(`the file "${path}" cannot be read (${code ?? "unknown"})`);
  }
}
