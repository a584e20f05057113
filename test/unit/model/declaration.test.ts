import { expect, test } from "vitest";
import { argsDeclaredBy } from "../../../provider/model/declaration.ts";
import { fieldManagerOf, OWNER_ANNOTATION } from "../../../provider/model/owner.ts";
import { aNamespace } from "../kube/builders.ts";
import { OWNER } from "./builders.ts";

test("a namespace that was made with a plain create gives the program no label of Kubernetes", () => {
  const ours = { manager: fieldManagerOf(OWNER), apiVersion: "v1", annotations: [OWNER_ANNOTATION] };
  const namespace = aNamespace({
    labels: { team: "a", "kubernetes.io/metadata.name": "payments" },
    annotations: { [OWNER_ANNOTATION]: OWNER },
    fieldManagers: [
      { ...ours, operation: "Update", labels: ["kubernetes.io/metadata.name"] },
      { ...ours, operation: "Apply", labels: ["team"] },
    ],
  });
  expect(argsDeclaredBy(OWNER, namespace, {})).toEqual({ labels: { team: "a" }, clusters: [] });
});
