"""The admin's way of loading a file: upload, tables and mapping, preview of the plan, commit, undo."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from indicators.model import Indicator, Kind
from kb.errors import KnowledgeError
from kb.imports import ImportPlan
from loaders import mending
from loaders.building import Options, build
from loaders.errors import FileError
from loaders.kinds import Hints
from loaders.loading import KINDS, LoadedFile
from loaders.mapping import FIELDS, TableKind, fingerprint, plain
from web.admin import admin
from web.context import knowledge
from web.import_reading import read_apart
from web.review_work import uploaded

pages = Blueprint("importing", __name__)

_KEPT = 24 * 3600
_FIRST_ROWS = 6
_MOST_CHANGES = 200
_TOKEN = re.compile(r"[0-9a-f]{32}")
KIND_NAMES = {
    "auto": "自动识别", "indicators": "指标集", "projects": "项目、部门得分、目标表", "issues": "评价问题", "framework": "共性框架",
}  # fmt: skip
TABLE_NAMES = {
    TableKind.INDICATORS: "指标集", TableKind.TARGETS: "绩效目标表", TableKind.SELF_EVALUATION: "自评表", TableKind.MONITORING: "监控表",
    TableKind.PROJECTS: "项目清单", TableKind.DEPARTMENTS: "部门得分", TableKind.ISSUES: "评价问题", TableKind.FRAMEWORK: "共性框架",
    TableKind.RECORDS: "导出的记录",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file on its way: its folder under the home, and what the admin said of it."""

    token: str
    folder: Path
    about: dict[str, Any]

    @property
    def hints(self) -> Hints:
        """What reading is told."""
        kind = self.about["kind"]
        return Hints("" if kind == "auto" else kind, self.about["corrections"], knowledge().loading.learned())


@pages.get("/admin/import")
def start() -> str:
    """The form to upload a file, and the last batches."""
    recent = [b for b in knowledge().batches(60) if b.name.startswith("入库：")][:15]
    return render_template("admin_import.html", kinds=[(k, KIND_NAMES[k]) for k in KINDS], recent=recent)


@pages.post("/admin/import")
def upload() -> BaseResponse:
    """Keep an uploaded file apart and go on to its preview."""
    files = uploaded(request.files.getlist("file"))
    if len(files) != 1:
        flash("请选一个文件。", "bad")
        return redirect("/admin/import", 303)
    name, data = files[0]
    kind = request.form.get("kind", "auto")
    about = {
        "name": name, "kind": kind if kind in KINDS else "auto", "set": request.form.get("set", "").strip()[:100],
        "replace": bool(request.form.get("replace")), "corrections": {},
    }  # fmt: skip
    root = _root()
    _sweep(root)
    token = secrets.token_hex(16)
    (root / token).mkdir()
    (root / token / "data").write_bytes(data)
    _keep(root / token, about)
    return redirect(f"/admin/import/{token}", 303)


@pages.get("/admin/import/<token>")
def preview(token: str) -> str | BaseResponse:
    """Tables with their mapping and first rows, faults, and what a commit would change."""
    up = _upload(token)
    try:
        file = _read(up)
    except FileError as error:
        flash(str(error), "bad")
        return redirect("/admin/import", 303)
    plan = _plan(up, file)
    told = (c for c in plan.changes if c.kind not in (Kind.SET, Kind.SOURCE))
    changes = [c for c in told if c.action in ("new", "changed", "vanished", "invalid")]
    return render_template(
        "admin_import_preview.html", up=up, file=file, plan=plan, changes=changes[:_MOST_CHANGES], more=max(0, len(changes) - _MOST_CHANGES),
        tables=[(t, TABLE_NAMES[t.kind], t.rows[:_FIRST_ROWS], _choices(t.kind)) for t in file.tables],
    )  # fmt: skip


