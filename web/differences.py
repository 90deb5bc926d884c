"""Two states of a record beside each other, field by field, with what differs marked word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import msgspec
from markupsafe import Markup, escape

from indicators.model import Kind, Record
from kb.merging import parts_of
from web.field_table import Field, Widget, fields_of, label_of

_WORD = re.compile(r"[A-Za-z0-9.]+|\s+|.", re.DOTALL)
_ALIKE = 0.25
"""Lines less alike than this are shown as one out, one in: marks on single characters would be confetti."""
_LONGEST = 4_000
_MOST_LINES = 3_000
_AROUND = 2
_FOLD = 12
BLANK = Markup('<span class="blank">（空）</span>')


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field before and after as marked text; ``what`` is 改, 增 or 删."""

    name: str
    label: str
    what: str
    before: Markup
    after: Markup


def differences(kind: Kind, before: Record | None, after: Record | None) -> list[FieldDifference]:
    """Fields that differ between two states of a record; None is no record. The order is the model's."""
    old, new = (parts_of(r) if r is not None else {} for r in (before, after))
    defaults = {} if old and new else _defaults(kind)
    found = []
    for name in new or old:
        was, now = old.get(name, defaults.get(name)), new.get(name, defaults.get(name))
        if was != now and name != "code":
            found.append(difference(kind, name, was, now))
    return found


def difference(kind: Kind, name: str, before: Any, after: Any) -> FieldDifference:
    """One field in two states."""
    was, now = lines_of(kind, name, before), lines_of(kind, name, after)
    what = "改" if was and now else "增" if now else "删"
    left, right = marked_lines(was, now)
    return FieldDifference(name, label_of(kind, name), what, left or BLANK, right or BLANK)


def shown(kind: Kind, name: str, value: Any) -> Markup:
    """A field's value as text for a page."""
    return escape("\n".join(lines_of(kind, name, value))) or BLANK


def lines_of(kind: Kind, name: str, value: Any) -> list[str]:
    """A value as lines of text: an item or a row on each."""
    outer, _, inner = name.partition(".")
    each = fields_of(kind).get(outer)
    if each is not None and inner:
        each = next((c for c in each.columns if c.name == inner), each)
    return _lines(each, value)


def _lines(each: Field | None, value: Any) -> list[str]:
    if value in (None, "", ()):
        return []
    if isinstance(value, bool):
        return ["是" if value else "否"]
    if each is not None and each.widget is Widget.ROWS:
        return [_row(each, row) for row in value]
    if isinstance(value, tuple):
        return [_word(each, item) for item in value]
    return str(_word(each, value)).split("\n")


def _row(each: Field, row: Any) -> str:
    cells = []
    for column in each.columns:
        cell = row[int(column.name)] if isinstance(row, tuple) else getattr(row, column.name)
        text = "、".join(_lines(column, cell))
        if text:
            cells.append(f"{column.label} {text}")
    return "；".join(cells)


def _word(each: Field | None, value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        return "；".join(str(getattr(value, f)) for f in value.__struct_fields__ if getattr(value, f))
    plain = str(getattr(value, "value", value))
    choice = next((c for c in each.choices if c.value == plain), None) if each is not None else None
    return choice.label if choice else plain


def _defaults(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields_of(kind).values():
        if each.widget is Widget.GROUP:
            found |= {f"{each.name}.{c.name}": "" for c in each.columns}
        else:
            found[each.name] = each.default
    return found


def marked_lines(before: Sequence[str], after: Sequence[str]) -> tuple[Markup, Markup]:
    """Both texts with what went in ``<del>`` and what came in ``<ins>``; long equal parts are left out."""
    left: list[Markup] = []
    right: list[Markup] = []
    for tag, a, b in _blocks(before, after):
        if tag == "equal":
            kept = _folded(a, bool(left), len(before) + len(after) > 2 * _FOLD)
            left += kept
            right += kept
            continue
        for n in range(max(len(a), len(b))):
            was, now = (side[n] if n < len(side) else None for side in (a, b))
            old, new = _pair(was, now)
            left += [old] if was is not None else []
            right += [new] if now is not None else []
    return Markup("\n").join(left), Markup("\n").join(right)


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[str, list[str], list[str]]]:
    if len(before) + len(after) > _MOST_LINES:
        gone, came = set(before) - set(after), set(after) - set(before)
        yield "replace", [line for line in before if line in gone], [line for line in after if line in came]
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        yield tag, list(before[i:j]), list(after[k:m])


def _folded(lines: list[str], begun: bool, fold: bool) -> list[Markup]:
    if not fold or len(lines) <= 2 * _AROUND + 1:
        return [escape(line) for line in lines]
    head = lines[:_AROUND] if begun else []
    tail = lines[-_AROUND:]
    left_out = Markup('<span class="blank">… {} 行没有变 …</span>').format(len(lines) - len(head) - len(tail))
    return [*map(escape, head), left_out, *map(escape, tail)]


def _pair(was: str | None, now: str | None) -> tuple[Markup, Markup]:
    if was is None or now is None or len(was) + len(now) > _LONGEST:
        return _del(was or ""), _ins(now or "")
    old, new = _WORD.findall(was), _WORD.findall(now)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return _del(was), _ins(now)
    left: list[Markup] = []
    right: list[Markup] = []
    for tag, a, b in _without_islands(matcher, old, new):
        left.append(escape(a) if tag == "equal" else _del(a))
        right.append(escape(b) if tag == "equal" else _ins(b))
    return Markup("").join(left), Markup("").join(right)


def _without_islands(matcher: SequenceMatcher[str], old: list[str], new: list[str]) -> list[tuple[str, str, str]]:
    """Runs of words; a single equal character between two changes counts as changed."""
    runs: list[tuple[str, str, str]] = []
    codes = matcher.get_opcodes()
    for n, (tag, i, j, k, m) in enumerate(codes):
        a, b = "".join(old[i:j]), "".join(new[k:m])
        island = tag == "equal" and 0 < n < len(codes) - 1 and len(a) < 2
        kind = "equal" if tag == "equal" and not island else "change"
        if runs and runs[-1][0] == kind == "change":
            runs[-1] = ("change", runs[-1][1] + a, runs[-1][2] + b)
        else:
            runs.append((kind, a, b))
    return runs


def _del(text: str) -> Markup:
    return Markup("<del>{}</del>").format(text) if text else Markup("")


def _ins(text: str) -> Markup:
    return Markup("<ins>{}</ins>").format(text) if text else Markup("")
