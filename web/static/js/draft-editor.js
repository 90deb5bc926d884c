// The table as a spreadsheet: keys, paste from WPS, undo, moving rows, autosave, findings as one types.
// Without this script every button of the form does the same by a round trip.
import { bring, readRows, rowsFromTable } from "./draft-rows.js";
import { show } from "./draft-findings.js";

const form = document.getElementById("table");
const grid = document.getElementById("grid");
const state = document.getElementById("state");
const address = `/draft/${form.dataset.draft}`;
const hat = form.dataset.hat ? `?hat=${encodeURIComponent(form.dataset.hat)}` : "";
const CELLS = ["row-class", "row-name", "row-comparator", "row-target", "row-unit", "row-weight"];

let version = Number(form.elements.version.value);
let past = [];
let future = [];
let now = snapshot();
let saved = JSON.stringify(now);
let pending = 0;
let saving = false;
let asked = 0;

document.querySelector(".scripted").hidden = false;
document.getElementById("keys").hidden = false;

function snapshot() {
  return { rows: readRows(grid), heading: heading() };
}

function heading() {
  const names = ["project", "department", "unit", "year", "amount", "period", "goal", "grounds"];
  return Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
}

// A change: remember the state before, look at the table anew, save after a pause.
function changed(merge = false) {
  const next = snapshot();
  if (JSON.stringify(next) === JSON.stringify(now)) return;
  if (!merge || !past.length || past.at(-1).typing !== true) past.push({ ...now, typing: merge });
  if (past.length > 200) past.shift();
  future = [];
  now = next;
  soon();
}

function soon() {
  state.textContent = "有改动…";
  state.classList.remove("trouble");
  clearTimeout(pending);
  pending = setTimeout(() => {
    check();
    save();
  }, 350);
}

function restore(from, to) {
  if (!from.length) return;
  to.push({ ...now, typing: false });
  const wanted = from.pop();
  bring(grid, wanted.rows);
  for (const [name, value] of Object.entries(wanted.heading)) form.elements[name].value = value;
  now = snapshot();
  soon();
}

const undo = () => restore(past, future);
const redo = () => restore(future, past);
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("redo").addEventListener("click", redo);

