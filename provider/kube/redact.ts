/**
 * Masks what must never be read in a message: values known to be secret, and text shaped like one. A server, an
 * admission webhook or a proxy may send back what we sent it, so everything that comes from outside passes through here.
 */

import { describeValue } from "../model/failure";

export interface Mask {
  /** From now on `secret` is masked wherever it stands, also in base64, percent-encoded, or cut as `describeValue` does. */
  register(secret: string): void;
  mask(text: string): string;
}

export interface Redactor extends Pick<Mask, "register"> {
  redact(text: string): string;
}

const MASK = "[redacted]";

/** Characters. A shorter value is too common in ordinary text to be masked by its content. */
const SHORTEST_SECRET = 4;

/** Characters of a text from outside that are looked at: a server may send megabytes, and what is of use stands first. */
const LONGEST_TEXT = 8_192;

/** Order matters: a whole PEM block before the base64 inside it, a header before the token inside it. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g, MASK],
  [/\b((?:proxy-)?authorization"?\s*[:=]\s*"?)(?:[A-Za-z]+\s+)?[^\s"',;]+/gi, `$1${MASK}`],
  [/\b(bearer)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${MASK}`],
  [/\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*/g, MASK],
  [/\bk8s-aws-v1\.[A-Za-z0-9_=-]+/g, MASK],
  // Without the scheme before it, which would be sought from each word of a text to the text's end.
  [/(:\/\/)[^\s/?#"']*@/g, `$1${MASK}@`],
  [/([?&](?:access_token|id_token|token|sig|signature|x-amz-signature|x-amz-security-token)=)[^&\s"']+/gi, `$1${MASK}`],
  [
    /\b((?:client-key-data|client-certificate-data|password|passwd|secret|access[-_]token|refresh[-_]token|id[-_]token)\\?"?\s*[:=]\s*\\?"?)[^\s"'\\,;&]+/gi,
    `$1${MASK}`,
  ],
];

const BASIC = /\b(basic)\s+([A-Za-z0-9+/]{4,}={0,2})/gi;

/** Of values that are known to be secret. */
export function createMask(): Mask {
  const known = new Set<string>();
  return {
    register(secret) {
      const value = secret.trim();
      if (value.length < SHORTEST_SECRET) return;
      known.add(value);
      known.add(Buffer.from(value, "utf8").toString("base64"));
      known.add(encodeURIComponent(value));
      known.add(JSON.stringify(value).slice(1, -1));
      const shown = describeValue(value);
      if (shown.endsWith("...")) known.add(shown.slice(1, -"...".length));
    },
    mask(text) {
      let masked = text;
      // The longest first: one secret may be a part of another.
      for (const secret of [...known].sort((a, b) => b.length - a.length)) masked = masked.split(secret).join(MASK);
      return masked;
    },
  };
}

/** Without the word that is cut: half a secret is one that nobody knows. To be done before anything is searched for. */
export function shorten(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const kept = text.slice(0, LONGEST_TEXT);
  const ends = [" ", "\n", "\t"].map((space) => kept.lastIndexOf(space));
  return kept.slice(0, Math.max(0, ...ends));
}

export function createRedactor(): Redactor {
  const { register, mask } = createMask();
  return {
    register,
    redact(text) {
      let masked = mask(text);
      for (const [shape, replacement] of SHAPES) masked = masked.replace(shape, replacement);
      return masked.replace(BASIC, (whole, scheme: string, value: string) =>
        Buffer.from(value, "base64").toString("utf8").includes(":") ? `${scheme} ${MASK}` : whole,
      );
    },
  };
}
