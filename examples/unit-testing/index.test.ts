import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";

const teams = { payments: { namespaces: ["api", "batch"] }, platform: { namespaces: ["tools"], isEarly: true } };

/** What the program has registered, by name. */
const registered = new Map<string, pulumi.runtime.MockResourceArgs>();
let program: typeof import("./index.js");

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: (resource) => {
      registered.set(resource.name, resource);
      return { id: resource.name, state: resource.inputs };
    },
    call: () => ({}),
  });
  pulumi.runtime.setConfig("project:teams", JSON.stringify(teams));
  // After the mocks: resources register themselves as they are made.
  program = await import("./index.js");
  await pulumi.runtime.disconnect();
});

test("each namespace is named for its team and carries its label", async () => {
  expect(await resolved(program.names)).toEqual(["payments-api", "payments-batch", "platform-tools"]);
  expect(registered.get("payments-batch")?.inputs).toMatchObject({ labels: { team: "payments" } });
});

test("an early team's namespaces are on the next revision, and no others", () => {
  const injections = [...registered.values()].flatMap(({ inputs }) => inputs.injection ?? []);
  expect(injections).toEqual(["enabled", "enabled", { revision: "canary" }]);
});

test("the mesh has both clusters", () => {
  expect(registered.get("mesh")?.inputs).toMatchObject({ clusters: { east: {}, west: {} } });
});

function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
