import { describe, expect, test } from "vitest";
import { obstacleOf, rolloutOf } from "../../../provider/model/rollout.ts";
import type { RestartableKind } from "../../../provider/model/workload.ts";

type Fields = Readonly<Record<string, unknown>>;

function anObject(spec: Fields, status: Fields, generation = 2) {
  return { metadata: { generation }, spec, status: { observedGeneration: generation, ...status } };
}

describe("a rollout", () => {
  const done = { kind: "done" };
  const going = (what: string) => ({ kind: "going", what });
  const cases: readonly { title: string; kind: RestartableKind; object: Fields; expected: Fields }[] = [
    {
      title: "has not begun before the controller has seen it",
      kind: "Deployment",
      object: anObject(
        { replicas: 1 },
        { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
      ),
      expected: going("its controller has not seen it yet"),
    },
    {
      title: "of a Deployment makes new pods",
      kind: "Deployment",
      object: anObject({ replicas: 3 }, { replicas: 3, updatedReplicas: 1, availableReplicas: 3 }),
      expected: going("1 of 3 pods are new"),
    },
    {
      title: "of a Deployment ends old pods",
      kind: "Deployment",
      object: anObject({ replicas: 3 }, { replicas: 4, updatedReplicas: 3, availableReplicas: 3 }),
      expected: going("1 old pods stay until new ones are available"),
    },
    {
      title: "of a Deployment waits for new pods",
      kind: "Deployment",
      object: anObject({ replicas: 3 }, { replicas: 3, updatedReplicas: 3, availableReplicas: 2 }),
      expected: going("2 of 3 new pods are available"),
    },
    {
      title: "of a Deployment ends with all pods new and available",
      kind: "Deployment",
      object: anObject({ replicas: 3 }, { replicas: 3, updatedReplicas: 3, availableReplicas: 3 }),
      expected: done,
    },
    {
      title: "of a Deployment without replicas is no work",
      kind: "Deployment",
      object: anObject({ replicas: 0 }, {}),
      expected: done,
    },
    {
      title: "of a Deployment fails at its progress deadline",
      kind: "Deployment",
      object: anObject(
        { replicas: 1 },
        { replicas: 2, updatedReplicas: 1, conditions: [{ type: "Progressing", reason: "ProgressDeadlineExceeded" }] },
      ),
      expected: { kind: "failed", what: "it exceeded its progress deadline (progressDeadlineSeconds)" },
    },
    {
      title: "of a StatefulSet waits for its pods to be ready",
      kind: "StatefulSet",
      object: anObject({ replicas: 2 }, { readyReplicas: 1, updateRevision: "b", currentRevision: "a" }),
      expected: going("1 of 2 pods are ready"),
    },
    {
      title: "of a StatefulSet goes from pod to pod",
      kind: "StatefulSet",
      object: anObject(
        { replicas: 2 },
        { readyReplicas: 2, updatedReplicas: 1, updateRevision: "b", currentRevision: "a" },
      ),
      expected: going("1 of 2 pods are new"),
    },
    {
      title: "of a StatefulSet ends with one revision",
      kind: "StatefulSet",
      object: anObject(
        { replicas: 2 },
        { readyReplicas: 2, updatedReplicas: 2, updateRevision: "b", currentRevision: "b" },
      ),
      expected: done,
    },
    {
      title: "of a partitioned StatefulSet ends at the partition",
      kind: "StatefulSet",
      object: anObject(
        { replicas: 3, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } },
        { readyReplicas: 3, updatedReplicas: 1, updateRevision: "b", currentRevision: "a" },
      ),
      expected: done,
    },
    {
      title: "of a DaemonSet goes from node to node",
      kind: "DaemonSet",
      object: anObject({}, { desiredNumberScheduled: 3, updatedNumberScheduled: 2, numberAvailable: 3 }),
      expected: going("2 of 3 pods are new"),
    },
    {
      title: "of a DaemonSet waits for its pods",
      kind: "DaemonSet",
      object: anObject({}, { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2 }),
      expected: going("2 of 3 pods are available"),
    },
    {
      title: "of a DaemonSet on no node is no work",
      kind: "DaemonSet",
      object: anObject({}, {}),
      expected: done,
    },
  ];
  for (const { title, kind, object, expected } of cases) {
    test(title, () => expect(rolloutOf(kind, object)).toEqual(expected));
  }
});

describe("a workload is not restarted through its template", () => {
  test("while it is paused", () => {
    expect(obstacleOf("Deployment", anObject({ paused: true }, {}))).toBe("paused");
    expect(obstacleOf("Deployment", anObject({}, {}))).toBeUndefined();
  });

  test("where its pods are replaced only when somebody deletes them", () => {
    expect(obstacleOf("DaemonSet", anObject({ updateStrategy: { type: "OnDelete" } }, {}))).toBe("OnDelete");
    expect(obstacleOf("StatefulSet", anObject({ updateStrategy: { type: "OnDelete" } }, {}))).toBe("OnDelete");
    expect(obstacleOf("StatefulSet", anObject({ updateStrategy: { type: "RollingUpdate" } }, {}))).toBeUndefined();
  });
});
