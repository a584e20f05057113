import fc from "fast-check";
import { expect, test } from "vitest";
import { afterApply, afterRemoval } from "../../../provider/model/apply.ts";
import type { Namespace } from "../../../provider/model/namespace.ts";
import { createFakeApi } from "../../contract/fake-api.ts";

const aKey = fc.constantFrom("team", "istio-injection", "istio.io/rev");
const aMap = fc.dictionary(aKey, fc.constantFrom("a", "b"), { maxKeys: 3, noNullPrototype: true });
const aStep = fc.oneof(
  fc.record({
    kind: fc.constant("apply" as const),
    labels: aMap,
    annotations: aMap,
    manager: fc.constantFrom("x", "y"),
  }),
  fc.record({ kind: fc.constant("edit" as const), labels: aMap }),
  fc.record({ kind: fc.constant("remove" as const), keys: fc.uniqueArray(aKey, { minLength: 1 }) }),
);

/** Without what only the server gives, and managers that own nothing any more. */
function decidedOn({ labels, annotations, fieldManagers }: Namespace): unknown {
  const owners = fieldManagers
    .filter((entry) => entry.labels.length + entry.annotations.length > 0)
    .map((entry) =>
      JSON.stringify({ ...entry, labels: entry.labels.toSorted(), annotations: entry.annotations.toSorted() }),
    );
  return { labels, annotations, owners: owners.sort() };
}

/** The fake itself is held to a real API server by the contract's tests. */
test("what an apply and a removal will leave is what the server leaves", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 8 }), async (story) => {
      const api = createFakeApi();
      let expected: Namespace | undefined;
      for (const step of story) {
        if (step.kind === "apply") {
          const body = { name: "payments", labels: step.labels, annotations: step.annotations };
          expected = afterApply(expected, body, step.manager);
          await api.apply(body, { fieldManager: step.manager, force: true });
        } else if (expected !== undefined && step.kind === "remove") {
          expected = afterRemoval(expected, step.keys);
          const now = (await api.get("payments")) as Namespace;
          await api.removeLabels(now, step.keys, "x");
        } else if (expected !== undefined && step.kind === "edit") {
          api.edit("payments", { labels: step.labels });
          expected = await api.get("payments");
        }
        const actual = await api.get("payments");
        expect(expected === undefined ? undefined : decidedOn(expected)).toEqual(
          actual === undefined ? undefined : decidedOn(actual),
        );
      }
    }),
  );
});
