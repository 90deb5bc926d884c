"""Bringing the shipped catalogue into the store: at first use, and again when a new one ships."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from indicators.choices import Status
from indicators.content import check_content
from indicators.model import Indicator, Record
from indicators.shipped import fingerprint, read_catalogue
from kb.db.reader import Reader
from kb.db.store import Batch, Store
from kb.errors import KnowledgeError
from kb.preparing import Prepared

SETTING = "catalogue"
"""Setting that holds the fingerprint of the catalogue in the store."""

BATCH_PREFIX = "内置目录"
ACTOR = "系统"

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""


class CatalogueFaultError(KnowledgeError):
    """The catalogue has records that cannot be stored; nothing was written."""

    def __init__(self, faults: list[str]) -> None:
        shown = "；".join(faults[:5])
        super().__init__(f"目录内容有 {len(faults)} 处错误，没有载入：{shown}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as this office edited it (None where it took it out), and what the shipped catalogue has.

    An indicator that the catalogue no longer has, and that was not retired because it was edited,
    has None there.
    """

    own: Record | None
    shipped: Record | None

    @property
    def record(self) -> Record:
        """The record, this office's own where there is one."""
        found = self.own or self.shipped
        assert found is not None  # noqa: S101 - one of the two is what makes it kept
        return found


@dataclass(frozen=True, slots=True)
class Loaded:
    """Outcome of bringing in a catalogue: the batch, what was kept because someone edited it, codes retired."""

    batch: Batch
    kept: tuple[Kept, ...]
    retired: tuple[str, ...]


class ShippedCatalogue:
    """The catalogue that comes with the program, beside what this office has made of it."""

    def __init__(self, reader: Reader, root: Path) -> None:
        self._reader, self._root = reader, root
        self._records = Prepared(lambda: read_catalogue(root), lambda: fingerprint(root))

    def kept(self, batch: str) -> tuple[Kept, ...]:
        """What stands otherwise than in the catalogue because this office edited it.

        ``batch`` is the name of the batch that brought it in; () where that brought in another.
        """
        if batch != _name(fingerprint(self._root)):
            return ()
        return _kept(self._reader, self._records.get(), self._reader.last_edited_outside(BATCH_PREFIX))


def is_current(reader: Reader, root: Path) -> bool:
    """True where the store already holds this very catalogue."""
    return reader.settings().get(SETTING) == fingerprint(root)


def bring_in(reader: Reader, store: Store, root: Path, progress: Progress | None = None) -> Loaded:
    """Write a catalogue folder to the store as one batch, all or nothing.

    Records that somebody edited since are kept as they are; indicators that the new catalogue
    no longer has are retired, never deleted. Raises CatalogueError or CatalogueFaultError.
    """
    mark = fingerprint(root)
    records = read_catalogue(root, _step(progress, "读取目录"))
    faults = [f"{f.code} {f.message}" for f in check_content(records) if f.level == "error"]
    if faults:
        raise CatalogueFaultError(faults)
    edited = reader.last_edited_outside(BATCH_PREFIX)
    kept = _kept(reader, records, edited)
    wanted = [r for r in records if r.code not in edited]
    retired = _vanished(reader, {r.code for r in records} | edited)
    told = told_of(kept)
    batch = store.put(
        [*wanted, *retired],
        name=_name(mark),
        actor=ACTOR,
        reason="载入随程序发布的目录" + (f"；{told}" if told else ""),
        settings={SETTING: mark},
        progress=_step(progress, "写入数据库"),
    )
    return Loaded(batch, kept, tuple(r.code for r in retired))


def told_of(kept: Sequence[Kept]) -> str:
    """How much was kept because this office edited it, "" where nothing was."""
    dropped = sum(k.shipped is None for k in kept)
    also = f"（其中 {dropped} 条新目录里已经没有）" if dropped else ""
    return f"本单位改过的 {len(kept)} 条保留原样{also}" if kept else ""


def _name(mark: str) -> str:
    return f"{BATCH_PREFIX} {mark[:12]}"


def _kept(reader: Reader, records: Sequence[Record], edited: Collection[str]) -> tuple[Kept, ...]:
    there = {r.code for r in records}
    disputed = [r for r in records if r.code in edited]
    dropped = sorted((reader.written_within(BATCH_PREFIX) & set(edited)) - there)
    standing = reader.many([*(r.code for r in disputed), *dropped])
    changed = (Kept(standing.get(r.code), r) for r in disputed if standing.get(r.code) != r)
    return (*changed, *(Kept(own, None) for code in dropped if _in_use(own := standing.get(code))))


def _in_use(record: Record | None) -> bool:
    return isinstance(record, Indicator) and record.status is Status.ACTIVE


def _vanished(reader: Reader, known: set[str]) -> list[Record]:
    active = reader.of_type(Indicator, status=Status.ACTIVE.value)
    return [msgspec.structs.replace(i, status=Status.RETIRED) for i in active if i.code not in known]


def _step(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return (lambda done, total: progress(what, done, total)) if progress else None
