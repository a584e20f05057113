import { createFakeApi } from "../../contract/fake-api.ts";
import { describeNamespaceApi } from "../../contract/namespace-api.contract.ts";

describeNamespaceApi("the fake", () => {
  const api = createFakeApi();
  return { api, edit: (name, changes, manager) => api.edit(name, changes, manager) };
});
