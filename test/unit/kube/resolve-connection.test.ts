import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveConnection } from "../../../provider/kube/resolve-connection.ts";
import type { ResolvedCluster } from "../../../provider/kube/resolved-cluster.ts";
import type { ConnectionWorld } from "../../../provider/kube/world.ts";
import type { ClusterConnection } from "../../../provider/model/connection.ts";
import { aWorld, files } from "./builders.ts";
import { createAuthority } from "./certificates.ts";

const CANARY = "canary-9b1c2f";

interface Parts {
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly currentContext?: string | null;
  readonly contexts?: readonly string[];
}

function aKubeconfig({
  cluster = {},
  user = { token: CANARY },
  currentContext = "main",
  contexts = ["main"],
}: Parts = {}) {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": currentContext,
    clusters: [{ name: "c", cluster: { server: "https://api.example.com:6443", ...cluster } }],
    users: [{ name: "u", user }],
    contexts: contexts.map((name) => ({ name, context: { cluster: "c", user: "u" } })),
  });
}

function resolved(connection: ClusterConnection, world: ConnectionWorld = aWorld()): ResolvedCluster {
  const result = resolveConnection(connection, world);
  if (result.kind === "problem") throw new Error(result.reason);
  return result.cluster;
}

function problem(connection: ClusterConnection, world: ConnectionWorld = aWorld()): string {
  const result = resolveConnection(connection, world);
  if (result.kind === "resolved") throw new Error("resolved");
  expect(result.reason).not.toContain(CANARY);
  return result.reason;
}

const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "aws", interactiveMode: "Never" };

