"""Changing single records by hand: what a change would do, saving over the version seen, history, restoring.

Every save is a batch of its own and can be undone like any other. A code is never given twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from indicators.content import ContentFault, check_content, references
from indicators.differences import Told, told_between
from indicators.model import FrameworkNode, Indicator, Kind, Record, Source, SynonymGroup
from indicators.taxonomy import LEVEL2_LETTERS
from kb.db.reader import Reader
from kb.db.rows import record_from
from kb.db.store import Also, Store
from kb.errors import InputError, KnowledgeError, UnknownCodeError
from kb.tuning import check_group
from kb.views import Ref, Version

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,39}")
_LOCAL = "BD-"
"""Codes given here begin so, that those of the next shipped catalogue never meet them."""
_LETTERS: dict[Kind, str] = {
    Kind.SOURCE: "LY", Kind.SECTOR: "HY", Kind.SET: "JH", Kind.FRAMEWORK: "KJ", Kind.NODE: "KJ", Kind.PROJECT: "XM",
    Kind.ISSUE: "WT", Kind.PROBLEM: "WL", Kind.CLAUSE: "TK", Kind.GUIDE: "ZN", Kind.SYNONYMS: "TY", Kind.INDICATOR: "ZB",
}  # fmt: skip
_OTHER = "QT"
_LONGEST_REASON = 200


class FaultyRecordError(KnowledgeError):
    """A record has faults that it had not before; nothing was written."""

    def __init__(self, faults: Collection[ContentFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("没有保存：" + "；".join(f.message for f in self.faults[:5]))


class NothingChangedError(KnowledgeError):
    """What should be saved is what stands."""

    def __init__(self) -> None:
        super().__init__("内容和现在的一样，没有要保存的改动。")


@dataclass(frozen=True, slots=True)
class Step:
    """A revision of a record: the record as it was then, None where it was taken out or cannot be read any more."""

    version: Version
    record: Record | None
    taken_out: bool = False


@dataclass(frozen=True, slots=True)
class Examination:
    """What is to be known before a record is saved.

    ``errors`` refuse it; ``standing`` are faults that it had before; ``hints`` are told. ``touched``
    are the records that point to it, ``pointed`` those that it points to.
    """

    errors: tuple[ContentFault, ...]
    standing: tuple[ContentFault, ...]
    hints: tuple[ContentFault, ...]
    touched: tuple[Ref, ...]
    pointed: tuple[Ref, ...]


class Editing:
    """Single records of a knowledge base, to be changed."""

    def __init__(self, reader: Reader, store: Store, apply: Callable[[], None]) -> None:
        self._reader, self._store, self._apply = reader, store, apply

    def current(self, code: str) -> tuple[Record, int]:
        """A record of any kind with its version number. Raises UnknownCodeError."""
        found = self._reader.current(code)
        if found is None:
            raise UnknownCodeError(code, [(r.kind, r.code, r.name) for r in self._reader.codes_near(code)])
        return found

    def standing(self, code: str) -> tuple[Record | None, int]:
        """A record with its version; (None, 0) where there is none, or none any more."""
        return self._reader.current(code) or (None, 0)

    def at(self, code: str, number: int) -> Record | None:
        """A record as it was in a version, None where there was none."""
        return next((s.record for s in self.history(code) if s.version.number == number), None)

    def history(self, code: str) -> tuple[Step, ...]:
        """All versions of a record, newest first; also of one that was taken out. Raises UnknownCodeError."""
        found = self._reader.revisions(code) if not code.startswith("setting:") else ()
        if not found:
            raise UnknownCodeError(code, [(r.kind, r.code, r.name) for r in self._reader.codes_near(code)])
        return tuple(Step(v, _record(kind, body), body is None) for v, kind, body in found)

    def was(self, code: str) -> bool:
        """Whether a code had a record that was taken out."""
        return self._reader.current(code) is None and code in self._reader.used_codes(code)

    def names(self, codes: Collection[str]) -> dict[str, Ref]:
        """Kind and name of the records of these codes; codes without one are absent."""
        return self._reader.refs(codes)

    def find(self, kind: Kind, text: str, limit: int = 10) -> list[Ref]:
        """Records of a kind whose code or name holds a text; of sources also those of a document's number."""
        if not text:
            return []
        found = self._reader.named(kind, text, limit)
        if kind is Kind.SOURCE:
            numbered = [s for s in self._reader.of_type(Source) if text in s.number]
            found += [Ref(kind, s.code, f"{s.name}（{s.number}）") for s in numbered]
        return list({ref.code: ref for ref in reversed(found)}.values())[::-1][:limit]

    def told(self, before: Record | None, after: Record) -> list[Told]:
        """What differs between two states, in words, with the names of codes; a new record against a blank one."""
        codes = {code for r in (before, after) if r is not None for _, code in references(r)}
        names = {code: ref.name for code, ref in self._reader.refs(sorted(codes)).items()}
        return told_between(before if before is not None else blank(after), after, names)

    def examine(self, record: Record, before: Record | None) -> Examination:
        """Faults of a record as it would be saved over ``before``, and what it is joined to."""
        faults, old = self._faults(record), self._faults(before) if before is not None else []
        errors = [f for f in faults if f.level == "error"]
        pointing = self._reader.pointing_to(record.code)
        pointed = dict.fromkeys(code for _, code in references(record))
        return Examination(
            errors=tuple(f for f in errors if f not in old),
            standing=tuple(f for f in errors if f in old),
            hints=tuple(f for f in faults if f.level != "error"),
            touched=tuple(self._reader.refs(pointing).values()),
            pointed=tuple(self._reader.refs(list(pointed)).values()),
        )

    def _faults(self, record: Record) -> list[ContentFault]:
        """What ``check_content`` finds in a record among those that it names and those of its place."""
        near: list[Record] = list(
            self._reader.many(dict.fromkeys(code for _, code in references(record))).values()
        )
        if isinstance(record, Indicator):
            near += self._reader.of_type(Indicator, sector=record.sector, level2=record.level2)
        elif isinstance(record, FrameworkNode):
            near += [n for n in self._reader.of_type(FrameworkNode) if n.framework == record.framework]
        around = {r.code: r for r in near if r.code != record.code}
        # The record comes last, so that a name that stands already is its fault.
        return [f for f in check_content([*around.values(), record]) if f.code == record.code]

    def free_code(self, record: Record) -> str:
        """A code that no record has or had, by the kind and, of an indicator, its sector and level 2."""
        if isinstance(record, Indicator):
            stem = f"{_LOCAL}{record.sector or _OTHER}-{LEVEL2_LETTERS.get(record.level2, _OTHER)}-"
        elif isinstance(record, FrameworkNode) and record.framework:
            stem = f"{record.framework}-BD"
        elif isinstance(record, SynonymGroup):
            stem = "TYB-"
        else:
            stem = f"{_LOCAL}{_LETTERS[record.kind]}-"
        taken, width = self._reader.used_codes(stem), 3 if isinstance(record, SynonymGroup) else 2
        return next(code for n in range(1, len(taken) + 2) if (code := f"{stem}{n:0{width}d}") not in taken)

    def require_free(self, code: str) -> None:
        """Refuse a code that is none, or that a record has or had. Raises InputError."""
        if not _CODE.fullmatch(code):
            raise InputError("代码要 2 到 40 个字符：字母、数字，中间可以有 - _ .；留空就自动编号。")
        forms = {code, code.lower(), code.upper()}
        if self._reader.codes_folded(code) or any(form in self._reader.used_codes(form) for form in forms):
            raise InputError(f"代码 {code} 已经用过。代码不重复使用，请换一个，或留空自动编号。")

    def save(
        self,
        record: Record,
        *,
        seen: int,
        actor: str,
        reason: str = "",
        name: str = "",
        action: str = "",
        also: Also | None = None,
    ) -> int:
        """Store a record over version ``seen`` (0 for a new one) as a batch of its own; gives the batch's number.

        Raises ChangedMeanwhileError where another version stands, FaultyRecordError, NothingChangedError
        or InputError; nothing is written then.
        """
        before, version = self.standing(record.code)
        if before == record and version == seen:
            raise NothingChangedError
        errors = self.examine(record, before).errors
        if errors and version == seen:
            raise FaultyRecordError(errors)
        if isinstance(record, SynonymGroup):
            check_group(record)
        title = name or f"{'修改' if before else '新建'} {record.code} {record.name}"
        batch = self._store.put(
            [record], name=title[:200], actor=actor, reason=_short(reason), expected={record.code: seen}, action=action,
            also=also,
        )  # fmt: skip
        self._apply()
        return batch.number

    def restore(self, code: str, number: int, *, seen: int, actor: str, reason: str = "") -> int:
        """Put a record back as it was in a version, also one that was taken out; gives the batch's number.

        Raises UnknownCodeError, ChangedMeanwhileError, InputError or FaultyRecordError.
        """
        record = self.at(code, number)
        if record is None:
            raise InputError(f"{code} 没有可以恢复的第 {number} 版。请在版本表里选另一版。")
        pointed = [c for _, c in references(record) if c != code]
        standing = self._reader.refs(pointed)
        gone = [c for c in pointed if c not in standing]
        if gone:
            raise InputError(
                f"第 {number} 版指向的 {'、'.join(gone[:5])} 已经没有了，不能原样恢复。请先恢复它们，或在编辑页里改。"
            )
        title = f"恢复 {code} 到第 {number} 版"
        return self.save(record, seen=seen, actor=actor, reason=reason, name=title, action="restore")

    def take_out(self, code: str, *, seen: int, actor: str, reason: str = "") -> int:
        """Take a record out that nothing points to; its history stays and brings it back. Gives the batch's number.

        Indicators are retired instead: their codes stand in filed tables. Raises UnknownCodeError,
        InputError, ChangedMeanwhileError, or UndoConflictError where another record points to it.
        """
        record, _ = self.current(code)
        if isinstance(record, Indicator):
            raise InputError("指标不撤下，请把状态改成“停用”并写明替代指标：已填报的表还要凭代码查到它。")
        batch = self._store.remove(
            [code],
            name=f"撤下 {code} {record.name}"[:200],
            actor=actor,
            reason=_short(reason),
            expected={code: seen},
        )
        self._apply()
        return batch.number


def blank(record: Record) -> Record:
    """A record of the same code with every field as empty as its type allows."""
    values: dict[str, Any] = {
        f.name: f.default if f.default is not msgspec.NODEFAULT else _EMPTY.get(f.type, "")
        for f in msgspec.structs.fields(type(record))
    }
    return type(record)(**{**values, "code": record.code})


_EMPTY: dict[object, object] = {int: 0}


def _record(kind: str, body: str | None) -> Record | None:
    if body is None:
        return None
    try:
        return record_from(kind, body)
    except (msgspec.DecodeError, ValueError):  # written by a program whose records had other fields
        return None


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_REASON]
