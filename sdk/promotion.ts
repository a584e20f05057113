import * as pulumi from "@pulumi/pulumi";
import type { Proof } from "../provider/model/promotion";
import type { GlobalNamespace, GlobalNamespaceArgs } from "./global-namespace";

/**
 * What one stack takes from another: what a namespace carries, and how workloads get it. Not what concerns an environment's
 * own clusters (`clusters`, `overrides`, `rollout`, timeouts), and not what may be taken over or destroyed there.
 */
const PROMOTED = [
  "labels",
  "annotations",
  "injection",
  "propagate",
  "revisionCheck",
  "restart",
] as const satisfies readonly (keyof PromotedArgs)[];

/** Arguments of a GlobalNamespace as another stack has proven them; to be spread into its arguments. */
export type PromotedArgs = Pick<
  GlobalNamespaceArgs,
  "labels" | "annotations" | "injection" | "propagate" | "revisionCheck" | "restart"
>;

/** What a stack says of a namespace to the stacks after it. */
export interface Promotable {
  /** Its arguments, as far as they are carried over. */
  args: { [key: string]: unknown };
  /** Why it is not proven there; empty where it is. */
  doubts: string[];
}

/** The name under which {@link promotedFrom} looks. */
const OUTPUT = "globalNamespaces";

/**
 * What this stack has proven of its namespaces, to be exported for the stack after it:
 * `export const globalNamespaces = promotable(payments, orders);`. Proven is a namespace that is in step on the control
 * plane and on every cluster it belongs to, at least one, and none of whose workloads waits for a restart. Takes
 * GlobalNamespace resources, not GlobalNamespaces. That is told as of the last
 * `pulumi up`, with `--refresh` as of now.
 */
export function promotable(...namespaces: GlobalNamespace[]): pulumi.Output<{ [name: string]: Promotable }> {
  const each = namespaces.map((namespace) => {
    // Arguments are properties of the resource as well; those that were not given are not there.
    const given = namespace as unknown as { readonly [key: string]: unknown };
    const args = Object.fromEntries(PROMOTED.map((key) => [key, given[key]]));
    const { name, targets, members, controlPlane } = namespace;
    return { name, args, targets, members, controlPlane, overrides: given.overrides };
  });
  return pulumi.output(each).apply((known) => {
    const { withoutUndefined } = require("../provider/model/json") as typeof import("../provider/model/json");
    const { doubtsAbout } = require("../provider/model/promotion") as typeof import("../provider/model/promotion");
    const entries = (known as readonly Known[]).map(
      ({ name, args, ...proof }) =>
        [name, { args: withoutUndefined(args), doubts: doubtsAbout({ ...proof, injection: args.injection }) }] as const,
    );
    return Object.fromEntries(entries);
  });
}

interface Known extends Proof {
  readonly name: string;
  readonly args: { readonly [key: string]: unknown };
}

/**
 * Arguments of a GlobalNamespace exactly as the stack before this one has proven them:
 * `new GlobalNamespace("payments", { ...promotedFrom(staging, "payments"), clusters: ["east"] }, { provider: mesh })`.
 * Carried over are labels, annotations, injection, `propagate`, `revisionCheck` and `restart`; what is written after the
 * spread replaces it.
 *
 * Fails the preview where that stack does not export the namespace (see {@link promotable}), or where it is not in step
 * there or has workloads that wait for a restart; the message says what.
 *
 * `stack` is the stack before, such as `new pulumi.StackReference("acme/mesh/staging")`, `name` the namespace's name
 * there, `options.output` the name of that stack's output, by default `globalNamespaces`.
 */
export function promotedFrom(
  stack: pulumi.StackReference,
  name: string,
  options: { output?: string } = {},
): PromotedArgs {
  const output = options.output ?? OUTPUT;
  const args = pulumi
    .all([stack.name, stack.getOutput(output)])
    .apply(([stackName, value]) => provenArgs(stackName, name, output, value));
  return Object.fromEntries(PROMOTED.map((key) => [key, args.apply((all) => all[key])]));
}

function provenArgs(stack: string, name: string, output: string, value: unknown): { [key: string]: unknown } {
  const refuse = (why: string) =>
    new pulumi.RunError(`cannot promote namespace ${JSON.stringify(name)} from stack ${JSON.stringify(stack)}: ${why}`);
  if (typeof value !== "object" || value === null) {
    throw refuse(`it has no output ${output}; write there: export const ${output} = promotable(...)`);
  }
  const found = value as { readonly [name: string]: Partial<Promotable> | undefined };
  const promotable = Object.hasOwn(found, name) ? found[name] : undefined;
  if (promotable?.args === undefined || promotable.doubts === undefined) {
    throw refuse(`its output ${output} has ${Object.keys(found).sort().join(", ") || "no namespace"}`);
  }
  if (promotable.doubts.length > 0) {
    const advice = 'put it right there, and run "pulumi up --refresh" there';
    throw refuse(`${promotable.doubts.join("; ")}; ${advice}`);
  }
  return promotable.args;
}
