// Suggestions under the search box while typing. Without this script the form just searches.
import { combobox } from "./combobox.js";

async function ask(text) {
  const response = await fetch(`/api/v1/suggest?q=${encodeURIComponent(text.slice(0, 100))}`);
  return response.ok ? (await response.json()).suggestions : [];
}

for (const input of document.querySelectorAll("input[type=search]")) {
  combobox(input, { ask, words: (item) => [item.text, item.label], pick: (item) => location.assign(item.url) });
}
