"""A look at a zipped workbook (xlsx, ods) before it is opened: how far its cells reach, whether any holds a formula, what is hidden.

The reader makes room for the whole rectangle up to the last cell; one stray cell at XFD1048576
would ask for 500 GB.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zipfile import ZipFile

from lxml import etree

from loaders.bounds import MOST_CELLS, require_sane_zip
from loaders.errors import StrayCellError
from loaders.hidden import Spans
from loaders.hidden_ods import hidden_in_ods

_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_FORMULA = re.compile(rb'<f[ >/]|<c [^<>]*t="e"')


_HIDDEN = rb'(?=[^<>]*\shidden="(?:1|true)")'
_HIDDEN_ROW = re.compile(rb"<row" + _HIDDEN + rb'(?=[^<>]*\sr="(\d{1,7})")')
_HIDDEN_COLUMNS = re.compile(rb"<col" + _HIDDEN + rb'(?=[^<>]*\smin="(\d{1,5})")(?=[^<>]*\smax="(\d{1,5})")')
_ODS_CONTENT = "content.xml"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: whether there are formulas or error values, hidden rows and columns by the sheet's title."""

    formulas: bool = False
    hidden: Mapping[str, Spans] = field(default_factory=dict)


def scan(name: str, data: bytes) -> Look:
    """A look at a workbook; an empty one at what is neither xlsx nor ods.

    Raises StrayCellError where a sheet's cells reach further than can be read.
    """
    if data[:2] != b"PK":
        return Look()
    archive = require_sane_zip(name, data)
    if _ODS_CONTENT in archive.namelist():
        return Look(hidden=_hidden_in_ods(archive))
    sheets = [
        part for part in archive.namelist() if part.startswith("xl/worksheets/") and part.endswith(".xml")
    ]
    formulas = False
    hidden: dict[str, Spans] = {}
    for number, part in enumerate(sheets, 1):
        try:
            text = archive.read(part)
        except Exception:  # a damaged or encrypted part: the reader itself tells it better
            return Look(formulas)
        _require_reach(name, number, text)
        formulas = formulas or _FORMULA.search(text) is not None
        if found := _hidden(text):
            hidden[part] = found
    titles = _titles(archive) if hidden else {}
    return Look(formulas, {titles[part]: found for part, found in hidden.items() if part in titles})


def _hidden(text: bytes) -> Spans | None:
    rows = {(int(row), int(row)) for row in _HIDDEN_ROW.findall(text)}
    columns = {(int(first), int(last)) for first, last in _HIDDEN_COLUMNS.findall(text)}
    return Spans(rows, columns) if rows or columns else None


def _hidden_in_ods(archive: ZipFile) -> Mapping[str, Spans]:
    try:
        return hidden_in_ods(archive.read(_ODS_CONTENT))
    except Exception:  # a damaged or encrypted part: the reader itself tells it better
        return {}


def _titles(archive: ZipFile) -> dict[str, str]:
    """Titles of the sheets by the part that holds each."""
    try:
        book, relations = (
            etree.fromstring(archive.read(part), etree.XMLParser(resolve_entities=False, no_network=True))
            for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
        )
    except Exception:  # a damaged part: the reader itself tells it better
        return {}
    parts = {
        r.get("Id"): posixpath.normpath(posixpath.join("xl", r.get("Target", ""))).lstrip("/")
        for r in relations.iter("{*}Relationship")
    }
    return {
        parts[s.get(_RELATION)]: s.get("name", "") for s in book.iter("{*}sheet") if s.get(_RELATION) in parts
    }


def _require_reach(name: str, number: int, text: bytes) -> None:
    widest, column, lowest, row = 0, "", 0, ""
    for match in _CELL.finditer(text):
        letters, digits = match.groups()
        if (width := _number_of(letters)) > widest:
            widest, column = width, f"{letters.decode()}{digits.decode()}"
        if int(digits) > lowest:
            lowest, row = int(digits), f"{letters.decode()}{digits.decode()}"
    if widest * lowest > MOST_CELLS:
        far = column if widest > 200 else row
        raise StrayCellError(name, f"第{number}张工作表的 {far} 格")


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
