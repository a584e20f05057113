/** npm's `prepare`: after an installation, and before the package is packed. `--build` compiles in any case. */

import { build, buildIfChanged, canBuild } from "./build.mjs";

const say = (line) => process.stderr.write(`${line}\n`);

const work = process.argv.includes("--build") ? build : buildIfChanged;

if (canBuild()) {
  work(process.env, say).catch((error) => {
    if (error.exitCode === undefined) say(error.message);
    process.exitCode = 1;
  });
}
