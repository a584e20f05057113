import { describe, expect, test } from "vitest";
import { renderHtml } from "../../cli/report/html.ts";
import { parseReport } from "../../cli/report/report.ts";
import { aDiagnostic, aReport, aStep, aTarget, fixture } from "../unit/cli/builders.ts";
import { contrastsOf, visibleTable } from "./looks.ts";
import { useBrowser } from "./open-page.ts";

const open = useBrowser();

/** Thirty clusters, one of which has a label of its own. */
function aWidePage(): string {
  const names = Array.from({ length: 30 }, (_, index) => `prod-region-${index + 1}`);
  const targets = (labels: Record<string, string>) => Object.fromEntries(names.map((name) => [name, aTarget(labels)]));
  const after = { ...targets({ team: "b" }), "prod-region-7": aTarget({ team: "b", tier: "edge" }) };
  return renderHtml(aReport([aStep({ before: { targets: targets({ team: "a" }) }, after: { targets: after } })]));
}

describe("the page of a report", () => {
  test("is a matrix in words, with what is destructive above it", async () => {
    const { page, requests, complaints } = await open(renderHtml(parseReport(fixture("change"))));
    expect(await page.title()).toBe("Global namespaces: 5 change");
    expect(await visibleTable(page)).toEqual([
      ["namespace", "mesh", "east", "north", "west"],
      ["gone", "DELETE", "DELETE", "–", "–"],
      ["orders", "change", "same", "DELETE", "–"],
      ["payments", "change", "change", "create", "change"],
      ["renamed", "DELETE", "leave", "–", "–"],
      ["renamed2", "create", "create", "–", "–"],
    ]);
    const destructive = page.locator("section.danger");
    expect(await destructive.textContent()).toContain("orders is deleted on north, unless it holds something.");
    const top = async (selector: string) => (await page.locator(selector).boundingBox())?.y ?? Number.NaN;
    expect(await top("section.danger")).toBeLessThan(await top("table"));
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("hides the columns of other clusters, and the namespaces that have nothing to do with those asked for", async () => {
    const { page } = await open(renderHtml(parseReport(fixture("change"))));
    await page.getByRole("searchbox", { name: "Cluster" }).fill("north");
    expect(await visibleTable(page)).toEqual([
      ["namespace", "north"],
      ["orders", "DELETE"],
      ["payments", "create"],
    ]);
    await page.getByRole("searchbox", { name: "Namespace" }).fill("pay");
    expect(await visibleTable(page)).toEqual([
      ["namespace", "north"],
      ["payments", "create"],
    ]);
    expect(await page.locator("output").textContent()).toBe("1 of 5 namespaces, 1 of 4 columns");
    await page.getByRole("searchbox", { name: "Namespace" }).fill("");
    await page.getByRole("searchbox", { name: "Cluster" }).fill("east, west");
    expect((await visibleTable(page))[0]).toEqual(["namespace", "east", "west"]);
    await page.getByRole("searchbox", { name: "Cluster" }).fill("");
    expect(await visibleTable(page)).toHaveLength(6);
  });

  test("keeps what is filtered in its address, so that it can be passed on", async () => {
    const { page } = await open(renderHtml(parseReport(fixture("change"))));
    await page.getByRole("searchbox", { name: "Cluster" }).fill("west");
    await page.reload();
    expect(await visibleTable(page)).toEqual([
      ["namespace", "west"],
      ["payments", "change"],
    ]);
  });

  test("shows everything where scripts do not run, and no filter that would do nothing", async () => {
    const { page } = await open(renderHtml(parseReport(fixture("change"))), { javaScriptEnabled: false });
    expect(await page.locator("table tbody tr").count()).toBe(5);
    expect(await page.locator("td:visible").count()).toBe(20);
    expect(await page.locator("form.filters").isVisible()).toBe(false);
  });

  test("runs nothing that a pull request's author wrote, and shows it as text", async () => {
    const evil = '"><img src=x onerror="document.title=1"><script>document.title=2</script>';
    const target = {
      labels: { a: evil, [evil]: "b" },
      annotations: { note: evil },
      origin: "created",
      injectedBy: evil,
    };
    const report = aReport(
      [aStep({ after: { targets: { [evil]: target }, inputs: { name: evil, force: true } } })],
      [aDiagnostic("error", evil), aDiagnostic("warning", evil), aDiagnostic("info", `${evil}: x`)],
    );
    const { page, requests, complaints } = await open(renderHtml(report));
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator("script").count()).toBe(1);
    expect(await page.title()).not.toMatch(/^[12]$/);
    expect(await page.locator("tbody th .name").textContent()).toBe(evil);
    expect(await page.locator("tbody td").first().textContent()).toContain("create");
    expect(await page.locator("table").textContent()).toContain(`+ a=${evil}`);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("would refuse a script that came in all the same", async () => {
    const page = renderHtml(aReport([])).replace(
      "</header>",
      "</header><script>document.title = 1</script><img src=x onerror=document.title=2>",
    );
    const opened = await open(page);
    expect(await opened.page.title()).toBe("Global namespaces: nothing changes");
    expect(opened.complaints.join("\n")).toMatch(/Content Security Policy/);
  });

  test("reads at thirty clusters: names stay in sight, what all share is said once, the rest unfolds", async () => {
    const { page } = await open(aWidePage(), { viewport: { width: 1280, height: 720 } });
    const row = page.locator("tbody tr");
    expect(await row.locator("th").textContent()).toContain("team: a → b");
    expect(await row.locator("td", { hasText: "tier=edge" }).count()).toBe(1);
    const more = row.locator("td code");
    expect(await more.isVisible()).toBe(false);
    await row.locator("summary").click();
    expect(await more.textContent()).toBe("+ tier=edge");
    const name = row.locator("th .name");
    const before = await name.boundingBox();
    await page.locator(".scroll").evaluate((scroll) => scroll.scrollTo({ left: 900 }));
    expect(await name.boundingBox()).toEqual(before);
    expect(await page.evaluate("document.body.scrollWidth <= window.innerWidth")).toBe(true);
  });

  test("keeps the clusters' names in sight where the table is longer than the window", async () => {
    const steps = Array.from({ length: 60 }, (_, index) =>
      aStep({ after: { targets: { east: aTarget() }, inputs: { name: `namespace-${index}` } } }),
    );
    const { page } = await open(renderHtml(aReport(steps)), { viewport: { width: 1280, height: 720 } });
    const head = page.locator("thead th", { hasText: "east" });
    const before = await head.boundingBox();
    await page.locator(".scroll").evaluate((scroll) => scroll.scrollTo({ top: 1000 }));
    expect(await head.boundingBox()).toEqual(before);
  });

  test.each(["light", "dark"] as const)(
    "can be read in %s: every text stands out from its ground",
    async (colorScheme) => {
      const diagnostics = [aDiagnostic("warning", "something")];
      const text = JSON.parse(fixture("change")) as { diagnostics: object[] };
      const page = renderHtml(
        parseReport(JSON.stringify({ ...text, diagnostics: [...text.diagnostics, ...diagnostics] })),
      );
      const contrasts = await contrastsOf((await open(page, { colorScheme })).page);
      expect(contrasts.length).toBeGreaterThan(40);
      expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    },
  );
});
