/** Runs one program to its end, without a shell, and keeps nothing of what it writes to stderr. */

import type { ChildProcess } from "node:child_process";

export interface ProgramRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeLimitMs: number;
  /** Bytes of stdout that are accepted. */
  readonly maxBytes: number;
}

export type ProgramResult =
  | { readonly kind: "exited"; readonly code: number; readonly stdout: string }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "not-found" }
  | { readonly kind: "not-started"; readonly reason: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "too-much-output" };

/**
 * The program gets a process group of its own, so that a time limit also ends what it has started: a wrapper script
 * whose child hangs would otherwise keep the pipe, and us, waiting.
 */
export function runProgram(program: ProgramRun): Promise<ProgramResult> {
  const { spawn } = require("node:child_process") as typeof import("node:child_process");
  const ownGroup = process.platform !== "win32";
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(program.command, [...program.args], {
        env: { ...program.env },
        stdio: ["ignore", "pipe", "ignore"],
        shell: false,
        detached: ownGroup,
        windowsHide: true,
      });
    } catch (error) {
      // Node reports some of the system's refusals so, among them one of arguments that are too long (E2BIG).
      resolve(notStarted(error));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (result: ProgramResult): void => {
      clearTimeout(timer);
      child.stdout?.destroy();
      resolve(result);
    };
    const stop = (result: ProgramResult): void => {
      finish(result);
      endGroup(child.pid, ownGroup);
      child.unref();
    };
    const timer = setTimeout(() => stop({ kind: "timed-out" }), program.timeLimitMs);
    // Not there where the process has no file descriptor left; "error" then says so.
    child.stdout?.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > program.maxBytes) stop({ kind: "too-much-output" });
      else chunks.push(chunk);
    });
    child.on("error", (error) => finish(notStarted(error)));
    child.on("close", (code, signal) => {
      if (code === null) finish({ kind: "killed", signal: signal ?? "unknown" });
      else finish({ kind: "exited", code, stdout: Buffer.concat(chunks).toString("utf8") });
    });
  });
}

function notStarted(error: unknown): ProgramResult {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? { kind: "not-found" } : { kind: "not-started", reason: code };
}

function endGroup(pid: number | undefined, ownGroup: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(ownGroup ? -pid : pid, "SIGKILL");
  } catch {
    // It is gone, or it runs as another user (EPERM) and is not ours to end.
  }
}