describe("a kubeconfig given as text", () => {
  const refused: readonly { readonly title: string; readonly text: string; readonly reason: string }[] = [
    { title: "that is empty", text: " \n", reason: "the kubeconfig is empty" },
    { title: "that is only a byte order mark", text: "\uFEFF", reason: "the kubeconfig is empty" },
    { title: "that is not YAML", text: `a: [${CANARY}\nb: }`, reason: "the kubeconfig is not valid YAML at line 2" },
    {
      title: "that is two YAML documents",
      text: "a: 1\n---\nb: 2\n",
      reason: "the kubeconfig is not valid YAML at line 2",
    },
    {
      title: "that is a file path",
      text: "/home/me/.kube/config",
      reason: "the kubeconfig is a file path, not the text of a kubeconfig; give the path as kubeconfigPath",
    },
    {
      title: "that is a relative file name",
      text: "east.yaml",
      reason: "the kubeconfig is a file path, not the text of a kubeconfig; give the path as kubeconfigPath",
    },
    {
      title: "that is base64",
      text: Buffer.from(aKubeconfig()).toString("base64"),
      reason: "the kubeconfig is base64; decode it first",
    },
    { title: "that is a word", text: CANARY, reason: "the kubeconfig is a single text, not a kubeconfig" },
    {
      title: "that is a list",
      text: `- ${CANARY}`,
      reason: "the kubeconfig is not an object with clusters, users and contexts",
    },
    {
      title: "that has nothing of a kubeconfig",
      text: `password: ${CANARY}`,
      reason: "the kubeconfig has no clusters, users or contexts; it is not a kubeconfig",
    },
    { title: "larger than 1 MiB", text: `# ${"x".repeat(1024 * 1024)}`, reason: "the kubeconfig is larger than 1 MiB" },
    {
      title: "that is an alias bomb",
      text: `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefgh"
        .split("")
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(", ")}]`)
        .join("\n")}`,
      reason: "the kubeconfig repeats itself through YAML aliases more than a kubeconfig needs to",
    },
    {
      title: "with a list where an object belongs",
      text: JSON.stringify({ clusters: [{ name: "c", cluster: [] }] }),
      reason: 'the kubeconfig: cluster "c": cluster is not an object',
    },
    {
      title: "with an unnamed item",
      text: JSON.stringify({ users: [{ user: { token: CANARY } }] }),
      reason: "the kubeconfig: an item of users has no name",
    },
    {
      title: "with two clusters of one name",
      text: JSON.stringify({ clusters: [{ name: "c" }, { name: "c" }] }),
      reason: 'the kubeconfig has two clusters named "c"',
    },
    {
      title: "without contexts",
      text: aKubeconfig({ contexts: [], currentContext: null }),
      reason: "the kubeconfig has no current-context; say which context to use: it has none",
    },
    {
      title: "with two contexts and none of them current",
      text: aKubeconfig({ contexts: ["one", "two"], currentContext: null }),
      reason: 'the kubeconfig has no current-context; say which context to use: it has "one", "two"',
    },
    {
      title: "whose current context is not there",
      text: aKubeconfig({ currentContext: "other" }),
      reason: 'the kubeconfig does not have the current-context "other"; it has "main"',
    },
    {
      title: "whose context names no cluster it has",
      text: JSON.stringify({ contexts: [{ name: "main", context: { cluster: "x", user: "u" } }] }),
      reason: 'context "main" names the cluster "x", which the kubeconfig does not have',
    },
    {
      title: "whose context names no user it has",
      text: JSON.stringify({
        clusters: [{ name: "c", cluster: { server: "https://a" } }],
        contexts: [{ name: "main", context: { cluster: "c", user: "x" } }],
      }),
      reason: 'context "main" names the user "x", which the kubeconfig does not have',
    },
    { title: "without a server", text: aKubeconfig({ cluster: { server: "" } }), reason: 'cluster "c" has no server' },
    {
      title: "whose server has no scheme",
      text: aKubeconfig({ cluster: { server: "api.example.com:6443" } }),
      reason: 'cluster "c": server is not a URL that begins with https://',
    },
    {
      title: "whose server is a file",
      text: aKubeconfig({ cluster: { server: "file:///etc/passwd" } }),
      reason: 'cluster "c": server is not a URL that begins with https://',
    },
    {
      title: "whose server holds a password",
      text: aKubeconfig({ cluster: { server: `https://me:${CANARY}@api.example.com` } }),
      reason: 'cluster "c": server may hold a host, a port and a path, and nothing else',
    },
    {
      title: "over http",
      text: aKubeconfig({ cluster: { server: "http://api.example.com" } }),
      reason:
        'cluster "c" is reached over http, where anyone on the way can read the credential; use https, or say insecure: true for this cluster',
    },
    {
      title: "that skips TLS verification",
      text: aKubeconfig({ cluster: { "insecure-skip-tls-verify": true } }),
      reason:
        'cluster "c" skips TLS verification; give its certificate authority, or say insecure: true for this cluster',
    },
    {
      title: "with a flag that is neither true nor false",
      text: aKubeconfig({ cluster: { "insecure-skip-tls-verify": "yes" } }),
      reason: 'cluster "c": insecure-skip-tls-verify is neither true nor false',
    },
    {
      title: "with a SOCKS proxy",
      text: aKubeconfig({ cluster: { "proxy-url": `socks5://me:${CANARY}@proxy:1080` } }),
      reason: 'cluster "c": a SOCKS proxy is not supported; use an http or https proxy',
    },
    {
      title: "with a proxy that is no URL",
      text: aKubeconfig({ cluster: { "proxy-url": CANARY } }),
      reason: 'cluster "c": the proxy is not a URL that begins with http:// or https://',
    },
    {
      title: "with a proxy whose password has a lone %",
      text: aKubeconfig({ cluster: { "proxy-url": `http://me:${CANARY}%@proxy:3128` } }),
      reason: 'cluster "c": the proxy\'s user or password has a % that is not part of a percent-encoding; write %25',
    },
    {
      title: "with certificate data that is not PEM",
      text: aKubeconfig({ cluster: { "certificate-authority-data": Buffer.from(CANARY).toString("base64") } }),
      reason: 'cluster "c": certificate-authority-data is not a PEM text in base64',
    },
    {
      title: "with a PEM text where base64 belongs",
      text: aKubeconfig({ cluster: { "certificate-authority-data": `-----BEGIN CERTIFICATE-----\n${CANARY}` } }),
      reason: 'cluster "c": certificate-authority-data is not a PEM text in base64; encode the PEM text in base64',
    },
    {
      title: "with an authority that OpenSSL cannot read",
      text: aKubeconfig({
        cluster: {
          "certificate-authority-data": Buffer.from(
            `-----BEGIN CERTIFICATE-----\n${CANARY}\n-----END CERTIFICATE-----\n`,
          ).toString("base64"),
        },
      }),
      reason: "the certificate authority of the cluster cannot be read; it is not a valid PEM certificate",
    },
    {
      title: "with a legacy auth-provider",
      text: aKubeconfig({ user: { "auth-provider": { name: "gcp", config: { "access-token": CANARY } } } }),
      reason:
        'user "u" uses the auth-provider "gcp", which Kubernetes removed in 1.26; use an exec plugin (for gcp: gke-gcloud-auth-plugin, for azure: kubelogin)',
    },
    {
      title: "with a password",
      text: aKubeconfig({ user: { username: "me", password: CANARY } }),
      reason:
        'user "u" has a username and password, which Kubernetes removed in 1.19; use a token, a client certificate or an exec plugin',
    },
    {
      title: "without a credential",
      text: aKubeconfig({ user: {} }),
      reason: 'user "u" has no credential: no token, client certificate or exec plugin',
    },
    {
      title: "whose token is a number",
      text: aKubeconfig({ user: { token: 12345 } }),
      reason: 'user "u": token is not text; put it in quotes',
    },
    {
      title: "whose token has a line break",
      text: aKubeconfig({ user: { token: `${CANARY}\r\nX-Evil: 1` } }),
      reason: 'user "u": token holds characters that an HTTP header cannot carry',
    },
    {
      title: "with a client certificate and no key",
      text: aKubeconfig({
        user: { "client-certificate-data": Buffer.from("-----BEGIN CERTIFICATE-----").toString("base64") },
      }),
      reason: 'user "u" has a client-certificate and no client-key',
    },
    {
      title: "with a key that needs a passphrase",
      text: aKubeconfig({
        user: {
          "client-certificate-data": Buffer.from("-----BEGIN CERTIFICATE-----").toString("base64"),
          "client-key-data": Buffer.from("-----BEGIN ENCRYPTED PRIVATE KEY-----").toString("base64"),
        },
      }),
      reason: 'user "u": the client-key needs a passphrase; decrypt it first',
    },
    {
      title: "that impersonates groups without a user",
      text: aKubeconfig({ user: { token: CANARY, "as-groups": ["admins"] } }),
      reason: 'user "u" impersonates a uid, groups or extras without a user; add as',
    },
    {
      title: "with an exec plugin of a version that is gone",
      text: aKubeconfig({ user: { exec: { ...exec, apiVersion: "client.authentication.k8s.io/v1alpha1" } } }),
      reason:
        'user "u": exec: apiVersion is neither client.authentication.k8s.io/v1 nor client.authentication.k8s.io/v1beta1; write the kubeconfig anew with a current version of the cloud\'s tool',
    },
    {
      title: "with an exec plugin that needs a terminal",
      text: aKubeconfig({ user: { exec: { ...exec, interactiveMode: "Always" } } }),
      reason: 'user "u": exec: the plugin needs a terminal (interactiveMode: Always), and there is none here',
    },
    {
      title: "with an exec plugin in a relative folder",
      text: aKubeconfig({ user: { exec: { ...exec, command: "./plugin" } } }),
      reason: 'user "u": exec: command is a relative path, and a kubeconfig given as text is in no folder',
    },
    {
      title: "with an exec plugin and no command",
      text: aKubeconfig({ user: { exec: { ...exec, command: "" } } }),
      reason: 'user "u": exec has no command',
    },
  ];
  for (const { title, text, reason } of refused) {
    test(`is refused ${title}`, () => expect(problem({ kubeconfig: text })).toBe(reason));
  }

  for (const [section, key, instead] of [
    ["cluster", "certificate-authority", "certificate-authority-data"],
    ["user", "client-certificate", "client-certificate-data"],
    ["user", "client-key", "client-key-data"],
    ["user", "tokenFile", "token"],
  ] as const) {
    test(`may not name a local file in ${key}`, () => {
      const world = { ...aWorld(), readFile: () => "-----BEGIN CERTIFICATE-----" };
      const text = aKubeconfig({ [section]: { [key]: "/etc/shadow" } });
      expect(problem({ kubeconfig: text }, world)).toContain(
        `names a local file in ${key}, which a kubeconfig given as text may not; embed it as ${instead}`,
      );
    });
  }

  test("may hold a byte order mark and Windows line ends", () => {
    const text = `\uFEFFclusters:\r\n- {name: c, cluster: {server: "https://a"}}\r\nusers:\r\n- {name: u, user: {token: t1}}\r\ncontexts:\r\n- {name: x, context: {cluster: c, user: u}}\r\n`;
    expect(resolved({ kubeconfig: text })).toMatchObject({ server: "https://a", user: { token: "t1" } });
  });

  test("may be JSON", () => {
    expect(resolved({ kubeconfig: aKubeconfig() }).server).toBe("https://api.example.com:6443");
  });

  test("keeps the path of a server that stands behind a gateway", () => {
    const text = aKubeconfig({ cluster: { server: "https://rancher.example.com/k8s/clusters/c-1/" } });
    expect(resolved({ kubeconfig: text }).server).toBe("https://rancher.example.com/k8s/clusters/c-1");
  });

  test("needs no current-context where it has one context only", () => {
    expect(resolved({ kubeconfig: aKubeconfig({ currentContext: null }) }).user.token).toBe(CANARY);
  });

  test("gives the context that is asked for before the current one", () => {
    const text = aKubeconfig({ contexts: ["main", "spare"] });
    expect(resolveConnection({ kubeconfig: text, context: "spare" }, aWorld()).kind).toBe("resolved");
  });

  test("is not affected by keys of JavaScript's own objects", () => {
    expect(problem({ kubeconfig: '{"__proto__": {"clusters": []}, "constructor": 1}' })).toContain("not a kubeconfig");
  });

  test("has its authority and client certificate decoded", async () => {
    const authority = await createAuthority();
    const leaf = await authority.issue();
    const encode = (pem: string) => Buffer.from(pem).toString("base64");
    const cluster = resolved({
      kubeconfig: aKubeconfig({
        cluster: { "certificate-authority-data": encode(authority.certificate), "tls-server-name": "kube" },
        user: { "client-certificate-data": encode(leaf.certificate), "client-key-data": encode(leaf.key) },
      }),
    });
    expect(cluster).toEqual({
      server: "https://api.example.com:6443",
      serverName: "kube",
      authority: authority.certificate,
      verifyTls: true,
      compress: true,
      user: { clientCertificate: leaf },
    });
  });

  test("is refused with a key that is not its certificate's", async () => {
    const authority = await createAuthority();
    const [one, other] = [await authority.issue(), await authority.issue()];
    const encode = (pem: string) => Buffer.from(pem).toString("base64");
    const user = { "client-certificate-data": encode(one.certificate), "client-key-data": encode(other.key) };
    expect(problem({ kubeconfig: aKubeconfig({ user }) })).toBe(
      "the client certificate and its key cannot be read or do not belong together",
    );
  });

  test("may act as another user", () => {
    const user = { token: CANARY, as: "deploy", "as-groups": ["a"], "as-user-extra": { scopes: ["x", "y"] } };
    expect(resolved({ kubeconfig: aKubeconfig({ user }) }).user.impersonation).toEqual({
      user: "deploy",
      groups: ["a"],
      extra: { scopes: ["x", "y"] },
    });
  });
});

