import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { readKubeconfig } from "../lab/kubeconfig.ts";
import { labOfFile } from "../lab/lab-of-file.ts";
import { aWorld, type World } from "./world.ts";

const LOG_EVERYTHING = ["--logflow", "--logtostderr", "--verbose=9"];
const WRONG = { plugin: "canary-plugin-5b1e7f0d2c", file: "canary-file-93ac60be41", path: "canary-path-c07d18e2fa" };

const tokenIn = ({ lab }: World, cluster: string) => readKubeconfig(lab.cluster(cluster).kubeconfig).token ?? "";

/** JSON is YAML. `cluster` is what else the kubeconfig says of the way there. */
function kubeconfigIn({ lab }: World, name: string, { user, cluster }: { user: object; cluster?: object }): string {
  const { server, authority } = readKubeconfig(lab.cluster(name).kubeconfig);
  const data = Buffer.from(authority).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "it",
    clusters: [{ name: "it", cluster: { server, "certificate-authority-data": data, ...cluster } }],
    users: [{ name: "it", user }],
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
  });
}

/** Which of them stand in a text. */
function leaked(canaries: Readonly<Record<string, string>>, text: string): string[] {
  return Object.entries(canaries)
    .filter(
      ([, secret]) =>
        secret.length < 8 || text.includes(secret) || text.includes(Buffer.from(secret).toString("base64")),
    )
    .map(([name]) => name);
}

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

  const tokenOf = (cluster: string) => tokenIn(world, cluster);
  const kubeconfigOf = (cluster: string, user: object) => kubeconfigIn(world, cluster, { user });
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
  const leaksIn = (text: string) => leaked(canaries, text);
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

const PASSWORDS = { kubeconfig: "canary-proxy-41be7a90d3", environment: "canary-https-proxy-6f02c8ee15" };
/** What a proxy is told, in one piece. */
const PAIRS = { kubeconfig: `canary:${PASSWORDS.kubeconfig}`, environment: `canary:${PASSWORDS.environment}` };
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** A name that only a proxy knows: to an address of this machine there is no way by the environment's proxy. */
const NORTH = "north.clusters.invalid";

interface Proxy {
  readonly url: (pair: string) => string;
  /** Hosts that were asked for with the password. */
  readonly reached: Set<string>;
  pair: string;
  close(): void;
}

