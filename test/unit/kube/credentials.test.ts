import { describe, expect, test } from "vitest";
import { createCredentials } from "../../../provider/kube/credentials.ts";
import type { ExecPlugin } from "../../../provider/kube/exec-plugin.ts";
import { createRedactor } from "../../../provider/kube/redact.ts";
import type { ClusterUser } from "../../../provider/kube/resolved-cluster.ts";
import type { ProgramResult } from "../../../provider/kube/run-program.ts";
import { aCluster, aWorld, rejection, type TestWorld } from "./builders.ts";

const SECOND = 1000;

const plugin: ExecPlugin = {
  apiVersion: "client.authentication.k8s.io/v1",
  spelled: "aws",
  command: "aws",
  args: [],
  env: [],
  provideClusterInfo: false,
};

function credentialsOf(user: ClusterUser, world: TestWorld, redactor = createRedactor()) {
  return createCredentials(aCluster({ url: "https://api" }, { user }), "allow", redactor, world);
}

/** A plugin that gives token-1, token-2, ...; each lives as long as told. */
function aPluginWorld(lifeMs?: number) {
  const state = { runs: 0, fail: false };
  const world: TestWorld = aWorld({
    run: async (): Promise<ProgramResult> => {
      state.runs++;
      if (state.fail) return { kind: "exited", code: 1, stdout: "" };
      const expirationTimestamp = lifeMs === undefined ? {} : { expirationTimestamp: new Date(world.now() + lifeMs) };
      const status = { token: `token-${state.runs}`, ...expirationTimestamp };
      return { kind: "exited", code: 0, stdout: JSON.stringify({ ...plugin, kind: "ExecCredential", status }) };
    },
  });
  return { world, state, credentials: credentialsOf({ exec: plugin }, world) };
}

describe("a plugin's credential", () => {
  test("is had once for many requests at the same time", async () => {
    const { state, credentials } = aPluginWorld();
    const all = await Promise.all(Array.from({ length: 20 }, () => credentials.get()));
    expect(new Set(all.map(({ token }) => token))).toEqual(new Set(["token-1"]));
    expect(state.runs).toBe(1);
  });

  test("is kept until shortly before its end", async () => {
    const { world, credentials } = aPluginWorld(900 * SECOND);
    await credentials.get();
    world.pass(839 * SECOND);
    expect((await credentials.get()).token).toBe("token-1");
    world.pass(2 * SECOND);
    expect((await credentials.get()).token).toBe("token-2");
  });

  test("that cannot be renewed before its end is used until then", async () => {
    const { world, state, credentials } = aPluginWorld(900 * SECOND);
    await credentials.get();
    state.fail = true;
    world.pass(850 * SECOND);
    expect((await credentials.get()).token).toBe("token-1");
    world.pass(49 * SECOND);
    expect((await credentials.get()).token).toBe("token-1");
    world.pass(SECOND);
    expect((await rejection(credentials.get())).code).toBe("unauthorized");
  });

  test("with a life shorter than the margin is still used", async () => {
    const { world, credentials } = aPluginWorld(30 * SECOND);
    await credentials.get();
    world.pass(20 * SECOND);
    expect((await credentials.get()).token).toBe("token-1");
  });

  test("without an end is kept until the server refuses it", async () => {
    const { world, credentials } = aPluginWorld();
    const first = await credentials.get();
    world.pass(86_400 * SECOND);
    expect(await credentials.get()).toBe(first);
    expect(await credentials.renew(first)).toEqual({ token: "token-2" });
  });

  test("is renewed once for many requests that were refused together", async () => {
    const { world, state, credentials } = aPluginWorld();
    const first = await credentials.get();
    world.pass(60 * SECOND);
    const all = await Promise.all(Array.from({ length: 20 }, () => credentials.renew(first)));
    expect(new Set(all.map((one) => one?.token))).toEqual(new Set(["token-2"]));
    expect(state.runs).toBe(2);
  });

  test("that is refused while fresh is not renewed", async () => {
    const { world, state, credentials } = aPluginWorld();
    const first = await credentials.get();
    world.pass(9 * SECOND);
    expect(await credentials.renew(first)).toBeUndefined();
    expect(state.runs).toBe(1);
  });

  test("is masked in messages from then on", async () => {
    const redactor = createRedactor();
    await credentialsOf({ exec: plugin }, aPluginWorld().world, redactor).get();
    expect(redactor.redact("you sent token-1")).toBe("you sent [redacted]");
  });

  test("that cannot be had costs one run for all requests of the next seconds", async () => {
    const { world, state, credentials } = aPluginWorld();
    state.fail = true;
    const first = await rejection(credentials.get());
    world.pass(9 * SECOND);
    expect(await rejection(credentials.get())).toBe(first);
    expect(state.runs).toBe(1);
  });

  test("is tried again after a failure when some time has passed", async () => {
    const { world, state, credentials } = aPluginWorld();
    state.fail = true;
    await rejection(credentials.get());
    state.fail = false;
    world.pass(11 * SECOND);
    expect((await credentials.get()).token).toBe("token-2");
  });

  test("is tried again after that time also when the clock was set back meanwhile", async () => {
    const { world, state, credentials } = aPluginWorld();
    state.fail = true;
    await rejection(credentials.get());
    state.fail = false;
    world.setClock(-3600 * SECOND);
    world.pass(11 * SECOND);
    expect((await credentials.get()).token).toBe("token-2");
  });
});

