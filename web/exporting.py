"""Downloads: a set or the matches of a search as xlsx, csv, json, yaml or SKOS; and the list of all sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import FileLock, Timeout
from flask import Blueprint, Response, abort, render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.exceptions import TooManyRequests

from indicators.chinese_time import today
from indicators.model import IndicatorSet, Kind, Record
from indicators.validity import validity
from kb.knowledge import KnowledgeBase
from kb.search.answer import Filters, Hit, SearchAnswer
from loaders.errors import FileError
from loaders.exports import export, plain_csv, suffix_of
from loaders.skos import SUFFIX, export_skos
from web.context import knowledge
from web.downloads import BOOK, attachment, file_name
from web.query import SearchState, read_state
from web.words import FACET_NAMES, KIND_NAMES, STATUS_NAMES, facet_label

pages = Blueprint("exporting", __name__)

MOST = 5000
"""Matches that one download holds."""
PATIENCE = 3.0
"""Seconds that a download waits for the one before it: small ones take less, the largest up to ten."""
_RETRY = 10
FORMATS = {
    "xlsx": BOOK, "csv": "text/csv; charset=utf-8",
    "json": "application/json", "yaml": "application/yaml", "ttl": "text/turtle; charset=utf-8",
}  # fmt: skip
FORMAT_NAMES = {"xlsx": "Excel", "csv": "CSV", "json": "JSON", "yaml": "YAML", "ttl": "SKOS"}
_HIT_TITLES = ("种类", "代码", "名称", "一级指标", "二级指标", "行业", "指标集、框架", "状态", "摘要", "地址")


@dataclass(frozen=True, slots=True)
class Found:
    """The matches of a search as they are to be written. ``cut`` tells that there are more than fit."""

    answer: SearchAnswer
    records: list[Record]
    about: tuple[tuple[str, str], ...]

    @property
    def cut(self) -> bool:
        """Whether matches were left out."""
        return self.answer.total > len(self.answer.hits)


def find(kb: KnowledgeBase, text: str, filters: Filters) -> Found:
    """The first ``MOST`` matches of a search, whole."""
    answer = kb.search(text, filters, limit=MOST)
    records = kb.loading.records_with([h.code for h in answer.hits])
    chosen = [
        (FACET_NAMES[f], "、".join(facet_label(f, v) for v in values))
        for f in FACET_NAMES
        if (values := getattr(filters, f))
    ]
    count = f"{answer.total} 条" + (
        f"，只写了前 {len(answer.hits)} 条" if answer.total > len(answer.hits) else ""
    )
    relaxed = [("放宽", f"照原词没有找到，这是放宽后的结果（{answer.relaxed}）")] if answer.relaxed else []
    about = (("搜索词", text or "（没有，只按筛选）"), *chosen, ("结果", count), *relaxed)
    return Found(answer, records, about)


def write_found(kb: KnowledgeBase, file: str, found: Found, name: str) -> bytes:
    """The matches as a file of the format that its name tells. Raises a FileError.

    A csv holds one kind of records with all their fields, several kinds with what they have in common.
    """
    own = [r for r in found.records if r.kind is not Kind.SOURCE]
    if suffix_of(file) == ".csv":
        if len({r.kind for r in own}) > 1 or not own:
            return plain_csv(_HIT_TITLES, (_hit_row(kb, hit) for hit in found.answer.hits))
        return export(file, own)
    if suffix_of(file) == SUFFIX:
        return write_records(kb, file, [*found.records, *_homes(kb, own)], name)
    return export(file, found.records, found.about)


def write_records(kb: KnowledgeBase, file: str, records: list[Record], name: str = "") -> bytes:
    """Records as a file of the format that its name tells, SKOS too. Raises a FileError."""
    if suffix_of(file) != SUFFIX:
        return export(file, records)
    sectors = {c.sector.code: c.sector for c in kb.sectors()}
    return export_skos(file, records, sectors, kb.settings.base_url, name)


def _homes(kb: KnowledgeBase, records: list[Record]) -> list[Record]:
    """Sets and frameworks that hold one of these records."""
    codes = {r.code for r in records}
    frameworks = {getattr(r, "framework", "") for r in records}
    sets: list[Record] = [s for s in kb.sets() if codes & set(s.members)]
    return [*sets, *(f for f in kb.frameworks() if f.code in frameworks and f.code not in codes)]


def _hit_row(kb: KnowledgeBase, hit: Hit) -> list[str]:
    texts = [
        hit.code,
        hit.name,
        hit.level1,
        hit.level2,
        hit.sector,
        hit.set,
        STATUS_NAMES.get(hit.status, ""),
    ]
    return [KIND_NAMES[hit.record_kind], *texts, hit.snippet, kb.settings.base_url + hit.url]


@contextmanager
def _turn() -> Iterator[None]:
    """The turn to write a file: one at a time on this server, whatever the number of its processes."""
    lock = FileLock(knowledge().settings.home / "export.lock", timeout=PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        message = f"有人正在下载大文件，一次只做一个。请过 {_RETRY} 秒再试。"
        raise TooManyRequests(message, retry_after=_RETRY) from None
    try:
        yield
    finally:
        lock.release()


@pages.get("/export/search")
def found() -> Response:
    """The matches of the search that the address describes, as a file (``as=``)."""
    state, kind = read_state(request.args), _kind()
    if not state.asks:
        abort(400, "没有搜索词，也没有筛选。请先在搜索页查到要下载的内容。")
    kb, name = knowledge(), _name(state)
    with _turn():
        matched = find(kb, state.q, state.filters)
        if matched.cut:
            name += f"-前{MOST}条"
        try:
            data = write_found(kb, f"{name}.{kind}", matched, name)
        except FileError as error:
            abort(400, error.reason)
    return attachment(data, f"{name}.{kind}", FORMATS[kind])


@pages.get("/export/set/<path:code>")
def of_set(code: str) -> Response:
    """A set with its indicators and their sources, as a file (``as=``)."""
    kb, kind = knowledge(), _kind()
    record = kb.record(code)
    if not isinstance(record, IndicatorSet):
        abort(404)
    with _turn():
        try:
            data = write_records(kb, f"{record.code}.{kind}", kb.loading.records_of(record.code), record.name)
        except FileError as error:
            abort(400, error.reason)
    stem = record.name + (f"-{record.edition}" if record.edition else "")
    return attachment(data, f"{stem}.{kind}", FORMATS[kind])


@pages.get("/sets")
def sets() -> str:
    """All sets with edition, issuer, region and validity."""
    now = today()
    return render_template("sets.html", sets=[(s, validity(s, now)) for s in knowledge().sets()])


def _kind() -> str:
    kind = request.args.get("as", "xlsx")
    if kind not in FORMATS:
        abort(400, f"没有这种格式。可以下载：{'、'.join(FORMATS)}。")
    return kind


def _name(state: SearchState) -> str:
    parts = [state.q, *(facet_label(f, v) for f, v in state.chosen)]
    return file_name("-".join(p for p in parts if p)[:60]) or "搜索结果"


@pages.record_once
def _tell_templates(state: BlueprintSetupState) -> None:
    """Shared pieces of pages know the formats without being handed them."""
    state.app.jinja_env.globals.update(export_formats=FORMAT_NAMES, export_most=MOST)
