import { afterAll, beforeAll } from "vitest";
import { describeNamespaceApi } from "./namespace-api.contract.ts";
import { openCluster, type RealCluster } from "./real-cluster.ts";

let real: RealCluster;

beforeAll(() => {
  real = openCluster("east");
});

afterAll(() => real.api.close());

describeNamespaceApi("a real API server", () => real);
