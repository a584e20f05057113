import { describe, expect, test } from "vitest";
import { statusOf } from "../../../cli/status/status.ts";
import { renderTable } from "../../../cli/status/table.ts";
import { aNamespace } from "../kube/builders.ts";
import { anObject } from "../model/object-builders.ts";
import { aMeshOf, aSight, belongingTo, noSight, owned } from "./sights.ts";

const LABELS = { team: "a", "istio.io/rev": "canary" };
const PLAIN = { width: 200, hasColors: false };

const troubled = statusOf(
  aMeshOf(belongingTo(owned(LABELS), "east", "west", "north"), {
    east: aSight([owned(LABELS)], { pods: [anObject("bare", { namespace: "payments" })] }),
    north: noSight("the connection was refused"),
    west: aSight([owned(LABELS, { others: { team: "b" } })]),
  }),
);

describe("a status in a terminal", () => {
  test("is a table, with what is to be seen to below it", () => {
    expect(renderTable(troubled, PLAIN)).toBe(
      `1 global namespace on 3 clusters, 1 not in step, 1 workload waits for a restart, 1 cluster did not answer everything

namespace  owner      mesh      east                      north    west
payments   shop/prod  declared  in step, canary, 1 waits  unknown  differs, canary

Not as it should be
  north: the connection was refused
  payments on west: team is "b", set by kubectl-label; the mesh has "a"

Waiting for a restart
  payments on east: Pod/bare has no sidecar, and would get revision canary
`,
    );
  });

  test("is a list of the clusters that are alike where the table would be too wide", () => {
    const names = Array.from({ length: 30 }, (_, index) => `region-${index}`);
    const clusters = Object.fromEntries(
      names.map((name) => [name, aSight(name === "region-7" ? [] : [owned(LABELS)])]),
    );
    const table = renderTable(statusOf(aMeshOf(belongingTo(owned(LABELS), ...names), clusters)), {
      ...PLAIN,
      width: 120,
    });
    const lines = table.split("\n").slice(2, 5);
    expect(lines[0]).toBe("payments  declared, shop/prod");
    expect(lines[1]).toMatch(/^ {2}in step, canary: region-0, region-1, /);
    expect(lines[2]).toBe("  missing: region-7");
  });

  test("says once what is wrong in the same way on several clusters", () => {
    const clusters = { east: aSight([]), north: aSight([owned(LABELS)]), west: aSight([]) };
    const status = statusOf(aMeshOf(belongingTo(owned(LABELS), "east", "north", "west"), clusters));
    expect(renderTable(status, PLAIN)).toContain("payments on east and west: it belongs there, and there is none\n");
  });

  test("has colours only where it is told that they can be shown", () => {
    expect(renderTable(troubled, PLAIN)).not.toContain("\u001b");
    expect(renderTable(troubled, { ...PLAIN, hasColors: true })).toContain("\u001b[31munknown");
  });

  test("lets nothing that a cluster holds move the cursor", () => {
    const evil = aNamespace({ annotations: { "global-namespace.dev/owner": "a/\u001b[2J/c/d/\u0007" } });
    const table = renderTable(statusOf(aMeshOf(belongingTo(evil, "east"), { east: aSight([]) })), PLAIN);
    expect(table).not.toContain("\u001b");
    expect(table).not.toContain("\u0007");
  });

  test("says what it looks for where there is nothing", () => {
    expect(renderTable({ namespaces: [], clusters: {} }, PLAIN)).toBe(
      "no namespace of the mesh is declared by a GlobalNamespace or recorded by a NamespaceSync\n",
    );
  });
});