@pages.post("/admin/import/<token>/mapping")
def remap(token: str) -> BaseResponse:
    """Take corrected columns, remember them for the same header row, and show the preview again."""
    up = _upload(token)
    given = {k.removeprefix("map:"): v for k, v in request.form.items() if k.startswith("map:")}
    known = {f for fields in FIELDS.values() for f in fields} | {
        "name",
        "level1",
        "level2",
        "target",
        "weight",
        "comparator",
        "",
    }
    corrections = {h: f for h, f in given.items() if f in known}
    _keep(up.folder, {**up.about, "corrections": {**up.about["corrections"], **corrections}})
    return redirect(f"/admin/import/{token}", 303)


@pages.post("/admin/import/<token>/commit")
def commit(token: str) -> BaseResponse:
    """Write the plan that was shown, as one batch."""
    up = _upload(token)
    kb = knowledge()
    try:
        file = _read(up)
        if file.problems and not request.form.get("good"):
            flash("文件里有错误的行，没有入库。请改正后重新上传，或勾选“先入没有错的行”。", "bad")
            return redirect(f"/admin/import/{token}", 303)
        plan = _plan(up, file)
        title = f"入库：{up.about['name']}" + (f" → {plan.set_name}" if plan.set_name else "")
        number = kb.loading.commit(
            plan, request.form.get("fingerprint", ""), name=title, actor=admin().name, reason="在网页上入库"
        )
    except (FileError, KnowledgeError) as error:
        flash(str(error), "bad")
        return redirect(f"/admin/import/{token}", 303)
    _remember(up, file)
    shutil.rmtree(up.folder, ignore_errors=True)
    flash(f"已入库，记为第 {number} 批；可以随时撤回。" if number else "没有变化，没有写入。")
    return redirect("/admin/import", 303)


@pages.get("/admin/import/<token>/bad.xlsx")
def bad(token: str) -> Response:
    """Rows that cannot be taken, with the reason, to be mended and loaded again."""
    up = _upload(token)
    try:
        content = mending.bad_rows(_read(up).tables)
    except FileError:
        content = None
    if content is None:
        abort(404)
    answer = Response(content, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer.headers["Content-Disposition"] = 'attachment; filename="bad-rows.xlsx"'
    return answer


def _root() -> Path:
    root = knowledge().settings.home / "imports"
    root.mkdir(parents=True, exist_ok=True)
    return root


def _sweep(root: Path) -> None:
    """Forget uploads that nobody went on with."""
    for folder in root.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def _upload(token: str) -> Upload:
    folder = _root() / token
    if not _TOKEN.fullmatch(token) or not (folder / "about.json").is_file():
        abort(404)
    return Upload(token, folder, json.loads((folder / "about.json").read_text(encoding="utf-8")))


def _keep(folder: Path, about: dict[str, Any]) -> None:
    (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _read(up: Upload) -> LoadedFile:
    return read_apart(up.about["name"], (up.folder / "data").read_bytes(), up.hints)


def _plan(up: Upload, file: LoadedFile) -> ImportPlan:
    kb = knowledge()
    candidates = build(file, Options(kb.loading.sectors()))
    coded = all(c.record.code for c in candidates if isinstance(c.record, Indicator))
    name = up.about["set"] or ("" if coded else Path(up.about["name"]).stem)
    return kb.loading.plan(candidates, name, replace=up.about["replace"] and bool(up.about["set"]))


def _choices(kind: TableKind) -> list[tuple[str, str]]:
    """Fields that a column of a kind of table may be taken for, with a name for people."""
    found = {f: aliases[0] for f, aliases in FIELDS[kind].items()}
    if kind not in (TableKind.PROJECTS, TableKind.DEPARTMENTS, TableKind.ISSUES):
        found |= {
            "level1": "一级指标",
            "level2": "二级指标",
            "name": "三级指标",
            "target": "指标值",
            "weight": "权重",
            "comparator": "指标性质",
        }
    return [("", "不用这一列"), *found.items()]


def _remember(up: Upload, file: LoadedFile) -> None:
    corrected = up.about["corrections"]
    for table in file.tables:
        own = {plain(c.header): c.field for c in table.columns if c.header in corrected}
        if own:
            knowledge().loading.learn(fingerprint([c.header for c in table.columns]), own, actor=admin().name)
