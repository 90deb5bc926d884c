"""What people report or propose about records, and what admins make of it.

Anybody may report a wrong field or a gap, within bounds; drafters propose a change field by field.
A proposal keeps the version that it was made against, so that accepting it later is a three-way merge.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from indicators.model import RECORD_TYPES, Kind, Record
from kb.db.proposals import DecidedMeanwhileError, Limit, ProposalRow, ProposalRows
from kb.editing import Editing, blank
from kb.errors import InputError, KnowledgeError
from kb.merging import Merge, Side, merge, parts_of, with_parts


class Sort(StrEnum):
    """What a proposal is about."""

    WRONG = "wrong"
    GAP = "gap"
    OTHER = "other"
    CHANGE = "change"
    NEW = "new"


class State(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


LONGEST = {"text": 4_000, "suggestion": 20_000, "source": 500, "name": 60, "contact": 120}
"""Characters of what a report may hold."""
_CALLED = {
    "text": "哪里不对",
    "suggestion": "建议写成",
    "source": "依据",
    "name": "称呼",
    "contact": "联系方式",
}
_LARGEST_CHANGE = 400_000
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
READER_LIMITS = (
    Limit(5, _HOUR, "origin"), Limit(20, _DAY, "origin"), Limit(300, _DAY, "readers"), Limit(3_000, None, "open"),
)  # fmt: skip
STAFF_LIMITS = (Limit(60, _HOUR, "origin"), Limit(6_000, None, "open"))


class TooManyProposalsError(KnowledgeError):
    """Somebody, or everybody together, sends more than admins can read."""

    def __init__(self, limit: Limit) -> None:
        wait = "明天" if limit.span == _DAY else "过一小时"
        said = {
            "origin": f"您提交得太多了，请{wait}再提。急事请直接联系管理员。",
            "readers": "今天收到的意见已经满了，请明天再提；有账号的请登录后提交。",
            "open": "待处理的意见太多，暂时不收新的。请直接联系管理员。",
        }
        super().__init__(said[limit.what])


class UnknownProposalError(KnowledgeError):
    """No proposal has this number or receipt."""

    def __init__(self) -> None:
        super().__init__("没有这条意见。请检查链接是否完整。")


class DecidedError(KnowledgeError):
    """Somebody else decided the proposal meanwhile."""

    def __init__(self, number: int) -> None:
        super().__init__(f"第 {number} 条意见刚被别人处理过，没有重复处理。请看处理结果。")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: what they call themselves, the account's key and name where there is one, and whence, as a hash."""

    name: str = ""
    contact: str = ""
    account: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody found: what sort, in which record and field, what is wrong, how it should be, after which source."""

    sort: Sort
    code: str = ""
    field: str = ""
    text: str = ""
    suggestion: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposed change beside the record as it is now.

    ``base`` is the record that the proposer saw, ``present`` the one that stands (None: none),
    ``wanted`` what it would become; ``merge`` tells how, None for a new record.
    """

    base: Record | None
    present: Record | None
    version: int
    wanted: Record
    merge: Merge | None = None

    @property
    def moved(self) -> bool:
        """Whether the record was changed since."""
        return self.base != self.present

    @property
    def clashes(self) -> bool:
        """Whether a person has to decide between two changes of one field."""
        return bool(self.merge and self.merge.clashes)


