// Dropping files onto the form, and a list of what was chosen. Without this script the plain file field does it all.
const input = document.getElementById("file");
const drop = document.getElementById("drop");
const chosen = document.getElementById("chosen");
const LARGEST = 64 * 1024 * 1024;

drop.classList.add("ready");
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    drop.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  drop.classList.remove("over");
  input.files = event.dataTransfer.files;
  show();
});
input.addEventListener("change", show);

function show() {
  const files = [...input.files];
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const names = files.slice(0, 5).map((file) => file.name).join("、");
  const more = files.length > 5 ? ` 等` : "";
  const megabytes = (size / 1024 / 1024).toFixed(1);
  chosen.textContent = files.length ? `已选 ${files.length} 个文件（${megabytes} MB）：${names}${more}` : "";
  chosen.classList.toggle("too-large", size > LARGEST);
  if (size > LARGEST) chosen.textContent += "。超过 64 MB，请分几次交。";
}

document.querySelector("form.hand-in").addEventListener("submit", () => {
  const button = document.getElementById("go");
  button.textContent = "正在上传…";
  // Disabled after the form has been read, or the browser would not send it.
  setTimeout(() => (button.disabled = true), 0);
});
// Coming back by the browser's back button finds the form usable again.
addEventListener("pageshow", () => {
  const button = document.getElementById("go");
  button.disabled = false;
  button.textContent = "开始体检";
});
