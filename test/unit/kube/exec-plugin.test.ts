import { describe, expect, test } from "vitest";
import { type ExecPlugin, runExecPlugin } from "../../../provider/kube/exec-plugin.ts";
import type { ProgramResult, ProgramRun } from "../../../provider/kube/run-program.ts";
import type { ExecPlugins } from "../../../provider/model/connection.ts";
import { aCluster, rejection } from "./builders.ts";

const V1 = "client.authentication.k8s.io/v1";
const CANARY = "canary-77aa";

function aPlugin(fields: Partial<ExecPlugin> = {}): ExecPlugin {
  return {
    apiVersion: V1,
    spelled: "/opt/bin/aws",
    command: "/opt/bin/aws",
    args: ["eks", "get-token"],
    env: [],
    provideClusterInfo: false,
    ...fields,
  };
}

function answers(status: unknown, apiVersion: string = V1): ProgramResult {
  return { kind: "exited", code: 0, stdout: JSON.stringify({ apiVersion, kind: "ExecCredential", status }) };
}

interface Run {
  readonly plugin?: ExecPlugin;
  readonly result?: ProgramResult;
  readonly policy?: ExecPlugins;
  readonly env?: Record<string, string>;
}

function execute({ plugin = aPlugin(), result = answers({ token: "t" }), policy = "allow", env = {} }: Run) {
  const runs: ProgramRun[] = [];
  const cluster = aCluster({ url: "https://api:6443", authority: "PEM" }, { serverName: "kube" });
  const run = async (program: ProgramRun) => {
    runs.push(program);
    return result;
  };
  const world = { env, run };
  return { runs, credential: runExecPlugin(plugin, cluster, policy, world) };
}

describe("an exec plugin", () => {
  test("hands out a token with its end", async () => {
    const result = answers({ token: "t", expirationTimestamp: "2026-11-24T00:10:00Z" });
    expect(await execute({ result }).credential).toEqual({
      token: "t",
      expiresAt: Date.parse("2026-11-24T00:10:00Z"),
    });
  });

  test("hands out a client certificate", async () => {
    const result = answers({ clientCertificateData: "CERT", clientKeyData: "KEY" });
    expect(await execute({ result }).credential).toEqual({ clientCertificate: { certificate: "CERT", key: "KEY" } });
  });

  test("is told that nobody is there to answer questions", async () => {
    const { runs, credential } = execute({});
    await credential;
    expect(JSON.parse(runs[0]?.env.KUBERNETES_EXEC_INFO ?? "")).toEqual({
      apiVersion: V1,
      kind: "ExecCredential",
      spec: { interactive: false },
    });
  });

  test("is told about the cluster where it asks for that", async () => {
    const { runs, credential } = execute({ plugin: aPlugin({ provideClusterInfo: true, clusterConfig: { a: 1 } }) });
    await credential;
    expect(JSON.parse(runs[0]?.env.KUBERNETES_EXEC_INFO ?? "").spec.cluster).toEqual({
      server: "https://api:6443",
      "tls-server-name": "kube",
      "certificate-authority-data": Buffer.from("PEM").toString("base64"),
      config: { a: 1 },
    });
  });

  test("sees its own variables and the clouds', and none of the other providers'", async () => {
    const env = {
      PATH: "/bin",
      AWS_PROFILE: "env",
      AWS_REGION: "eu",
      https_proxy: "http://p",
      PULUMI_CONFIG_PASSPHRASE: CANARY,
      GITHUB_TOKEN: CANARY,
      DATABASE_URL: CANARY,
    };
    const { runs, credential } = execute({ plugin: aPlugin({ env: [{ name: "AWS_PROFILE", value: "own" }] }), env });
    await credential;
    const { KUBERNETES_EXEC_INFO: _, ...seen } = runs[0]?.env ?? {};
    expect(seen).toEqual({ PATH: "/bin", AWS_PROFILE: "own", AWS_REGION: "eu", https_proxy: "http://p" });
  });

  test("is not run where the policy forbids it", async () => {
    const { runs, credential } = execute({ policy: "deny" });
    expect(await rejection(credential)).toMatchObject({
      code: "unauthorized",
      message: 'the kubeconfig wants to run "/opt/bin/aws" for a credential, and execPlugins is "deny"',
    });
    expect(runs).toEqual([]);
  });

  const failures: readonly { readonly title: string; readonly result: ProgramResult; readonly message: string }[] = [
    {
      title: "fails",
      result: { kind: "exited", code: 255, stdout: CANARY },
      message: "ended with exit code 255; run it by hand to see why",
    },
    { title: "hangs", result: { kind: "timed-out" }, message: "gave no credential within 30 s" },
    { title: "is killed", result: { kind: "killed", signal: "SIGKILL" }, message: "was ended by SIGKILL" },
    { title: "writes too much", result: { kind: "too-much-output" }, message: "wrote more than a credential" },
    { title: "cannot start", result: { kind: "not-started", reason: "EACCES" }, message: "cannot be started (EACCES)" },
    {
      title: "writes no JSON",
      result: { kind: "exited", code: 0, stdout: CANARY },
      message: "wrote something that is not an ExecCredential",
    },
    {
      title: "writes another kind",
      result: { kind: "exited", code: 0, stdout: `{"kind":"${CANARY}"}` },
      message: "wrote something that is not an ExecCredential",
    },
    {
      title: "answers in another version",
      result: answers({ token: CANARY }, "client.authentication.k8s.io/v1beta1"),
      message: `answered in another apiVersion than ${V1}`,
    },
    { title: "gives nothing", result: answers({}), message: "gave neither a token nor a client certificate" },
    {
      title: "gives a certificate without its key",
      result: answers({ clientCertificateData: CANARY }),
      message: "gave only one of client certificate and key",
    },
    {
      title: "gives a token with a line break",
      result: answers({ token: `${CANARY}\nx: y` }),
      message: "gave a token that an HTTP header cannot carry",
    },
    {
      title: "gives an end that is no time",
      result: answers({ token: CANARY, expirationTimestamp: "soon" }),
      message: "gave an expirationTimestamp that is not a time",
    },
  ];
  for (const { title, result, message } of failures) {
    test(`that ${title} is an error that repeats nothing it wrote`, async () => {
      const error = await rejection(execute({ result }).credential);
      expect(error).toMatchObject({
        code: "unauthorized",
        retryable: false,
        message: `the exec plugin "aws" ${message}`,
      });
    });
  }

  test("that is missing comes with the hint how to install it", async () => {
    const plugin = aPlugin({ installHint: "install it with brew\n" });
    const error = await rejection(execute({ plugin, result: { kind: "not-found" } }).credential);
    expect(error.message).toBe('the exec plugin "aws" is not installed or not on PATH; install it with brew');
  });
});
