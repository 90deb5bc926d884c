"""Fields of records as forms ask for them: label, hint, widget, choices; derived from the model's types.

``fields_of`` is the only table of forms there is: a field that the model gains appears in its form.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin

import msgspec

from indicators.content import fields_with_source
from indicators.fields import label_of, label_within
from indicators.model import RECORD_TYPES, Kind, SourceRef, Standards
from indicators.taxonomy import CATALOGUE_LEVELS
from web.field_words import HINTS, LONG, OWN_HINTS, SECTIONS, SUGGESTED


class Widget(StrEnum):
    """How a field is asked for."""

    LINE = "line"
    TEXT = "text"
    MARKDOWN = "markdown"
    CHOICE = "choice"
    CHECKS = "checks"
    LIST = "list"
    WHOLE = "whole"
    DECIMAL = "decimal"
    FLAG = "flag"
    POINTER = "pointer"
    POINTERS = "pointers"
    ROWS = "rows"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to choose; ``group`` is the level 1 under which a level 2 stands."""

    value: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. ``points_to`` is the kind of record whose code it holds.

    ``most`` bounds its characters (of each item of a list); ``columns`` are the fields of a row or
    of the parts of a group; ``suggested`` are usual values that one may also leave.
    """

    name: str
    label: str
    widget: Widget
    hint: str = ""
    mandatory: bool = False
    choices: tuple[Choice, ...] = ()
    suggested: tuple[str, ...] = ()
    most: int = 1_000
    points_to: Kind | None = None
    columns: tuple[Field, ...] = ()
    type: Any = str
    default: Any = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a form under a heading."""

    id: str
    title: str
    fields: tuple[Field, ...]


_MOST = {
    Widget.TEXT: 20_000,
    Widget.MARKDOWN: 200_000,
    Widget.LIST: 2_000,
    Widget.POINTERS: 80,
    Widget.POINTER: 80,
}
_POINTERS: dict[str, Kind] = {
    "sector": Kind.SECTOR, "successor": Kind.INDICATOR, "framework": Kind.FRAMEWORK, "document": Kind.SOURCE,
    "pairs": Kind.INDICATOR, "members": Kind.INDICATOR, "indicators": Kind.INDICATOR, "same_as": Kind.NODE,
    "related": Kind.NODE, "problems": Kind.PROBLEM, "projects": Kind.PROJECT,
    "base": Kind.SET, "overlays": Kind.INDICATOR, "source": Kind.SOURCE, "problem": Kind.PROBLEM, "indicator": Kind.INDICATOR,
}  # fmt: skip
_CHOICES: dict[tuple[str, str], tuple[Choice, ...]] = {
    ("Indicator", "level1"): tuple(Choice(name, name) for name in CATALOGUE_LEVELS),
    ("Indicator", "level2"): tuple(
        Choice(name, name, level1) for level1, names in CATALOGUE_LEVELS.items() for name in names
    ),
    ("Project", "scope"): tuple(Choice(v, v) for v in ("项目", "部门整体", "政策")),
    ("ProblemType", "severity"): tuple(Choice(v, v) for v in ("错误", "建议", "提示")),
}
_ENUM_WORDS = {
    "active": "在用", "retired": "已停用", "same": "同义", "near": "近义", "related": "相关", "narrower": "原文更窄",
    "broader": "原文更宽",
}  # fmt: skip


KEPT = frozenset(("code", "original", "base_members"))
"""Fields that no form asks for: a code never changes, the others tell what a local copy was made from."""


@cache
def fields_of(kind: Kind) -> dict[str, Field]:
    """Every field of a kind that a form asks for, by name, in the model's order."""
    type_ = RECORD_TYPES[kind]
    own = {
        f.name: _field(type_.__name__, f, label_of(kind, f.name))
        for f in msgspec.structs.fields(type_)
        if f.name not in KEPT
    }
    if "sources" in own:
        own["sources"] = _with_choice_of_field(own, fields_with_source(type_))
    return own


