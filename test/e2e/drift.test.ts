import { beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { aWorld, programOf, type World } from "./world.ts";

describe("drift", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("drift");
  });

  test("made with kubectl in one cluster is shown for that cluster by a preview with refresh, and put right by an up", async () => {
    world.project.program(programOf("drifting", `{ labels: { team: "a" }, injection: "enabled" }`));
    await world.project.up();
    await world.lab
      .cluster("west")
      .kube.patch(
        "/api/v1/namespaces/drifting",
        { metadata: { labels: { team: "hacked", "istio-injection": "disabled" } } },
        { type: "merge", fieldManager: "kubectl-label" },
      );
    const preview = await world.project.preview("--refresh");
    expect(preview).toContain('~ team           : "hacked" => "a"');
    expect(preview).toContain('~ istio-injection: "disabled" => "enabled"');
    expect(preview).not.toMatch(/[~+-] east\s*: \{/);
    await world.project.up("--refresh");
    expect(await world.labels("west", "drifting")).toEqual({ team: "a", "istio-injection": "enabled" });
    await world.project.up("--refresh", "--expect-no-changes");
  });

  test("a namespace deleted behind our back is made again", async () => {
    world.project.program(programOf("vanished", `{ labels: { team: "a" } }`));
    await world.project.up();
    const before = world.project.namespace("vanished").outputs.members.west?.uid;
    const { kube } = world.lab.cluster("west");
    await kube.delete("/api/v1/namespaces/vanished");
    await until(async () => (await kube.find("/api/v1/namespaces/vanished")) === undefined, {
      what: "the end of the namespace",
    });
    expect(await world.project.preview("--refresh")).toMatch(/\+ west\s*: \{/);
    await world.project.up("--refresh");
    expect(await world.labels("west", "vanished")).toEqual({ team: "a" });
    const { west } = world.project.namespace("vanished").outputs.members;
    expect(west?.uid).not.toBe(before);
    expect(west).toMatchObject({ state: "Ready", origin: "created" });
  });

  test("a namespace deleted everywhere is gone after a refresh, and created by the next up", async () => {
    world.project.program(programOf("everywhere", `{ labels: { team: "a" }, clusters: ["east"] }`));
    await world.project.up();
    for (const name of ["mesh", "east"]) {
      const { kube } = world.lab.cluster(name);
      await kube.delete("/api/v1/namespaces/everywhere");
      await until(async () => (await kube.find("/api/v1/namespaces/everywhere")) === undefined, {
        what: "the end of the namespace",
      });
    }
    await world.project.ok("refresh", "--yes", "--skip-preview");
    expect(() => world.project.namespace("everywhere")).toThrow("no GlobalNamespace");
    await world.project.up();
    expect(await world.labels("east", "everywhere")).toEqual({ team: "a" });
  });

  test("a competing injection label set by kubectl is refused by name, and removed with force", async () => {
    world.project.program(programOf("competing", `{ injection: { revision: "canary" }, clusters: ["east"] }`));
    await world.project.up();
    await world.lab
      .cluster("east")
      .kube.patch(
        "/api/v1/namespaces/competing",
        { metadata: { labels: { "istio-injection": "disabled" } } },
        { type: "merge", fieldManager: "kubectl-label" },
      );
    const refused = await world.project.upFails("--refresh");
    expect(refused).toContain('namespace "competing" on cluster "east"');
    expect(refused).toContain('label istio-injection="disabled" is owned by "kubectl-label"');
    world.project.program(
      programOf("competing", `{ injection: { revision: "canary" }, clusters: ["east"], force: true }`),
    );
    await world.project.up();
    expect(await world.labels("east", "competing")).toEqual({ "istio.io/rev": "canary" });
  });
});
