import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aFaultyWorld, EVERYWHERE, type FaultyWorld } from "./engine/faulty-world.ts";
import { IS_LONG, report } from "./engine/seed.ts";
import { PulumiProject } from "./pulumi-project.ts";

type Victim = "the provider" | "pulumi";

interface Case {
  readonly victim: Victim;
  readonly operation: "create" | "update" | "leave" | "delete";
  readonly write: number;
}

/** Writes of each operation over the mesh and three clusters, in the program's order. */
const WRITES: Readonly<Record<Case["operation"], number>> = { create: 4, update: 4, leave: 3, delete: 4 };

const every: readonly Case[] = (["the provider", "pulumi"] as const).flatMap((victim) =>
  Object.entries(WRITES).flatMap(([operation, writes]) =>
    Array.from({ length: writes }, (_, index) => ({
      victim,
      operation: operation as Case["operation"],
      write: index + 1,
    })),
  ),
);
const some: readonly Case[] = [
  { victim: "the provider", operation: "create", write: 2 },
  { victim: "pulumi", operation: "update", write: 3 },
];

describe("killed with SIGKILL in the middle", () => {
  let world: FaultyWorld;
  let project: PulumiProject;
  beforeAll(async () => {
    world = await aFaultyWorld();
    project = await PulumiProject.create(world.lab.dir, "killed");
    for (const [name, { kubeconfig }] of Object.entries(world.proxies)) {
      writeFileSync(join(project.dir, `${name}.kubeconfig`), kubeconfig);
    }
  });
  afterAll(() => {
    world.end();
    report(`kills through the command line: ${(IS_LONG ? every : some).length}, none lost`);
  });

  const declare = (...namespaces: readonly string[]) =>
    project.program(`
      const reach = (name) => ({ kubeconfigPath: __dirname + "/" + name + ".kubeconfig" });
      const mesh = new Mesh("mesh", {
        controlPlane: reach("mesh"),
        clusters: { east: reach("east"), west: reach("west"), north: reach("north") },
      });
      ${namespaces.map((text) => `new GlobalNamespace(${text}, { provider: mesh });`).join("\n")}
    `);
  const args = (name: string, team: string, rest = "") =>
    `"${name}", { labels: { team: "${team}" }, onDelete: "delete", onLeave: "delete", deleteNonEmpty: true, revisionCheck: "off"${rest} }`;
  const all = (team: string) => Array(4).fill({ team });

  /** Descendants of a process, by /proc. */
  function descendants(pid: number): readonly { readonly pid: number; readonly command: string }[] {
    const processes = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const stat = readFileSync(`/proc/${name}/stat`, "utf8");
          const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
          const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
          return [{ pid: Number(name), parent, command }];
        } catch {
          return [];
        }
      });
    const below = (parent: number): typeof processes =>
      processes.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
    return below(pid);
  }

  function kill(pulumi: number, victim: Victim): void {
    const children = descendants(pulumi);
    const providers = children.filter(({ command }) => command.includes("dynamic-provider"));
    const doomed = victim === "pulumi" ? [{ pid: pulumi }, ...children] : providers;
    if (doomed.length === 0) throw new Error("there is nothing to kill");
    for (const { pid } of doomed) send("SIGKILL", pid);
  }

  function send(signal: NodeJS.Signals, pid: number): void {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It ended by itself meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  test.each(IS_LONG ? every : some)(
    "$victim, at write $write of a $operation: the next up ends it",
    async ({ victim, operation, write }) => {
      const name = `${victim.replace(" ", "-")}-${operation}-${write}`;
      const before = { create: [], update: [args(name, "a")], leave: [args(name, "a")], delete: [args(name, "a")] };
      const during = {
        create: [args(name, "a")],
        update: [args(name, "b")],
        leave: [args(name, "a", ', clusters: ["east"]')],
        delete: [],
      };
      const after = {
        create: all("a"),
        update: all("b"),
        leave: [{ team: "a" }, { team: "a" }, undefined, undefined],
        delete: Array(4).fill(undefined),
      };
      if (before[operation].length > 0) {
        declare(...before[operation]);
        await project.up();
      }
      const uids = await uidsOf(name);

      declare(...during[operation]);
      const run = project.start("up", "--yes", "--skip-preview");
      let writes = 0;
      for (const proxy of Object.values(world.proxies)) {
        proxy.judge(({ isWrite }) => {
          if (!isWrite || ++writes !== write) return undefined;
          return { kind: "reset-after", onDone: () => kill(run.child.pid ?? 0, victim) };
        });
      }
      const { exitCode } = await run.ended;
      expect(exitCode).not.toBe(0);
      await Promise.all(Object.values(world.proxies).map((proxy) => proxy.idle()));
      world.heal();

      if (victim === "pulumi") await project.ok("cancel", "--yes");
      await project.up("--refresh");
      expect(await world.everywhere(name)).toEqual(after[operation]);
      const kept = await uidsOf(name);
      for (const [index, uid] of kept.entries())
        if (uids[index] !== undefined && uid !== undefined) expect(uid).toBe(uids[index]);
      await project.up("--expect-no-changes");
      declare();
      await project.up();
      expect(await world.everywhere(name)).toEqual(Array(4).fill(undefined));
    },
  );

  test("^C once lets what is under way end and be recorded, twice loses nothing that the next up does not find", async () => {
    for (const times of [1, 2]) {
      const name = `interrupted-${times}`;
      declare(args(name, "a"));
      const run = project.start("up", "--yes", "--skip-preview");
      const interrupt = () => send("SIGINT", -(run.child.pid ?? 0));
      let isAsked = false;
      let second: NodeJS.Timeout | undefined;
      world.proxies.west?.judge(({ isWrite }) => {
        if (!isWrite || isAsked) return undefined;
        isAsked = true;
        interrupt();
        if (times === 2) second = setTimeout(interrupt, 500);
        return { kind: "delay", milliseconds: 1500 };
      });
      await run.ended;
      clearTimeout(second);
      world.heal();
      expect(isAsked).toBe(true);
      if (times === 1) {
        const status = { state: "Ready", labels: { team: "a" } };
        expect(project.namespace(name).outputs.members).toMatchObject({ east: status, west: status, north: status });
      }
      // Who is cut off at once leaves a lock behind.
      if (times === 2) await project.run("cancel", "--yes");
      await project.up("--refresh");
      expect(await world.everywhere(name)).toEqual(all("a"));
    }
  });

  function uidsOf(name: string): Promise<readonly (string | undefined)[]> {
    return Promise.all(
      EVERYWHERE.map(async (cluster) => (await world.kube(cluster).find(`/api/v1/namespaces/${name}`))?.metadata.uid),
    );
  }
});
