import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { clearLab } from "../lab/clear-lab.ts";
import { labEnvironment } from "../lab/environment.ts";
import { runPods } from "../lab/pods.ts";
import { findPrograms, type ProgramName } from "../lab/programs.ts";
import { MODULES } from "./face.ts";
import { hasKubernetesPlugin, KUBERNETES_PLUGIN } from "./kubernetes-plugin-setup.ts";
import type { PulumiProject } from "./pulumi-project.ts";
import { asShown, type Command, changed, stepsOf } from "./shown.ts";
import { aWorld, type World } from "./world.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");
/** For what the machine may not have. */
const STAND_INS = ["bin", "analyzer"].map((folder) => join(import.meta.dirname, "example", folder));

/** As the last command of its README. */
const ELSEWHERE_IS_PRODUCTION = ["--policy-pack", "policy", "--policy-pack-config", "policy-config.json"];

/** What the README's change breaks, as one resource. */
const manyFrom = (module: string) => `
import { GlobalNamespaces, Mesh } from "${module}";
const mesh = new Mesh("mesh", { controlPlane: { context: "mesh" }, clusters: { east: { context: "east" } } });
const payments = { injection: "enabled" as const, onDelete: "delete" as const, deleteNonEmpty: true };
new GlobalNamespaces("all", { namespaces: { payments, batch: { force: true } } }, { provider: mesh });
`;

const testWithPlugin = test.runIf(hasKubernetesPlugin());

const readmeOf = (example: string) => readFileSync(join(EXAMPLES, example, "README.md"), "utf8");

describe("the examples", () => {
  let world: World;
  let path: string;

  beforeAll(async () => {
    world = await aWorld("examples");
    const wanted: ProgramName[] = hasKubernetesPlugin() ? ["istioctl", KUBERNETES_PLUGIN] : ["istioctl"];
    const programs = await findPrograms(wanted, () => {});
    const { PATH } = await labEnvironment(world.lab.dir, () => {});
    path = [...STAND_INS, ...Object.values(programs).map(dirname), PATH].join(delimiter);
  });

  /** A copy of an example, on clusters that hold nothing yet. */
  const copyOf = async (example: string): Promise<PulumiProject> => {
    await clearLab(world.lab);
    const env = {
      PATH: path,
      // The types are checked once, in test/package.
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    };
    return world.anotherProject(example, { copyOf: join(EXAMPLES, example), env });
  };

  /** Does what the README says, and compares what it shows. */
  const follow = async (project: PulumiProject, readme: string) => {
    const steps = stepsOf(readme);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      if (step.kind === "command") await compare(project, step);
      else edit(project, "index.ts", (program) => changed(program, step.diff));
    }
  };

  const labelsEverywhere = async (namespaces: readonly string[]) => {
    const found: Record<string, unknown> = {};
    for (const cluster of world.lab.names) {
      for (const name of namespaces) found[`${cluster}/${name}`] = await world.labels(cluster, name);
    }
    return found;
  };

  test("adopt: the program is what generate prints, and its first up changes no label", async () => {
    const project = await copyOf("adopt");
    const committed = readFileSync(join(project.dir, "index.ts"), "utf8");
    const [before, after] = readmeOf("adopt").split("## The first update");
    await follow(project, before ?? "");
    expect(readFileSync(join(project.dir, "index.ts"), "utf8")).toBe(committed);
    const found = await labelsEverywhere(["checkout", "payments"]);
    expect(found["east/payments"]).toEqual({ team: "payments", "istio-injection": "enabled", "cost-center": "42" });
    await follow(project, after ?? "");
    expect(await labelsEverywhere(["checkout", "payments"])).toEqual(found);
  });

  test("affinity-by-selector: clusters join and leave by their labels", async () => {
    await follow(await copyOf("affinity-by-selector"), readmeOf("affinity-by-selector"));
    expect(await labelsEverywhere(["payments"])).toMatchObject({
      "east/payments": { "istio-injection": "enabled" },
      "north/payments": { "istio-injection": "enabled" },
      "west/payments": {},
    });
  });

  test("overrides: one cluster differs, and a change of it writes no other", async () => {
    const project = await copyOf("overrides");
    const writes = await world.writesDuring(() => follow(project, readmeOf("overrides")));
    expect(writes).toMatchObject({ east: { "patch namespaces": 1 }, north: { "patch namespaces": 2 } });
    expect(await world.labels("north", "payments")).toMatchObject({ tier: "silver" });
  });

  test("canary-by-tag: a namespace moves, then a tag", async () => {
    const project = await copyOf("canary-by-tag");
    for (const cluster of ["east", "west"]) {
      await world.lab.cluster(cluster).kube.create("/api/v1/namespaces", { metadata: { name: "istio-system" } });
    }
    await follow(project, readmeOf("canary-by-tag"));
    expect(await world.labels("west", "checkout")).toEqual({ "istio.io/rev": "stable" });
  });

  test("clusters-in-program: a preview before there is a cluster, then one up", async () => {
    await follow(await copyOf("clusters-in-program"), readmeOf("clusters-in-program"));
  });

  test("policy: each rule lets pass what it should, and refuses what it should not", async () => {
    const project = await copyOf("policy");
    edit(project, "policy/PulumiPolicy.yaml", (text) => text.replace("runtime: nodejs", "runtime: nodejs-pack"));
    await follow(project, readmeOf("policy"));
    for (const face of ["dynamic", "plugin"] as const) {
      project.use(face);
      edit(project, "index.ts", () => manyFrom(MODULES[face]));
      const { stdout } = await project.execute("pulumi", ["preview", ...ELSEWHERE_IS_PRODUCTION]);
      expect(stdout).toContain("batch: take the namespace out where it is declared, instead of force: true");
      expect(stdout).not.toContain("production-keeps-what-it-holds");
    }
  });

  test("unit-testing: the tests of the program pass, with the mocks as they are", async () => {
    await follow(await copyOf("unit-testing"), readmeOf("unit-testing"));
  });

  testWithPlugin("workloads: a Deployment in each cluster, with the cluster's own provider", async () => {
    const project = await copyOf("workloads");
    const clusters = ["east", "west"].map((name) => world.lab.cluster(name));
    const runners = clusters.map((cluster) => runPods(cluster));
    try {
      await project.ok("stack", "init", "dev");
      await project.up();
      for (const { kube } of clusters) {
        const [deployment] = await kube.list("/apis/apps/v1/namespaces/payments/deployments");
        expect(deployment).toMatchObject({ metadata: { name: "api" }, status: { readyReplicas: 2 } });
      }
      await project.ok("preview", "--expect-no-changes");
      await project.ok("destroy", "--yes");
    } finally {
      await Promise.all(runners.map((runner) => runner.stop()));
    }
    for (const { kube } of clusters) {
      expect(await kube.list("/apis/apps/v1/namespaces/payments/deployments")).toEqual([]);
    }
  });
});

async function compare(project: PulumiProject, { command, passages, fails }: Command): Promise<void> {
  const { exitCode, stdout, stderr } = await project.execute("bash", ["-c", command]);
  const output = asShown(`${stdout}${stderr}`);
  expect({ command, fails, output }).toMatchObject({ fails: exitCode !== 0 });
  for (const passage of passages) expect(`\n${output}\n`).toContain(`\n${passage}\n`);
}

function edit(project: PulumiProject, file: string, change: (text: string) => string): void {
  const path = join(project.dir, file);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}
