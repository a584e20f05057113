import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readKubeconfig } from "../lab/kubeconfig.ts";
import { aWorld, type World } from "./world.ts";

const LOG_EVERYTHING = ["--logflow", "--logtostderr", "--verbose=9"];
const WRONG = { plugin: "canary-plugin-5b1e7f0d2c", file: "canary-file-93ac60be41", path: "canary-path-c07d18e2fa" };

describe("a credential that no program hands over", () => {
  let world: World;
  let canaries: Record<string, string>;

  beforeAll(async () => {
    world = await aWorld("canary");
    mkdirSync(join(world.project.dir, "secret"));
    canaries = { ...WRONG };
    for (const cluster of ["mesh", "east", "west"]) canaries[cluster] = tokenOf(cluster);
    const at = (name: string) => join(world.project.dir, "secret", name);
    writeFileSync(
      at("plugin.js"),
      `console.error("I have " + require("fs").readFileSync(${JSON.stringify(at("plugin-token"))}, "utf8"));
       console.log(JSON.stringify({
         apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential",
         status: { token: require("fs").readFileSync(${JSON.stringify(at("plugin-token"))}, "utf8") },
       }));`,
    );
    const plugin = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "node",
      args: [at("plugin.js")],
      interactiveMode: "Never",
    };
    writeFileSync(at("east"), kubeconfigOf("east", { exec: plugin }));
    writeFileSync(at("west"), kubeconfigOf("west", { tokenFile: at("file-token") }));
    use(tokenOf("mesh"), tokenOf("east"), tokenOf("west"));
  });

  const tokenOf = (cluster: string) => readKubeconfig(world.lab.cluster(cluster).kubeconfig).token ?? "";
  function kubeconfigOf(cluster: string, user: object): string {
    const { server, authority } = readKubeconfig(world.lab.cluster(cluster).kubeconfig);
    const data = Buffer.from(authority).toString("base64");
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "it",
      clusters: [{ name: "it", cluster: { server, "certificate-authority-data": data } }],
      users: [{ name: "it", user }],
      contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    });
  }
  /** Tokens in the kubeconfig's file, of the exec plugin, and in the token file. */
  function use(path: string, plugin: string, file: string): void {
    const at = (name: string) => join(world.project.dir, "secret", name);
    writeFileSync(at("mesh"), kubeconfigOf("mesh", { token: path }));
    writeFileSync(at("plugin-token"), plugin);
    writeFileSync(at("file-token"), file);
  }
  const declare = (team: string) =>
    world.project.program(`
      const reach = (name) => ({ kubeconfigPath: __dirname + "/secret/" + name });
      const mesh = new Mesh("mesh", {
        controlPlane: reach("mesh"), clusters: { east: reach("east"), west: reach("west") },
      });
      new GlobalNamespace("canary", { labels: { team: "${team}" }, revisionCheck: "off" }, { provider: mesh });
    `);
  const leaksIn = (text: string) =>
    Object.entries(canaries)
      .filter(
        ([, secret]) =>
          secret.length < 8 || text.includes(secret) || text.includes(Buffer.from(secret).toString("base64")),
      )
      .map(([name]) => name);
  const stateDecrypted = () => world.project.ok("stack", "export", "--show-secrets");

  test("of a file, an exec plugin or a token file stands in no output, no log and no state, decrypted neither", async () => {
    declare("a");
    expect(leaksIn(await world.project.up(...LOG_EVERYTHING))).toEqual([]);
    for (const cluster of ["mesh", "east", "west"])
      expect(await world.labels(cluster, "canary")).toEqual({ team: "a" });
    expect(leaksIn(await world.project.refresh(...LOG_EVERYTHING))).toEqual([]);
    expect(leaksIn(world.project.stateText())).toEqual([]);
    expect(leaksIn(await stateDecrypted())).toEqual([]);
  });

  test("that is refused is not repeated either", async () => {
    use(tokenOf("mesh"), WRONG.plugin, WRONG.file);
    declare("b");
    const output = await world.project.upFails(...LOG_EVERYTHING);
    for (const cluster of ["east", "west"]) {
      expect(output).toContain(`cannot apply namespace "canary" on cluster "${cluster}": `);
    }
    expect(output).toContain("Unauthorized");
    expect(leaksIn(output)).toEqual([]);
    use(WRONG.path, tokenOf("east"), tokenOf("west"));
    declare("c");
    expect(leaksIn(await world.project.upFails(...LOG_EVERYTHING))).toEqual([]);
    expect(leaksIn(await stateDecrypted())).toEqual([]);
  });
});
