"""A record as the flat names and texts of an HTML form, and back; nothing of a record is lost on the way.

Every field has a name ``f.FIELD``; a row's cell is ``f.FIELD.NUMBER.COLUMN``, a part of a group
``f.FIELD.PART``, a box to tick ``f.FIELD.VALUE``. A field whose name was not sent keeps its value,
and so does one whose text is what the form showed: only what somebody typed is read anew.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

import msgspec

from indicators.model import RECORD_TYPES, Kind, Record
from web.field_table import KEPT, Field, Widget, fields_of

PREFIX = "f."
MOST_ROWS = 1_000
MOST_ITEMS = 20_000
_TICKED = "1"
_EDGES = re.compile(r'^\s|\s$|^"|\n|^$')
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,10})?")

Form = Mapping[str, str]
"""Names and texts of a form as it was sent; of several of one name the last."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a form holds: the record, or None with what is wrong by the name of the input; "" is the form."""

    record: Record | None
    errors: dict[str, str] = field(default_factory=dict)


class _WrongError(Exception):
    """What somebody typed does not fit the field; the message tells why."""


def written(record: Record) -> dict[str, str]:
    """The form that shows a record."""
    found: dict[str, str] = {}
    for each in fields_of(record.kind).values():
        found |= _write(PREFIX + each.name, each, getattr(record, each.name))
    return found


def empty(kind: Kind) -> dict[str, str]:
    """The form of a new record: every field at its default."""
    found: dict[str, str] = {}
    for each in fields_of(kind).values():
        found |= _write(PREFIX + each.name, each, each.default)
    return found


def read(kind: Kind, code: str, form: Form, base: Record | None = None) -> Read:
    """The record that a form holds, with the fields that it does not speak of as ``base`` has them."""
    fields = fields_of(kind)
    sent = {name: clean_text(text) for name, text in form.items() if name.startswith(PREFIX)}
    errors = _strangers(fields, sent)
    values: dict[str, Any] = {"code": code}
    for each in fields.values():
        old = getattr(base, each.name) if base is not None else each.default
        shown = _write(PREFIX + each.name, each, old)
        mine = _belonging(PREFIX + each.name, sent)
        if not mine or {n: clean_text(t) for n, t in shown.items() if t} == {
            n: t for n, t in mine.items() if t
        }:
            values[each.name] = old
            if each.mandatory and old in (None, ""):
                errors[PREFIX + each.name] = f"请填写{each.label}。"
        else:
            values[each.name] = _read(PREFIX + each.name, each, mine, old, errors)
    if errors:
        return Read(None, errors)
    if base is not None:
        values |= {
            name: getattr(base, name) for name in base.__struct_fields__ if name in KEPT and name != "code"
        }
    return Read(RECORD_TYPES[kind](**values))


def rows_in(path: str, form: Form) -> list[int]:
    """Numbers of the rows that a form has for a field of rows, in order."""
    pattern = re.compile(re.escape(path) + r"\.(\d{1,4})\.")
    return sorted({int(m[1]) for name in form if (m := pattern.match(name))})


def with_row(path: str, form: Form, columns: tuple[Field, ...]) -> dict[str, str]:
    """The form with one more, empty row."""
    number = max(rows_in(path, form), default=-1) + 1
    return {**form, **{f"{path}.{number}.{c.name}": "" for c in columns}}


def without_row(path: str, number: int, form: Form) -> dict[str, str]:
    """The form without one row."""
    return {n: t for n, t in form.items() if not n.startswith(f"{path}.{number}.")}


def with_row_up(path: str, number: int, form: Form) -> dict[str, str]:
    """The form with one row before the one above it."""
    order = rows_in(path, form)
    if number not in order[1:]:
        return dict(form)
    above = order[order.index(number) - 1]
    swap = {f"{path}.{number}.": f"{path}.{above}.", f"{path}.{above}.": f"{path}.{number}."}
    found: dict[str, str] = {}
    for name, text in form.items():
        begin = next((b for b in swap if name.startswith(b)), "")
        found[swap[begin] + name[len(begin) :] if begin else name] = text
    return found


