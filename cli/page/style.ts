/** How the pages look, in light and in dark. No external font, no image. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --sheet: #ffffff; --line: #dde1e7; --text: #1c2430; --soft: #5b6675; --head: #eef1f5;
  --danger-page: #fdeceb; --danger-text: #9b1c10; --danger-solid: #c3281a;
  --warn-page: #fff4d6; --warn-text: #7a4d00;
  --add-page: #e3f5e8; --add-text: #14602e;
  --change-page: #e4eefc; --change-text: #174a8c;
  --leave-page: #f3e8f8; --leave-text: #6a2f86;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151b; --sheet: #191f27; --line: #2e3743; --text: #e4e9f0; --soft: #9aa7b6; --head: #212934;
    --danger-page: #3a1a18; --danger-text: #ffb1a8; --danger-solid: #cf3a2a;
    --warn-page: #352a10; --warn-text: #f3cd7b;
    --add-page: #15301f; --add-text: #8fdba6;
    --change-page: #172a45; --change-text: #a3c8fb;
    --leave-page: #2f1f39; --leave-text: #dcb3f0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem clamp(.75rem, 2vw, 2rem) 3rem; max-width: 120rem;
  background: var(--page); color: var(--text); font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .2rem; letter-spacing: -.01em; }
h2 { font-size: 1rem; margin: 0 0 .35rem; }
summary h2 { display: inline; }
.summary { margin: 0 0 .9rem; color: var(--soft); }
.counts { display: flex; flex-wrap: wrap; gap: .4rem; margin: 0 0 1.1rem; padding: 0; list-style: none; }
section { margin: 1rem 0; padding: .8rem 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .6rem; }
section ul { margin: 0; padding-left: 1.15rem; }
section li { margin: .15rem 0; overflow-wrap: anywhere; }
section.danger { background: var(--danger-page); border-color: var(--danger-solid); border-left-width: .4rem; }
section.danger h2 { color: var(--danger-text); }
section.warn { background: var(--warn-page); border-color: var(--warn-text); border-left-width: .4rem; }
section.warn h2 { color: var(--warn-text); }
.filters { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 1.2rem 0 .6rem; color: var(--soft); font-size: .9rem; }
.filters[hidden] { display: none; }
.filters label { display: inline-flex; gap: .5rem; align-items: center; }
.filters input {
  font: inherit; color: var(--text); background: var(--sheet); width: 12rem;
  border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .55rem;
}
.scroll { overflow: auto; max-height: calc(100vh - 5rem); border: 1px solid var(--line); border-radius: .6rem; background: var(--sheet); width: fit-content; max-width: 100%; }
:focus-visible { outline: 2px solid var(--change-text); outline-offset: 1px; }
table { border-collapse: separate; border-spacing: 0; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .55rem .7rem; border-bottom: 1px solid var(--line); border-right: 1px solid var(--line); }
tr > :last-child { border-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; z-index: 2; background: var(--head); vertical-align: bottom; white-space: nowrap; }
tbody th { position: sticky; left: 0; z-index: 1; background: var(--sheet); min-width: min(9rem, 34vw); max-width: min(24rem, 42vw); font-weight: 400; }
thead .corner { left: 0; z-index: 3; color: var(--soft); font-weight: 400; }
.name { font-weight: 600; }
tbody .name { overflow-wrap: anywhere; }
td { min-width: 7rem; max-width: 20rem; }
td.none, td.quiet { color: var(--soft); }
td.none { text-align: center; }
td.danger { background: var(--danger-page); }
td.warn { background: var(--warn-page); }
td.add { background: var(--add-page); }
td.change { background: var(--change-page); }
td.leave { background: var(--leave-page); }
.pill { font-weight: 600; white-space: nowrap; }
.danger > .pill, .danger summary .pill { background: var(--danger-solid); color: #fff; border-radius: .3rem; padding: .05rem .4rem; }
.warn .pill { color: var(--warn-text); }
.add .pill { color: var(--add-text); }
.change .pill { color: var(--change-text); }
.leave .pill { color: var(--leave-text); }
.quiet .pill { font-weight: 400; }
.counts li { border-radius: 1rem; padding: .1rem .7rem; border: 1px solid var(--line); background: var(--sheet); }
.counts li.danger { background: var(--danger-page); border-color: var(--danger-solid); }
.counts li.danger .pill { background: none; color: var(--danger-text); padding: 0; }
.counts li.warn { background: var(--warn-page); }
.counts li.add { background: var(--add-page); }
.counts li.change { background: var(--change-page); }
.counts li.leave { background: var(--leave-page); }
.line { font-size: .86rem; margin-top: .2rem; overflow-wrap: anywhere; }
thead .line { color: var(--soft); font-weight: 400; }
tbody th .line { color: var(--soft); }
code { font: .92em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; color: var(--text); }
summary { cursor: pointer; list-style: none; white-space: nowrap; }
summary::-webkit-details-marker { display: none; }
summary::after { content: " +"; color: var(--soft); }
details[open] > summary::after { content: " −"; }
.compact { font-size: .82rem; }
.compact th, .compact td { padding: .3rem .4rem; }
.compact tbody th { min-width: min(20rem, 42vw); }
.compact td { min-width: 0; text-align: center; vertical-align: middle; }
.compact thead th:not(.corner) { text-align: center; }
.compact thead th:not(.corner) .name { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 14rem; }
.compact thead .line { display: none; }
.compact details[open] { min-width: 12rem; text-align: left; }
.compact .line { margin-top: .1rem; }
footer { margin-top: 1.2rem; color: var(--soft); font-size: .85rem; }
@media print {
  body { background: #fff; padding: 0; }
  .filters { display: none; }
  .scroll { max-height: none; overflow: visible; border: 0; }
  thead th, tbody th { position: static; }
}
`;
