/** Of the dynamic provider what the engine calls, as far as it is measured. */

export type Properties = Record<string, unknown>;

export interface Provider {
  configure(request: { readonly config: unknown }): Promise<void>;
  check(olds: Properties, news: Properties): Promise<{ readonly inputs: Properties; readonly failures: unknown[] }>;
  diff(id: string, olds: Properties, news: Properties): Promise<{ readonly changes: boolean }>;
  create(inputs: Properties): Promise<{ readonly outs: Properties }>;
  read(id: string, props: Properties): Promise<{ readonly props?: Properties }>;
  update(id: string, olds: Properties, news: Properties): Promise<{ readonly outs: Properties }>;
}
