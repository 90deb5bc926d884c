// A list of suggestions under a text field (a WAI-ARIA combobox). Without this script the field is a plain one.
// ask(text) gives the items of a text; words(item) its two texts; pick(item) takes one.
let made = 0;

export function combobox(input, { ask, words, pick }) {
  const name = `suggestions-${++made}`;
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = name;
  list.role = "listbox";
  list.hidden = true;
  input.after(list);
  for (const [key, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": name, "aria-expanded": "false" })) {
    input.setAttribute(key, value);
  }

  let items = [];
  let current = -1;
  let asked = 0;
  let timer;

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    // Letters of an unfinished Chinese word are not yet what the user means.
    if (event.isComposing) return;
    timer = setTimeout(look, 120);
  });
  input.addEventListener("compositionend", () => (timer = setTimeout(look, 120)));
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose((current + step + items.length + 1) % (items.length + 1));
    } else if (event.key === "Enter" && items[current]) {
      event.preventDefault();
      take(items[current]);
    } else if (event.key === "Escape") {
      // The browser would empty the box; the first Escape only closes the list.
      event.preventDefault();
      close();
    }
  });

  async function look() {
    const text = input.value.trim();
    const turn = ++asked;
    if (!text) return close();
    try {
      const found = await ask(text);
      if (turn === asked && document.activeElement === input) show(found);
    } catch {
      close();
    }
  }

  function show(found) {
    items = found;
    list.replaceChildren(...items.map(option));
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    // items.length stands for "none chosen", so that Enter does what it does without the list.
    choose(items.length);
  }

  function option(item, place) {
    const entry = document.createElement("li");
    entry.role = "option";
    entry.id = `${name}-${place}`;
    const sort = document.createElement("span");
    sort.className = "sort-of";
    const [text, note] = words(item);
    sort.textContent = note;
    entry.append(text, sort);
    entry.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(item);
    });
    return entry;
  }

  function take(item) {
    close();
    pick(item);
  }

  function choose(place) {
    current = place;
    for (const [n, entry] of [...list.children].entries()) entry.setAttribute("aria-selected", String(n === place));
    if (items[place]) input.setAttribute("aria-activedescendant", `${name}-${place}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
}
