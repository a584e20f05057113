import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { until } from "../lab/condition.ts";
import { anEngine } from "./engine/engine.ts";
import { aFaultyWorld, type FaultyWorld } from "./engine/faulty-world.ts";
import { aProviderProcess, type ProviderProcess } from "./engine/provider-process.ts";

const ROUNDS = 5;

describe("two stacks and kubectl at the same time on one namespace", () => {
  let world: FaultyWorld;
  let another: ProviderProcess;
  beforeAll(async () => {
    world = await aFaultyWorld();
    another = aProviderProcess(inject("runDir"));
  });
  afterAll(() => {
    another.end();
    world.end();
  });

  test("one has it on the mesh and whatever it wrote stays; the other is told whose it is; kubectl's label stays", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const name = `contested-${round}`;
      const ours = world.engine();
      const theirs = anEngine(another, { ...ours.mesh, owner: "acme/rivals/dev/mesh" });
      const args = (team: string) => ({ [name]: { labels: { team }, revisionCheck: "off" } });
      const label = async () => {
        const path = `/api/v1/namespaces/${name}`;
        const kube = world.kube("mesh");
        await until(() => kube.find(path), { what: `the namespace ${name}` });
        await kube.patch(path, { metadata: { labels: { note: "x" } } }, { fieldManager: "kubectl-label" });
      };
      const [mine, yours] = await Promise.all([ours.up(args("ours")), theirs.up(args("theirs")), label()]);
      const [winner, loser] = mine.failures.length === 0 ? ["ours", yours] : ["theirs", mine];
      expect([mine, yours].filter(({ failures }) => failures.length > 0)).toEqual([loser]);
      expect(loser.failures[0]).toMatch(
        /it belongs to "acme\/(faults|rivals)\/dev\/mesh\/contested-\d"; take it out of that stack/,
      );
      const expected = [{ team: winner, note: "x" }, { team: winner }, { team: winner }, { team: winner }];
      expect(await world.everywhere(name)).toEqual(expected);

      // And again: nothing flaps.
      const again = await Promise.all([ours.up(args("ours")), theirs.up(args("theirs"))]);
      expect(again.filter(({ failures }) => failures.length > 0)).toHaveLength(1);
      expect(await world.everywhere(name)).toEqual(expected);
    }
  });
});
