import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readKubeconfig } from "../lab/kubeconfig.ts";
import type { PulumiProject } from "./pulumi-project.ts";
import { aWorld, type World } from "./world.ts";

describe("the connections of a Mesh", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("connections");
  });

  test("are a kubeconfig as text or as an object, a context, and a file; the control plane can be a member's name", async () => {
    const path = (cluster: string) => JSON.stringify(world.lab.cluster(cluster).kubeconfigPath);
    world.project.program(`
      const fs = require("fs");
      const mesh = new Mesh("mesh", {
        controlPlane: "hub",
        clusters: {
          hub: { context: "mesh" },
          text: { kubeconfig: fs.readFileSync(${path("east")}, "utf8") },
          object: { kubeconfig: require("yaml").parse(fs.readFileSync(${path("west")}, "utf8")) },
          file: { kubeconfigPath: ${path("north")} },
        },
      });
      new GlobalNamespace("reached", { labels: { team: "a" }, clusters: "all" }, { provider: mesh });
    `);
    await world.project.up();
    for (const cluster of world.lab.names) expect(await world.labels(cluster, "reached")).toEqual({ team: "a" });
    const { members, controlPlane } = world.project.namespace("reached").outputs;
    expect(Object.keys(members)).toEqual(["file", "hub", "object", "text"]);
    expect(controlPlane).toEqual(members.hub);
    expect(await world.requestsDuring(() => world.project.up("--expect-no-changes"))).toEqual({});
  });

  test("come from another stack through a StackReference", async () => {
    const infra = await world.anotherProject("infra");
    infra.program(`
      const fs = require("fs");
      for (const cluster of ["mesh", "east"]) {
        exports[cluster] = pulumi.secret(fs.readFileSync(${JSON.stringify(world.lab.dir)} + "/" + cluster + ".kubeconfig", "utf8"));
      }
    `);
    await infra.up();
    const apps = await world.anotherProject("apps", { backendOf: infra });
    apps.program(`
      const infra = new pulumi.StackReference("organization/infra/dev");
      const mesh = new Mesh("mesh", {
        controlPlane: { kubeconfig: infra.requireOutput("mesh") },
        clusters: { east: { kubeconfig: infra.requireOutput("east") } },
      });
      new GlobalNamespace("referenced", { labels: { team: "a" } }, { provider: mesh });
    `);
    expect(await apps.preview()).not.toContain("pending");
    await apps.up();
    expect(await world.labels("mesh", "referenced")).toEqual({ team: "a" });
    expect(await world.labels("east", "referenced")).toEqual({ team: "a" });
  });
});