describe("a token of the kubeconfig", () => {
  test("is preferred to its plugin, which is not run", async () => {
    const { world, state } = aPluginWorld();
    expect(await credentialsOf({ token: "own", exec: plugin }, world).get()).toEqual({ token: "own" });
    expect(state.runs).toBe(0);
  });

  test("cannot be renewed", async () => {
    const credentials = credentialsOf({ token: "own" }, aWorld());
    expect(await credentials.renew(await credentials.get())).toBeUndefined();
  });

  test("goes together with a client certificate", async () => {
    const clientCertificate = { certificate: "CERT", key: "KEYKEY" };
    const credentials = credentialsOf({ token: "own", clientCertificate }, aWorld());
    expect(await credentials.get()).toEqual({ token: "own", clientCertificate });
  });
});

describe("a token file", () => {
  function aFile(text = "first\n") {
    const file = { text, reads: 0 };
    const readFile = () => {
      file.reads++;
      return file.text;
    };
    const world: TestWorld = aWorld({ readFile });
    return { file, world, credentials: credentialsOf({ tokenFile: "/token" }, world) };
  }

  test("is read once a minute", async () => {
    const { file, world, credentials } = aFile();
    await credentials.get();
    file.text = "second";
    world.pass(59 * SECOND);
    expect(await credentials.get()).toEqual({ token: "first" });
    world.pass(2 * SECOND);
    expect(await credentials.get()).toEqual({ token: "second" });
  });

  test("that cannot be read for a while leaves the token that it held", async () => {
    const { file, world, credentials } = aFile();
    await credentials.get();
    file.text = "";
    world.pass(61 * SECOND);
    expect(await credentials.get()).toEqual({ token: "first" });
    file.text = "second";
    world.pass(11 * SECOND);
    expect(await credentials.get()).toEqual({ token: "second" });
  });

  test("is read again at once when the server refuses the token", async () => {
    const { file, credentials } = aFile();
    const first = await credentials.get();
    file.text = "second";
    expect(await credentials.renew(first)).toEqual({ token: "second" });
  });

  test("that still holds the refused token gives nothing new", async () => {
    const { credentials } = aFile();
    expect(await credentials.renew(await credentials.get())).toBeUndefined();
  });

  test("that is missing is an error that names it", async () => {
    const credentials = credentialsOf({ tokenFile: "/token" }, aWorld());
    expect(await rejection(credentials.get())).toMatchObject({
      code: "unauthorized",
      message: 'the token file "/token" cannot be read (ENOENT)',
    });
  });

  test("that is empty is an error that names it", async () => {
    expect((await rejection(aFile(" \n").credentials.get())).message).toBe('the token file "/token" is empty');
  });

  test("that holds something else is an error that does not repeat it", async () => {
    expect((await rejection(aFile("two words").credentials.get())).message).toBe(
      'the token file "/token" does not hold a token',
    );
  });
});
