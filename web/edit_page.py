"""What the pages of editing show: the form with the names of codes, faults in Chinese words, the page to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from flask import current_app, g, render_template, request
from markupsafe import Markup

from indicators.content import ContentFault
from indicators.fields import label_of
from indicators.model import Kind, Record
from kb.links import PATHS, url_of
from kb.markdown import render
from kb.merging import Side
from kb.views import Ref
from web.context import knowledge
from web.field_table import Field, Widget, fields_of, sections_of
from web.record_form import PREFIX, rows_in
from web.words import KIND_NAMES

_ENDPOINTS = {Kind.SET: "indicator_set"}
_LONGEST_CODE = 80
_FIELD_FIRST = re.compile(r"^([a-z_]+) (?=指向|的)")
MOST_NAMES = 300
"""Codes whose names stand under a field; a set may have thousands."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is being edited: the record as its editor saw it (None: a new one) and at which version.

    ``proposing`` keeps what comes out as a proposal; ``proposal`` is the one that is carried out, 0 for none.
    """

    kind: Kind
    url: str
    code: str = ""
    base: Record | None = None
    seen: int = 0
    proposing: bool = False
    proposal: int = 0


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it stands: inputs, why, the code of a new record, what is wrong, where the cursor goes."""

    form: dict[str, str]
    reason: str = ""
    code: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    focus: str = ""
    touched: bool = True
    notice: str = ""


def sent_form() -> dict[str, str]:
    """Names and texts of the form that was sent; of several of one name the last counts."""
    return {name: texts[-1] for name, texts in request.form.lists() if name.startswith(PREFIX)}


def sides_taken() -> dict[str, Side]:
    """Whose value was chosen for each field that two sides changed, of the form that was sent."""
    return {
        name.removeprefix("take."): Side(side)
        for name, side in request.form.items()
        if name.startswith("take.") and side in (Side.THEIRS, Side.MINE)
    }


def pointers_in(kind: Kind, form: Mapping[str, str]) -> Iterator[tuple[str, Field, str]]:
    """(input, field, code) of every code that stands in a form."""
    for name, text in form.items():
        outer, _, inner = name.removeprefix(PREFIX).partition(".")
        each = fields_of(kind).get(outer)
        if each is not None and each.widget is Widget.ROWS:
            each = next((c for c in each.columns if inner.endswith("." + c.name)), None)
        if each is not None and each.points_to:
            yield from ((name, each, code.strip()) for code in text.splitlines() if code.strip())


def pointer_errors(kind: Kind, form: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the codes that stand in a form, by input."""
    found = list(pointers_in(kind, form))
    names = knowledge().editing.names([code[:_LONGEST_CODE] for _, _, code in found])
    errors: dict[str, str] = {}
    for path, each, code in found:
        ref, wanted = names.get(code), each.points_to
        if ref is None:
            errors.setdefault(path, _unknown(each, code))
        elif wanted is not None and ref.kind is not wanted:
            errors.setdefault(
                path, f"{code} 是{KIND_NAMES[ref.kind]}“{ref.name}”，这里要填{KIND_NAMES[wanted]}的代码。"
            )
    return errors


def _unknown(each: Field, code: str) -> str:
    kind = each.points_to
    near = knowledge().editing.find(kind, code[:40], 3) if kind else []
    hint = (
        "相近的有 " + "、".join(f"{r.code} {r.name}" for r in near) + "。" if near else "打几个字可以查找。"
    )
    return f"没有代码为“{code[:40]}”的{KIND_NAMES[kind] if kind else '记录'}。{hint}"


def names_in(kind: Kind, form: Mapping[str, str]) -> dict[str, Ref]:
    """Names of the codes that stand in a form."""
    codes = dict.fromkeys(code for _, _, code in pointers_in(kind, form))
    return knowledge().editing.names(list(codes)[:MOST_NAMES])


def in_words(kind: Kind, faults: Iterable[ContentFault]) -> list[str]:
    """Messages of faults, with fields by their Chinese names."""
    return [_FIELD_FIRST.sub(lambda m: f"{label_of(kind, m[1])} ", f.message) for f in faults]


def page_as_shown(record: Record) -> Markup | None:
    """The middle of a record's page as it would be; None for kinds without a page."""
    if record.kind not in PATHS:
        return None
    g.unsaved = knowledge().preview(record)
    try:
        endpoint = f"catalogue.{_ENDPOINTS.get(record.kind, record.kind.value)}"
        page = cast(str, current_app.view_functions[endpoint](code=record.code))
        below = page.replace("<h1>", '<h2 class="name">').replace("</h1>", "</h2>")  # a page has one h1
        return Markup(below)  # noqa: S704 - a template of ours made it
    finally:
        g.unsaved = None


def form_page(task: Task, filled: Filled) -> str:
    """The form of a record as it is filled in."""
    sections = sections_of(task.kind)
    labels = {PREFIX + f.name: f.label for s in sections for f in s.fields}
    return render_template(
        "edit.html", task=task, filled=filled, sections=sections, names=names_in(task.kind, filled.form),
        labels=labels, kind_name=KIND_NAMES[task.kind], rows_in=rows_in, Kind=Kind,
        proposal=knowledge().proposals.get(task.proposal) if task.proposal else None,
        cited=_cited(filled.form), has_sources="sources" in fields_of(task.kind),
        markdown=rendered(filled.form.get("f.text", "")) if task.kind is Kind.GUIDE else "",
    )  # fmt: skip


def _cited(form: dict[str, str]) -> dict[str, int]:
    """How many sources stand in a form for each field."""
    found: dict[str, int] = {}
    for number in rows_in("f.sources", form):
        name = form.get(f"f.sources.{number}.field", "")
        found[name] = found.get(name, 0) + 1
    return found


def rendered(text: str) -> str:
    """Safe HTML of a Markdown text, its links to records resolved."""
    refs = knowledge().editing

    def resolve(code: str) -> str | None:
        ref = refs.names([code]).get(code)
        return url_of(ref.kind, ref.code) if ref is not None and ref.kind in PATHS else None

    return render(text, resolve)
