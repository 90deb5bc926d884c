"""What stands in a table beside its data: column numbers, ditto marks, footnotes, lines to sign. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_DITTO = frozenset(("同上", "同前", "〃", "″", "〞", "”", "“”", '"', "''", "’’"))
_LETTERS, _STEMS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "甲乙丙丁戊己庚辛壬癸"
_BESIDE = frozenset(("栏次", "行次", "列次", "序号", "栏目"))
_FOOTNOTE = re.compile(
    r"^(注\s*[:：①-⑳\d]|[※*＊①-⑳].{2}|备注|说明|填报说明|填表说明|(资料|数据)来源|第\s*\d+\s*页|[-—–]\s*\d+\s*[-—–]$|本表)"
)
_SIGNED = re.compile(
    r"^.{0,10}(负责人|领导|签字|签章|盖章|公章|日期|时间|电话|联系人|填报人|填表人|制表人?|审核人?|复核人?|经办人?)([(（].{0,8}[)）])?\s*[:：]"
)
_PAGE_NUMBER = re.compile(
    r"^\s*([-—–]\s*\d{1,4}\s*[-—–]|第\s*\d{1,4}\s*页(\s*[,，/]?\s*共\s*\d{1,4}\s*页)?)\s*$"
)


def is_ditto(text: str) -> bool:
    """Whether a cell says that it is the same as the one above."""
    return text in _DITTO


def is_numbering(texts: Sequence[str]) -> bool:
    """Whether a row under a header only counts its columns: 1 2 3, 甲 乙 1 2, A B C."""
    marks = [unicodedata.normalize("NFKC", re.sub(r"[\s()（）]", "", t)) for t in texts if t]
    marks = [m for m in marks if m not in _BESIDE]
    if len(marks) < 2 or any(len(m) > 2 for m in marks):
        return False
    for row in (_LETTERS, _LETTERS.lower(), _STEMS):
        while marks and marks[0] in row and marks[0] == row[0]:
            run = [m for m, expected in zip(marks, row, strict=False) if m == expected]
            marks = marks[len(run) :]
            row = row[len(run) :] or "\0"
    numbers = [int(m) for m in marks if m.isascii() and m.isdigit()]
    return len(numbers) == len(marks) and numbers == list(range(1, len(numbers) + 1))


def is_footnote(texts: Sequence[str]) -> bool:
    """Whether the only text of a row is a note under the table."""
    return len(texts) == 1 and bool(_FOOTNOTE.match(texts[0]))


def is_signature(texts: Sequence[str]) -> bool:
    """Whether a row is for names, dates and stamps (填报单位负责人（签字）：)."""
    return bool(texts) and bool(_SIGNED.match(re.sub(r"\s", "", texts[0])))


def is_page_number(text: str) -> bool:
    """Whether a line holds a page number only (- 3 -, 第 3 页 共 9 页)."""
    return bool(_PAGE_NUMBER.match(text))