async function post(path, body) {
  return fetch(address + path + hat, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function check() {
  const turn = ++asked;
  try {
    const answer = await post("/check", now);
    if (answer.ok && turn === asked) show(grid, await answer.json());
  } catch {
    // Offline: saving tells it.
  }
}

async function save() {
  const text = JSON.stringify(now);
  if (saving || text === saved) {
    if (text === saved) state.textContent = `已保存，第 ${version} 版`;
    return;
  }
  saving = true;
  state.textContent = "正在保存…";
  try {
    const answer = await post("/save", { ...now, version });
    const told = await answer.json();
    if (answer.ok) {
      version = told.version;
      form.elements.version.value = version;
      saved = text;
      state.textContent = `已自动保存，第 ${version} 版`;
    } else {
      trouble(told.error?.message ?? "没有存上，请稍后再试。");
    }
  } catch {
    trouble("连不上服务器，改动还在这一页里，恢复后会再保存。");
    setTimeout(save, 5000);
  } finally {
    saving = false;
  }
  if (JSON.stringify(now) !== saved && !state.classList.contains("trouble")) save();
}

function trouble(message) {
  state.textContent = message;
  state.classList.add("trouble");
}

addEventListener("beforeunload", (event) => {
  if (JSON.stringify(now) !== saved && !leaving) event.preventDefault();
});
let leaving = false;
form.addEventListener("submit", () => (leaving = true));

grid.addEventListener("input", () => changed(true));
grid.addEventListener("change", () => changed());
form.querySelector(".heads").addEventListener("change", () => changed());

// Cells by row and column
function cells() {
  return [...grid.querySelectorAll("tbody.row")].map((row) => CELLS.map((name) => row.querySelector(`[name="${name}"]`)));
}

function placeOf(element) {
  const table = cells();
  for (let y = 0; y < table.length; y++) {
    const x = table[y].indexOf(element);
    if (x >= 0) return { x, y, table };
  }
  return null;
}

function go(table, x, y) {
  const cell = table[Math.max(0, Math.min(y, table.length - 1))]?.[x];
  cell?.focus();
  cell?.select?.();
}

grid.addEventListener("keydown", (event) => {
  const place = placeOf(event.target);
  if (!place) return;
  const { x, y, table } = place;
  const field = event.target;
  const isSelect = field.tagName === "SELECT";
  const row = field.closest("tbody.row");
  const key = event.key;
  if (event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "d") deed(event, "copy", row);
  else if ((event.ctrlKey || event.metaKey) && (key === "Delete" || key === "Backspace")) deed(event, "delete", row);
  else if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) deed(event, key === "ArrowUp" ? "up" : "down", row, x);
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (key === "Enter" && !isSelect) {
    event.preventDefault();
    if (y === table.length - 1 && !event.shiftKey) add();
    go(cells(), x, y + (event.shiftKey ? -1 : 1));
  } else if ((key === "ArrowUp" || key === "ArrowDown") && !isSelect) {
    event.preventDefault();
    go(table, x, y + (key === "ArrowUp" ? -1 : 1));
  } else if (key === "ArrowRight" && (isSelect || field.selectionStart === field.value.length)) {
    event.preventDefault();
    go(table, Math.min(x + 1, CELLS.length - 1), y);
  } else if (key === "ArrowLeft" && (isSelect || field.selectionEnd === 0)) {
    event.preventDefault();
    go(table, Math.max(x - 1, 0), y);
  }
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || !form.contains(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) {
    event.preventDefault();
    undo();
  } else if (key === "y" || (key === "z" && event.shiftKey)) {
    event.preventDefault();
    redo();
  } else if (key === "s") {
    event.preventDefault();
    save();
  }
});

// Deeds on rows
function add() {
  const rows = readRows(grid);
  const last = rows.at(-1);
  rows.push({ class: last?.class ?? "产出指标|数量指标" });
  bring(grid, rows);
  changed();
}

function deed(event, what, row, x = 1) {
  event.preventDefault();
  const bodies = [...grid.querySelectorAll("tbody.row")];
  const y = bodies.indexOf(row);
  const rows = readRows(grid);
  let to = y;
  if (what === "delete") {
    rows.splice(y, 1);
    to = Math.min(y, rows.length - 1);
  } else if (what === "copy") {
    rows.splice(y + 1, 0, { ...rows[y] });
    to = y + 1;
  } else {
    to = y + (what === "up" ? -1 : 1);
    if (to < 0 || to >= rows.length) return;
    [rows[y], rows[to]] = [rows[to], rows[y]];
  }
  bring(grid, rows);
  changed();
  go(cells(), x, to);
}

async function balance() {
  const answer = await post("/balance", snapshot());
  if (!answer.ok) return trouble("没有配平，请稍后再试。");
  const { weights } = await answer.json();
  const rows = readRows(grid);
  bring(grid, rows.map((row, n) => ({ ...row, weight: String(weights[n] ?? row.weight) })));
  changed();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=do]");
  if (!button) return;
  const [what] = button.value.split(":");
  const row = button.closest("tbody.row");
  if (row && ["up", "down", "copy", "delete"].includes(what)) return deed(event, what, row);
  if (what === "add") {
    event.preventDefault();
    add();
    go(cells(), 1, cells().length - 1);
  } else if (what === "save") {
    event.preventDefault();
    clearTimeout(pending);
    check();
    save();
  } else if (what === "balance") {
    event.preventDefault();
    balance();
  } else if (what === "fix" && row && button.dataset.fields) {
    event.preventDefault();
    const rows = readRows(grid);
    const y = [...grid.querySelectorAll("tbody.row")].indexOf(row);
    const fields = JSON.parse(button.dataset.fields);
    const [level1, level2] = rows[y].class.split("|");
    const own = { ...fields };
    if (fields.level1 || fields.level2) own.class = `${fields.level1 ?? level1}|${fields.level2 ?? level2}`;
    rows[y] = { ...rows[y], ...own };
    bring(grid, rows);
    changed();
  }
});

// Paste: one cell as usual, several as a block that starts here
grid.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const place = placeOf(event.target);
  if (!place || !/[\t\n]/.test(text)) return;
  event.preventDefault();
  const rows = rowsFromTable(readRows(grid), text, CELLS, place.x, place.y);
  bring(grid, rows);
  changed();
});
