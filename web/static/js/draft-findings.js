// What the rules say of the table, put beside its rows. Text goes in as text, never as markup.
const TONES = { error: ["bad", "错误"], warning: ["warn", "建议"], hint: ["note", "提示"] };

export function show(grid, answer) {
  const bodies = [...grid.querySelectorAll("tbody.row")];
  for (const row of answer.rows) {
    const body = bodies[row.row - 1];
    if (!body) continue;
    body.querySelector(".echo").textContent = row.echo;
    body.querySelector(".beside").replaceChildren(...row.findings.map((finding) => item(finding, row.row)));
  }
  document.getElementById("whole").replaceChildren(...answer.findings.map(notice));
  document.getElementById("coverage").replaceChildren(
    ...answer.coverage
      .filter((c) => c.rows || !["社会成本指标", "生态环境成本指标"].includes(c.level2))
      .map((c) => made("li", "", made("span", `badge${c.rows ? " good" : ""}`, `${c.rows ? "✓" : "○"} ${short(c.level2)} ${c.rows || ""}`))),
  );
  const sums = [made("span", "", "合计 "), made("b", "", String(answer.total)), made("span", "", " 分")];
  for (const w of answer.weights) {
    const off = w.scheme && Number(w.scheme) !== w.points ? `（应 ${w.scheme}）` : "";
    sums.push(made("span", "", ` · ${short(w.level1) || "未分类"} ${w.points}${off}`));
  }
  document.getElementById("sums").replaceChildren(...sums);
}

const short = (name) => name.replace("指标", "");

function made(tag, klass, ...children) {
  const element = document.createElement(tag);
  if (klass) element.className = klass;
  element.append(...children);
  return element;
}

function head(finding) {
  const [tone, word] = TONES[finding.severity];
  const link = made("a", "", finding.code);
  link.href = `/problem/${finding.code}`;
  return [made("span", `badge ${tone}`, word), " ", link, ` ${finding.message}`];
}

function item(finding, number) {
  const li = made("li", finding.severity, ...head(finding));
  if (!finding.suggestion) return li;
  li.append(" ", made("span", "fix", finding.suggestion));
  if (Object.keys(finding.fields).length) {
    const button = made("button", "act quiet", "照此改写");
    button.name = "do";
    button.value = `fix:${number}:${finding.code}`;
    button.dataset.fields = JSON.stringify(finding.fields);
    li.append(" ", button);
  }
  return li;
}

function notice(finding) {
  const tone = { error: " bad", warning: " warn", hint: "" }[finding.severity];
  const p = made("p", `notice${tone}`, ...head(finding));
  if (finding.suggestion) p.append(" ", made("b", "", "怎么改"), `：${finding.suggestion}`);
  return p;
}
