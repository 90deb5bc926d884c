// Rows of the grid as plain values, and back: the one place that knows where a value stands in the page.
const FIELDS = ["code", "class", "name", "comparator", "target", "unit", "weight", "explanation", "basis", "scoring", "evidence", "note"];
const WORDS = { 大于等于: "≥", 小于等于: "≤", 等于: "=", 大于: ">", 小于: "<", ">=": "≥", "<=": "≤" };

export function readRows(grid) {
  return [...grid.querySelectorAll("tbody.row")].map((row) => {
    const values = Object.fromEntries(FIELDS.map((name) => [name, row.querySelector(`[name="row-${name}"]`).value]));
    values.lock = row.querySelector('[name="lock"]').checked;
    return values;
  });
}

// The page's rows made to hold these values: as many rows as there are, findings left for the next check.
export function bring(grid, rows) {
  const template = document.getElementById("row-template");
  let bodies = [...grid.querySelectorAll("tbody.row")];
  for (const extra of bodies.slice(rows.length)) extra.remove();
  while (bodies.length < rows.length) {
    const body = template.content.querySelector("tbody").cloneNode(true);
    grid.append(body);
    bodies.push(body);
  }
  bodies = [...grid.querySelectorAll("tbody.row")];
  rows.forEach((values, n) => write(bodies[n], values, n + 1));
}

function write(body, values, number) {
  for (const name of FIELDS) {
    const field = body.querySelector(`[name="row-${name}"]`);
    const value = values[name] ?? "";
    if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) {
      field.add(new Option(value.split("|").pop() || "（未分类）", value));
    }
    if (field.value !== value) field.value = value;
  }
  const lock = body.querySelector('[name="lock"]');
  lock.checked = values.lock === true;
  lock.value = number;
  body.id = `row-${number}`;
  body.querySelector(".n").textContent = number;
  for (const field of body.querySelectorAll("[aria-label]")) {
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/第 \d+ 行/, `第 ${number} 行`));
  }
  for (const button of body.querySelectorAll(".row-deeds button")) {
    button.value = `${button.value.split(":")[0]}:${number}`;
  }
}

// A block copied from a spreadsheet laid over the rows from (x, y); rows are added where it is longer.
export function rowsFromTable(rows, text, cells, x, y) {
  const block = unquoted(text);
  const filled = rows.map((row) => ({ ...row }));
  block.forEach((line, dy) => {
    const row = (filled[y + dy] ??= { class: filled.at(-1)?.class ?? "产出指标|数量指标" });
    line.forEach((value, dx) => {
      const cell = cells[x + dx];
      if (!cell) return;
      const name = cell.replace("row-", "");
      const plain = value.trim();
      if (name === "class") row.class = classOf(plain) ?? row.class;
      else row[name] = name === "comparator" ? (WORDS[plain] ?? plain) : plain;
    });
  });
  return filled;
}

// Cells of a copied block: tabs between, lines below each other, quotes around cells that hold line breaks.
function unquoted(text) {
  const lines = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    const line = lines.at(-1);
    if (quoted) {
      if (sign !== '"') line[line.length - 1] += sign;
      else if (text[i + 1] === '"') line[line.length - 1] += text[++i];
      else quoted = false;
    } else if (sign === '"' && line.at(-1) === "") quoted = true;
    else if (sign === "\t") line.push("");
    else if (sign === "\n") lines.push([""]);
    else line[line.length - 1] += sign;
  }
  return lines;
}

function classOf(word) {
  const options = document.querySelector('#row-template').content.querySelector('[name="row-class"]').options;
  const plain = word.replace(/指标$/, "");
  return plain ? [...options].find((option) => option.value.split("|")[1].startsWith(plain) || option.text === plain)?.value : undefined;
}
