/** A status for a terminal: a table, or where that is too wide for it a list of what is the same on which clusters. */

import type { NamespaceStatus, PlaceStatus, Status } from "./status";
import {
  describeOwner,
  describePlace,
  describeStatus,
  describeTrouble,
  describeWaiting,
  type Urgency,
  urgencyOf,
} from "./words";

export interface Terminal {
  /** Characters a line. */
  readonly width: number;
  readonly hasColors: boolean;
}

/** SGR parameters. https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters */
const COLORS: Readonly<Record<Urgency | "strong", string>> = {
  good: "32",
  look: "33",
  bad: "31",
  quiet: "2",
  strong: "1",
};

const NOTHING = "–";
const GAP = "  ";

export function renderTable(status: Status, terminal: Terminal): string {
  const { namespaces, clusters } = status;
  const paint = (text: string, color: Urgency | "strong") =>
    terminal.hasColors ? `\u001b[${COLORS[color]}m${text}\u001b[0m` : text;
  const blocks = [
    [paint(describeStatus(status), "strong")],
    ...(namespaces.length === 0 ? [] : [matrixLines()]),
    ...section("Not as it should be", describeTrouble(status)),
    ...section("Waiting for a restart", describeWaiting(status)),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;

  function section(title: string, lines: readonly string[]): string[][] {
    return lines.length === 0 ? [] : [[paint(title, "strong"), ...lines.map((line) => `  ${printable(line)}`)]];
  }

  function matrixLines(): string[] {
    const names = Object.keys(clusters);
    const rows = [
      ["namespace", "owner", "mesh", ...names],
      ...namespaces.map((namespace) => [
        namespace.name,
        describeOwner(namespace),
        ...placesOf(namespace, names).map((place) => (place === undefined ? NOTHING : describePlace(place))),
      ]),
    ].map((row) => row.map(printable));
    const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
    const isTooWide = widths.reduce((sum, width) => sum + width + GAP.length, 0) > terminal.width;
    if (isTooWide) return namespaces.flatMap((namespace) => listLines(namespace, names));
    return rows.map((row, index) => {
      const places = index === 0 ? [] : placesOf(namespaces[index - 1] as NamespaceStatus, names);
      const cells = row.map((text, column) => {
        const padded = column === row.length - 1 ? text : text.padEnd(widths[column] ?? 0);
        if (index === 0 || column === 0) return paint(padded, "strong");
        const place = column < 2 ? undefined : places[column - 2];
        return paint(padded, place === undefined ? "quiet" : urgencyOf(place));
      });
      return cells.join(GAP);
    });
  }

  function listLines(namespace: NamespaceStatus, names: readonly string[]): string[] {
    const [mesh, ...members] = placesOf(namespace, names);
    const groups = new Map<string, { readonly place: PlaceStatus; readonly clusters: string[] }>();
    names.forEach((name, index) => {
      const place = members[index];
      if (place === undefined) return;
      const key = describePlace(place);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { place, clusters: [name] });
      else group.clusters.push(name);
    });
    const about = `${mesh?.state}, ${describeOwner(namespace)}`;
    return [
      `${paint(printable(namespace.name), "strong")}${GAP}${paint(printable(about), mesh === undefined ? "quiet" : urgencyOf(mesh))}`,
      ...[...groups].map(([words, group]) => {
        return `  ${paint(printable(words), urgencyOf(group.place))}: ${printable(group.clusters.join(", "))}`;
      }),
    ];
  }
}

/** The mesh's own, then each cluster's. */
function placesOf({ controlPlane, members }: NamespaceStatus, names: readonly string[]): (PlaceStatus | undefined)[] {
  return [controlPlane, ...names.map((name) => (Object.hasOwn(members, name) ? members[name] : undefined))];
}

/** What clusters hold may not move the cursor, nor set the title of the window. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "�");
}
