import { describe, expect, test } from "vitest";
import type { ApiCall, ApiServer } from "../../../provider/kube/api-server.ts";
import { lookAtContents } from "../../../provider/kube/contents.ts";

/** A cluster that serves ConfigMaps and holds none. */
function aServer(asked: string[]): ApiServer {
  const configMaps = { resource: "configmaps", scope: "Namespaced", verbs: ["list", "delete"] };
  const served = { kind: "APIGroupDiscoveryList", items: [{ versions: [{ version: "v1", resources: [configMaps] }] }] };
  const empty = { kind: "PartialObjectMetadataList", metadata: {}, items: [] };
  return {
    request: async ({ path }: ApiCall) => {
      asked.push(path);
      await new Promise((resolve) => setImmediate(resolve));
      return {
        kind: "found",
        status: 200,
        json: path === "/api" ? served : path === "/apis" ? { ...served, items: [] } : empty,
      };
    },
  };
}

describe("a look at what namespaces hold", () => {
  test("learns the types once for all that are looked at in the same moment, and anew for the next", async () => {
    const asked: string[] = [];
    const server = aServer(asked);
    const looked = await Promise.all(["a", "b", "c"].map((name) => lookAtContents(server, name)));
    expect(looked.map(({ unknown }) => unknown)).toEqual([[], [], []]);
    expect(asked.filter((path) => /^\/apis?$/.test(path))).toEqual(["/api", "/apis"]);
    expect(asked.filter((path) => path.endsWith("/configmaps"))).toHaveLength(3);
    await lookAtContents(server, "d");
    expect(asked.filter((path) => path === "/apis")).toHaveLength(2);
  });
});
