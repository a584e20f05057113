import { describe, expect, test } from "vitest";
import { describeWaves, failuresOfWaves, parseWaves, wavesOf } from "../../../provider/model/waves.ts";

const MESH = ["east", "north", "west"];

describe("waves", () => {
  test("are clusters in the order given, and those that none names together at the end", () => {
    expect(wavesOf([["east"], ["west"]], ["west", "south", "east", "north"])).toEqual([
      ["east"],
      ["west"],
      ["north", "south"],
    ]);
  });

  test("are one where none is given, and none where there is nothing to do", () => {
    expect(wavesOf([], ["west", "east"])).toEqual([["east", "west"]]);
    expect(wavesOf([["east"]], [])).toEqual([]);
  });

  test("leave out what the namespace has nothing to do with", () => {
    expect(wavesOf([["north"], ["east", "west"]], ["west"])).toEqual([["west"]]);
  });

  test("may each be a name or a list of names", () => {
    expect(parseWaves(["east", ["west", "north"]])).toEqual([["east"], ["west", "north"]]);
  });

  test("are said in one line", () => {
    expect(describeWaves([["east"], ["north", "west"]])).toBe("east; then north, west");
  });

  test("are refused with a cluster that the mesh does not have, or that is in two", () => {
    expect(failuresOfWaves([["east"], ["west", "eats"]], MESH)).toEqual([
      { property: "rollout.waves[1]", reason: 'the mesh has no cluster "eats"; it has "east", "north" and "west"' },
    ]);
    expect(failuresOfWaves([["east"], ["west", "east"]], MESH)).toEqual([
      { property: "rollout.waves[1]", reason: 'names cluster "east", which is in wave 1 already' },
    ]);
  });
});
