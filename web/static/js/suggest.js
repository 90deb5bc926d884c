// Suggestions under the search box while typing (a WAI-ARIA combobox). Without this script the form just searches.
for (const input of document.querySelectorAll("input[type=search]")) enhance(input);

function enhance(input) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = "suggestions";
  list.role = "listbox";
  list.hidden = true;
  input.after(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) {
    input.setAttribute(name, value);
  }

  let items = [];
  let current = -1;
  let asked = 0;
  let timer;

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    // Letters of an unfinished Chinese word are not yet what the user means.
    if (event.isComposing) return;
    timer = setTimeout(ask, 120);
  });
  input.addEventListener("compositionend", () => (timer = setTimeout(ask, 120)));
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose((current + step + items.length + 1) % (items.length + 1));
    } else if (event.key === "Enter" && items[current]) {
      event.preventDefault();
      location.assign(items[current].url);
    } else if (event.key === "Escape") {
      // The browser would empty the box; the first Escape only closes the list.
      event.preventDefault();
      close();
    }
  });

  async function ask() {
    const text = input.value.trim();
    const turn = ++asked;
    if (!text) return close();
    try {
      const response = await fetch(`/api/v1/suggest?q=${encodeURIComponent(text.slice(0, 100))}`);
      if (!response.ok) return close();
      const found = await response.json();
      if (turn === asked && document.activeElement === input) show(found.suggestions);
    } catch {
      close();
    }
  }

  function show(suggestions) {
    items = suggestions;
    list.replaceChildren(...items.map(option));
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    // items.length stands for "none chosen", so that Enter searches for what was typed.
    choose(items.length);
  }

  function option(item, place) {
    const entry = document.createElement("li");
    entry.role = "option";
    entry.id = `suggestion-${place}`;
    const sort = document.createElement("span");
    sort.className = "sort-of";
    sort.textContent = item.label;
    entry.append(item.text, sort);
    entry.addEventListener("mousedown", (event) => {
      event.preventDefault();
      location.assign(item.url);
    });
    return entry;
  }

  function choose(place) {
    current = place;
    for (const [n, entry] of [...list.children].entries()) entry.setAttribute("aria-selected", String(n === place));
    if (items[place]) input.setAttribute("aria-activedescendant", `suggestion-${place}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
}
