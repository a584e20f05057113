/** Python with Pulumi's SDK, in a virtual environment of the cache folder that is made once. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../scripts/cache.mjs";
import { aptInstall, canInstall } from "./apt.ts";
import { withFileLock } from "./file-lock.ts";
import { type Log, onPath } from "./programs.ts";

/** Pulumi's own; what SDKs that are generated need besides; and what installs those without a look at the network. */
const PACKAGES = ["pulumi==3.259.0", "parver==1.0.1.post0", "setuptools==80.9.0"];

const run = promisify(execFile);

/** The folder of its `python` and `pip`. `isRoot` is whether packages of the system can be installed. */
export async function pythonFolder(
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
  isRoot: boolean = process.getuid?.() === 0,
): Promise<string> {
  const python = await findPython(log, env, isRoot);
  const { stdout: version } = await run(python, ["--version"], { env });
  const key = createHash("sha256")
    .update(JSON.stringify([python, version, PACKAGES]))
    .digest("hex")
    .slice(0, 12);
  const venv = join(cacheFolder(env), `python-${key}`);
  const complete = join(venv, "complete");
  fs.mkdirSync(cacheFolder(env), { recursive: true });
  await withFileLock(`${venv}.lock`, {
    waiting: () => log("python: another run is installing Pulumi's SDK; waiting for that"),
    run: async () => {
      if (fs.existsSync(complete)) return;
      log("python: installing Pulumi's SDK once in a virtual environment (about 1 minute)");
      await run(python, ["-m", "venv", "--clear", venv], { env });
      await run(join(venv, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", ...PACKAGES], { env });
      fs.writeFileSync(complete, "");
      log("python: installed");
    },
  });
  return join(venv, "bin");
}

async function findPython(log: Log, env: NodeJS.ProcessEnv, isRoot: boolean): Promise<string> {
  const found = await usablePython(env);
  if (found !== undefined) return found;
  if (!canInstall(env, isRoot)) {
    throw new Error(
      "there is no python3 with venv for the tests of Python programs, and it cannot be installed here without " +
        'asking; install it, on Debian with "apt-get install python3 python3-venv"',
    );
  }
  log("python: installing it once with apt-get");
  await aptInstall(["python3", "python3-venv"], env);
  const installed = await usablePython(env);
  if (installed === undefined) throw new Error("apt-get installed python3 and python3-venv, and they do not run");
  return installed;
}

/** Debian's python3 has no ensurepip without python3-venv. */
async function usablePython(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const python = onPath("python3", env);
  if (python === undefined) return undefined;
  const works = await run(python, ["-c", "import ensurepip, venv"], { env }).catch(() => undefined);
  return works && python;
}
