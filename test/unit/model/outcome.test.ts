import { describe, expect, test } from "vitest";
import { joinFailures } from "../../../provider/model/outcome.ts";

const failure = (namespace: string, why: string) => ({
  namespace,
  failure: `cannot apply namespace "${namespace}" on cluster "east": ${why}`,
});

describe("failures of many namespaces", () => {
  test("that are the same but for the name are said once, with the first names and how many more", () => {
    const of = (...names: string[]) => joinFailures(names.map((name) => failure(name, "refused")));
    expect(of("ns-2", "ns-1")).toEqual(['cannot apply namespaces "ns-1" and "ns-2" on cluster "east": refused']);
    expect(of("ns-1", "ns-2", "ns-3", "ns-4")).toEqual([
      'cannot apply namespaces "ns-1", "ns-2", "ns-3" and "ns-4" on cluster "east": refused',
    ]);
    expect(of("ns-1", "ns-2", "ns-3", "ns-4", "ns-5")).toEqual([
      'cannot apply namespaces "ns-1", "ns-2", "ns-3" and 2 more on cluster "east": refused',
    ]);
  });

  test("keep the words of the first", () => {
    const forbidden = (name: string) => failure(name, `namespaces "${name}" is forbidden`);
    expect(joinFailures([forbidden("users"), forbidden("orders")])).toEqual([
      'cannot apply namespaces "orders" and "users" on cluster "east": namespaces "orders" is forbidden',
    ]);
  });

  test("that differ otherwise are said one by one", () => {
    expect(joinFailures([failure("a", "refused"), failure("b", "timed out")])).toEqual([
      'cannot apply namespace "a" on cluster "east": refused',
      'cannot apply namespace "b" on cluster "east": timed out',
    ]);
  });

  test("that name no namespace and are the same are one", () => {
    const gone = { failure: 'the mesh has no cluster "east"' };
    expect(
      joinFailures([
        { namespace: "a", ...gone },
        { namespace: "b", ...gone },
      ]),
    ).toEqual([gone.failure]);
  });
});