describe("insecure: true", () => {
  test("allows http", () => {
    const text = aKubeconfig({ cluster: { server: "http://127.0.0.1:8001" }, user: {} });
    expect(resolved({ kubeconfig: text, insecure: true }).server).toBe("http://127.0.0.1:8001");
  });

  test("allows skipped verification where the kubeconfig asks for it", () => {
    const text = aKubeconfig({ cluster: { "insecure-skip-tls-verify": true } });
    expect(resolved({ kubeconfig: text, insecure: true }).verifyTls).toBe(false);
  });

  test("does not skip verification by itself", () => {
    expect(resolved({ kubeconfig: aKubeconfig(), insecure: true }).verifyTls).toBe(true);
  });
});

describe("kubeconfig files", () => {
  const world = (contents: Record<string, string>, env: Record<string, string> = { HOME: "/home/me" }) => ({
    env,
    readFile: files(contents),
  });

  test("are looked for in the home folder", () => {
    expect(resolved({}, world({ "/home/me/.kube/config": aKubeconfig() })).user.token).toBe(CANARY);
  });

  test("are looked for where KUBECONFIG says", () => {
    const env = { HOME: "/home/me", KUBECONFIG: "/a:/b" };
    expect(resolved({}, world({ "/b": aKubeconfig() }, env)).user.token).toBe(CANARY);
  });

  test("that are all missing are named", () => {
    expect(problem({}, world({}, { KUBECONFIG: "/a:/b" }))).toBe(
      'there is no kubeconfig file "/a", "/b" (from KUBECONFIG); give kubeconfig or kubeconfigPath, or set KUBECONFIG',
    );
  });

  test("are laid over each other so that the first wins, name by name", () => {
    const first = { users: [{ name: "u", user: { token: "first" } }], "current-context": "main" };
    const second = JSON.parse(aKubeconfig({ currentContext: "other" }));
    const contents = { "/a": JSON.stringify(first), "/b": JSON.stringify(second) };
    expect(resolved({}, world(contents, { KUBECONFIG: "/a:/b" })).user.token).toBe("first");
  });

  test("may be given with ~", () => {
    expect(resolved({ kubeconfigPath: "~/k" }, world({ "/home/me/k": aKubeconfig() })).user.token).toBe(CANARY);
  });

  test("given by path must exist", () => {
    expect(problem({ kubeconfigPath: "/nope" }, world({}))).toBe('there is no kubeconfig file "/nope"');
  });

  test("that cannot be read say why", () => {
    const readFile = () => {
      throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    };
    expect(problem({ kubeconfigPath: "/k" }, { env: {}, readFile })).toBe('the file "/k" cannot be read (EACCES)');
  });

  test("name other files relative to themselves", () => {
    const text = aKubeconfig({ user: { tokenFile: "token" } });
    expect(resolved({ kubeconfigPath: "/etc/kube/config" }, world({ "/etc/kube/config": text })).user.tokenFile).toBe(
      "/etc/kube/token",
    );
  });

  test("name exec plugins relative to themselves", () => {
    const text = aKubeconfig({ user: { exec: { ...exec, command: "bin/plugin" } } });
    expect(
      resolved({ kubeconfigPath: "/etc/kube/config" }, world({ "/etc/kube/config": text })).user.exec,
    ).toMatchObject({
      spelled: "bin/plugin",
      command: "/etc/kube/bin/plugin",
    });
  });

  test("name exec plugins relative to themselves also where their own path is relative", () => {
    const text = aKubeconfig({ user: { exec: { ...exec, command: "./get-token.sh" } } });
    const { user } = resolved({ kubeconfigPath: "kubeconfig.yaml" }, world({ "kubeconfig.yaml": text }));
    expect(user.exec?.command).toBe(join(process.cwd(), "get-token.sh"));
  });

  test("may not be given together with a text", () => {
    expect(problem({ kubeconfig: aKubeconfig(), kubeconfigPath: "/k" })).toBe(
      "both kubeconfig and kubeconfigPath are given; keep one of them",
    );
  });
});

