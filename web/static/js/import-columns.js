// Columns are matched by dragging: a field onto a column, or one column's field onto another's to swap them.
// The selects stay in the page and do the same by keyboard and without this script.
for (const form of document.querySelectorAll("form.mapping")) {
  const selects = [...form.querySelectorAll("select")];
  const shelf = form.querySelector(".chips");
  let held = null; // {field, from}

  const nameOf = (select) => select.selectedOptions[0]?.textContent ?? "";

  const chip = (field, name, from) => {
    const item = document.createElement("span");
    item.className = "chip";
    item.draggable = true;
    item.textContent = name;
    item.addEventListener("dragstart", (event) => {
      held = { field, from };
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", name);
    });
    item.addEventListener("dragend", () => (held = null));
    return item;
  };

  const first = new Map(selects.map((select) => [select, select.value]));

  const draw = () => {
    for (const select of selects) {
      // What was said of the guess no longer holds once the column is taken for something else.
      for (const word of select.parentElement.querySelectorAll(".badge, .unit")) word.hidden = select.value !== first.get(select);
      const place = select.parentElement.querySelector(":scope > .chip");
      const fresh = chip(select.value, nameOf(select), select);
      fresh.classList.toggle("none", !select.value);
      place.replaceWith(fresh);
    }
    const used = new Set(selects.map((s) => s.value));
    const free = form.dataset.fields.split(";").map((pair) => pair.split("=")).filter(([f]) => f && !used.has(f));
    shelf.replaceChildren(
      ...free.map(([field, name]) => {
        const line = document.createElement("li");
        line.append(chip(field, name, null));
        return line;
      }),
    );
  };

  // A field stands over one column only: whoever had it gets what the other one had, or nothing.
  const put = (select, field, from) => {
    const had = select.value;
    const owner = from ?? selects.find((s) => s !== select && field && s.value === field);
    if (owner && owner !== select) owner.value = from ? had : "";
    select.value = field;
    draw();
  };

  for (const select of selects) {
    const cell = select.parentElement;
    let before = select.value;
    select.addEventListener("focus", () => (before = select.value));
    select.addEventListener("change", () => {
      const field = select.value;
      select.value = before;
      put(select, field, null);
      before = field;
    });
    cell.addEventListener("dragover", (event) => {
      if (!held) return;
      event.preventDefault();
      cell.classList.add("over");
    });
    cell.addEventListener("dragleave", () => cell.classList.remove("over"));
    cell.addEventListener("drop", (event) => {
      event.preventDefault();
      cell.classList.remove("over");
      if (held) put(select, held.field, held.from);
    });
  }
  shelf.addEventListener("dragover", (event) => held?.from && event.preventDefault());
  shelf.addEventListener("drop", (event) => {
    event.preventDefault();
    if (held?.from) {
      held.from.value = "";
      draw();
    }
  });
  if (matchMedia("(max-width: 45rem)").matches) shelf.parentElement.open = false; // the selects are nearer there
  for (const hidden of form.querySelectorAll(":scope > [hidden]")) hidden.hidden = false;
  draw();
}
