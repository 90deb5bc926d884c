"""The query grammar: words, "phrase", -not, field:value. Reads anything, never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kb.search.text import fold

LIMIT = 160
"""Characters of a query that are read; what follows is ignored."""

_FIELDS = {
    "code": "code", "代码": "code", "编码": "code",
    "name": "name", "名称": "name",
    "sector": "sector", "行业": "sector", "领域": "sector",
    "kind": "kind", "类型": "kind",
    "level1": "level1", "一级": "level1", "一级指标": "level1",
    "level2": "level2", "二级": "level2", "二级指标": "level2",
}  # fmt: skip
_KINDS = {
    "指标": "indicator", "框架": "framework", "共性指标": "framework", "项目": "project", "案例": "project",
    "问题": "issue", "指南": "guide", "政策": "guide", "条款": "guide",
}  # fmt: skip

# A phrase, or a field with its value, or a bare word; quotes of all the usual kinds.
_QUOTES = '"“”「」『』《》'
_PIECE = re.compile(
    rf"(?P<minus>-)?(?:(?P<field>[a-z0-9\u4e00-\u9fff]{{1,8}}):)?"
    rf"(?:[\"“「『](?P<phrase>[^{_QUOTES}]+)[\"”」』]|(?P<word>[^\s\"“”「」『』]+))"
)
_EDGES = "《》〈〉<>()[]{}【】,。、;:!?…·~`'*|\\/^&=#@$_."


@dataclass(frozen=True, slots=True)
class Query:
    """A query read: ``terms`` in order, literal ``phrases``, ``nots``, and ``fields`` (name, value).

    ``text`` is the normal whole, ``bare`` the terms and phrases joined by blanks.
    """

    text: str
    terms: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    nots: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = field(default=())

    @property
    def bare(self) -> str:
        """What is asked for, without operators."""
        return " ".join((*self.phrases, *self.terms))


def parse(text: str) -> Query:
    """Read a query. Unknown fields, lone operators and unclosed quotes are taken as plain text."""
    normal = " ".join(fold(text[: LIMIT * 2]).split())[:LIMIT].strip()
    terms: list[str] = []
    phrases: list[str] = []
    nots: list[str] = []
    fields: list[tuple[str, str]] = []
    for piece in _PIECE.finditer(normal):
        name = _FIELDS.get(piece["field"] or "")
        value = piece["phrase"] or piece["word"] or ""
        if piece["field"] and not name:
            value = piece.group().lstrip("-")
        value = value.strip() if piece["phrase"] else value.strip(_EDGES)
        if not value:
            continue
        if name:
            fields.append((name, _KINDS.get(value, value) if name == "kind" else value))
        elif piece["minus"] and _negates(normal, piece.start()):
            nots.append(value)
        elif piece["phrase"] and len(value) > 1 and piece.group().startswith(('"', "「", "『")):
            phrases.append(value)
        else:
            terms.append(value)
    if not (terms or phrases or fields):
        # Only -words: a search for what is not there shows nothing of use; look for the words.
        terms, nots = [*nots], []
    return Query(normal, tuple(terms), tuple(phrases), tuple(nots), tuple(fields))


def _negates(text: str, place: int) -> bool:
    """A minus negates at the start of a word only: ``城市-农村`` is one term."""
    return place == 0 or text[place - 1] == " "
