import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { aFaultyWorld, type FaultyWorld } from "./engine/faulty-world.ts";

const GROUP = "/apis/admissionregistration.k8s.io/v1";
const NAMESPACES = {
  matchPolicy: "Equivalent",
  resourceRules: [
    { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["namespaces"] },
  ],
};

describe("what a cluster's admission says", () => {
  let world: FaultyWorld;
  beforeAll(async () => {
    world = await aFaultyWorld();
  });
  afterAll(() => world.end());

  const team = (value: string) => ({ labels: { team: value }, revisionCheck: "off" });
  const east = () => world.kube("east");

  /** Admission takes a moment to hear of a new rule: a write that is only tried tells when it has. */
  const untilTried = (labels: Record<string, string>, isSo: (answer: { status: number; body: string }) => boolean) =>
    until(
      async () => {
        const body = { metadata: { name: "tried", labels } };
        const query = { dryRun: "All" };
        const answer = await east().request({ method: "POST", path: "/api/v1/namespaces", query, body });
        return isSo({ status: answer.status, body: JSON.stringify(answer.body) });
      },
      { what: "the cluster's admission to know the rule" },
    );

  test("a policy that refuses is quoted for that cluster, nothing is repeated, and the others are done", async () => {
    await east().create(`${GROUP}/validatingadmissionpolicies`, {
      metadata: { name: "no-shadow" },
      spec: {
        matchConstraints: NAMESPACES,
        validations: [
          {
            expression: "!has(object.metadata.labels.team) || object.metadata.labels.team != 'shadow'",
            message: "team shadow is not known here",
          },
        ],
      },
    });
    await east().create(`${GROUP}/validatingadmissionpolicybindings`, {
      metadata: { name: "no-shadow" },
      spec: { policyName: "no-shadow", validationActions: ["Deny"] },
    });
    await untilTried({ team: "shadow" }, ({ status }) => status === 422);
    const engine = world.engine();
    const { failures } = await engine.up({ denied: team("shadow") });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('cannot apply namespace "denied" on cluster "east": ');
    expect(failures[0]).toContain("team shadow is not known here");
    expect(world.proxies.east?.requests.filter(({ isWrite }) => isWrite)).toHaveLength(1);
    expect(await world.everywhere("denied")).toEqual([
      { team: "shadow" },
      undefined,
      { team: "shadow" },
      { team: "shadow" },
    ]);
    expect(await engine.up({ denied: team("a") })).toMatchObject({ failures: [] });
    expect(await world.labels("east", "denied")).toEqual({ team: "a" });
  });

  test("a webhook that is down is waited for within the budget, then named, and the others are done", async () => {
    await east().create(`${GROUP}/validatingwebhookconfigurations`, {
      metadata: { name: "down" },
      webhooks: [
        {
          name: "down.example.com",
          clientConfig: { url: "https://127.0.0.1:1/validate" },
          failurePolicy: "Fail",
          timeoutSeconds: 1,
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          objectSelector: { matchLabels: { team: "hooked" } },
          rules: [
            {
              apiGroups: [""],
              apiVersions: ["v1"],
              operations: ["CREATE", "UPDATE"],
              resources: ["namespaces"],
              scope: "*",
            },
          ],
        },
      ],
    });
    await untilTried({ team: "hooked" }, ({ status }) => status === 500);
    const engine = world.engine();
    const { failures } = await engine.up({ hooked: team("hooked") });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('cannot apply namespace "hooked" on cluster "east": ');
    expect(failures[0]).toContain("down.example.com");
    expect(world.proxies.east?.requests.filter(({ path }) => path.includes("/hooked")).length).toBeGreaterThan(1);
    expect(await world.labels("west", "hooked")).toEqual({ team: "hooked" });
    await east().delete(`${GROUP}/validatingwebhookconfigurations/down`);
    await untilTried({ team: "hooked" }, ({ status }) => status === 201);
    expect(await engine.up({ hooked: team("hooked") })).toMatchObject({ steps: ["update hooked"], failures: [] });
    expect(await world.labels("east", "hooked")).toEqual({ team: "hooked" });
  });

  test("a policy that changes our label back is an error each time, and no success that never ends", async () => {
    await east().create(`${GROUP}/mutatingadmissionpolicies`, {
      metadata: { name: "ours" },
      spec: {
        matchConstraints: NAMESPACES,
        matchConditions: [{ name: "ruled", expression: "object.metadata.name in ['ruled', 'tried']" }],
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        mutations: [
          {
            patchType: "ApplyConfiguration",
            applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"team": "ops"}}}' },
          },
        ],
      },
    });
    await east().create(`${GROUP}/mutatingadmissionpolicybindings`, {
      metadata: { name: "ours" },
      spec: { policyName: "ours" },
    });
    await untilTried({ team: "a" }, ({ body }) => body.includes('"team":"ops"'));
    const engine = world.engine();
    for (const run of ["create ruled", "update ruled"]) {
      const { steps, failures } = await engine.up({ ruled: team("a") });
      expect(steps).toEqual([run]);
      expect(failures).toEqual([
        expect.stringContaining(
          'cannot apply namespace "ruled" on cluster "east": label "team" was written as "a" and made "ops" in the same moment',
        ),
      ]);
    }
    expect(await world.everywhere("ruled")).toEqual([{ team: "a" }, { team: "ops" }, { team: "a" }, { team: "a" }]);
    await east().delete(`${GROUP}/mutatingadmissionpolicybindings/ours`);
    await untilTried({ team: "a" }, ({ body }) => body.includes('"team":"a"'));
    expect(await engine.up({ ruled: team("a") })).toMatchObject({ failures: [] });
    expect(await world.labels("east", "ruled")).toEqual({ team: "a" });
    expect(await engine.preview({ ruled: team("a") })).toMatchObject({ steps: [] });
  });
});