describe("the credentials of a Mesh", () => {
  let world: World;
  let secrets: Record<string, string>;
  const WRONG_TOKEN = "wrong-token-7d1f0c5a9b";
  const LOG_EVERYTHING = ["--logflow", "--logtostderr", "--verbose=9"];
  /**
   * Where Pulumi itself writes down every value it passes on, secrets of any provider alike: its engine at this verbosity,
   * its SDK with every debug output (https://github.com/pulumi/pulumi/pull/24478).
   */
  const PULUMIS_OWN =
    /"msg":"(eventSink::Debug\(<\{%reset%\}>)?(Marshaling property for RPC|Unmarshaling property for RPC|RegisterResource RPC finished)/;

  const declare = (east: string, team: string) =>
    world.project.program(`
      const fs = require("fs");
      const kubeconfigOf = (cluster) => fs.readFileSync(cluster + ".kubeconfig", "utf8");
      const mesh = new Mesh("mesh", {
        controlPlane: { context: "mesh" },
        clusters: { east: { kubeconfig: ${east} }, west: { kubeconfig: kubeconfigOf("west") } },
      });
      new GlobalNamespace("guarded", { labels: { team: "${team}" }, clusters: "all" }, { provider: mesh });
    `);

  beforeAll(async () => {
    world = await aWorld("credentials");
    for (const cluster of ["east", "west"]) {
      copyFileSync(world.lab.cluster(cluster).kubeconfigPath, join(world.project.dir, `${cluster}.kubeconfig`));
    }
    const rotated = await world.lab.cluster("west").restrictedKubeconfig({
      user: "namespaces-without-list",
      rules: [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get", "create", "patch"] }],
    });
    writeFileSync(join(world.project.dir, "rotated.kubeconfig"), rotated);
    const tokenOf = (cluster: string) => readKubeconfig(world.lab.cluster(cluster).kubeconfig).token ?? "";
    const key = readKubeconfig(rotated).key ?? "";
    secrets = {
      mesh: tokenOf("mesh"),
      east: tokenOf("east"),
      west: tokenOf("west"),
      wrong: WRONG_TOKEN,
      "client key": key.split("\n")[1] ?? "",
      "client key in base64": Buffer.from(key).toString("base64").slice(0, 120),
    };
  });

  /** Names of the secrets that a text gives away. */
  const leaksIn = (text: string) => {
    const ours = text.split("\n").filter((line) => !PULUMIS_OWN.test(line));
    return Object.entries(secrets)
      .filter(([, secret]) => secret.length < 10 || ours.some((line) => line.includes(secret)))
      .map(([name]) => name);
  };
  const occurrences = (text: string, secret: string | undefined) => text.split(secret ?? "").length - 1;

  test("stand in the state once, encrypted, and only those that were given inline", async () => {
    declare('kubeconfigOf("east")', "a");
    const output = await world.project.up(...LOG_EVERYTHING);
    expect(output).toMatch(PULUMIS_OWN);
    expect(leaksIn(output)).toEqual([]);
    expect(leaksIn(world.project.stateText())).toEqual([]);

    const decrypted = JSON.parse(await world.project.ok("stack", "export", "--show-secrets"));
    const holders = decrypted.deployment.resources.filter((resource: object) =>
      JSON.stringify(resource).includes(secrets.east ?? ""),
    );
    expect(holders.map(({ urn }: { urn: string }) => urn.split("::").at(-1))).toEqual(["mesh"]);
    const inputs = JSON.stringify(holders[0].inputs);
    for (const cluster of ["east", "west"]) expect(occurrences(inputs, secrets[cluster])).toBe(1);
    expect(JSON.stringify(decrypted)).not.toContain(secrets.mesh);
  });

  test("change the provider and no namespace when they are rotated", async () => {
    copyFileSync(join(world.project.dir, "rotated.kubeconfig"), join(world.project.dir, "west.kubeconfig"));
    const preview = await world.project.preview();
    expect(leaksIn(preview)).toEqual([]);
    expect(preview).toMatch(/~ 1 to update\s+2 unchanged/);
    expect(preview).toContain("~ pulumi:providers:pulumi-nodejs: (update)");
    let output = "";
    const asked = await world.requestsDuring(async () => {
      output = await world.project.up();
    });
    expect(output).toMatch(/~ 1 updated\s+2 unchanged/);
    expect(asked).toEqual({});
  });

  test("need no right to list: get, create and patch on namespaces are enough", async () => {
    const since = world.lab.cluster("west").mark();
    declare('kubeconfigOf("east")', "b");
    await world.project.up();
    expect(await world.labels("west", "guarded")).toEqual({ team: "b" });
    await world.project.refresh();
    await world.project.up("--expect-no-changes");
    const { requests } = world.lab.cluster("west").requests({ since });
    expect(new Set(requests.map(({ user }) => user))).toEqual(new Set(["namespaces-without-list"]));
  });

  test("are not given away by an up that fails because of them", async () => {
    declare(`kubeconfigOf("east").replace(/token: .*/, "token: ${WRONG_TOKEN}")`, "c");
    const output = await world.project.upFails(...LOG_EVERYTHING);
    expect(output).toContain('cannot apply namespace "guarded" on cluster "east": ');
    expect(output).toContain("Unauthorized");
    expect(leaksIn(output)).toEqual([]);
    expect(leaksIn(world.project.stateText())).toEqual([]);
  });

  test("are not given away by a refresh or a destroy", async () => {
    expect(leaksIn(await world.project.refresh(...LOG_EVERYTHING))).toEqual([]);
    declare('kubeconfigOf("east")', "c");
    await world.project.up();
    expect(leaksIn(await world.project.ok("destroy", "--yes", "--skip-preview", ...LOG_EVERYTHING))).toEqual([]);
    expect(leaksIn(world.project.stateText())).toEqual([]);
  });
});

describe("a kubeconfig that the same program makes", () => {
  let project: PulumiProject;
  let world: World;
  beforeAll(async () => {
    world = await aWorld("late");
    project = world.project;
  });

  const namespaces = `
    new GlobalNamespace("early", { labels: { team: "a" } }, { provider: mesh });
    new GlobalNamespace("eastern", { labels: { team: "a" }, clusters: ["east"] }, { provider: mesh });`;

  /** A resource whose kubeconfig exists when it has been created, as a cluster's does. */
  const program = (late: string[], text: string) =>
    project.program(`
      const { readFileSync } = require("fs");
      class Cluster extends pulumi.dynamic.Resource {
        constructor(name) {
          const provider = {
            create: async ({ path }) => ({ id: path, outs: { path, kubeconfig: require("fs").readFileSync(path, "utf8") } }),
          };
          const path = ${JSON.stringify(world.lab.dir)} + "/" + name + ".kubeconfig";
          super(provider, name, { path, kubeconfig: undefined }, { additionalSecretOutputs: ["kubeconfig"] });
        }
      }
      const late = Object.fromEntries(${JSON.stringify(late)}.map((name) => [name, new Cluster(name).kubeconfig]));
      ${text}
    `);

  test("is pending in the first preview, and used by the up", async () => {
    program(
      ["mesh", "east"],
      `const mesh = new Mesh("mesh", { controlPlane: { kubeconfig: late.mesh }, clusters: { east: { kubeconfig: late.east } } });
       ${namespaces}`,
    );
    const preview = await project.preview();
    expect(preview).toContain("+ pulumi-nodejs:dynamic/global-namespace:GlobalNamespace: (create)");
    expect(preview).toMatch(/east\s*: \{[^}]*\}?[\s\S]*pending\s*: true/);
    await project.up();
    expect(await world.labels("mesh", "early")).toEqual({ team: "a" });
    expect(await world.labels("east", "early")).toEqual({ team: "a" });
    expect(JSON.stringify(project.namespace("early"))).not.toContain("pending");
    await project.up("--expect-no-changes");
  });

  test("of a new cluster makes that cluster pending, and nothing else unknown", async () => {
    program(
      ["mesh", "east", "west"],
      `const mesh = new Mesh("mesh", {
         controlPlane: { kubeconfig: late.mesh },
         clusters: { east: { kubeconfig: late.east }, west: { kubeconfig: late.west } },
       });
       ${namespaces}`,
    );
    const preview = await project.preview();
    expect(preview).toMatch(/west\s*: \{[\s\S]*pending\s*: true/);
    expect(preview).not.toContain("eastern");
    await project.up();
    expect(await world.labels("west", "early")).toEqual({ team: "a" });
  });

  test("is in the state encrypted", () => {
    const token = readKubeconfig(readFileSync(join(world.lab.dir, "west.kubeconfig"), "utf8")).token;
    expect(project.stateText()).not.toContain(token);
  });
});
