"""Hidden rows and columns of an OpenDocument sheet, told by its content.xml; the reader itself does not hand them on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from loaders.hidden import Span, Spans

_TAG = re.compile(
    rb"<(/?)table:(table|table-row|table-column|table-row-group|table-column-group)(?=[\s/>])([^<>]*)>"
)
_NAME = re.compile(rb'\stable:name="([^"]*)"')
_UNSEEN = re.compile(rb'\stable:visibility="(?:collapse|filter)"')
_FOLDED = re.compile(rb'\stable:display="false"')
_REPEATED = re.compile(rb'\stable:number-(?:rows|columns)-repeated="(\d{1,7})"')


class _Sheet:
    """A sheet as its tags go by: how far its rows and columns are, how many folded groups are open around them."""

    def __init__(self) -> None:
        self.at = {b"table-row": 0, b"table-column": 0}
        self.groups: dict[bytes, list[bool]] = {b"table-row-group": [], b"table-column-group": []}
        self.found: dict[bytes, list[Span]] = {b"table-row": [], b"table-column": []}

    def take(self, closing: bool, tag: bytes, attributes: bytes) -> None:
        if tag in self.groups:
            self._group(self.groups[tag], closing, attributes)
        elif not closing:
            repeated = _REPEATED.search(attributes)
            first = self.at[tag] + 1
            self.at[tag] += max(1, int(repeated[1])) if repeated else 1
            if _UNSEEN.search(attributes) or any(self.groups[tag + b"-group"]):
                self.found[tag].append((first, self.at[tag]))

    @staticmethod
    def _group(groups: list[bool], closing: bool, attributes: bytes) -> None:
        if not closing:
            if not attributes.endswith(b"/"):
                groups.append(_FOLDED.search(attributes) is not None)
        elif groups:
            groups.pop()

    @property
    def spans(self) -> Spans:
        return Spans(self.found[b"table-row"], self.found[b"table-column"])


def hidden_in_ods(content: bytes) -> dict[str, Spans]:
    """Hidden rows and columns by the sheet's title; a table within a cell is no sheet."""
    return {title: sheet.spans for title, sheet in _sheets(content) if sheet.spans != Spans([], [])}


def _sheets(content: bytes) -> Iterator[tuple[str, _Sheet]]:
    depth, title, sheet = 0, "", _Sheet()
    for slash, tag, attributes in (match.groups() for match in _TAG.finditer(content)):
        if tag != b"table":
            if depth == 1:
                sheet.take(bool(slash), tag, attributes)
        elif slash:
            depth = max(0, depth - 1)
            if depth == 0:
                yield title, sheet
        elif not attributes.endswith(b"/"):
            depth += 1
            if depth == 1:
                named = _NAME.search(attributes)
                title, sheet = unescape(named[1].decode("utf-8", "replace")) if named else "", _Sheet()
