/** The fake and a real API server live through the same random stories and must end each step alike. */

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClusterError, isClusterError } from "../../provider/model/cluster-error.ts";
import type { Namespace } from "../../provider/model/namespace.ts";
import { createFakeApi } from "./fake-api.ts";
import type { Subject } from "./namespace-api.contract.ts";
import { openCluster, type RealCluster } from "./real-cluster.ts";

const STORIES = 40;
const STEPS = 14;

/**
 * Set by every write of ours, as the owner's annotation is. On an object of which nobody owns anything the server stops
 * tracking fields until the next apply, and then calls all that is there "before-first-apply".
 */
const MARK = { "acme.com/mark": "x" };

let real: RealCluster;

beforeAll(() => {
  real = openCluster("west");
});

afterAll(() => real.api.close());

const aKey = fc.constantFrom("team", "tier", "acme.com/x");
const aValue = fc.constantFrom("a", "b", "");
const labels = fc.dictionary(aKey, aValue, { maxKeys: 3 });
const changes = fc.dictionary(aKey, fc.option(aValue), { minKeys: 1, maxKeys: 2 });
const manager = fc.constantFrom("one", "two");

const aStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("apply" as const),
      labels,
      annotations: labels,
      manager,
      force: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("edit" as const), labels: changes, annotations: changes, manager }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("removeLabels" as const),
      keys: fc.uniqueArray(aKey, { minLength: 1 }),
      manager,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("create" as const), labels, manager }) },
);

type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

async function take(step: Step, name: string, { api, edit }: Subject): Promise<unknown> {
  switch (step.kind) {
    case "apply": {
      const body = { name, labels: step.labels, annotations: { ...step.annotations, ...MARK } };
      const { created, namespace } = await api.apply(body, { fieldManager: step.manager, force: step.force });
      return { created, namespace: comparable(namespace) };
    }
    case "create":
      return comparable(await api.create({ name, labels: step.labels, annotations: MARK }, step.manager));
    case "edit":
      if ((await api.get(name)) === undefined) return "nothing to edit";
      await edit(name, { labels: step.labels, annotations: step.annotations }, step.manager);
      return "edited";
    case "removeLabels": {
      const namespace = await api.get(name);
      if (namespace === undefined) return "nothing to remove from";
      return comparable(await api.removeLabels(namespace, step.keys, step.manager));
    }
  }
}

/** The server sets it, and books it to a writer or to nobody; nothing is decided by that. */
const NAME_LABEL = "kubernetes.io/metadata.name";

/** Without what two servers cannot have alike, and in one order. */
function comparable(namespace: Namespace): unknown {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, fieldManagers, ...rest } = namespace;
  const owners = fieldManagers.map(({ manager, operation, labels, annotations }) =>
    JSON.stringify([manager, operation, labels.filter((key) => key !== NAME_LABEL).sort(), [...annotations].sort()]),
  );
  return { ...rest, owners: owners.sort() };
}

async function outcome(step: Step, name: string, subject: Subject): Promise<unknown> {
  try {
    return await take(step, name, subject);
  } catch (error) {
    if (!isClusterError(error)) throw error;
    const { code, conflicts }: ClusterError = error;
    return { code, conflicts: conflicts.map(({ field, manager }) => `${field} of ${manager}`).sort() };
  }
}

test("the fake ends every step of a story like a real API server", async () => {
  let stories = 0;
  const run = Date.now().toString(36);
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 2, maxLength: STEPS }), async (story) => {
      const name = `story-${run}-${++stories}`;
      const api = createFakeApi();
      const fake: Subject = { api, edit: (...args) => api.edit(...args) };
      for (const step of story) {
        expect(await outcome(step, name, fake)).toEqual(await outcome(step, name, real));
      }
    }),
    { numRuns: STORIES },
  );
});
