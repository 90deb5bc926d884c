// Tables with class "sortable" sort by a click on a column's head; rows stay within their group (tbody).
const words = new Intl.Collator("zh-CN", { numeric: true });

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  for (const [column, head] of heads.entries()) {
    if (head.dataset.sort === "none" || !head.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sorter";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      for (const body of table.tBodies) sort(body, column, up);
    });
  }
}

function sort(body, column, up) {
  const rows = [...body.rows].filter((row) => row.cells.length > column);
  const sign = up ? 1 : -1;
  rows.sort((a, b) => compare(key(a.cells[column]), key(b.cells[column]), sign));
  body.append(...rows);
}

function key(cell) {
  return (cell.dataset.value ?? cell.textContent).trim();
}

// Blanks stay at the end whichever way the column is sorted.
function compare(a, b, sign) {
  if (!a || !b) return !a - !b;
  const [x, y] = [Number(a.replaceAll(",", "")), Number(b.replaceAll(",", ""))];
  return sign * (Number.isNaN(x) || Number.isNaN(y) ? words.compare(a, b) : x - y);
}