describe("a kubeconfig file that has many clusters", () => {
  const contexts = Array.from({ length: 100 }, (_, index) => `cluster-${index}`);
  const yaml = `# Not JSON.\n${aKubeconfig({ contexts })}`;

  test("is parsed once and not once a cluster", () => {
    const world = aWorld({ env: { KUBECONFIG: "/k" }, readFile: files({ "/k": yaml }) });
    const cost = (names: readonly string[]) => {
      const started = process.cpuUsage();
      for (const context of names) resolved({ context }, world);
      return process.cpuUsage(started).user;
    };
    const first = cost(contexts.slice(0, 1));
    expect(cost(contexts.slice(1))).toBeLessThan(20 * first);
  });

  test("is parsed again when it says something else", () => {
    let text = yaml;
    const world = aWorld({ env: { KUBECONFIG: "/k" }, readFile: () => text });
    expect(resolved({ context: "cluster-7" }, world).server).toBe("https://api.example.com:6443");
    text = yaml.replace("api.example.com", "api.example.org");
    expect(resolved({ context: "cluster-7" }, world).server).toBe("https://api.example.org:6443");
  });
});

describe("execPlugins", () => {
  const text = aKubeconfig({ user: { exec } });
  const result = (execPlugins: "allow" | "deny" | { allow: string[] }) =>
    resolveConnection({ kubeconfig: text }, aWorld(), { execPlugins });

  test('"allow" lets any plugin be', () => expect(result("allow").kind).toBe("resolved"));

  test('"deny" refuses a kubeconfig with one', () => {
    expect(result("deny")).toEqual({
      kind: "problem",
      reason: 'the kubeconfig wants to run "aws" for a credential, and execPlugins is "deny"',
    });
  });

  test("lets a listed plugin be", () => expect(result({ allow: ["aws"] }).kind).toBe("resolved"));

  test("refuses a plugin that is listed under another spelling", () => {
    expect(result({ allow: ["/usr/bin/aws"] })).toEqual({
      kind: "problem",
      reason:
        'the kubeconfig wants to run "aws" for a credential, which execPlugins does not allow; add it to execPlugins.allow if it may',
    });
  });
});

