import { describe, expect, test } from "vitest";
import { renderStatusPage } from "../../cli/status/html.ts";
import { statusOf } from "../../cli/status/status.ts";
import { aMeshOf, aSight, belongingTo, noSight, owned } from "../unit/cli/sights.ts";
import { anObject } from "../unit/model/object-builders.ts";
import { contrastsOf, visibleTable } from "./looks.ts";
import { useBrowser } from "./open-page.ts";

const open = useBrowser();
const AT = "2026-11-24T06:00:00Z";
const LABELS = { team: "a", "istio.io/rev": "canary" };

const page = renderStatusPage(
  statusOf(
    aMeshOf(belongingTo(owned(LABELS), "east", "west", "north"), {
      east: aSight([owned(LABELS)], { pods: [anObject("bare", { namespace: "payments" })] }),
      north: noSight("the connection was refused"),
      west: aSight([owned(LABELS, { others: { team: "b" } })]),
    }),
  ),
  AT,
);

describe("the page of a status", () => {
  test("is a matrix in words, with what is to be seen to above it", async () => {
    const { page: opened, requests, complaints } = await open(page);
    expect(await visibleTable(opened)).toEqual([
      ["namespace", "mesh", "east", "north", "west"],
      ["payments", "declared", "in step", "unknown", "differs"],
    ]);
    const text = (await opened.locator("section").allTextContents()).join("\n");
    expect(text).toContain('payments on west: team is "b", set by kubectl-label; the mesh has "a"');
    expect(text).toContain("payments on east: Pod/bare has no sidecar, and would get revision canary");
    expect(await opened.locator("thead").textContent()).toContain('revision "canary", revision "default"');
    expect(await opened.locator("footer").textContent()).toContain(AT);
    expect([requests, complaints]).toEqual([[], []]);
  });

  test("filters as a report's does", async () => {
    const { page: opened } = await open(page);
    await opened.getByRole("searchbox", { name: "Cluster" }).fill("west");
    expect(await visibleTable(opened)).toEqual([
      ["namespace", "west"],
      ["payments", "differs"],
    ]);
  });

  test("folds a long list of what is wrong, so that the matrix stays in sight", async () => {
    const labels = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`label-${index}`, "a"]));
    const others = Object.fromEntries(Object.keys(labels).map((key) => [key, "b"]));
    const mesh = belongingTo(owned(labels), "east");
    const status = statusOf(aMeshOf(mesh, { east: aSight([owned(labels, { others })]) }));
    const { page: opened } = await open(renderStatusPage(status, AT));
    const line = opened.locator("li", { hasText: "label-7 is" });
    expect(await line.isVisible()).toBe(false);
    await opened.locator("section summary").click();
    expect(await line.isVisible()).toBe(true);
  });

  test("runs nothing that somebody put on a cluster", async () => {
    const evil = '"><img src=x onerror="document.title=1"><script>document.title=2</script>';
    const mesh = belongingTo(owned({ team: "a" }, { owner: evil }), evil);
    const member = owned({ team: "a" }, { owner: evil, others: { team: evil } });
    const status = statusOf(aMeshOf(mesh, { [evil]: aSight([member]) }));
    const { page: opened, requests, complaints } = await open(renderStatusPage(status, AT));
    expect(await opened.locator("img").count()).toBe(0);
    expect(await opened.locator("script").count()).toBe(1);
    expect(await opened.title()).not.toMatch(/^[12]$/);
    expect(await opened.locator("td.warn").textContent()).toContain("onerror");
    expect([requests, complaints]).toEqual([[], []]);
  });

  test.each(["light", "dark"] as const)("can be read in %s", async (colorScheme) => {
    const contrasts = await contrastsOf((await open(page, { colorScheme })).page);
    expect(contrasts.length).toBeGreaterThan(20);
    expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  });
});