def _with_choice_of_field(own: dict[str, Field], names: frozenset[str]) -> Field:
    """The sources of a kind, each of which may be for one of the kind's fields."""
    labels = {
        f"{f.name}.{c.name}": c.label for f in own.values() if f.widget is Widget.GROUP for c in f.columns
    }
    labels |= {f.name: f.label for f in own.values() if f.widget is not Widget.GROUP}
    choices = tuple(Choice(name, label) for name, label in labels.items() if name in names)
    sources = own["sources"]
    columns = tuple(
        replace(c, widget=Widget.CHOICE, choices=choices) if c.name == "field" else c for c in sources.columns
    )
    return replace(sources, columns=columns)


@cache
def sections_of(kind: Kind) -> tuple[Section, ...]:
    """The parts of a kind's form; a field that no part names stands in a last one."""
    fields = dict(fields_of(kind))
    found = []
    for number, (title, names) in enumerate(SECTIONS[kind], 1):
        found.append(Section(f"part-{number}", title, tuple(fields.pop(n) for n in names if n in fields)))
    if fields:
        found.append(Section("part-rest", "其他", tuple(fields.values())))
    return tuple(found)


def pointers_in(fields: dict[str, Field]) -> Iterator[Field]:
    """Fields that hold codes, columns of rows too."""
    for field in fields.values():
        if field.points_to:
            yield field
        yield from (c for c in field.columns if c.points_to)


def _field(owner: str, info: msgspec.structs.FieldInfo, label: str) -> Field:
    name, hint = info.name, info.type
    widget, inner = _widget(owner, name, hint)
    choices = _CHOICES.get((owner, name), ())
    if widget in (Widget.CHOICE, Widget.CHECKS) and not choices:
        choices = tuple(Choice(str(m.value), _ENUM_WORDS.get(m.value, str(m.value))) for m in inner)
    default = None if info.default is msgspec.NODEFAULT else info.default
    return Field(
        name=name,
        label=label,
        widget=widget,
        hint=OWN_HINTS.get((owner, name)) or HINTS.get(name, ""),
        mandatory=info.default is msgspec.NODEFAULT and info.default_factory is msgspec.NODEFAULT,
        choices=choices,
        suggested=SUGGESTED.get((owner, name)) or SUGGESTED.get(("", name), ()),
        most=_MOST.get(widget, 1_000),
        points_to=_POINTERS.get(name) if widget in (Widget.POINTER, Widget.POINTERS) else None,
        columns=_columns(name, widget, inner),
        type=inner,
        default=default,
    )


def _widget(owner: str, name: str, hint: Any) -> tuple[Widget, Any]:
    """The widget of a type, and the type of its value, item or row."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        return _many(name, get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return Widget.GROUP, hint
    if hint is bool:
        return Widget.FLAG, bool
    if hint is int:
        return Widget.WHOLE, int
    if hint is Decimal:
        return Widget.DECIMAL, Decimal
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Widget.CHOICE, hint
    return _text(owner, name), str


def _many(name: str, item: Any) -> tuple[Widget, Any]:
    if get_origin(item) is tuple or (isinstance(item, type) and issubclass(item, msgspec.Struct)):
        return Widget.ROWS, item
    if isinstance(item, type) and issubclass(item, StrEnum):
        return Widget.CHECKS, item
    return (Widget.POINTERS if name in _POINTERS else Widget.LIST), item


def _text(owner: str, name: str) -> Widget:
    if (owner, name) == ("Guide", "text"):
        return Widget.MARKDOWN
    if (owner, name) in _CHOICES:
        return Widget.CHOICE
    if name in _POINTERS:
        return Widget.POINTER
    long = name in LONG and owner != SourceRef.__name__
    return Widget.TEXT if long or owner == Standards.__name__ else Widget.LINE


def _columns(name: str, widget: Widget, inner: Any) -> tuple[Field, ...]:
    if widget not in (Widget.ROWS, Widget.GROUP):
        return ()
    if get_origin(inner) is tuple:  # the words of a synonym group that must not be merged
        return (
            Field("0", "词", Widget.LINE, mandatory=True),
            Field("1", "为什么不能合并", Widget.LINE, most=1000),
        )
    return tuple(
        _field(inner.__name__, info, label_within(name, info.name)) for info in msgspec.structs.fields(inner)
    )
