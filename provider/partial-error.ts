/** What the server needs to keep a resource that was made in part: `id`, `reasons`, and all outputs with the loader. */
export class PartialError extends Error {
  readonly id: string;
  readonly reasons: readonly string[];
  readonly properties: Record<string, unknown>;

  constructor(id: string, reasons: readonly string[], properties: Record<string, unknown>) {
    super(reasons.join("; "));
    this.id = id;
    this.reasons = reasons;
    this.properties = properties;
  }
}
