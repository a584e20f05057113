/** One self-contained page: nothing is loaded, and nothing runs but the script that the page brings. */

import { createHash } from "node:crypto";
import { FILTER_SCRIPT } from "./filter-script";
import { type Content, html, type Markup, renderMarkup, trusted } from "./markup";
import { STYLE } from "./style";

export interface Page {
  readonly title: string;
  readonly summary: string;
  readonly body: Content;
}

export function renderPage({ title, summary, body }: Page): string {
  // What a label smuggles in would have neither of these digests.
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${digest(STYLE)}; script-src ${digest(FILTER_SCRIPT)}`;
  return renderMarkup(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}: ${summary}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="summary">${summary}</p>
</header>
${body}<script>${trusted(FILTER_SCRIPT)}</script>
</body>
</html>
`);
}

/** Lines beyond which a list is folded. What is dangerous never is. */
const MAX_OPEN_LINES = 12;

/** A list under a heading; nothing where there is nothing to list. */
export function renderList(heading: string, lines: readonly Content[], tone?: "danger" | "warn"): Markup | undefined {
  if (lines.length === 0) return undefined;
  const list = html`<ul>
${lines.map((line) => html`<li>${line}</li>\n`)}</ul>`;
  if (tone === "danger" || lines.length <= MAX_OPEN_LINES) {
    return html`<section class="${tone}"><h2>${heading}</h2>${list}</section>\n`;
  }
  const title = html`<h2>${heading} (${lines.length})</h2>`;
  return html`<section class="${tone}"><details><summary>${title}</summary>${list}</details></section>\n`;
}

function digest(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
