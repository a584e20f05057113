import { spawn } from "node:child_process";
import { root } from "./root.mjs";

/** A program that ended with a failure. Its own output has said what failed. */
export class ProgramFailed extends Error {
  constructor(words, exitCode) {
    super(`${words.join(" ")} ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Runs a program in the project's folder, with this process's input and output. */
export function runProgram(command, args, env, { stdio = "inherit" } = {}) {
  const child = spawn(command, args, { cwd: root, env, stdio });
  // A ^C reaches the child too, as it does the whole process group; this process waits for it to end in order. Other
  // signals may be for this process alone.
  const wait = () => {};
  const pass = (signal) => child.kill(signal);
  process.on("SIGINT", wait);
  process.on("SIGTERM", pass);
  process.on("SIGHUP", pass);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new ProgramFailed([command, ...args], code ?? (signal === "SIGINT" ? 130 : 1)));
    });
  });
  return ended.finally(() => {
    process.off("SIGINT", wait);
    process.off("SIGTERM", pass);
    process.off("SIGHUP", pass);
  });
}
