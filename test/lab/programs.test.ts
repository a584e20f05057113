import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeBuilds, findPrograms, pulumiFolders } from "./programs.ts";

let dir: string;
let lines: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lab-programs-test-"));
  lines = [];
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function log(line: string): void {
  lines.push(line);
}

function folder(name: string): string {
  mkdirSync(join(dir, name), { recursive: true });
  return join(dir, name);
}

function program(where: string, name: string, script = ""): string {
  const path = join(folder(where), name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** A Go that writes a program wherever it is told to, and notes that it did. */
function fakeGo(script = 'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\n" > "$2"; chmod +x "$2"'): string {
  program("go", "go", `echo build >> ${join(dir, "builds")}; echo "go: downloading x" >&2\n${script}`);
  return `${join(dir, "go")}:/usr/bin:/bin`;
}

function environment(PATH: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH, GLOBAL_NAMESPACE_CACHE: join(dir, "cache"), ...more };
}

describe("findPrograms", () => {
  test("takes a program that is on PATH", async () => {
    const path = program("bin", "etcd");
    expect(await findPrograms(["etcd"], log, environment(join(dir, "bin")))).toEqual({ etcd: path });
    expect(lines).toEqual([]);
  });

  test("takes what KUBEBUILDER_ASSETS holds rather than what is on PATH, and looks further for the rest", async () => {
    const etcd = program("assets", "etcd");
    program("bin", "etcd");
    const controllers = program("bin", "kube-controller-manager");
    const env = environment(join(dir, "bin"), { KUBEBUILDER_ASSETS: join(dir, "assets") });
    expect(await findPrograms(["etcd", "kube-controller-manager"], log, env)).toEqual({
      etcd,
      "kube-controller-manager": controllers,
    });
  });

  test("passes over a file that cannot be executed", async () => {
    writeFileSync(join(folder("bin"), "etcd"), "");
    const path = program("later", "etcd");
    const found = await findPrograms(["etcd"], log, environment(`${join(dir, "bin")}:${join(dir, "later")}`));
    expect(found.etcd).toBe(path);
  });

  test("builds what is nowhere, once", async () => {
    const env = environment(fakeGo());
    const first = await findPrograms(["etcd"], log, env);
    const second = await findPrograms(["etcd"], log, env);
    expect(first.etcd.startsWith(join(dir, "cache"))).toBe(true);
    expect(second).toEqual(first);
    expect(lines).toEqual([
      "etcd: building it once (the clusters' database, about 1 minute)",
      expect.stringMatching(/^etcd: built in \d+ s$/),
    ]);
  });

  test("says beforehand what it will build, how long that takes and where it is kept", async () => {
    const env = environment(fakeGo());
    program("bin", "pulumi");
    const names = ["etcd", "kube-apiserver", "pulumi"] as const;
    const withPulumi = { ...env, PATH: `${env.PATH}:${join(dir, "bin")}` };
    const builds = describeBuilds(names, withPulumi);
    expect(builds).toContain("etcd, kube-apiserver; about 4 minutes");
    expect(builds).toContain(join(dir, "cache"));
    await findPrograms(names, log, withPulumi);
    expect(describeBuilds(names, withPulumi)).toBeUndefined();
  });

  test("builds once for two who ask at the same time", async () => {
    const env = environment(
      fakeGo('sleep 1; while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\n" > "$2"; chmod +x "$2"'),
    );
    const [first, second] = await Promise.all([findPrograms(["etcd"], log, env), findPrograms(["etcd"], log, env)]);
    expect(first).toEqual(second);
    expect(lines).toContain("etcd: another run is building it; waiting for that");
    expect(lines.filter((line) => line.includes("building it once"))).toHaveLength(1);
  });

  test("takes over the lock of a process that is gone", async () => {
    const env = environment(fakeGo());
    const { etcd } = await findPrograms(["etcd"], log, env);
    rmSync(etcd);
    // No process has an id that high: 2^22 is Linux's limit.
    writeFileSync(`${join(etcd, "..")}.lock`, "99999999");
    expect((await findPrograms(["etcd"], log, env)).etcd).toBe(etcd);
    expect(lines).not.toContain("etcd: another run is building it; waiting for that");
  });

  test("leaves nothing that looks like a program when a build fails, and says why it failed", async () => {
    const env = environment(fakeGo('echo "no space left" >&2; exit 3'));
    await expect(findPrograms(["etcd"], log, env)).rejects.toThrow(/cannot build etcd.*3.*\n(.*\n)*no space left/);
    const programs = join(dir, "cache", "programs");
    expect(readdirSync(programs).flatMap((each) => readdirSync(join(programs, each)))).toEqual([]);
  });

  test("names what to install when there is no Go", async () => {
    const env = environment(folder("empty"));
    await expect(findPrograms(["etcd"], log, env)).rejects.toThrow(
      "cannot build etcd: there is no Go on PATH. Install Go 1.26 or newer (https://go.dev/dl), or put etcd on PATH.",
    );
  });
});

describe("pulumiFolders", () => {
  test("puts the plugins beside a Pulumi of its own, where Pulumi does not warn about them", async () => {
    const folders = await pulumiFolders(log, environment(fakeGo()));
    expect(folders).toHaveLength(1);
    for (const name of ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"]) {
      expect(existsSync(join(folders[0] ?? "", name))).toBe(true);
    }
  });

  test("adds nothing to PATH where Pulumi is installed with its plugins", async () => {
    for (const name of ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"]) program("bin", name);
    expect(await pulumiFolders(log, environment(join(dir, "bin")))).toEqual([]);
  });
});
