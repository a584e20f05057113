/** What a program waits for the SDK, beyond what it waits for Pulumi's. */

import { createRequire } from "node:module";
import { answer } from "./child.ts";

await answer<{ readonly from: string }>(async ({ from }) => {
  const require = createRequire(from);
  const started = performance.now();
  require("@pulumi/pulumi");
  const pulumi = performance.now();
  require("pulumi-global-namespace");
  return { pulumi: pulumi - started, more: performance.now() - pulumi };
});
