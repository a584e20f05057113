import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { installOnMembers } from "../lab/istio-webhooks.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { type PodRunner, runPods } from "../lab/pods.ts";
import { injectAs } from "./injector.ts";
import { PulumiProject } from "./pulumi-project.ts";
import { labelsOf } from "./world.ts";

const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "promotion");
const REVISION = "istio.io/rev";
const PODS = "/api/v1/namespaces/payments/pods";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/payments/deployments";
/** The types are checked with those of the repository. */
const TRANSPILE_ONLY = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };
const UNCHANGED = "3 unchanged";
const ALL = { dev: ["east"], staging: ["west"], prod: ["north", "south", "northeast"] };

describe("the example of a promotion", () => {
  let lab: Lab;
  let project: PulumiProject;
  const runners: Record<string, PodRunner> = {};
  const cleanups: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    lab = await startLab({ clusters: 5 });
    await installOnMembers(lab);
    for (const name of Object.values(ALL).flat()) {
      const cluster = lab.cluster(name);
      runners[name] = runPods(cluster);
      cleanups.push(() => (runners[name] as PodRunner).stop());
      await injectAs(cluster, [{ revision: "default" }, { revision: "canary" }], ["payments"]);
    }
    project = await PulumiProject.create(lab.dir, "promotion", { env: TRANSPILE_ONLY });
    cpSync(EXAMPLE, project.dir, { recursive: true });
    for (const stack of ["staging", "prod"]) await project.ok("stack", "init", stack);
  });
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
    await lab?.stop();
  });

  const printed: string[] = [];
  const print = async (output: Promise<string>): Promise<string> => {
    printed.push(await output);
    return output;
  };
  const up = (stack: string, ...args: string[]) => print(project.up("--stack", stack, ...args));
  const upFails = (stack: string, ...args: string[]) => print(project.upFails("--stack", stack, ...args));
  const preview = (stack: string) => print(project.preview("--stack", stack));
  const previewFails = (stack: string) => print(project.previewFails("--stack", stack));
  const revision = async (cluster: string) => (await labelsOf(lab.cluster(cluster), "payments"))?.[REVISION];
  const statesIn = (stack: string) => {
    const { members } = project.namespace("payments", stack).outputs;
    return Object.fromEntries(Object.entries(members).map(([cluster, { state }]) => [cluster, state]));
  };

  async function deploy(cluster: string) {
    const labels = { app: "api" };
    const { kube } = lab.cluster(cluster);
    await kube.create(DEPLOYMENTS, {
      metadata: { name: "api" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "api", image: "registry.invalid/app" }], terminationGracePeriodSeconds: 0 },
        },
      },
    });
    await until(async () => (await kube.get(`${DEPLOYMENTS}/api`)).status?.readyReplicas === 1, {
      what: `the deployment on ${cluster}`,
    });
  }

  test("goes through the stacks in their order, and a stack takes nothing that the one before has not run", async () => {
    expect(await previewFails("staging")).toContain("dev");
    await up("dev");
    expect(await previewFails("prod")).toContain("staging");
    await up("staging");
    await up("prod");
    for (const cluster of Object.values(ALL).flat()) expect(await revision(cluster)).toBe("default");
    expect(await labelsOf(lab.cluster("north"), "payments")).toEqual({
      team: "payments",
      tier: "critical",
      [REVISION]: "default",
    });
    expect(await labelsOf(lab.cluster("northeast"), "payments")).toMatchObject({ region: "europe" });
    for (const cluster of Object.values(ALL).flat()) await deploy(cluster);
    // Nobody makes this one anew, so no rollout restarts it.
    const spec = { containers: [{ name: "tool", image: "registry.invalid/tool" }], terminationGracePeriodSeconds: 0 };
    await lab.cluster("west").kube.create(PODS, { metadata: { name: "tool" }, spec });
  });

  test("moves a revision to dev alone, until staging is updated", async () => {
    await project.ok("config", "set", "revision", "canary", "--stack", "dev");
    await up("dev");
    expect(await revision("east")).toBe("canary");
    expect(await preview("prod")).toContain(UNCHANGED);
    expect(await preview("staging")).toContain('"default" => "canary"');
  });

  test("takes nothing from an update that failed: its workloads did not come up", async () => {
    runners.west?.hold("payments");
    const output = await upFails("staging", "--config", "promotion:restartTimeoutSeconds=5");
    expect(output).toContain('cannot restart Deployment/api of namespace "payments" on cluster "west"');
    expect(await revision("west")).toBe("canary");
    expect(await preview("prod")).toContain(UNCHANGED);
    runners.west?.release("payments");
    await project.ok("config", "rm", "restartTimeoutSeconds", "--stack", "staging");
  });

  test("takes nothing from a stack where pods still wait for a restart, and says which", async () => {
    await up("staging");
    expect(await previewFails("prod")).toContain(
      'cannot promote namespace "payments" from stack "organization/promotion/staging": on cluster "west" a restart is waited for by Pod/tool; put it right there, and run "pulumi up --refresh" there',
    );
    await lab.cluster("west").kube.delete(`${PODS}/tool`);
    await up("staging", "--refresh");
  });

  test("shows in a preview the waves in which prod follows, and ends with the first that fails", async () => {
    const shown = await preview("prod");
    expect(shown).toContain("payments: in waves: north; then northeast, south; the first that fails ends it (rollout)");
    expect(shown).toContain('"default" => "canary"');
    runners.north?.hold("payments");
    const output = await upFails("prod", "--config", "promotion:restartTimeoutSeconds=5");
    expect(output).toContain('cannot restart Deployment/api of namespace "payments" on cluster "north"');
    expect(output).toContain(
      'namespace "payments" was not written to clusters "northeast", "south": a wave before failed (rollout)',
    );
    expect([await revision("north"), await revision("south"), await revision("northeast")]).toEqual([
      "canary",
      "default",
      "default",
    ]);
    expect(statesIn("prod")).toEqual({ north: "Ready", northeast: "Pending", south: "Pending" });
  });

  test("goes on with the next up where the failed wave ended", async () => {
    runners.north?.release("payments");
    await project.ok("config", "rm", "restartTimeoutSeconds", "--stack", "prod");
    const output = await up("prod");
    expect(output).toContain("south is written again: it waits for its wave: one before it failed");
    for (const cluster of ALL.prod) expect(await revision(cluster)).toBe("canary");
    expect(statesIn("prod")).toEqual({ north: "Ready", northeast: "Ready", south: "Ready" });
    expect(await preview("prod")).toContain(UNCHANGED);
  });

  test("said what its README shows", () => {
    const readme = readFileSync(join(EXAMPLE, "README.md"), "utf8");
    const shown = [...readme.matchAll(/^```text\n([\s\S]*?)\n```$/gm)].map(([, block = ""]) => block);
    expect(shown.length).toBe(3);
    for (const block of shown) expect(printed.some((output) => output.includes(block))).toBe(true);
  });

  test("is a program whose types are right", async () => {
    const { exitCode, stdout } = await project.execute("node", ["node_modules/typescript/bin/tsc", "-p", "."]);
    expect(`${stdout}${exitCode}`).toBe("0");
  });
});
