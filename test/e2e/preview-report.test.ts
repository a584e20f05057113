import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../cli/report/report.ts";
import { aWorld, MESH, type World } from "./world.ts";

const COLUMNS = { controlPlane: "mesh", east: "east", west: "west", north: "north" } as const;

/** What a look before and one after tell of a namespace on a cluster. */
type Happening = "made" | "deleted" | "written" | "untouched";

/** What a cell of the report promises. */
const PROMISES: Readonly<Record<string, Happening>> = {
  create: "made",
  adopt: "written",
  change: "written",
  repair: "written",
  release: "written",
  retain: "untouched",
  delete: "deleted",
  same: "untouched",
};

/** The command in the project of a world, and what it promises beside what the update then does. */
function reportsOf(world: () => World) {
  const report = (...args: string[]) => world().project.cli("preview-report", ...args);
  const reported = async () => JSON.parse((await report("--format", "json")).stdout) as Report;
  const look = async (name: string) => {
    const entries = Object.entries(COLUMNS).map(async ([column, cluster]) => {
      const found = await world().lab.cluster(cluster).kube.find(`/api/v1/namespaces/${name}`);
      return [column, found?.metadata] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  };

  /** Reports, then does what was reported, and says of each namespace and cluster what was promised and what happened. */
  const compare = async () => {
    const { rows } = await reported();
    const before = await Promise.all(rows.map(({ namespace }) => look(namespace)));
    await world().project.up();
    const after = await Promise.all(rows.map(({ namespace }) => look(namespace)));
    const promised: Record<string, Happening> = {};
    const happened: Record<string, Happening> = {};
    rows.forEach(({ namespace, cells }, index) => {
      for (const column of Object.keys(COLUMNS)) {
        const key = `${namespace} on ${column}: ${cells[column]?.kind ?? "nothing"}`;
        promised[key] = PROMISES[cells[column]?.kind ?? "same"] ?? "untouched";
        const [was, is] = [before[index]?.[column], after[index]?.[column]];
        if (was?.uid !== is?.uid) happened[key] = is === undefined ? "deleted" : "made";
        else happened[key] = was?.resourceVersion === is?.resourceVersion ? "untouched" : "written";
      }
    });
    return { promised, happened };
  };
  return { report, compare };
}

describe("preview-report", () => {
  let world: World;
  const { report, compare } = reportsOf(() => world);
  const declare = (...namespaces: readonly (readonly [string, string])[]) =>
    world.project.program(
      MESH +
        namespaces.map(([name, args]) => `new GlobalNamespace("${name}", ${args}, { provider: mesh });`).join("\n"),
    );

  const FIRST = [
    ["rp-stays", `{ labels: { team: "a" }, clusters: ["east"] }`],
    ["rp-moves", `{ labels: { team: "a" }, injection: "enabled", clusters: ["east", "west"] }`],
    ["rp-leaves", `{ labels: { team: "a" }, clusters: ["east", "west"], onLeave: "delete" }`],
    ["rp-goes", `{ labels: { team: "a" }, clusters: ["east"], onDelete: "release" }`],
    ["rp-adopts", `{ labels: { team: "a" }, clusters: ["east", "west"], onLeave: "delete" }`],
  ] as const;

  beforeAll(async () => {
    world = await aWorld("preview-report");
    await world.lab.cluster("west").kube.create("/api/v1/namespaces", { metadata: { name: "rp-adopts" } });
    declare(...FIRST);
  });

  test("of new namespaces promises what the update then does: made here, adopted there", async () => {
    const { exitCode, stdout } = await report("--exit-code", "--", "--stack", "dev");
    expect(exitCode).toBe(2);
    expect(stdout).toContain("### Global namespaces: 5 change\n");
    expect(stdout).toMatch(/^\| \*\*rp-adopts\*\*.* \| \*\*create\*\* \| \*\*create\*\* \| \*\*adopt\*\* \|$/m);
    const { promised, happened } = await compare();
    expect(Object.keys(promised)).toHaveLength(20);
    expect(happened).toEqual(promised);
  });

  test("is one line, and no reason to stop, where nothing changes", async () => {
    expect(await report("--exit-code")).toMatchObject({
      exitCode: 0,
      stdout: "### Global namespaces: nothing changes, 5 unchanged\n",
    });
  });

  test("ends with 1 where Pulumi fails by something that is not in its JSON", async () => {
    declare(...FIRST, ["rp-late", `{ clusters: ["east"] }`]);
    const { exitCode, stdout } = await report("--", "--expect-no-changes");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^\*\*The preview failed:\*\*\n- pulumi preview ended with \d+;/m);
  });

  test("of a change that nothing is lost by is a change and not destructive, told label by label", async () => {
    declare(
      FIRST[0],
      ["rp-moves", `{ labels: { team: "b" }, injection: { revision: "canary" }, clusters: ["east", "west", "north"] }`],
      ...FIRST.slice(2),
    );
    const { exitCode, stdout } = await report("--exit-code");
    expect(exitCode).toBe(2);
    expect(stdout).toContain("`team: a → b`");
    expect(stdout).toContain("injected by default → canary");
    expect(stdout).toContain(
      "Running pods of rp-moves on east and west keep what default gave them until they restart (new ones: canary).",
    );
    const { promised, happened } = await compare();
    expect(happened).toEqual(promised);
    expect(happened).toMatchObject({ "rp-moves on north: create": "made", "rp-moves on east: change": "written" });
  });

  test("puts on top what is destroyed, leaves what is not ours, and has an exit code for it", async () => {
    declare(
      FIRST[0],
      FIRST[1],
      ["rp-leaves", `{ labels: { team: "a" }, clusters: ["east"], onLeave: "delete" }`],
      ["rp-adopts", `{ labels: { team: "a" }, clusters: ["east"], onLeave: "delete" }`],
    );
    const { exitCode, stdout } = await report("--exit-code");
    expect(exitCode).toBe(3);
    expect(stdout.split("\n").slice(2, 5)).toEqual([
      "> [!CAUTION]",
      "> - rp-goes is deleted on the mesh's control plane, unless it holds something.",
      "> - rp-leaves is deleted on west, unless it holds something.",
    ]);
    expect((await report()).exitCode).toBe(0);
    const { promised, happened } = await compare();
    expect(happened).toEqual(promised);
    expect(happened).toMatchObject({
      "rp-leaves on west: delete": "deleted",
      "rp-adopts on west: release": "written",
      "rp-goes on east: release": "written",
      "rp-goes on controlPlane: delete": "deleted",
    });
  });

  test("of a preview that fails shows what is in the way and where, and ends with 1", async () => {
    const annotations = { "global-namespace.dev/owner": "acme/other/prod/mesh/rp-taken" };
    await world.lab.cluster("east").kube.create("/api/v1/namespaces", { metadata: { name: "rp-taken", annotations } });
    declare(...FIRST, ["rp-taken", `{ labels: { team: "a" }, clusters: ["east", "west"] }`]);
    const { exitCode, stdout, stderr } = await report("--exit-code");
    expect(exitCode).toBe(1);
    expect(stderr).not.toContain("at ");
    expect(stdout).toContain("### Global namespaces: the preview failed");
    expect(stdout).toMatch(
      /^\| \*\*rp-taken\*\* .*⛔ \*\*CONFLICT\*\*<br>it belongs to "acme\/other\/prod\/mesh\/rp-taken"/m,
    );
    declare(...FIRST, ["rp-taken", `{ injection: { revision: "nobody" }, clusters: ["west"] }`]);
    expect((await report()).stdout).toMatch(/^\| \*\*rp-taken\*\* .*no revision or tag "nobody" is served there/m);
  });

  test("of a NamespaceSync says what the mesh gets from which cluster, and who follows it", async () => {
    await world.lab.cluster("north").kube.create("/api/v1/namespaces", { metadata: { name: "rp-synced" } });
    const sync = `${MESH}const sync = new NamespaceSync("from-north", { cluster: "north", include: ["rp-synced"] }, { provider: mesh });`;
    world.project.program(sync);
    const { stdout } = await report("--", "--target", "**from-north", "--target-dependents");
    expect(stdout).toMatch(/^\| \*\*rp-synced\*\*<br>from north \(from-north\).* \| \*\*create\*\* \|$/m);
    await world.project.up("--target", "**from-north", "--target-dependents");
    expect(await world.labels("mesh", "rp-synced")).toEqual({});
    world.project.program(`${sync}
      new GlobalNamespace("rp-synced", { labels: { team: "a" } }, { provider: mesh, dependsOn: sync });`);
    const following = await report();
    expect(following.stdout).toContain("rp-synced belongs to north as the NamespaceSync from-north has recorded.");
    expect(following.stdout).toMatch(/^\| \*\*rp-synced\*\*.* \| \*\*adopt\*\* .*\| \*\*adopt\*\* \|/m);
  });

  test("is a page with --format html, also of a preview that was made before", async () => {
    declare(...FIRST);
    const { stdout: preview } = await world.project.execute("pulumi", [
      "preview",
      "--json",
      "--show-sames",
      "--show-replacement-steps",
      "--non-interactive",
    ]);
    writeFileSync(join(world.project.dir, "preview.json"), preview);
    const { exitCode, stdout } = await report("--input", "preview.json", "--format", "html", "--exit-code");
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^<!doctype html>/);
    expect(stdout).toContain("rp-goes");
  });

  test("shows a deletion that an earlier replacement could not do, until it is done", async () => {
    const { kube } = world.lab.cluster("mesh");
    const call = (name: string) => declare(["rp-called", `{ name: "${name}", clusters: ["east"] }`]);
    call("rp-full");
    await world.project.up();
    const configMaps = "/api/v1/namespaces/rp-full/configmaps";
    await kube.create(configMaps, { metadata: { name: "held" } });
    call("rp-anew");
    await world.project.upFails();
    const { exitCode, stdout } = await report("--exit-code");
    expect(exitCode).toBe(3);
    expect(stdout).toContain("> - rp-full is deleted on the mesh's control plane, unless it holds something.\n");
    await kube.delete(`${configMaps}/held`);
    const { promised, happened } = await compare();
    expect(happened).toEqual(promised);
    expect(happened).toMatchObject({ "rp-full on controlPlane: delete": "deleted" });
  });

  test("of a member that is the control plane says what its pods lose", async () => {
    const alone = (args: string) =>
      world.project.program(`
        const alone = new Mesh("alone", { controlPlane: "west", clusters: { west: { context: "west" } } });
        new GlobalNamespace("rp-alone", ${args}, { provider: alone });`);
    alone(`{ injection: "enabled" }`);
    await world.project.up();
    alone("{}");
    const { exitCode, stdout } = await report("--exit-code");
    expect(exitCode).toBe(3);
    expect(stdout).toContain("> - Pods of rp-alone on west get no sidecar from now on (until now: default).\n");
  });

  test("says in one sentence that there is no such file, or no preview in it", async () => {
    expect(await report("--input", "nowhere.json")).toMatchObject({ exitCode: 1, stdout: "" });
    const { stderr } = await report("--input", "package.json");
    expect(stderr).toBe("this is not the output of pulumi preview --json: it has no steps\n");
    expect((await report("--format", "xml")).stderr).toBe('--format is "xml"; allowed: markdown, html, json\n');
  });
});

