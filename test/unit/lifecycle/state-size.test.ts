import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { reconcile } from "../../../provider/lifecycle/lifecycle.ts";
import { outputsOf } from "../../../provider/model/state.ts";
import { aFakeMesh, checked } from "./fake-mesh.ts";

/** What the engine is given to keep of one namespace on so many clusters: bytes of JSON, inputs and outputs. */
async function recorded(clusterCount: number): Promise<number> {
  const names = Array.from({ length: clusterCount }, (_, index) => `member-${index}`);
  const fake = aFakeMesh({ clusters: Object.fromEntries(names.map((context) => [context, { context }])) });
  const { inputs, failures } = await checked(fake, { labels: { team: "payments" }, injection: "enabled" });
  expect(failures).toEqual([]);
  const { state } = await reconcile(inputs, undefined, fake.world);
  expect(Object.keys(state.members)).toEqual(names);
  // The fake's uids are shorter than real ones.
  const outputs = JSON.stringify(outputsOf(state)).replaceAll(/"uid":"[^"]*"/g, `"uid":"${randomUUID()}"`);
  return Buffer.byteLength(JSON.stringify(inputs)) + Buffer.byteLength(outputs);
}

/** The file backend writes the whole state anew at every step, so that a stack's time grows with these bytes. */
test("a namespace costs the state less than 420 bytes for each of its clusters", async () => {
  const two = await recorded(2);
  const ten = await recorded(10);
  console.info(`state of a namespace: ${two} bytes with 2 clusters, ${ten} bytes with 10`);
  expect((ten - two) / 8).toBeLessThan(420);
  expect(two).toBeLessThan(1600);
});
