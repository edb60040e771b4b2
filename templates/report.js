"use strict";
// Tables are sorted by their headings, and the inventory filtered; without this script all is there.
const texts = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function sortBy(table, column, descending) {
  const heading = table.tHead.rows[0].cells[column];
  const byNumber = heading.hasAttribute("data-number");
  const key = (row) => {
    const cell = row.cells[column];
    return byNumber ? Number(cell.dataset.sort) : cell.textContent.trim();
  };
  const rows = Array.from(table.tBodies[0].rows);
  const order = byNumber ? (a, b) => key(a) - key(b) : (a, b) => texts.compare(key(a), key(b));
  rows.sort((a, b) => (descending ? order(b, a) : order(a, b)));
  table.tBodies[0].append(...rows);
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () =>
      sortBy(table, column, heading.getAttribute("aria-sort") === "ascending"));
  });
}

const filter = document.getElementById("filter");
if (filter) {
  const text = document.getElementById("filter-text");
  const when = document.getElementById("filter-when");
  const wrong = document.getElementById("filter-wrong");
  const count = document.getElementById("filter-count");
  const rows = Array.from(document.getElementById("things").tBodies[0].rows);
  const apply = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = row.textContent.toLowerCase().includes(wanted)
        && (!when.value || row.dataset[when.value] === "yes")
        && (!wrong.checked || "wrong" in row.dataset);
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    count.textContent = shown + " of " + rows.length;
  };
  filter.hidden = false;
  filter.addEventListener("input", apply);
  filter.addEventListener("submit", (event) => event.preventDefault());
  apply();
}

// On paper, everything that is folded is open.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
