// The record form: rows without reloading, a warning before work is lost, Ctrl+S, levels that follow each other.
const form = document.getElementById("record-form");
const state = form.querySelector("[data-state]");
let leaving = false;
let dirty = "touched" in form.dataset;

function told() {
  if (state) state.textContent = dirty ? "● 有改动还没有保存" : "";
}

function touch() {
  dirty = true;
  told();
}

form.addEventListener("input", touch);
form.addEventListener("change", touch);
form.addEventListener("submit", () => (leaving = true));
window.addEventListener("beforeunload", (event) => {
  if (dirty && !leaving) event.preventDefault();
});
// Coming back by the browser's arrow: the page is shown again as it was left.
window.addEventListener("pageshow", () => (leaving = false));
told();

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
  const button = form.querySelector("[data-shortcut]");
  if (!button) return;
  event.preventDefault();
  button.click();
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const act = "add" in button.dataset ? add : "drop" in button.dataset ? drop : "up" in button.dataset ? up : null;
  if (!act) return;
  event.preventDefault();
  act(button);
  touch();
});

function add(button) {
  const path = button.dataset.add;
  const list = document.getElementById(path);
  const numbers = [...list.children].map((row) => Number(row.dataset.number));
  const number = Math.max(-1, ...numbers) + 1;
  const copy = form.querySelector(`template[data-row="${path}"]`).content.firstElementChild.cloneNode(true);
  copy.dataset.number = number;
  renumber(copy, "__N__", number);
  list.append(copy);
  counted(list);
  copy.querySelector("input, select, textarea").focus();
}

function renumber(row, from, to) {
  for (const element of row.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (value.includes(from)) element.setAttribute(name, value.replaceAll(from, to));
    }
  }
}

function drop(button) {
  const row = button.closest(".row");
  const list = row.parentElement;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  counted(list);
  (next?.querySelector("input, select, textarea") ?? list).focus();
}

// Rows are read by their numbers, so the two rows exchange those.
function up(button) {
  const row = button.closest(".row");
  const above = row.previousElementSibling;
  if (!above) return;
  const [mine, theirs] = [row.dataset.number, above.dataset.number];
  const path = row.parentElement.dataset.path;
  renumber(row, `${path}.${mine}.`, `${path}.__X__.`);
  renumber(above, `${path}.${theirs}.`, `${path}.${mine}.`);
  renumber(row, `${path}.__X__.`, `${path}.${theirs}.`);
  [row.dataset.number, above.dataset.number] = [theirs, mine];
  above.before(row);
  button.focus();
}

function counted(list) {
  const sign = list.closest("fieldset").querySelector("[data-count]");
  if (sign) sign.textContent = list.children.length || "";
}

// Level 2 offers what stands under the chosen level 1; what is chosen already stays.
for (const select of form.querySelectorAll("select[data-follows]")) {
  const leader = document.getElementById(select.dataset.follows);
  const groups = [...select.querySelectorAll("optgroup")];
  const follow = () => {
    for (const group of groups) {
      const kept = !leader.value || group.label === leader.value || group.querySelector("option:checked");
      group.hidden = group.disabled = !kept;
    }
  };
  leader.addEventListener("change", follow);
  select.addEventListener("change", follow);
  follow();
}

// Markdown as the page will show it, a moment after typing.
const text = form.querySelector("textarea[data-markdown]");
const shown = document.getElementById("markdown-shown");
if (text && shown) {
  let timer;
  let turn = 0;
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(render, 400);
  });
  async function render() {
    const own = ++turn;
    const body = new URLSearchParams({ text: text.value, form_token: form.elements.form_token.value });
    try {
      const response = await fetch("/markdown", { method: "POST", body });
      // The server has cleaned it: the same text that the record's page would show.
      if (response.ok && own === turn) shown.innerHTML = (await response.json()).html;
    } catch {
      // The preview stays as it was; the button shows it from the server.
    }
  }
}

document.getElementById("summary")?.focus();
form.dataset.ready = "";
