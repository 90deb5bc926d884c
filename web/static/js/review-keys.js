// Keys for people who work through hundreds of findings: j k to go, a d e to decide, n p for tables.
// Without this script the buttons do the same.
const findings = [...document.querySelectorAll(".finding")];
document.getElementById("keys").hidden = false;
let current = findings.findIndex((entry) => `#${CSS.escape(entry.id)}` === `#${CSS.escape(decodeURIComponent(location.hash.slice(1)))}`);
if (current >= 0) go(current);

function go(place) {
  if (!findings.length) return;
  current = Math.max(0, Math.min(place, findings.length - 1));
  for (const entry of findings) entry.classList.toggle("current", entry === findings[current]);
  findings[current].focus({ preventScroll: true });
  findings[current].scrollIntoView({ block: "center" });
}

function unfold(name) {
  const details = findings[current]?.querySelector(`details.${name}`);
  if (!details) return;
  details.open = true;
  details.querySelector("input")?.focus();
}

const actions = {
  j: () => go(current + 1),
  k: () => go(current < 0 ? 0 : current - 1),
  a: () => findings[current]?.querySelector("button[value=accept]").click(),
  d: () => unfold("why"),
  e: () => unfold("rewrite"),
  n: () => document.querySelector("a[data-key=n]")?.click(),
  p: () => document.querySelector("a[data-key=p]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") findings[current]?.focus();
    return;
  }
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// Enter in the reason or in a new word means that detail's own button, not the form's first one.
for (const field of document.querySelectorAll(".decide details input")) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    field.closest("details").querySelector("button").click();
  });
}
