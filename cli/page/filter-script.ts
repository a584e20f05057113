/**
 * The page's only script: hides columns and rows by their names. Runs in a browser, on a page that works without it, and
 * so is text here. What it reads of the page it compares, and never makes into markup.
 */
export const FILTER_SCRIPT = `
"use strict";
(() => {
  const form = document.querySelector("form.filters");
  const table = document.querySelector("table.matrix");
  if (form === null || table === null) return;
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  const shown = form.querySelector("output");
  const termsOf = (field) => field.value.toLowerCase().split(/[\\s,]+/).filter((term) => term !== "");
  const matches = (name, terms) => terms.length === 0 || terms.some((term) => name.toLowerCase().includes(term));

  const filter = () => {
    const clusters = termsOf(form.elements.cluster);
    const namespaces = termsOf(form.elements.namespace);
    const columns = heads.map((head) => matches(head.dataset.name, clusters));
    heads.forEach((head, index) => { head.hidden = !columns[index]; });
    let count = 0;
    for (const row of rows) {
      const cells = [...row.cells].slice(1);
      cells.forEach((cell, index) => { cell.hidden = !columns[index]; });
      // Of a namespace that has nothing to do with the clusters asked for there is nothing to see.
      const concerns = clusters.length === 0 || cells.some((cell, index) => columns[index] && !cell.classList.contains("none"));
      row.hidden = !(concerns && matches(row.dataset.name, namespaces));
      if (!row.hidden) count += 1;
    }
    const all = rows.length === count && columns.every(Boolean);
    shown.textContent = all ? "" : count + " of " + rows.length + " namespaces, " + columns.filter(Boolean).length + " of " + columns.length + " columns";
  };
  const remember = () => {
    const given = [...new FormData(form)].filter(([, value]) => value !== "");
    const hash = new URLSearchParams(given).toString();
    history.replaceState(null, "", hash === "" ? location.pathname + location.search : "#" + hash);
  };

  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name === "cluster" || name === "namespace") form.elements[name].value = value;
  }
  form.hidden = false;
  form.addEventListener("input", () => { filter(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
`;
