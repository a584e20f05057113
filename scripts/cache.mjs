import { homedir } from "node:os";
import { join } from "node:path";

/** Where what is built or fetched once is kept: the lab's programs and, on a machine with an older one, Node itself. */
export function cacheFolder(env = process.env) {
  if (env.GLOBAL_NAMESPACE_CACHE) return env.GLOBAL_NAMESPACE_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-global-namespace");
}
