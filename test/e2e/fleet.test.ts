import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, type World } from "./world.ts";

const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "fleet");
const REGIONS = ["east", "north", "west"];

describe("the example of a fleet", () => {
  let world: World;

  beforeAll(async () => {
    world = await aWorld("fleet", { env: { PULUMI_NODEJS_TRANSPILE_ONLY: "true", PULUMI_CONFIG_PASSPHRASE: "" } });
    // Each stack's file stands for a region, and the project begins with a stack of its own.
    rmSync(join(world.project.dir, "Pulumi.dev.yaml"), { force: true });
    cpSync(EXAMPLE, world.project.dir, { recursive: true });
  });

  const fleet = (operation: string) => world.project.execute("node", ["fleet.mts", operation]);
  const shown = [...readFileSync(join(EXAMPLE, "README.md"), "utf8").matchAll(/^```text\n([\s\S]*?)^```$/gm)];
  const [allDone, oneFailed] = shown.map(([, block = ""]) => block);

  test("brings every region up at once, and says so", async () => {
    const { exitCode, stdout, stderr } = await fleet("up");
    expect(stderr).toBe("");
    expect(stdout.endsWith(`\n${allDone}`)).toBe(true);
    expect(exitCode).toBe(0);
    for (const region of REGIONS) expect(await world.labels(region, "fleet-payments")).toEqual({ team: "payments" });
  });

  test("does the other regions where one does not answer, says which, and fails", async () => {
    const program = join(world.project.dir, "index.ts");
    writeFileSync(program, readFileSync(program, "utf8").replace("{ team }", '{ team, tier: "1" }'));
    await world.lab.cluster("west").stop();
    const { exitCode, stdout } = await fleet("up");
    expect(stdout.endsWith(`\n${oneFailed}`)).toBe(true);
    expect(stdout).toMatch(/^west: .*cannot apply namespaces .*"fleet-orders".* on cluster "west": /m);
    expect(exitCode).toBe(1);
    expect(await world.labels("north", "fleet-orders")).toEqual({ team: "orders", tier: "1" });
    await world.lab.cluster("west").start();
    expect((await fleet("up")).exitCode).toBe(0);
    expect(await world.labels("west", "fleet-orders")).toEqual({ team: "orders", tier: "1" });
  });

  test("is a program whose types are right", async () => {
    const { exitCode, stdout } = await world.project.execute("node", ["node_modules/typescript/bin/tsc", "-p", "."]);
    expect(`${stdout}${exitCode}`).toBe("0");
  });
});