for (const face of ["dynamic", "plugin"] as const) {
  describe(`preview-report of GlobalNamespaces, ${face}`, () => {
    let world: World;
    const { report, compare } = reportsOf(() => world);
    const ONE = `{ labels: { team: "a" }, clusters: ["east"] }`;
    const declare = (namespaces: string, rest = "") =>
      world.project.program(
        `${MESH}new GlobalNamespaces("teams", { namespaces: { ${namespaces} } }, { provider: mesh });\n${rest}`,
      );

    beforeAll(async () => {
      world = await aWorld(`report-many-${face}`);
      world.project.use(face);
      declare(`"rp-one": ${ONE}, "rp-two": ${ONE}`, `new GlobalNamespace("rp-alone", ${ONE}, { provider: mesh });`);
    });

    test("promises of each namespace what the update then does", async () => {
      const { promised, happened } = await compare();
      expect(happened).toEqual(promised);
      expect(happened).toMatchObject({ "rp-one on east: create": "made", "rp-alone on east: create": "made" });
      declare(
        `"rp-one": ${ONE}, "rp-two": { labels: { team: "b" }, clusters: ["east", "west"] }`,
        `new GlobalNamespace("rp-alone", ${ONE}, { provider: mesh });`,
      );
      const changed = await compare();
      expect(changed.happened).toEqual(changed.promised);
      expect(Object.keys(changed.happened).filter((key) => !key.startsWith("rp-two on "))).toEqual([]);
      expect(changed.happened).toMatchObject({ "rp-two on west: create": "made", "rp-two on east: change": "written" });
    });

    test("is destructive where a namespace is taken out, and not where one moves in", async () => {
      declare(`"rp-one": ${ONE}, "rp-alone": ${ONE}`);
      const { exitCode, stdout } = await report("--exit-code");
      expect(exitCode).toBe(3);
      expect(stdout).toContain("> - rp-two is deleted on the mesh's control plane, unless it holds something.\n");
      expect(stdout).not.toContain("rp-alone");
      const { promised, happened } = await compare();
      expect(happened).toEqual(promised);
      expect(happened).toMatchObject({ "rp-two on controlPlane: delete": "deleted" });
      expect(await world.labels("mesh", "rp-alone")).toEqual({ team: "a" });
    });
  });
}