# Writing


def _write(path: str, each: Field, value: Any) -> dict[str, str]:
    match each.widget:
        case Widget.ROWS:
            found = {path: ""}
            for number, row in enumerate(value):
                for column in each.columns:
                    cell = row[int(column.name)] if isinstance(row, tuple) else getattr(row, column.name)
                    found |= _write(f"{path}.{number}.{column.name}", column, cell)
            return found
        case Widget.GROUP:
            parts = {c.name: getattr(value, c.name) for c in each.columns}
            return {f"{path}.{name}": text for name, text in parts.items()}
        case Widget.CHECKS:
            return {path: "", **{f"{path}.{v.value}": _TICKED for v in value}}
        case Widget.LIST | Widget.POINTERS:
            return {path: "\n".join(_line(item) for item in value)}
        case Widget.FLAG:
            return {path: _TICKED if value else ""}
        case _:
            return {path: _plain(value)}


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value.value if isinstance(value, Enum) else value)


def _line(item: str) -> str:
    """An item of a list on a line of its own; in quotation marks where it would be read as another one."""
    return json.dumps(item, ensure_ascii=False) if _EDGES.search(item) else item


# Reading


def clean_text(text: str) -> str:
    """Text with plain line ends, without control characters and lone surrogates."""
    joined = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in joined if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def _belonging(path: str, sent: Form) -> dict[str, str]:
    return {n: t for n, t in sent.items() if n == path or n.startswith(path + ".")}


def _strangers(fields: Mapping[str, Field], sent: Form) -> dict[str, str]:
    odd = [name for name in sent if not _known(fields, name.removeprefix(PREFIX))]
    return {"": f"表单里有不认识的栏：{odd[0][:60]}。请重新打开这一页再填。"} if odd else {}


def _known(fields: Mapping[str, Field], name: str) -> bool:
    outer, _, inner = name.partition(".")
    each = fields.get(outer)
    if each is None or not inner:
        return each is not None
    if each.widget is Widget.GROUP:
        return inner in {c.name for c in each.columns}
    if each.widget is Widget.CHECKS:
        return inner in {c.value for c in each.choices}
    row, _, column = inner.partition(".")
    return (
        each.widget is Widget.ROWS
        and row.isascii()
        and row.isdigit()
        and len(row) <= 4
        and column in {c.name for c in each.columns}
    )


def _read(path: str, each: Field, mine: Form, old: Any, errors: dict[str, str]) -> Any:
    if each.widget is Widget.ROWS:
        return _read_rows(path, each, mine, old, errors)
    if each.widget is Widget.GROUP:
        parts = {
            c.name: _one(f"{path}.{c.name}", c, mine.get(f"{path}.{c.name}", getattr(old, c.name)), getattr(old, c.name), errors)
            for c in each.columns
        }  # fmt: skip
        return each.type(**parts)
    if each.widget is Widget.CHECKS:
        known = {c.value for c in each.choices}
        sent = (n.removeprefix(path + ".") for n, t in mine.items() if t == _TICKED)
        ticked = [v for v in sent if v in known]
        kept = [v for v in old if v.value in ticked]  # in the order in which they stood
        return (*kept, *(each.type(v) for v in ticked if each.type(v) not in kept))
    return _one(path, each, mine.get(path, ""), old, errors)


def _read_rows(path: str, each: Field, mine: Form, old: Any, errors: dict[str, str]) -> tuple[Any, ...]:
    numbers = rows_in(path, mine)
    if len(numbers) > MOST_ROWS:
        errors[path] = f"{each.label}最多 {MOST_ROWS} 行。"
        return ()
    found = []
    for number in numbers:
        cells = {c.name: mine.get(f"{path}.{number}.{c.name}", "") for c in each.columns}
        if not any(text.strip() for text in cells.values()):
            continue
        before = old[number] if number < len(old) else None
        row = {
            c.name: _one(f"{path}.{number}.{c.name}", c, cells[c.name], _cell(before, c), errors)
            for c in each.columns
        }
        found.append((row["0"], row["1"]) if "0" in row else each.type(**row))
    return tuple(found)


