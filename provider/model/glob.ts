/** Globs over names: `*` stands for any run of characters, `?` for one. No other character is special. */

import { describeValue } from "./failure";

/** Whether the glob matches the whole name. Time is bounded by the product of their lengths, whatever the glob. */
export function matchesGlob(glob: string, name: string): boolean {
  let at = 0;
  let inName = 0;
  let star = -1;
  let resume = 0;
  while (inName < name.length) {
    if (glob[at] === "*") {
      star = at++;
      resume = inName;
    } else if (glob[at] === "?" || glob[at] === name[inName]) {
      at++;
      inName++;
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1;
      inName = ++resume;
    } else return false;
  }
  while (glob[at] === "*") at++;
  return at === glob.length;
}

/** What is wrong with a glob over namespaces, or `undefined`. */
export function problemOfGlob(glob: string): string | undefined {
  if (/^[-a-z0-9*?]+$/.test(glob)) return undefined;
  return `${describeValue(glob)} matches no namespace: a glob has lower-case letters, digits, "-", "*" (any characters) and "?" (one character)`;
}
