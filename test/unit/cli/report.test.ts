import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderMarkdown } from "../../../cli/report/markdown.ts";
import { parseReport } from "../../../cli/report/report.ts";

/** Real output of `pulumi preview --json`, without what differs from run to run. */
function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, "..", "fixtures", "preview", `${name}.json`), "utf8");
}

function cell(name: string, namespace: string, place: string) {
  return parseReport(fixture(name)).rows.find((row) => row.namespace === namespace)?.cells[place];
}

describe("a report of a preview", () => {
  test("tells a namespace that is made on a cluster from one that is adopted there", () => {
    expect(cell("create", "payments", "east")?.kind).toBe("create");
    expect(cell("create", "payments", "west")?.kind).toBe("adopt");
    expect(cell("create", "payments", "north")).toBeUndefined();
  });

  test("says label by label what changes, and who injects before and after", () => {
    expect(cell("change", "payments", "east")).toEqual({
      kind: "change",
      labels: [
        { key: "istio-injection", from: "enabled" },
        { key: "istio.io/rev", to: "canary" },
        { key: "tier", to: "1" },
      ],
      annotations: [],
      injection: { from: "default", to: "canary" },
    });
  });

  test("puts what is destructive into words", () => {
    expect(parseReport(fixture("change")).destructive).toEqual([
      "gone is deleted on the mesh's control plane, with everything in it.",
      "gone is deleted on east, with everything in it.",
      "orders is deleted on north, with everything in it.",
      "renamed is deleted on the mesh's control plane, with everything in it.",
    ]);
  });

  test("shows a changed name as one namespace that comes and one that goes", () => {
    expect(cell("change", "renamed2", "mesh")?.kind).toBe("create");
    expect(cell("change", "renamed", "mesh")?.kind).toBe("delete");
    expect(cell("change", "renamed", "east")?.kind).toBe("retain");
  });

  test("names the workloads' restart that an injector's move asks for", () => {
    expect(parseReport(fixture("change")).restarts).toContain(
      "Running pods of payments on east keep what default gave them until they restart (new ones: canary).",
    );
  });

  test("counts the end of injection as destructive", () => {
    const target = (more: object) => ({ labels: {}, origin: "created", ...more });
    const inputs = (east: object) => ({ name: "p", targets: { east }, controlPlaneTarget: target({}) });
    const step = {
      op: "update",
      urn: "urn:pulumi:dev::x::pulumi-nodejs:dynamic/global-namespace:GlobalNamespace::p",
      oldState: { inputs: inputs(target({ labels: { "istio.io/rev": "canary" }, injectedBy: "canary" })) },
      newState: { inputs: inputs(target({})) },
    };
    expect(parseReport(JSON.stringify({ steps: [step] })).destructive).toEqual([
      "Pods of p on east get no sidecar from now on (until now: canary).",
    ]);
  });

  test("of a preview that failed gives its errors", () => {
    const { errors, rows } = parseReport(fixture("fail"));
    expect(rows).toEqual([]);
    expect(errors).toEqual([expect.stringContaining('property labels.team value {<nil>} has a problem: "a!"')]);
  });

  test("refuses what is no preview, in a sentence", () => {
    for (const text of ["", "error: no stack selected", "{}", "[1]"]) {
      expect(() => parseReport(text)).toThrow("this is not the output of pulumi preview --json");
    }
  });
});

describe("its Markdown", () => {
  test("is a matrix of namespaces and clusters, what is destructive on top", () => {
    expect(renderMarkdown(parseReport(fixture("change")))).toMatchSnapshot();
  });

  test("is one line where nothing changes", () => {
    expect(renderMarkdown(parseReport('{"steps":[]}'))).toBe("### Global namespaces: nothing changes\n");
  });

  test("lets no label become markup or another cell", () => {
    const text = fixture("create").replaceAll('"a"', JSON.stringify("`|<img src=x>|**b**\n@team"));
    const markdown = renderMarkdown(parseReport(text));
    expect(markdown).not.toContain("`|<");
    const rows = markdown.split("\n").filter((line) => line.startsWith("|"));
    expect(new Set(rows.map((row) => row.replaceAll("\\|", "").split("|").length))).toEqual(new Set([7]));
  });

  test("lets no message become markup", () => {
    const diagnostics = [{ severity: "error", message: "error: <script> [x](y) *z* @all" }];
    expect(renderMarkdown(parseReport(JSON.stringify({ diagnostics })))).toContain(
      "- &#60;script&#62; \\[x\\](y) \\*z\\* \\@all",
    );
  });
});
