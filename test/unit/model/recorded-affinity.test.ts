import { describe, expect, test } from "vitest";
import { recordedAffinity } from "../../../provider/model/recorded-affinity.ts";

const MESH = ["east", "west"];

describe("the clusters of a namespace whose clusters are left out", () => {
  const names = (...clusters: string[]) => ({ kind: "names", names: clusters });
  const cases = [
    { title: "are all where nothing was ever recorded", records: {}, before: undefined, affinity: { kind: "all" } },
    {
      title: "are those that are recorded",
      records: { west: "sync" },
      before: undefined,
      affinity: names("west"),
      recordedBy: { west: "sync" },
    },
    {
      title: "follow a record that is new, and one that is gone",
      records: { west: "sync-w" },
      before: { east: "sync-e" },
      affinity: names("west"),
      recordedBy: { west: "sync-w" },
    },
    {
      title: "are none, not all, when the last record is gone",
      records: {},
      before: { east: "sync" },
      affinity: names(),
      recordedBy: {},
    },
    { title: "stay none until something is recorded", records: {}, before: {}, affinity: names(), recordedBy: {} },
    {
      title: "are those of the last run while the mesh cannot be read",
      records: undefined,
      before: { east: "sync" },
      affinity: names("east"),
      recordedBy: { east: "sync" },
    },
    {
      title: "are all while the mesh cannot be read and nothing was recorded",
      before: undefined,
      affinity: { kind: "all" },
    },
    {
      title: "leave out clusters that the mesh does not have",
      records: { north: "sync", east: "sync" },
      before: undefined,
      affinity: names("east"),
      recordedBy: { east: "sync" },
    },
    {
      title: "are none when the only cluster that was recorded left the mesh",
      records: { north: "sync" },
      before: { north: "sync" },
      affinity: names(),
      recordedBy: {},
    },
  ];
  for (const { title, records, before, affinity, recordedBy } of cases) {
    test(title, () => {
      expect(recordedAffinity(records, before, MESH)).toEqual(
        recordedBy === undefined ? { affinity } : { affinity, recordedBy },
      );
    });
  }
});
