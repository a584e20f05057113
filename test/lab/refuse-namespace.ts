import { until } from "./condition.ts";
import type { KubeClient } from "./kube-client.ts";

const POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";

/** An admission policy of the cluster that refuses the namespace: in force when this resolves, until what it gives is called. */
export async function refuseNamespace(kube: KubeClient, name: string, message: string): Promise<() => Promise<void>> {
  const metadata = { name: `no-${name}` };
  const namespaces = {
    apiGroups: [""],
    apiVersions: ["v1"],
    operations: ["CREATE", "UPDATE"],
    resources: ["namespaces"],
  };
  await kube.create(POLICIES, {
    metadata,
    spec: {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules: [namespaces] },
      validations: [{ expression: `object.metadata.name != '${name}'`, message }],
    },
  });
  const spec = { policyName: metadata.name, validationActions: ["Deny"] };
  await kube.create(BINDINGS, { metadata, spec });
  const tried = { method: "POST", path: "/api/v1/namespaces", query: { dryRun: "All" }, body: { metadata: { name } } };
  const isRefused = async () => (await kube.request(tried)).status === 422;
  await until(isRefused, { what: "the policy to be in force" });
  return async () => {
    await kube.delete(`${BINDINGS}/${metadata.name}`);
    await kube.delete(`${POLICIES}/${metadata.name}`);
    await until(async () => !(await isRefused()), { what: "the end of the policy" });
  };
}