describe("inCluster", () => {
  const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };

  test("is the pod's service account", async () => {
    const { certificate } = await createAuthority();
    const readFile = files({ "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt": certificate });
    expect(resolved({ inCluster: true }, { env, readFile })).toEqual({
      server: "https://[fd00::1]:443",
      authority: certificate,
      verifyTls: true,
      compress: true,
      user: { tokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
    });
  });

  test("is refused outside a pod", () => {
    expect(problem({ inCluster: true })).toBe("inCluster is set, but this is not a pod with a service account");
  });

  test("is refused together with a context", () => {
    expect(problem({ inCluster: true, context: "main" })).toBe(
      "both inCluster and context are given; keep one of them",
    );
  });
});

describe("a proxy", () => {
  test("of the kubeconfig is used before the environment's", () => {
    const world = { ...aWorld(), env: { HTTPS_PROXY: "http://env:1" } };
    const text = aKubeconfig({ cluster: { "proxy-url": "http://own:2" } });
    expect(resolved({ kubeconfig: text }, world).proxyUrl).toBe("http://own:2/");
  });

  test("of the environment is used where the kubeconfig has none", () => {
    const world = { ...aWorld(), env: { https_proxy: "env:1" } };
    expect(resolved({ kubeconfig: aKubeconfig() }, world).proxyUrl).toBe("http://env:1/");
  });

  test("of the environment whose user has a lone % is refused", () => {
    const world = { ...aWorld(), env: { HTTPS_PROXY: `http://${CANARY}%zz:x@env:1` } };
    expect(problem({ kubeconfig: aKubeconfig() }, world)).toBe(
      "the environment's HTTPS_PROXY: the proxy's user or password has a % that is not part of a percent-encoding; write %25",
    );
  });

  test("of the environment that speaks SOCKS is refused", () => {
    const world = { ...aWorld(), env: { HTTPS_PROXY: "socks5h://env:1" } };
    expect(problem({ kubeconfig: aKubeconfig() }, world)).toBe(
      "the environment's HTTPS_PROXY: a SOCKS proxy is not supported; use an http or https proxy",
    );
  });
});
