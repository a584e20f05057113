/** A status as a page for people. */

import { type Content, html, type Markup } from "../page/markup";
import { type MatrixCell, renderMatrix, type Tone } from "../page/matrix";
import { renderList, renderPage } from "../page/page";
import type { PlaceStatus, Status } from "./status";
import {
  describeInjector,
  describeOwner,
  describeStatus,
  describeTrouble,
  describeWaiting,
  type Urgency,
  urgencyOf,
} from "./words";

/** The column of the mesh's own API. No cluster has this name. */
const MESH = "controlPlane";

const TONES: Readonly<Record<Urgency, Tone>> = { good: "add", look: "warn", bad: "danger", quiet: "quiet" };

/** `at` is when the clusters were asked, RFC 3339. */
export function renderStatusPage(status: Status, at: string): string {
  return renderPage({
    title: "Global namespaces",
    summary: describeStatus(status),
    body: [
      renderList("Not as it should be", describeTrouble(status), "warn"),
      renderList("Waiting for a restart", describeWaiting(status), "warn"),
      status.namespaces.length === 0 ? undefined : renderMembers(status),
      html`<footer>Asked at ${at}.</footer>\n`,
    ],
  });
}

function renderMembers({ namespaces, clusters }: Status): Markup {
  return renderMatrix({
    caption: "What each namespace is on each cluster",
    columns: [
      { key: MESH, label: "mesh" },
      ...Object.entries(clusters).map(([key, { serves, problems }]) => ({
        key,
        label: key,
        notes: problems.length > 0 ? ["did not answer everything"] : serves === undefined ? [] : [serves],
      })),
    ],
    rows: namespaces.map((namespace) => ({
      name: namespace.name,
      notes: [describeOwner(namespace)],
      cells: Object.fromEntries(
        [[MESH, namespace.controlPlane] as const, ...Object.entries(namespace.members)].map(([key, place]) => [
          key,
          renderPlace(place),
        ]),
      ),
    })),
  });
}

function renderPlace(place: PlaceStatus): MatrixCell {
  const { state, injectedBy, remarks, waiting = {} } = place;
  const lines: Content[] = [
    ...(injectedBy === undefined ? [] : [describeInjector(injectedBy)]),
    ...remarks,
    ...Object.entries(waiting).map(([workload, has]) => html`<code>${workload}</code> has ${has}`),
  ];
  return { tone: TONES[urgencyOf(place)], word: state, lines };
}