class Proposals:
    """The proposals of a knowledge base."""

    def __init__(
        self, rows: ProposalRows, editing: Editing, now: Callable[[], datetime] | None = None
    ) -> None:
        self._rows, self._editing = rows, editing
        self._now = now or (lambda: datetime.now(UTC))

    # Sending

    def report(self, report: Report, sender: Sender) -> ProposalRow:
        """Keep a report; gives it with its receipt. Raises InputError or TooManyProposalsError."""
        said = {"text": report.text, "suggestion": report.suggestion, "source": report.source}
        _check({**said, "name": sender.name, "contact": sender.contact})
        if not report.text.strip():
            raise InputError("请写明哪里不对，或缺什么。")
        record, version = self._editing.standing(report.code) if report.code else (None, 0)
        if report.code and record is None:
            raise InputError(f"没有代码为“{report.code[:40]}”的记录。请从记录页点“报告问题”。")
        if record is not None and report.field and report.field not in parts_of(record):
            raise InputError("请从列表里选是哪一栏。")
        return self._add(
            report.sort, record, version, sender, field=report.field if record else "",
            **{name: text.strip() for name, text in said.items()},
        )  # fmt: skip

    def propose(
        self, mine: Record, base: Record | None, version: int, text: str, sender: Sender
    ) -> ProposalRow:
        """Keep a proposed change of ``base``, or a new record where that is None.

        Raises InputError where nothing is changed, or TooManyProposalsError.
        """
        _check({"text": text, "name": sender.name, "contact": sender.contact})
        old = parts_of(base if base is not None else blank(mine))
        changes = {
            n: msgspec.to_builtins(v) for n, v in parts_of(mine).items() if v != old[n] and n != "code"
        }
        if not changes:
            raise InputError("没有改动，不用提交。")
        packed = msgspec.json.encode(changes).decode()
        if len(packed) > _LARGEST_CHANGE:
            raise InputError("改动太大，请分成几次提交。")
        sort = Sort.CHANGE if base is not None else Sort.NEW
        return self._add(sort, mine, version, sender, text=text.strip(), changes=packed)

    def _add(
        self, sort: Sort, record: Record | None, version: int, sender: Sender, **said: str
    ) -> ProposalRow:
        row = ProposalRow(
            number=0, token=secrets.token_urlsafe(16), sort=sort.value, state=State.OPEN.value,
            code=record.code if record is not None and sort is not Sort.NEW else "",
            kind=record.kind.value if record is not None else "", version=version, name=sender.name.strip(),
            contact=sender.contact.strip(), account=sender.account, origin=sender.origin, at=self._now(), field=said.get("field", ""), text=said["text"],
            suggestion=said.get("suggestion", ""), source=said.get("source", ""), changes=said.get("changes", ""),
        )  # fmt: skip
        limits = STAFF_LIMITS if sender.account else READER_LIMITS
        done = self._rows.add(row, limits, sender.name.strip() if sender.account else "读者")
        if isinstance(done, Limit):
            raise TooManyProposalsError(done)
        return self.get(done)

    # Looking

    def get(self, number: int) -> ProposalRow:
        """A proposal by its number. Raises UnknownProposalError."""
        found = self._rows.get(number)
        if found is None:
            raise UnknownProposalError
        return found

    def by_token(self, token: str) -> ProposalRow:
        """A proposal by the secret part of its receipt. Raises UnknownProposalError."""
        found = self._rows.by_token(token[:40])
        if found is None:
            raise UnknownProposalError
        return found

    def listed(self, **narrowed: Any) -> list[ProposalRow]:
        """Proposals, newest first; ``state``, ``sort``, ``code``, ``account``, ``oldest``, ``limit``, ``offset``."""
        return self._rows.listed(**narrowed)

    def count(self, **narrowed: str) -> int:
        """How many proposals there are, narrowed as in ``listed``."""
        return self._rows.count(**narrowed)

    def standing(self, row: ProposalRow, chosen: dict[str, Side] | None = None) -> Standing | None:
        """A proposed change beside the present record; None for a report, or a record that is gone."""
        if not row.changes:
            return None
        if row.sort == Sort.NEW.value:
            return Standing(None, None, 0, self.wanted(row, None))
        base = self._editing.at(row.code, row.version)
        present, version = self._editing.standing(row.code)
        if base is None or present is None:
            return None
        merged = merge(base, present, self.wanted(row, base), chosen)
        return Standing(base, present, version, merged.record, merged)

    def wanted(self, row: ProposalRow, base: Record | None) -> Record:
        """The record as a proposal wants it, on the version that its proposer saw (None: a new one)."""
        kind = Kind(row.kind)
        return with_parts(base if base is not None else _empty(kind), _decoded(kind, row.changes))

    # Deciding

    def decline(self, number: int, answer: str, *, actor: str) -> None:
        """Close a proposal without a change, with the reason. Raises InputError or DecidedError."""
        if not answer.strip():
            raise InputError("请写明为什么不采纳，提的人会看到。")
        self._close(number, State.DECLINED, answer, actor)

    def settle(self, number: int, answer: str, *, actor: str) -> None:
        """Close a report as done, where nothing (more) is to be written. Raises DecidedError."""
        self._close(number, State.ACCEPTED, answer, actor)

    def _close(self, number: int, state: State, answer: str, actor: str) -> None:
        kept = answer.strip()[: LONGEST["text"]]
        if not self._rows.decide(self.get(number).number, state.value, by=actor, answer=kept, at=self._now()):
            raise DecidedError(number)

    def carry_out(
        self, number: int, record: Record, *, seen: int, actor: str, answer: str = "", reason: str = ""
    ) -> int:
        """Store a record for a proposal, whose batch names it, and close the proposal with it; gives the batch.

        Raises what ``Editing.save`` raises, and DecidedError.
        """
        row = self.get(number)
        if row.state != State.OPEN.value:
            raise DecidedError(number)
        name = f"采纳第 {number} 条意见：{'修改' if seen else '新建'} {record.code} {record.name}"
        also = self._rows.deciding(
            number, State.ACCEPTED.value, by=actor, answer=answer.strip()[: LONGEST["text"]], at=self._now()
        )
        why = reason or f"第 {number} 条意见" + (f"（{row.name}）" if row.name else "")
        try:
            return self._editing.save(record, seen=seen, actor=actor, reason=why, name=name, also=also)
        except DecidedMeanwhileError:
            raise DecidedError(number) from None


def _check(said: dict[str, str]) -> None:
    for name, text in said.items():
        if len(text.strip()) > LONGEST[name]:
            raise InputError(
                f"“{_CALLED[name]}”太长，最多 {LONGEST[name]} 个字，现在 {len(text.strip())} 个。"
            )


def _empty(kind: Kind) -> Record:
    required: dict[str, Any] = {
        f.name: 0 if f.type is int else ""
        for f in msgspec.structs.fields(RECORD_TYPES[kind])
        if f.default is msgspec.NODEFAULT
    }
    return RECORD_TYPES[kind](**required)


def _decoded(kind: Kind, packed: str) -> dict[str, Any]:
    """Proposed fields with their types again."""
    types = {f.name: f.type for f in msgspec.structs.fields(RECORD_TYPES[kind])}
    found = msgspec.json.decode(packed)
    return {n: v if "." in n else msgspec.convert(v, types[n]) for n, v in found.items()}
