import { beforeAll, describe, expect, test } from "vitest";
import { until } from "../lab/condition.ts";
import { aWorld, MESH, programOf, type World } from "./world.ts";

describe("a namespace that exists already", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("adopt");
  });

  /** As somebody with kubectl made it before there was a GlobalNamespace of that name. */
  const exists = (cluster: string, name: string, labels: Record<string, string> = {}) =>
    world.lab.cluster(cluster).kube.create("/api/v1/namespaces", { metadata: { name, labels } });

  test("is taken by default, and only the labels declared are managed", async () => {
    await exists("mesh", "legacy", { bob: "mine" });
    await exists("east", "legacy", { bob: "mine" });
    const declare = (labels: string) =>
      world.project.program(
        programOf("legacy", `{ labels: ${labels}, clusters: ["east", "west"], onDelete: "delete" }`),
      );
    declare(`{ team: "a", tier: "gold" }`);
    await world.project.up();
    expect(await world.labels("east", "legacy")).toEqual({ bob: "mine", team: "a", tier: "gold" });
    declare(`{ team: "b" }`);
    await world.project.up();
    expect(await world.labels("east", "legacy")).toEqual({ bob: "mine", team: "b" });
    const { members, controlPlane } = world.project.namespace("legacy").outputs;
    expect(controlPlane).toMatchObject({ origin: "adopted", labels: { team: "b" } });
    expect(members).toMatchObject({ east: { origin: "adopted" }, west: { origin: "created" } });
  });

  test("is never deleted by a destroy, not even with onDelete delete, which takes our labels back", async () => {
    await world.project.destroy();
    expect(await world.labels("mesh", "legacy")).toEqual({ bob: "mine" });
    expect(await world.labels("east", "legacy")).toEqual({ bob: "mine" });
    expect(await world.annotations("east", "legacy")).toEqual({});
    expect(await world.labels("west", "legacy")).toBeUndefined();
  });

  test("is refused with adopt never: the preview names the cluster, and nothing is written anywhere", async () => {
    await exists("west", "precious", { bob: "mine" });
    world.project.program(programOf("precious", `{ labels: { team: "a" }, adopt: "never" }`));
    const writes = await world.writesDuring(async () => {
      for (const output of [await world.project.previewFails(), await world.project.upFails()]) {
        expect(output).toContain(
          'namespace "precious" on cluster "west": it exists there already and adopt is "never"; ' +
            'adopt: "labels" takes it and manages only what is declared',
        );
      }
    });
    expect(writes).toEqual({});
    expect(await world.labels("west", "precious")).toEqual({ bob: "mine" });
    expect(await world.labels("mesh", "precious")).toBeUndefined();
  });

  test("with adopt never a namespace that exists nowhere is made, and stays ours afterwards", async () => {
    const declare = (team: string) =>
      world.project.program(programOf("fresh", `{ labels: { team: "${team}" }, clusters: ["east"], adopt: "never" }`));
    declare("a");
    await world.project.up();
    expect(world.project.namespace("fresh").outputs.members.east?.origin).toBe("created");
    declare("b");
    await world.project.up();
    expect(await world.labels("east", "fresh")).toEqual({ team: "b" });
  });

  test("with another's value for a label that is declared is refused by name, and taken over with force", async () => {
    await world.lab
      .cluster("east")
      .kube.patch(
        "/api/v1/namespaces/contested",
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "contested", labels: { team: "theirs" } } },
        { type: "apply", fieldManager: "flux" },
      );
    const declare = (rest: string) =>
      world.project.program(
        programOf("contested", `{ labels: { team: pulumi.secret("hidden") }, clusters: ["east"]${rest} }`),
      );
    declare("");
    const writes = await world.writesDuring(async () => {
      const preview = await world.project.previewFails();
      expect(preview).toContain(
        'namespace "contested" on cluster "east": label "team" is owned by "flux"; take it out there or here',
      );
      expect(preview).not.toContain("hidden");
      await world.project.upFails();
    });
    expect(writes).toEqual({});
    declare(", force: true");
    const preview = await world.project.preview();
    expect(preview).toContain('contested: force takes over on cluster "east": label "team" is owned by "flux"');
    expect(preview).not.toContain("hidden");
    await world.project.up();
    expect(await world.labels("east", "contested")).toEqual({ team: "hidden" });
  });
});

