// Follows a job without reloading the page; without this script the page refreshes itself.
const box = document.getElementById("working");
const bar = document.getElementById("bar");
let waiting = 500;

async function look() {
  try {
    const response = await fetch(box.dataset.url, { cache: "no-store" });
    if (response.status === 404) return location.reload();
    const job = await response.json();
    if (job.finished) return location.reload();
    document.getElementById("label").textContent = job.label;
    document.getElementById("count").textContent = job.count;
    if (job.total) {
      bar.max = job.total;
      bar.value = job.done;
    } else {
      bar.removeAttribute("value");
    }
    waiting = Math.min(waiting + 100, 2000);
  } catch {
    waiting = 4000;
  }
  setTimeout(look, waiting);
}
setTimeout(look, 300);
