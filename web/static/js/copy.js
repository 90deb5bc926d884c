// Buttons that copy a wording. They are hidden until this script shows that copying works here.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const done = await copy(button.dataset.copy);
    button.textContent = done ? "已复制" : "复制不了，请选中文字";
    setTimeout(() => (button.textContent = label), 2000);
  });
}

async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Falls through: plain http on an intranet has no clipboard permission.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
