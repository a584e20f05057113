/** How the time of a first `up` grows: with the namespaces, and with the clusters. Drawn by hand: two panels of lines. */

import type { Key } from "./contestants.ts";
import type { Case } from "./results.ts";
import { median } from "./statistics.ts";

const WIDTH = 400;
const HEIGHT = 280;
const MARGIN = { left: 52, right: 16, top: 34, bottom: 78 };

/** Told apart without their colours as well: by the dashes. */
const SERIES: readonly { readonly key: Key; readonly title: string; readonly color: string; readonly dash: string }[] =
  [
    { key: "package", title: "this package", color: "#2563eb", dash: "" },
    { key: "plural", title: "this package, as one", color: "#059669", dash: "2 2" },
    { key: "engine", title: "engine's floor", color: "#6b7280", dash: "4 3" },
    { key: "loop", title: "loop of @pulumi/kubernetes", color: "#dc2626", dash: "8 3" },
  ];

interface Point {
  readonly x: number;
  readonly y: number;
}

export function growthPlot(cases: readonly Case[]): string {
  const near = cases.filter(({ roundTripMs }) => roundTripMs === cases[0]?.roundTripMs);
  const fewest = Math.min(...near.map(({ clusters }) => clusters));
  const sizes = [...new Set(near.map(({ namespaces }) => namespaces))].sort((one, other) => one - other);
  const size = sizes[Math.floor((sizes.length - 1) / 2)];
  const panels = [
    panel(
      `first up, ${fewest} clusters, by namespaces`,
      near.filter(({ clusters }) => clusters === fewest),
      ({ namespaces }) => namespaces,
    ),
    panel(
      `first up, ${size} namespaces, by clusters`,
      near.filter(({ namespaces }) => namespaces === size),
      ({ clusters }) => clusters,
    ),
  ];
  const shifted = panels.map((text, index) => `<g transform="translate(${index * WIDTH} 0)">${text}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="11">
<title>Seconds of a first up, by namespaces and by clusters</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${shifted.join("\n")}
</svg>
`;
}

function panel(title: string, cases: readonly Case[], xOf: (one: Case) => number): string {
  const lines = SERIES.map((series) => ({ ...series, points: pointsOf(cases, series.key, xOf) })).filter(
    ({ points }) => points.length > 0,
  );
  const all = lines.flatMap(({ points }) => points);
  const right = Math.max(1, ...all.map(({ x }) => x)) * 1.05;
  const top = Math.max(1, ...all.map(({ y }) => y)) * 1.1;
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  const place = ({ x, y }: Point) =>
    `${(MARGIN.left + (x / right) * width).toFixed(1)},${(MARGIN.top + height - (y / top) * height).toFixed(1)}`;
  const parts = [
    `<text x="${MARGIN.left}" y="20" font-weight="600" fill="#111827">${title}</text>`,
    `<path d="M${place({ x: 0, y: top })} L${place({ x: 0, y: 0 })} L${place({ x: right, y: 0 })}" fill="none" stroke="#9ca3af"/>`,
    ...[0.25, 0.5, 0.75, 1].map((part) => yTick((top / 1.1) * part, place)),
    ...[...new Set(all.map(({ x }) => x))].map((x) => xTick(x, place)),
  ];
  lines.forEach(({ title: name, color, dash, points }, index) => {
    const path = points.map((point, at) => `${at === 0 ? "M" : "L"}${place(point)}`).join(" ");
    parts.push(`<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`);
    for (const point of points) {
      const [x, y] = place(point).split(",");
      parts.push(`<circle cx="${x}" cy="${y}" r="3" fill="${color}"/>`);
    }
    const at = MARGIN.left + (index % 2) * 150;
    const low = HEIGHT - 34 + Math.floor(index / 2) * 18;
    parts.push(
      `<path d="M${at},${low} h18" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      `<text x="${at + 23}" y="${low + 4}" fill="#374151">${name}</text>`,
    );
  });
  return parts.join("\n");
}

function pointsOf(cases: readonly Case[], key: Key, xOf: (one: Case) => number): Point[] {
  return cases
    .flatMap((one) => {
      const seconds = one.runs.flatMap(({ byEngine }) => byEngine[key]?.["first up"]?.seconds ?? []);
      return seconds.length === 0 ? [] : [{ x: xOf(one), y: median(seconds) }];
    })
    .sort((one, other) => one.x - other.x);
}

function xTick(x: number, place: (point: Point) => string): string {
  const [left = "", low = ""] = place({ x, y: 0 }).split(",");
  return `<text x="${left}" y="${Number(low) + 16}" text-anchor="middle" fill="#374151">${x}</text>`;
}

function yTick(y: number, place: (point: Point) => string): string {
  const [left = "", at = ""] = place({ x: 0, y }).split(",");
  return `<text x="${Number(left) - 6}" y="${Number(at) + 4}" text-anchor="end" fill="#374151">${y.toFixed(y < 10 ? 1 : 0)} s</text>`;
}
