import childProcess, { type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type ProgramRun, runProgram } from "../../../provider/kube/run-program.ts";

const run = (script: string, parts: Partial<ProgramRun> = {}) =>
  runProgram({
    command: "/bin/sh",
    args: ["-c", script],
    env: { PATH: process.env.PATH ?? "" },
    timeLimitMs: 60_000,
    maxBytes: 1000,
    ...parts,
  });

describe("runProgram", () => {
  test("gives what a program wrote and its exit code", async () => {
    expect(await run("echo hello; exit 3")).toEqual({ kind: "exited", code: 3, stdout: "hello\n" });
  });

  test("gives it no other environment than the one it is told", async () => {
    expect(await run("echo $HOME-$ONLY", { env: { ONLY: "this" } })).toMatchObject({ stdout: "-this\n" });
  });

  test("drops what it writes to stderr", async () => {
    expect(await run("echo secret >&2")).toEqual({ kind: "exited", code: 0, stdout: "" });
  });

  test("gives it no input to wait for", async () => {
    expect(await run("cat; echo done")).toMatchObject({ stdout: "done\n" });
  });

  test("passes arguments on without a shell's reading of them", async () => {
    expect(
      await runProgram({ command: "echo", args: ["$(id)", "a b"], env: {}, timeLimitMs: 60_000, maxBytes: 100 }),
    ).toEqual({ kind: "exited", code: 0, stdout: "$(id) a b\n" });
  });

  test("says that there is no such program", async () => {
    expect(await run("", { command: "no-such-program-here" })).toEqual({ kind: "not-found" });
  });

  test("says that a file cannot be run", async () => {
    expect(await run("", { command: "/etc/passwd" })).toEqual({ kind: "not-started", reason: "EACCES" });
  });

  test("says that the arguments are more than the system takes", async () => {
    expect(await run("", { args: ["x".repeat(5_000_000)] })).toEqual({ kind: "not-started", reason: "E2BIG" });
  });

  test("says that there is no file descriptor left for it", async () => {
    const child = new EventEmitter();
    const spawn = vi.spyOn(childProcess, "spawn").mockReturnValue(child as ChildProcess);
    onTestFinished(() => {
      spawn.mockRestore();
    });
    const result = run("");
    child.emit("error", Object.assign(new Error("spawn EMFILE"), { code: "EMFILE" }));
    expect(await result).toEqual({ kind: "not-started", reason: "EMFILE" });
  });

  test("gives up a program at its time limit also where it may not end it", async () => {
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    onTestFinished(() => {
      kill.mockRestore();
    });
    expect(await run("sleep 1", { timeLimitMs: 50 })).toEqual({ kind: "timed-out" });
    expect(kill).toHaveBeenCalled();
  });

  test("ends a program at its time limit together with what it has started", async () => {
    expect(await run("sleep 1000 & sleep 1000", { timeLimitMs: 200 })).toEqual({ kind: "timed-out" });
  });

  test("ends a program that writes without end", async () => {
    expect(await run("while :; do echo xxxxxxxxxxxxxxxxxxxx; done")).toEqual({ kind: "too-much-output" });
  });

  test("says that a program was ended from outside", async () => {
    expect(await run("kill -TERM $$")).toEqual({ kind: "killed", signal: "SIGTERM" });
  });
});
