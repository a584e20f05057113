import { runtime } from "@pulumi/pulumi";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type ConnectionArgs, Mesh } from "../../../sdk/mesh.ts";

const SECRET = "canary-kubeconfig-6f1d9c";

interface Registered {
  readonly name: string;
  readonly type: string;
  readonly inputs: Record<string, unknown>;
}

let registered: Registered[] = [];

const MOCKS: runtime.Mocks = {
  newResource: ({ name, type, inputs }) => {
    registered.push({ name, type, inputs });
    return { id: `${name}-id`, state: inputs };
  },
  call: () => ({}),
};

const mock = (organization?: string) => runtime.setMocks(MOCKS, "mesh", "dev", true, organization);

beforeAll(() => mock("acme"));

beforeEach(() => {
  registered = [];
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What the engine is told of the first resource of that name. */
async function inputsOf(name: string): Promise<Record<string, unknown>> {
  await runtime.disconnect();
  const found = registered.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`${name} was not registered`);
  return found.inputs;
}

describe("Mesh", () => {
  test("can be made under mocks that name no organization", async () => {
    await mock();
    new Mesh("mocked", { controlPlane: {}, clusters: {} });
    expect(await inputsOf("mocked")).toMatchObject({ owner: "organization/mesh/dev/mocked" });
    await mock("acme");
  });

  test("hands over the connections in one secret, and all else where a preview shows it", async () => {
    new Mesh("whole", {
      controlPlane: { kubeconfig: SECRET },
      clusters: {
        east: { kubeconfig: { kind: "Config", token: SECRET }, labels: { env: "prod" } },
        west: { context: "w" },
      },
      concurrency: 8,
    });
    const inputs = await inputsOf("whole");
    const { kubeconfigs, ...plain } = inputs;
    expect(plain).toEqual({
      owner: "acme/mesh/dev/whole",
      controlPlane: {},
      clusters: { east: { labels: { env: "prod" } }, west: { context: "w" } },
      concurrency: 8,
    });
    expect(JSON.stringify(plain)).not.toContain(SECRET);
    expect(runtime.isRpcSecret(kubeconfigs)).toBe(true);
    expect(runtime.unwrapRpcSecret(kubeconfigs)).toEqual({
      controlPlane: SECRET,
      east: JSON.stringify({ kind: "Config", token: SECRET }),
    });
  });

  test("refuses a control plane that names no cluster, without repeating what may be a kubeconfig", () => {
    const make = () => new Mesh("mistaken", { controlPlane: SECRET, clusters: { east: { context: "east" } } });
    expect(make).toThrow('Mesh "mistaken": controlPlane is a text and not the name of one of its clusters (east)');
    expect(make).not.toThrow(SECRET);
  });

  test("makes a Kubernetes provider for one of its clusters", async () => {
    const controlPlane: ConnectionArgs = { kubeconfigPath: "/k", context: "asm" };
    const mesh = new Mesh("connected", { controlPlane, clusters: { east: { kubeconfig: SECRET } } });
    mesh.kubernetes("east");
    mesh.kubernetes("controlPlane", { name: "asm" });
    const east = await inputsOf("connected-east");
    expect(runtime.unwrapRpcSecret(east.kubeconfig)).toBe(SECRET);
    expect(await inputsOf("asm")).toMatchObject({ kubeconfig: "/k", context: "asm" });
  });

  test("makes the same one for a control plane that is a member", async () => {
    const mesh = new Mesh("one", { controlPlane: "east", clusters: { east: { context: "e" } } });
    mesh.kubernetes("controlPlane");
    expect(await inputsOf("one-east")).toMatchObject({ context: "e" });
  });

  test.each([
    ["10.0.0.1", "https://10.0.0.1:443"],
    ["fd00::1", "https://[fd00::1]:443"],
  ])("hands on the service account of its pod, whatever KUBECONFIG says: %s", async (host, server) => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", host);
    vi.stubEnv("KUBERNETES_SERVICE_PORT", "443");
    const mesh = new Mesh("pod", { controlPlane: { inCluster: true }, clusters: {} });
    mesh.kubernetes("controlPlane", { name: "own" });
    const { kubeconfig } = await inputsOf("own");
    const dir = "/var/run/secrets/kubernetes.io/serviceaccount";
    expect(JSON.parse(kubeconfig as string)).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "pod", cluster: { server, "certificate-authority": `${dir}/ca.crt` } }],
      users: [{ name: "pod", user: { tokenFile: `${dir}/token` } }],
      contexts: [{ name: "pod", context: { cluster: "pod", user: "pod" } }],
      "current-context": "pod",
    });
  });

  test("hands on no service account where there is no pod", () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", undefined);
    const mesh = new Mesh("outside", { controlPlane: "home", clusters: { home: { inCluster: true } } });
    expect(() => mesh.kubernetes("controlPlane")).toThrow(
      'Mesh "outside": "home" has inCluster: true, but this is not a pod with a service account',
    );
  });

  test("says which clusters it has, where it is asked for another", () => {
    const mesh = new Mesh("small", {
      controlPlane: "east",
      clusters: { west: { context: "w" }, east: { context: "e" } },
    });
    expect(() => mesh.kubernetes("north")).toThrow('Mesh "small" has no cluster "north"; it has east, west, and');
    expect(() => mesh.kubernetes("constructor")).toThrow("has no cluster");
  });
});
