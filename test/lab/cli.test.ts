import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLab, stopLab } from "./lab.ts";
import { labFolder } from "./lab-folder.ts";
import { labProcesses } from "./leftovers.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lab cli's test-"));
});

afterEach(async () => {
  await stopLab(dir);
  rmSync(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }));
  });
}

function lab(...args: string[]): Promise<Ended> {
  return run(process.execPath, join(import.meta.dirname, "cli.ts"), ...args);
}

describe("npm run lab", () => {
  test("starts clusters that outlive it, gives a shell what it needs, and stops them", async () => {
    expect(await lab("start", "--clusters", "1", "--dir", dir)).toMatchObject({ code: 0 });
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(["kubeconfig", "mesh.kubeconfig", "east.kubeconfig"]));

    const again = await lab("start", "--dir", dir);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("there is a lab running");

    const { stdout } = await lab("env", "--dir", dir);
    expect(
      stdout
        .trim()
        .split("\n")
        .every((line) => line.startsWith("export ")),
    ).toBe(true);
    const commands =
      "command -v pulumi-language-nodejs; command -v pulumi-resource-pulumi-nodejs; node --version; pulumi version; pulumi whoami -v; echo $KUBECONFIG";
    const shell = await run("sh", "-c", `${stdout}\n${commands}`);
    expect(shell.stderr).toBe("");
    expect(shell.stdout).toContain(process.version);
    expect(shell.stdout).toContain("/pulumi-resource-pulumi-nodejs");
    expect(shell.stdout).toContain(`file://${dir}/lab-pulumi-state`);
    expect(shell.stdout).toContain(`${dir}/kubeconfig`);

    expect((await lab("stop", "--dir", dir)).stdout).toContain("is stopped");
    expect(existsSync(dir)).toBe(false);
    expect((await lab("stop", "--dir", dir)).stdout).toContain("no lab is running");
  });

  test("adds a real Istio to the members, moves a tag to it, and stops it with them", async () => {
    await lab("start", "--clusters", "1", "--dir", dir);
    for (const revision of ["stable", "canary"]) {
      const { code, stdout } = await lab("istio", "--revision", revision, "--tag", "prod", "--dir", dir);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`east: Istio ${revision} injects`) });
    }
    const { kube } = openLab(dir).cluster("east");
    const webhooks = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    const found = (await kube.list(webhooks)).map(({ metadata }) => [metadata.name, metadata.labels?.["istio.io/rev"]]);
    expect(Object.fromEntries(found)).toEqual({
      "istio-sidecar-injector-stable": "stable",
      "istio-sidecar-injector-canary": "canary",
      "istio-revision-tag-prod": "canary",
    });
    const pids = labProcesses(labFolder(dir));
    await lab("stop", "--dir", dir);
    expect(pids).toHaveLength(8);
    expect(labProcesses(labFolder(dir))).toEqual([]);
  });

  const mistakes = [
    { title: "a number of clusters that is none", args: ["start", "--clusters", "many"], says: '--clusters is "many"' },
    { title: "too many clusters", args: ["start", "--clusters", "31"], says: "0 to 30" },
    { title: "a flag that it does not have", args: ["start", "--cluster", "3"], says: "--cluster" },
    { title: "a command that it does not have", args: ["restart"], says: 'there is no command "restart"' },
    { title: "a folder without its flag", args: ["start", "here"], says: '"here" is too much' },
    { title: "no command", args: [], says: "start, istio, stop or env" },
    { title: "a revision that Istio refuses", args: ["istio", "--revision", "Canary"], says: '--revision is "Canary"' },
  ];
  for (const { title, args, says } of mistakes) {
    test(`refuses ${title} and starts nothing`, async () => {
      const { code, stdout, stderr } = await lab(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(says);
    });
  }

  for (const command of ["env", "istio"]) {
    test(`prints nothing to eval and starts nothing with ${command} where no lab runs`, async () => {
      const { code, stdout, stderr } = await lab(command, "--dir", dir);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("no lab is running");
    });
  }

  test("explains itself", async () => {
    expect((await lab("--help")).stdout).toContain("npm run lab -- start");
  });
});
