"""The ledger of batches: what each changed, whether it was taken back, and its release notes.

Notes stand in a setting beside the batch, not in a record: a guide that names new indicators would
keep their batch from being taken back, and an export after an undo must be byte for byte the one before.
Settings have versions and can be undone as records can; the set's page shows the notes of its batches.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from indicators.content import references
from indicators.model import IndicatorSet, Kind, Record
from kb.db.batch_rows import BatchRows
from kb.db.reader import Reader
from kb.db.rows import record_from
from kb.db.store import Store
from kb.db.undoing import SETTING
from kb.errors import InputError, UnknownBatchError
from kb.release_notes import draft_notes
from kb.views import BatchInfo

_NOTES = "notes:"
_LONGEST_NOTES = 200_000


@dataclass(frozen=True, slots=True)
class BatchChange:
    """What a batch did to one record, or to a setting (``kind`` None, ``code`` its key)."""

    code: str
    kind: Kind | None
    before: Record | None
    after: Record | None

    @property
    def action(self) -> str:
        """new, changed, removed, or setting."""
        if self.kind is None:
            return "setting"
        return "new" if self.before is None else "removed" if self.after is None else "changed"

    @property
    def name(self) -> str:
        """Name of the record as it is now, or was."""
        record = self.after or self.before
        return record.name if record else self.code


@dataclass(frozen=True, slots=True)
class Notes:
    """Release notes that were kept: of which batch, for which set and edition, the Markdown."""

    batch: int
    set: str
    edition: str
    text: str


class Ledger:
    """Batches of a knowledge base as one looks back on them."""

    def __init__(self, reader: Reader, store: Store) -> None:
        self._reader, self._store, self._rows = reader, store, BatchRows(reader.engine)

    def page(self, limit: int, before: int = 0) -> list[BatchInfo]:
        """Batches that changed anything, newest first; ``before`` leaves out those from that number on."""
        return self._rows.newest(limit, before)

    def batch(self, number: int) -> BatchInfo:
        """A batch. Raises UnknownBatchError."""
        found = self._rows.batch(number)
        if found is None:
            raise UnknownBatchError(number)
        return found

    def changes(self, number: int) -> list[BatchChange]:
        """What a batch did, by code; settings last."""
        found = []
        for c in self._rows.changes(number):
            if not c.kind:
                found.append(BatchChange(c.code.removeprefix(SETTING), None, None, None))
                continue
            before, after = (record_from(c.kind, body) if body else None for body in (c.before, c.after))
            found.append(BatchChange(c.code, Kind(c.kind), before, after))
        return sorted(found, key=lambda c: (c.kind is None, c.code))

    def names(self, changes: Sequence[BatchChange]) -> dict[str, str]:
        """Names of the codes that these changes are about or point to."""
        records = [r for c in changes for r in (c.before, c.after) if r]
        codes = {code for r in records for _, code in references(r)}
        return {
            **{r.code: r.name for r in records},
            **{code: ref.name for code, ref in self._reader.refs(sorted(codes)).items()},
        }

    def undone_by(self, number: int) -> int | None:
        """The batch that took this one back and stands itself, None where this one is in force."""
        return next((n for n in self._rows.undoings(number) if self.undone_by(n) is None), None)

    def draft(self, number: int, changes: Sequence[BatchChange] | None = None) -> str:
        """Release notes drafted from what a batch changed (looked up where not given). Raises UnknownBatchError."""
        info = self.batch(number)
        changes = self.changes(number) if changes is None else changes
        return draft_notes(_title(info, changes), ((c.before, c.after) for c in changes), self.names(changes))

    def notes(self, number: int) -> Notes | None:
        """The notes that were kept for a batch, None where nobody kept any."""
        return _read(number, self._reader.settings().get(f"{_NOTES}{number}"))

    def notes_of_set(self, code: str) -> list[Notes]:
        """Notes kept for the batches of a set that are in force, newest first."""
        found = [
            notes
            for key, value in self._reader.settings().items()
            if key.startswith(_NOTES)
            and (notes := _read(int(key.removeprefix(_NOTES)), value))
            and notes.set == code
        ]
        found = [n for n in found if self.undone_by(n.batch) is None]
        return sorted(found, key=lambda n: n.batch, reverse=True)

    def keep_notes(self, number: int, text: str, *, actor: str) -> int:
        """Keep notes for a batch (a blank text takes them out), as a batch of its own, whose number it gives."""
        if len(text) > _LONGEST_NOTES:
            raise InputError(f"版本说明超过 {_LONGEST_NOTES} 个字。请删减后再保存。")
        self.batch(number)
        set_ = next((c.after for c in self.changes(number) if isinstance(c.after, IndicatorSet)), None)
        about = {"set": set_.code if set_ else "", "edition": set_.edition if set_ else "", "text": text}
        value = json.dumps(about, ensure_ascii=False, sort_keys=True) if text.strip() else None
        name = f"{'保存' if value else '删去'}第 {number} 批的版本说明"
        return self._store.tune({f"{_NOTES}{number}": value}, name=name, actor=actor, reason="").number


def _read(number: int, value: str | None) -> Notes | None:
    return Notes(number, **json.loads(value)) if value else None


def _title(info: BatchInfo, changes: Sequence[BatchChange]) -> str:
    sets = [c.after for c in changes if isinstance(c.after, IndicatorSet)]
    if len(sets) == 1:
        return "　".join(part for part in (sets[0].name, sets[0].edition, "版本说明") if part)
    return f"{info.name} 版本说明"
