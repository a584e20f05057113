import { beforeAll, describe, expect, test } from "vitest";
import { aWorld, MESH, programOf, type World } from "./world.ts";

describe("bad input is refused by the preview", () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld("bad-input");
  });

  /** The preview of a program that must be refused, once it is sure that no cluster was written. */
  const refusalOf = async (args: string, mesh = MESH) => {
    world.project.program(programOf("bad", args, mesh));
    let output = "";
    expect(
      await world.writesDuring(async () => {
        output = await world.project.previewFails();
      }),
    ).toEqual({});
    return output;
  };

  test.each([
    ["a name of 64 characters", "a".repeat(64), `has 64 characters; Kubernetes allows 63`],
    ["an upper-case letter", "Payments", `has upper-case letters; Kubernetes wants lower case: "payments"`],
    ["a leading hyphen", "-payments", "is not a namespace's name: lower-case letters, digits and hyphens"],
    [
      "a namespace of Kubernetes' own",
      "kube-system",
      "is a protected namespace; it is never labelled, adopted or deleted",
    ],
  ])("%s", async (_, name, reason) => {
    const asked = await world.requestsDuring(async () => {
      const output = await refusalOf(`{ name: "${name}" }`);
      expect(output).toContain(`property name value {${name}} has a problem: "${name}" ${reason}`);
    });
    expect(asked).toEqual({});
  });

  test("labels that Kubernetes refuses or that are not ours to set, all at once and each by its key", async () => {
    const asked = await world.requestsDuring(async () => {
      const output = await refusalOf(`{
        labels: {
          team: "two words",
          tier: 1,
          "kubernetes.io/metadata.name": "mine",
          "istio-injection": "enabled",
        },
        overrides: { east: { labels: { "a//b": "c" } }, south: { injection: "enabled" } },
      }`);
      const problems = {
        "labels.team": `"two words" is not a label's value: letters, digits, "-", "_" and "."`,
        "labels.tier": 'is 1, a number; Kubernetes wants a string: write "1"',
        'labels["kubernetes.io/metadata.name"]': "belongs to Kubernetes, to another controller or to one cluster",
        'labels["istio-injection"]': 'is set by injection: write injection: "enabled" or injection: "disabled" instead',
        'overrides.east.labels["a//b"]': "the name must have 1 to 63 letters, digits",
        "overrides.south": 'the mesh has no cluster "south"; it has',
      };
      for (const [property, reason] of Object.entries(problems)) {
        const line = output.split("\n").find((each) => each.includes(`property ${property} value`));
        expect(line).toContain(reason);
      }
    });
    expect(asked).toEqual({});
  });

  test("a cluster that the mesh does not have", async () => {
    expect(await refusalOf(`{ clusters: ["east", "south"] }`)).toContain(
      'has a problem: the mesh has no cluster "south"; it has "east", "north" and "west"',
    );
  });

  test("a selector that matches nothing", async () => {
    expect(await refusalOf(`{ clusters: { matchLabels: { env: "test" } } }`)).toContain(
      "matches no cluster of the mesh, which would make the namespace leave every cluster; write clusters: [] to mean none",
    );
  });

  test("two clusters that are one", async () => {
    const twins = MESH.replace('context: "west"', 'context: "east"');
    expect(await refusalOf("{}", twins)).toContain(
      'Mesh: cluster "east" and cluster "west" are one cluster (same uid of kube-system); keep one of the names',
    );
  });

  test("a control plane that is one of the clusters under another name", async () => {
    const itself = MESH.replace('{ context: "mesh" }', '{ context: "east" }');
    expect(await refusalOf("{}", itself)).toContain(
      'Mesh: the control plane and cluster "east" are one cluster (same uid of kube-system); write controlPlane: "east"',
    );
  });

  test("a Mesh whose control plane is none of its clusters, and a resource without a Mesh", async () => {
    expect(await refusalOf("{}", MESH.replace('{ context: "mesh" }', '"south"'))).toContain(
      'Mesh "mesh": controlPlane is a text and not the name of one of its clusters (east, north, west)',
    );
    expect(await refusalOf("{}", "const mesh = undefined;")).toContain(
      "is not a Mesh; write new GlobalNamespace(name, args, { provider: mesh })",
    );
  });
});
