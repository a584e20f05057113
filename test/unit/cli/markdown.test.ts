import { describe, expect, test } from "vitest";
import { renderMarkdown } from "../../../cli/report/markdown.ts";
import { parseReport } from "../../../cli/report/report.ts";
import { aReport, aStep, aTarget, fixture } from "./builders.ts";

describe("a report as Markdown", () => {
  test("is a matrix of namespaces and clusters, what is destructive on top", () => {
    expect(renderMarkdown(parseReport(fixture("change")))).toMatchSnapshot();
  });

  test("is one line where nothing changes", () => {
    expect(renderMarkdown(parseReport('{"steps":[]}'))).toBe("### Global namespaces: nothing changes\n");
  });

  test("says once what is the same on all clusters, and has one column for many that change alike", () => {
    const names = Array.from({ length: 30 }, (_, index) => `c${String(index + 1).padStart(2, "0")}`);
    const targets = (labels: Record<string, string>) =>
      Object.fromEntries(names.map((name) => [name, aTarget(labels)]));
    const after = { ...targets({ team: "b" }), c07: aTarget({ team: "b", tier: "edge" }) };
    const markdown = renderMarkdown(
      aReport([aStep({ before: { targets: targets({ team: "a" }) }, after: { targets: after } })]),
    );
    const [header = "", , row] = markdown.split("\n").filter((line) => line.startsWith("|"));
    expect(header.split(" | ")).toHaveLength(4);
    expect(header).toMatch(/<details><summary>29 clusters<\/summary>c01<br>c02/);
    expect(row).toBe("| **p**<br>everywhere:<br>`team: a → b` | same | change | change<br>`+ tier=edge` |");
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
