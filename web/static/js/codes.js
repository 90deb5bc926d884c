// Fields that hold codes of records: type a name or a code and pick. Fields of rows added later are taken too.
import { combobox } from "./combobox.js";

const done = new WeakSet();

function asking(kind) {
  return async (text) => {
    const response = await fetch(`/codes?kind=${kind}&q=${encodeURIComponent(text.slice(0, 60))}`);
    return response.ok ? (await response.json()).codes : [];
  };
}

const words = (item) => [item.name, item.code];

function prepare(field) {
  if (done.has(field)) return;
  done.add(field);
  if (field.tagName === "TEXTAREA") return besideList(field);
  const names = document.querySelector(`[data-names-of="${CSS.escape(field.id)}"]`);
  field.addEventListener("input", () => names && (names.textContent = ""));
  combobox(field, {
    ask: asking(field.dataset.kind),
    words,
    pick(item) {
      field.value = item.code;
      if (names) names.textContent = item.name;
      changed(field);
    },
  });
}

// A list of codes gets a field beside it: what is picked there becomes its next line.
function besideList(list) {
  const finder = document.createElement("input");
  finder.placeholder = "打字查找，选中就加进来";
  finder.setAttribute("aria-label", `查找并加入：${list.labels[0]?.textContent.trim() ?? ""}`);
  finder.autocomplete = "off";
  const box = document.createElement("div");
  box.className = "finder";
  box.append(finder);
  list.after(box);
  finder.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  combobox(finder, {
    ask: asking(list.dataset.kind),
    words,
    pick(item) {
      const lines = list.value.split("\n").map((line) => line.trim()).filter(Boolean);
      if (!lines.includes(item.code)) lines.push(item.code);
      list.value = lines.join("\n");
      finder.value = "";
      changed(list);
    },
  });
}

function changed(field) {
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

for (const list of document.querySelectorAll("textarea[data-kind]")) prepare(list);
document.addEventListener("focusin", (event) => {
  if (event.target.matches("input[data-kind]")) prepare(event.target);
});
// The cursor may stand in such a field already when this script comes.
if (document.activeElement?.matches("input[data-kind]")) prepare(document.activeElement);
