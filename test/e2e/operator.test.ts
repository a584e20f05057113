import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { isRecord } from "../../provider/model/json.ts";
import { clearLab } from "../lab/clear-lab.ts";
import { until } from "../lab/condition.ts";
import type { KubeClient, KubeObject, KubeResponse } from "../lab/kube-client.ts";
import { labOfFile } from "../lab/lab-of-file.ts";

const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "operator", "stacks.yaml");
const NAMESPACE = "infra";
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Where they are at hand, the operator's own definitions: its folder deploy/crds. */
const { GLOBAL_NAMESPACE_TEST_OPERATOR_CRDS } = process.env;
const definitions =
  GLOBAL_NAMESPACE_TEST_OPERATOR_CRDS === undefined
    ? [join(import.meta.dirname, "engine", "stack-crd.yaml")]
    : readdirSync(GLOBAL_NAMESPACE_TEST_OPERATOR_CRDS).map((file) => join(GLOBAL_NAMESPACE_TEST_OPERATOR_CRDS, file));

const STACKS = `/apis/pulumi.com/v1/namespaces/${NAMESPACE}/stacks`;
const BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const COLLECTIONS: Readonly<Record<string, string>> = {
  ServiceAccount: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
  ClusterRoleBinding: BINDINGS,
  Stack: STACKS,
  PodTemplate: `/api/v1/namespaces/${NAMESPACE}/podtemplates`,
};

interface Stack extends KubeObject {
  readonly spec: {
    readonly workspaceTemplate: { readonly spec: { readonly image: string; readonly podTemplate: PodTemplate } };
  };
}

interface PodTemplate {
  readonly spec: { readonly containers: readonly object[] };
}

const objects = parseAllDocuments(readFileSync(EXAMPLE, "utf8")).map((document) => document.toJS() as KubeObject);
const stacks = objects.filter(({ kind }) => kind === "Stack") as Stack[];

describe("the operator's manifests of examples/operator", () => {
  let kube: KubeClient;
  const installed: string[] = [];

  beforeAll(async () => {
    const lab = await labOfFile(inject("labDirs"));
    await clearLab(lab);
    kube = lab.cluster("mesh").kube;
    await kube.create("/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    for (const file of definitions) {
      const { metadata } = await kube.create(DEFINITIONS, parse(readFileSync(file, "utf8")));
      installed.push(metadata.name);
    }
    await until(async () => (await kube.request({ method: "GET", path: STACKS })).status === 200, {
      what: "Stacks to be served",
    });
  });
  afterAll(async () => {
    for (const { kind, metadata } of objects) {
      if (kind === "ClusterRoleBinding") await kube.delete(`${BINDINGS}/${metadata.name}`);
    }
    for (const name of installed) await kube.delete(`${DEFINITIONS}/${name}`);
  });

  /** As `kubectl apply --server-side --validate=strict` does. */
  const apply = (object: KubeObject): Promise<KubeResponse> =>
    kube.request({
      method: "PATCH",
      path: `${COLLECTIONS[object.kind ?? ""]}/${object.metadata.name}`,
      query: { fieldManager: "kubectl", fieldValidation: "Strict" },
      contentType: "application/apply-patch+yaml",
      body: object,
    });

  test("are two stacks and what they need", () => {
    expect(objects.map(({ kind }) => kind)).toEqual(["ServiceAccount", "ClusterRoleBinding", "Stack", "Stack"]);
  });

  test.each(objects)("are taken by a strict API server: $kind $metadata.name", async (object) => {
    expect(await apply(object)).toMatchObject({ status: 201, body: { metadata: { name: object.metadata.name } } });
  });

  test.each(stacks)("have a workspace whose pod template is one of Kubernetes: $metadata.name", async (stack) => {
    const { image, podTemplate } = stack.spec.workspaceTemplate.spec;
    const containers = podTemplate.spec.containers.map((container) => ({ ...container, image }));
    const template = { spec: { ...podTemplate.spec, containers } };
    const { name } = stack.metadata;
    const answer = await apply({ apiVersion: "v1", kind: "PodTemplate", metadata: { name }, template } as KubeObject);
    expect(answer).toMatchObject({
      status: 201,
      body: { template: { spec: { containers: [{ name: "pulumi", image }] } } },
    });
  });

  const misspelt = stacks.flatMap((stack) =>
    misspellings(stack.spec).map(([field, spec]) => [stack.metadata.name, field, { ...stack, spec }] as const),
  );
  test.each(misspelt)("would be refused with a field misspelt: %s %s", async (_name, field, object) => {
    const { status, body } = await apply(object as KubeObject);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toMatchObject({ message: expect.stringContaining(field) });
  });
});

/** Copies of a value, in each of which one field has another name, with that name. What a program may name is left out. */
function misspellings(value: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      misspellings(item).map(([field, wrong]) => [field, value.with(index, wrong)]),
    );
  }
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const { [key]: _, ...rest } = value;
    const within = key === "podTemplate" ? [] : misspellings(inner);
    const isName = /^[A-Z_]+$/.test(key);
    return [
      ...(isName ? [] : [[`${key}x`, { ...rest, [`${key}x`]: inner }] as const]),
      ...within.map(([field, wrong]) => [field, { ...value, [key]: wrong }] as const),
    ];
  });
}
