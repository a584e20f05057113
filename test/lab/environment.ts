/** The environment in which `pulumi up` and kubectl work on a lab. */

import * as fs from "node:fs";
import { delimiter, dirname } from "node:path";
import { labFolder } from "./lab-folder.ts";
import { type Log, pulumiFolders } from "./programs.ts";

/** What a shell needs to work on a lab; everything else it may keep. */
export interface LabEnvironment {
  /** This process's Node and the programs, then what was on PATH. */
  readonly PATH: string;
  readonly KUBECONFIG: string;
  /** A folder of the lab, which goes with it. */
  readonly PULUMI_BACKEND_URL: string;
  readonly PULUMI_CONFIG_PASSPHRASE: string;
  readonly PULUMI_SKIP_UPDATE_CHECK: string;
}

/** Finds (or builds) Pulumi's programs, and makes the folder of its backend. */
export async function labEnvironment(dir: string, log: Log, env = process.env): Promise<LabEnvironment> {
  const folder = labFolder(fs.realpathSync(dir));
  fs.mkdirSync(folder.pulumi, { recursive: true });
  const folders = [dirname(process.execPath), ...(await pulumiFolders(log, env))];
  return {
    PATH: [...folders, env.PATH ?? ""].join(delimiter),
    KUBECONFIG: folder.kubeconfig,
    PULUMI_BACKEND_URL: `file://${folder.pulumi}`,
    // The state is about clusters that are gone tomorrow; nothing in it is worth a better one.
    PULUMI_CONFIG_PASSPHRASE: "lab",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** Lines for a POSIX shell to eval. */
export function shellLines(environment: LabEnvironment): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n");
}