/** An HTTP proxy for which every name is this machine. */
async function startProxy(pair: string): Promise<Proxy> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const proxy: Proxy = {
    url: (given) => `http://${given}@127.0.0.1:${port}`,
    reached: new Set(),
    pair,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  server.on("connect", ({ url = "", headers }: http.IncomingMessage, near: net.Socket) => {
    near.on("error", () => undefined);
    if (headers["proxy-authorization"] !== `Basic ${Buffer.from(proxy.pair).toString("base64")}`) {
      near.end("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const { hostname, port: farPort } = new URL(`https://${url}`);
    proxy.reached.add(hostname);
    const far = net.connect(Number(farPort), "127.0.0.1", () => {
      near.write("HTTP/1.1 200 OK\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
  });
  return proxy;
}

describe("the password of a proxy and the token of a pod", () => {
  let world: World;
  let proxies: Readonly<Record<keyof typeof PASSWORDS, Proxy>>;
  let canaries: Record<string, string>;
  let pod: string;

  beforeAll(async () => {
    proxies = { kubeconfig: await startProxy(PAIRS.kubeconfig), environment: await startProxy(PAIRS.environment) };
    const mesh = readKubeconfig((await labOfFile(inject("labDirs"))).cluster("mesh").kubeconfig);
    pod = mkdtempSync(join(inject("runDir"), "pod-"));
    // Only a pod has that folder: every process of the run sees another one in its place.
    writeFileSync(
      join(pod, "pod.cjs"),
      `const fs = require("node:fs");
       const { readFileSync } = fs;
       fs.readFileSync = (path, ...rest) =>
         readFileSync(typeof path === "string" ? path.replace(${JSON.stringify(SERVICE_ACCOUNT)}, __dirname) : path, ...rest);`,
    );
    const env: Record<string, string> = {
      NODE_OPTIONS: `--require=${join(pod, "pod.cjs")}`,
      HTTPS_PROXY: proxies.environment.url(PAIRS.environment),
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: new URL(mesh.server).port,
    };
    world = await aWorld("canary-way", { env });
    writeFileSync(join(pod, "ca.crt"), mesh.authority);
    useToken(mesh.token ?? "");
    canaries = { ...WRONG, ...PASSWORDS, pairs: PAIRS.kubeconfig, environmentPair: PAIRS.environment };
    for (const cluster of ["mesh", "west", "north"]) canaries[cluster] = tokenIn(world, cluster);
    writeFileSync(join(world.project.dir, "west"), westOf(PAIRS.kubeconfig));
    const { port } = new URL(readKubeconfig(world.lab.cluster("north").kubeconfig).server);
    const north = { server: `https://${NORTH}:${port}`, "tls-server-name": "localhost" };
    const user = { token: tokenIn(world, "north") };
    writeFileSync(join(world.project.dir, "north"), kubeconfigIn(world, "north", { user, cluster: north }));
  });
  afterAll(() => {
    for (const proxy of Object.values(proxies)) proxy.close();
  });

  const useToken = (token: string) => writeFileSync(join(pod, "token"), token);
  const westOf = (pair: string) =>
    kubeconfigIn(world, "west", {
      user: { token: tokenIn(world, "west") },
      cluster: { "proxy-url": proxies.kubeconfig.url(pair) },
    });
  const declare = (team: string, west = 'kubeconfigPath: __dirname + "/west"') =>
    world.project.program(`
      const mesh = new Mesh("mesh", {
        controlPlane: { inCluster: true },
        clusters: { west: { ${west} }, north: { kubeconfigPath: __dirname + "/north" } },
      });
      new GlobalNamespace("way", { labels: { team: "${team}" }, revisionCheck: "off" }, { provider: mesh });
    `);
  const leaksIn = (text: string) => leaked(canaries, text);

  test("stand in no output, no log and no state, decrypted neither", async () => {
    declare("a");
    expect(leaksIn(await world.project.up(...LOG_EVERYTHING))).toEqual([]);
    for (const cluster of ["mesh", "west", "north"]) expect(await world.labels(cluster, "way")).toEqual({ team: "a" });
    expect([...proxies.kubeconfig.reached]).toEqual(["127.0.0.1"]);
    expect([...proxies.environment.reached]).toEqual([NORTH]);
    expect(leaksIn(await world.project.ok("stack", "export", "--show-secrets"))).toEqual([]);
  });

  test("that are refused are not repeated either", async () => {
    for (const proxy of Object.values(proxies)) proxy.pair = "canary:another";
    declare("b");
    const output = await world.project.upFails(...LOG_EVERYTHING);
    for (const cluster of ["west", "north"]) {
      expect(output).toMatch(
        new RegExp(`cannot apply namespace "way" on cluster "${cluster}": the proxy 127.0.0.1:\\d+ refused .*407`),
      );
    }
    expect(leaksIn(output)).toEqual([]);
    useToken(WRONG.file);
    const refreshed = await world.project.refresh(...LOG_EVERYTHING);
    expect(leaksIn(refreshed)).toEqual([]);
    expect(world.project.namespace("way").outputs.controlPlane.error).toContain("Unauthorized");
    expect(leaksIn(await world.project.ok("stack", "export", "--show-secrets"))).toEqual([]);
  });

  test("of a kubeconfig that the program hands over stands in the state encrypted, and in no output", async () => {
    useToken(tokenIn(world, "mesh"));
    for (const [name, proxy] of Object.entries(proxies)) proxy.pair = PAIRS[name as keyof typeof PAIRS];
    declare("c", `kubeconfig: ${JSON.stringify(westOf(PAIRS.kubeconfig))}`);
    expect(leaksIn(await world.project.up())).toEqual([]);
    expect(await world.labels("west", "way")).toEqual({ team: "c" });
    expect(leaksIn(world.project.stateText())).toEqual([]);
  });
});
