/** What the engine prints in place of any secret: two that differ look alike. */
export const SECRET = "[secret]";

/** Also one of which it is said that it may be another than before. */
export function isSecret(value: unknown): boolean {
  return typeof value === "string" && value.startsWith(SECRET);
}
