import * as pulumi from "@pulumi/pulumi";

/** A resource of one face is the same under the type of the other: a stack changes its import and nothing else. */
export function withAlias<T extends pulumi.ResourceOptions>(opts: T | undefined, type: string): T {
  return pulumi.mergeOptions(opts, { aliases: [{ type }] }) as T;
}
