import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { beforeAll, describe, expect, test } from "vitest";
import { createService } from "../../../plugin/server.ts";
import { toStruct } from "../../../plugin/wire.ts";
import { asSecret } from "../../../provider/model/secrets.ts";

const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
const URN = "urn:pulumi:dev::x::global-namespace:index:GlobalNamespace::p";
const MESH_URN = "urn:pulumi:dev::x::pulumi:providers:global-namespace::mesh";

/** One call of the protocol, as gRPC hands it to the server. */
type Handler = (call: { readonly request: unknown }, callback: (error: unknown, answer: never) => void) => void;

const PACKAGE = { version: "0.0.0", schema: () => "{}" };
const service = createService(PACKAGE, undefined) as unknown as Record<string, Handler>;

function ask<Answer>(method: string, request: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const done = (error: unknown, answer: Answer) => (error === null ? resolve(answer) : reject(error));
    service[method]?.({ request }, done);
  });
}

/** A GlobalNamespace on no cluster but the mesh, as its inputs have the token and as its outputs. */
function stateOf(inInputs: unknown, inOutputs: unknown = inInputs) {
  const inputs = (token: unknown) => {
    const labels = { team: "a", token };
    return { name: "p", owner: "acme/x/dev/mesh/p", labels, targets: {}, controlPlaneTarget: { labels } };
  };
  const recorded = inputs(inOutputs);
  const controlPlane = { state: "Ready", uid: "u", labels: recorded.labels };
  return { inputs: inputs(inInputs), outputs: { ...recorded, schemaVersion: 1, members: {}, controlPlane } };
}

async function changesBetween(olds: ReturnType<typeof stateOf>, token: unknown) {
  const request = new proto.DiffRequest().setUrn(URN).setOldInputs(toStruct(olds.inputs));
  request.setOlds(toStruct(olds.outputs)).setNews(toStruct(stateOf(token).inputs));
  return (await ask<InstanceType<typeof proto.DiffResponse>>("diff", request)).getChanges();
}

describe("the plugin's diff of a label that becomes a secret", () => {
  beforeAll(async () => {
    const args = toStruct({ controlPlane: { context: "mesh" }, clusters: {} });
    await ask("configure", new proto.ConfigureRequest().setUrn(MESH_URN).setArgs(args));
  });

  test("is a change while the state has it in plain text, though no cluster carries another one", async () => {
    expect(await changesBetween(stateOf("hush"), asSecret("hush"))).toBe(DIFF_SOME);
    expect(await changesBetween(stateOf(asSecret("hush"), "hush"), asSecret("hush"))).toBe(DIFF_SOME);
  });

  test("is none where the state keeps it as a secret, by itself or as a part of one", async () => {
    expect(await changesBetween(stateOf(asSecret("hush")), asSecret("hush"))).toBe(DIFF_NONE);
    const { inputs, outputs } = stateOf("hush");
    const whole = Object.fromEntries(
      Object.entries(outputs).map(([key, value]) => [key, typeof value === "object" ? asSecret(value) : value]),
    );
    expect(await changesBetween({ inputs, outputs: whole as typeof outputs }, asSecret("hush"))).toBe(DIFF_NONE);
    expect(await changesBetween(stateOf("hush"), "hush")).toBe(DIFF_NONE);
  });
});
