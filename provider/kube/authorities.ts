/**
 * Whom to trust where nobody says it. kubectl then trusts what the machine trusts, Node.js by itself only the list that
 * it was built with: here it is both, and what `NODE_EXTRA_CA_CERTS` names.
 */

type Lists = Pick<typeof import("node:tls"), "getCACertificates">;

let known: string | undefined;

/**
 * PEM; `undefined` before Node 22.15, which cannot say it and is left to its own list. Read at the first call and kept:
 * it takes tens of milliseconds, which a cluster that names its authority does not cost.
 */
export function commonAuthorities(): string | undefined {
  // Node's types know only versions that have it.
  const { getCACertificates } = require("node:tls") as Partial<Lists>;
  if (getCACertificates === undefined) return undefined;
  known ??= union([...getCACertificates("default"), ...getCACertificates("system")]);
  return known;
}

/** Most authorities stand in both lists, and each would be read again for each connection. */
function union(certificates: readonly string[]): string {
  return [...new Set(certificates.map((certificate) => certificate.trim()))].join("\n");
}