def _cell(row: Any, column: Field) -> Any:
    """A cell as it stood in the same row; it may keep an unusual value that a form would refuse."""
    if row is None:
        return column.default
    return row[int(column.name)] if isinstance(row, tuple) else getattr(row, column.name)


def _one(path: str, each: Field, text: str, old: Any, errors: dict[str, str]) -> Any:
    reader: Callable[[Field, str, Any], Any] = _READERS.get(each.widget, _text)
    try:
        return reader(each, text, old)
    except _WrongError as error:
        errors[path] = str(error)
        return old


def _text(each: Field, text: str, _old: Any) -> str:
    stripped = text.strip("\n ") if each.widget is Widget.MARKDOWN else text.strip()
    if each.mandatory and not stripped:
        raise _WrongError(f"请填写{each.label}。")
    if len(stripped) > each.most:
        raise _WrongError(f"{each.label}有 {len(stripped)} 个字，最多 {each.most} 个。请缩短，或分到别的栏。")
    return stripped


def _lines(each: Field, text: str, _old: Any) -> tuple[str, ...]:
    items = [_item(line.strip()) for line in text.split("\n") if line.strip()]
    if len(items) > MOST_ITEMS:
        raise _WrongError(f"{each.label}最多 {MOST_ITEMS} 条。")
    long = next((i for i in items if len(i) > each.most), "")
    if long:
        raise _WrongError(f"{each.label}里“{long[:20]}…”有 {len(long)} 个字，每条最多 {each.most} 个。")
    return tuple(dict.fromkeys(items)) if each.widget is Widget.POINTERS else tuple(items)


def _item(line: str) -> str:
    if line.startswith('"'):
        try:
            return msgspec.json.decode(line, type=str)
        except (msgspec.DecodeError, msgspec.ValidationError):
            pass
    return line


def _choice(each: Field, text: str, old: Any) -> Any:
    value = text.strip()
    if value == _plain(old):
        return old
    if value in {c.value for c in each.choices}:
        return each.type(value) if each.type is not str else value
    if not value and each.default in ("", None):
        return each.default
    raise _WrongError(f"请从列表里选{each.label}。")


def _decimal(each: Field, text: str, _old: Any) -> Decimal | None:
    plain = (
        unicodedata.normalize("NFKC", text)
        .strip()
        .replace(",", "")
        .removesuffix("分")
        .removesuffix("万元")
        .strip()
    )
    if not plain:
        return None
    try:
        if not _NUMBER.fullmatch(plain):
            raise InvalidOperation
        return Decimal(plain)
    except InvalidOperation:
        raise _WrongError(f"{each.label}要填数字，如 12.5；您写的是“{text.strip()[:20]}”。") from None


def _whole(each: Field, text: str, _old: Any) -> int | None:
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        if each.mandatory:
            raise _WrongError(f"请填写{each.label}。")
        return each.default  # type: ignore[no-any-return]
    if not re.fullmatch(r"-?[0-9]{1,9}", plain):
        raise _WrongError(f"{each.label}要填整数，您写的是“{text.strip()[:20]}”。")
    return int(plain)


def _ticked(_each: Field, text: str, _old: Any) -> bool:
    return text == _TICKED


_READERS: dict[Widget, Callable[[Field, str, Any], Any]] = {
    Widget.LIST: _lines, Widget.POINTERS: _lines, Widget.CHOICE: _choice, Widget.DECIMAL: _decimal, Widget.WHOLE: _whole,
    Widget.FLAG: _ticked,
}  # fmt: skip
