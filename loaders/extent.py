"""A look at an xlsx before it is opened: how far its cells reach, and whether any holds a formula.

The reader makes room for the whole rectangle up to the last cell; one stray cell at XFD1048576
would ask for 500 GB.
"""

from __future__ import annotations

import re

from loaders.bounds import MOST_CELLS, require_sane_zip
from loaders.errors import StrayCellError

_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_FORMULA = re.compile(rb'<f[ >/]|<c [^>]*t="e"')


def scan(name: str, data: bytes) -> bool:
    """Whether a workbook holds formulas or error values; False for what is no xlsx.

    Raises StrayCellError where a sheet's cells reach further than can be read.
    """
    if data[:2] != b"PK":
        return False
    archive = require_sane_zip(name, data)
    sheets = [
        part for part in archive.namelist() if part.startswith("xl/worksheets/") and part.endswith(".xml")
    ]
    formulas = False
    for number, part in enumerate(sheets, 1):
        try:
            text = archive.read(part)
        except Exception:  # a damaged or encrypted part: the reader itself tells it better
            return formulas
        _require_reach(name, number, text)
        formulas = formulas or _FORMULA.search(text) is not None
    return formulas


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
