"""Saved drafts: by secret link, each change a version, nobody's work overwritten unseen."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

import msgspec

from kb.db.drafts import DraftRows
from kb.db.rows import aware
from kb.draft_saved import DraftUse, Saved, SavedLine, VersionLine
from kb.errors import KnowledgeError

LIFETIME = timedelta(days=180)
"""A draft that nobody opens for half a year is forgotten: budgets are drafted once a year, and revised."""

TOGETHER = timedelta(minutes=5)
"""Automatic saves of one person within this time become one version."""

MOST_ROWS = 300
_decoder = msgspec.json.Decoder(Saved)


class UnknownDraftError(KnowledgeError):
    """No draft at this address, or its time is over."""

    def __init__(self) -> None:
        super().__init__("没有这份草稿，或已被删除、保存期已过（半年没人打开）。请检查链接是否完整。")


class DraftMovedError(KnowledgeError):
    """Somebody else saved meanwhile."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"别人刚保存了第 {version} 版，您的改动没有存上。请重新载入后再改，或到“版本”里对照两版。"
        )


class TooManyRowsError(KnowledgeError):
    """A table larger than any form."""

    def __init__(self) -> None:
        super().__init__(f"一张表最多 {MOST_ROWS} 行。")


class DraftStore:
    """The drafts of one knowledge base."""

    def __init__(self, rows: DraftRows, now: Callable[[], datetime] | None = None) -> None:
        self._rows = rows
        self._now = now or (lambda: datetime.now(UTC))

    def create(self, saved: Saved, *, who: str = "", what: str = "新建") -> SavedLine:
        """Keep a new draft; gives its line with the secret id."""
        _require_size(saved)
        now = self._now()
        for old in self._rows.expired(now):
            self._rows.delete(old, "", "到期", now)
        line = SavedLine(
            id=secrets.token_urlsafe(16), created_at=now, touched_at=now, expires_at=now + LIFETIME, version=1,
            owner=who[:80],
        )  # fmt: skip
        self._rows.add(line, VersionLine(number=1, at=now, who=who[:80], what=what[:200]), _body(saved))
        return line

    def line(self, id_: str) -> SavedLine:
        """A draft's line. Raises UnknownDraftError."""
        line = self._rows.line(id_)
        if line is None or aware(line.expires_at) < self._now():
            raise UnknownDraftError
        return line

    def load(self, id_: str, number: int | None = None) -> tuple[SavedLine, Saved]:
        """A draft as it stands, or one of its versions. Raises UnknownDraftError."""
        found = self._rows.current(id_)
        if found is None or aware(found[0].expires_at) < self._now():
            raise UnknownDraftError
        line, body = found
        if number is not None and number != line.version:
            older = self._rows.body(id_, number)
            if older is None:
                raise UnknownDraftError
            body = older
        return line, _decoder.decode(body)

    def owned(self, owner: str, most: int = 100) -> list[tuple[SavedLine, Saved]]:
        """Drafts that an account began, last touched first; [] for the anonymous, who have their links."""
        lines = self._rows.owned(owner[:80], self._now(), most) if owner else []
        return [self.load(line.id) for line in lines]

    def using(self, codes: Collection[str]) -> list[DraftUse]:
        """Drafts of anybody whose newest version names one of these codes, last touched first.

        Their secret links are not told: who may see a draft is who has its link.
        """
        wanted = set(codes)
        found = []
        for line, body in self._rows.newest(self._now()) if wanted else ():
            draft = _decoder.decode(body).draft
            used = tuple(sorted({row.code for row in draft.rows} & wanted))
            if used:
                found.append(DraftUse(draft.project, line.owner, line.touched_at, used))
        return sorted(found, key=lambda use: use.touched_at, reverse=True)

    def versions(self, id_: str) -> list[VersionLine]:
        """Versions of a draft, newest first."""
        return self._rows.versions(self.line(id_).id)

    def save(
        self,
        id_: str,
        saved: Saved,
        *,
        based_on: int,
        who: str = "",
        what: str = "保存",
        automatic: bool = False,
    ) -> SavedLine:
        """Keep a new state of a draft that stands on version ``based_on``.

        Raises DraftMovedError where another version came in between, UnknownDraftError where it is gone.
        """
        _require_size(saved)
        line = self.line(id_)
        if line.version != based_on:
            raise DraftMovedError(line.version)
        body = _body(saved)
        if self._rows.body(id_, line.version) == body:
            return line
        now = self._now()
        latest = self._rows.versions(id_)[0]
        together = (
            automatic and latest.what == what and latest.who == who[:80] and now - aware(latest.at) < TOGETHER
        )
        new = msgspec.structs.replace(line, version=based_on + 1, touched_at=now, expires_at=now + LIFETIME)
        version = VersionLine(
            number=new.version, at=latest.at if together else now, who=who[:80], what=what[:200]
        )
        if not self._rows.put(new, based_on, version, body, keep=not together):
            raise DraftMovedError(self.line(id_).version)
        return new

    def delete(self, id_: str, *, who: str = "") -> None:
        """Forget a draft with all its versions."""
        self._rows.delete(self.line(id_).id, who, "", self._now())


def fingerprint(saved: Saved) -> str:
    """SHA-256 of a draft's table: the same table has the same mark wherever it is checked."""
    return hashlib.sha256(msgspec.json.encode(saved.draft, order="deterministic")).hexdigest()


def _body(saved: Saved) -> bytes:
    return msgspec.json.encode(saved, order="deterministic")


def _require_size(saved: Saved) -> None:
    if len(saved.draft.rows) > MOST_ROWS:
        raise TooManyRowsError
