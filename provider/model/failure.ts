/** Bad input, as the engine shows it: which property, and what to write instead. */

export interface CheckFailure {
  /** A property path in Pulumi's spelling: `labels["a/b"]`, `overrides.east.labels.team`. */
  readonly property: string;
  /** One sentence: what was given, what is allowed. */
  readonly reason: string;
}

/** `["labels", "a/b"]` → `labels["a/b"]`. */
export function describePath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_][\w]*$/.test(String(part))) text += text === "" ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

/** A value as a message may show it: short, on one line, quoted. */
export function describeValue(value: unknown, longest = 80): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}

/** `"a", "b" and "c"`, or the word given for none. */
export function describeList(names: readonly string[], none = "none"): string {
  const quoted = [...names].sort().map((name) => JSON.stringify(name));
  if (quoted.length === 0) return none;
  if (quoted.length === 1) return quoted[0] ?? none;
  return `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
}