describe("a namespace that is somebody's", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("claim");
  });

  test("is refused to a second stack, which is told whose it is; with force it goes over for good", async () => {
    world.project.program(programOf("claimed", `{ labels: { team: "first", stage: "prod" }, clusters: ["east"] }`));
    await world.project.up();
    const second = await world.anotherProject("claim-second");
    second.program(programOf("claimed", `{ labels: { team: "second" }, clusters: ["east", "west"] }`));
    const writes = await world.writesDuring(async () => {
      const refusal = 'it belongs to "organization/claim/dev/mesh/claimed"; take it out of that stack, or force: true';
      expect(await second.previewFails()).toContain(`namespace "claimed" on the control plane: ${refusal}`);
      expect(await second.upFails()).toContain(`namespace "claimed" on cluster "east": ${refusal}`);
    });
    expect(writes).toEqual({});
    expect(second.resources().some(({ type }) => type.endsWith("GlobalNamespace"))).toBe(false);

    const declare = (rest: string) =>
      second.program(programOf("claimed", `{ labels: { team: "second"${rest}, clusters: ["east", "west"] }`));
    declare(`, stage: "prod" }, force: true`);
    expect(await second.preview()).toContain(
      'claimed: force takes over on the control plane: it belongs to "organization/claim/dev/mesh/claimed"',
    );
    await second.up();
    expect(await world.labels("east", "claimed")).toEqual({ team: "second", stage: "prod" });
    // What both had set is the second's alone.
    declare(" }");
    await second.up();
    expect(await world.labels("east", "claimed")).toEqual({ team: "second" });
    expect(await world.annotations("east", "claimed")).toMatchObject({
      "global-namespace.dev/owner": "organization/claim-second/dev/mesh/claimed",
    });
  });

  test("is not touched any more by the stack that lost it", async () => {
    world.project.program(programOf("claimed", `{ labels: { team: "again" }, clusters: ["east"] }`));
    expect(await world.project.upFails()).toContain(
      'it belongs to "organization/claim-second/dev/mesh/claimed"; take it out of that stack, or force: true',
    );
    await world.project.destroy();
    expect(await world.labels("mesh", "claimed")).toEqual({ team: "second" });
    expect(await world.labels("east", "claimed")).toEqual({ team: "second" });
  });

  test("is refused to a second resource of the same program", async () => {
    world.project.program(`${MESH}
      new GlobalNamespace("one", { name: "twice" }, { provider: mesh });
      new GlobalNamespace("two", { name: "twice" }, { provider: mesh });
    `);
    const writes = await world.writesDuring(async () => {
      expect(await world.project.previewFails()).toMatch(
        /"twice" is declared twice: the GlobalNamespace "(one|two)" of this program has it already/,
      );
    });
    expect(writes).toEqual({});
  });

  test("is made anew where it was deleted meanwhile", async () => {
    world.project.program(programOf("brief", `{ labels: { team: "a" }, clusters: ["east"] }`));
    await world.project.up();
    const { kube } = world.lab.cluster("east");
    await kube.delete("/api/v1/namespaces/brief");
    await until(async () => (await kube.find("/api/v1/namespaces/brief")) === undefined, {
      what: "the end of the namespace",
    });
    world.project.program(programOf("brief", `{ labels: { team: "b" }, clusters: ["east"] }`));
    await world.project.up();
    expect(await world.labels("east", "brief")).toEqual({ team: "b" });
  });
});
