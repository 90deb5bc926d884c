"""Overlays (本地指标集) of a knowledge base: made over a set, changed, and merged with next year's; each deed a batch."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from indicators.model import Indicator, IndicatorSet, Record
from kb.db.reader import Reader
from kb.db.rows import body_of, record_from
from kb.db.store import Store
from kb.errors import InputError
from kb.import_codes import free_code, own_prefix, set_code_of
from kb.import_plan import SetAbout
from kb.loading import Loading, PlanChangedError
from kb.localising import copy_of
from kb.overlays import Entry, Fate, Side, compare, count_fates, resolve


class OpenConflictError(InputError):
    """A merge has conflicts that nobody has chosen a side for; ``keys`` name them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        shown = "、".join(self.keys[:5]) + (f" 等 {len(keys)} 处" if len(keys) > 5 else "")
        super().__init__(f"还有冲突没有选定，没有写入：{shown}。请逐处选“用上级的”或“留本地的”。")


@dataclass(frozen=True, slots=True)
class MergeView:
    """A merge as it is shown: overlay, base, entries; ``mark`` tells whether anything changed since."""

    overlay: IndicatorSet
    base: IndicatorSet
    entries: tuple[Entry, ...]
    mark: str

    @property
    def counts(self) -> dict[Fate, int]:
        """Number of indicators by fate."""
        return count_fates(self.entries)

    @property
    def idle(self) -> bool:
        """Whether the base brings nothing that the overlay does not have."""
        quiet = {Fate.SAME, Fate.OWN, Fate.LEFT_OUT}
        return set(self.counts) <= quiet and self.overlay.base_members == self.base.members


class Overlays:
    """Overlays of one knowledge base."""

    def __init__(self, reader: Reader, store: Store, loading: Loading, apply: Callable[[], None]) -> None:
        self._reader, self._store, self._loading, self._apply = reader, store, loading, apply

    def all(self) -> list[IndicatorSet]:
        """Every overlay, by code."""
        return [s for s in self._reader.of_type(IndicatorSet) if s.base]

    def overlay(self, name: str) -> IndicatorSet:
        """An overlay by name or code. Raises InputError."""
        found = self._loading.require_set(name)
        if not found.base:
            raise InputError(
                f"“{found.name}”不是本地指标集，没有上级指标集可合并。请先在一个指标集上新建本地指标集。"
            )
        return found

    def make(self, name: str, base: str, about: SetAbout, *, actor: str) -> tuple[str, int]:
        """A new overlay that shares every indicator of a set; gives its code and the batch. Raises InputError."""
        below = self._loading.require_set(base)
        name = " ".join(name.split())[:100]
        if not name:
            raise InputError("请给本地指标集起个名字。")
        if self._loading.find_set(name) or self._reader.get(set_code_of(name)):
            raise InputError(f"已经有名为“{name}”的指标集。请换一个名字。")
        bare = IndicatorSet(
            code=set_code_of(name), name=name, members=below.members, base=below.code,
            base_edition=below.edition, base_members=below.members,
        )  # fmt: skip
        made = msgspec.structs.replace(bare, **about.given)
        return made.code, self._put([made], f"本地指标集：{name}（上级 {below.name}）", {made.code: 0}, actor)

    def copy(self, name: str, codes: Collection[str], *, actor: str) -> tuple[tuple[str, ...], int]:
        """Local copies of shared indicators, to be changed; gives their codes and the batch. Raises InputError."""
        overlay, versions = self._seen(name)
        prefix = own_prefix(overlay.code)
        taken, numbers = set(self._reader.codes_beginning(prefix)), Counter[str]()
        copies = {
            r.code: copy_of(r, free_code(prefix, r.level2, numbers, taken))
            for r in self._shared(overlay, codes)
        }
        made = tuple(c.code for c in copies.values())
        members = tuple(copies[m].code if m in copies else m for m in overlay.members)
        joined = msgspec.structs.replace(overlay, members=members)
        title = f"本地口径：{overlay.name} {len(made)} 条"
        versions |= dict.fromkeys(made, 0)
        return made, self._put([*copies.values(), joined], title, versions, actor)

    def leave_out(self, name: str, codes: Collection[str], *, actor: str) -> int:
        """Take shared indicators out of an overlay; they stay in the set below. Raises InputError."""
        overlay, versions = self._seen(name)
        going = {r.code for r in self._shared(overlay, codes)}
        joined = msgspec.structs.replace(overlay, members=tuple(m for m in overlay.members if m not in going))
        return self._put([joined], f"不用上级指标：{overlay.name} {len(going)} 条", versions, actor)

    def take_up(self, name: str, codes: Collection[str], *, actor: str) -> int:
        """Bring indicators of the set below back into an overlay. Raises InputError."""
        overlay, versions = self._seen(name)
        wanted = [r.code for r in self.left_out(overlay) if r.code in set(codes)]
        if not wanted:
            raise InputError("请选择要用回的上级指标。")
        joined = msgspec.structs.replace(overlay, members=(*overlay.members, *wanted))
        return self._put([joined], f"用回上级指标：{overlay.name} {len(wanted)} 条", versions, actor)

    def left_out(self, overlay: IndicatorSet) -> list[Indicator]:
        """Indicators of the set below that an overlay does not use."""
        members = self._indicators(overlay.members)
        used = set(members) | {r.overlays for r in members.values()}
        return [r for c, r in self._indicators(overlay.base_members).items() if c not in used]

    def compare(self, name: str, base: str = "") -> MergeView:
        """What merging a base (its own as it is now, where none is named) would do. Raises InputError."""
        overlay = self.overlay(name)
        below = self._loading.require_set(base or overlay.base)
        if below.code == overlay.code:
            raise InputError("不能与自己合并。请选上级指标集。")
        records = self._records(overlay, below)
        entries = compare(overlay, below, records, self._left_as_known(overlay))
        return MergeView(overlay, below, entries, _mark(overlay, below, records))

    def merge(
        self, name: str, base: str, choices: Mapping[str, Side], *,
        mark: str, actor: str, successors: Mapping[str, str] | None = None,
    ) -> int | None:  # fmt: skip
        """Write a merge that was shown as one batch; None where there is nothing to write.

        Raises PlanChangedError, OpenConflictError, ChangedMeanwhileError; nothing is written then.
        """
        first = self.compare(name, base)
        involved = self._records(first.overlay, first.base)
        versions = self._reader.versions_of([first.overlay.code, first.base.code, *involved])
        shown = self.compare(name, base)  # read after the versions: what is older than they cannot be written
        if shown.mark != mark:
            raise PlanChangedError
        overlay, below = shown.overlay, shown.base
        records = self._records(overlay, below, (successors or {}).values())
        others = (
            s
            for s in self._reader.of_type(IndicatorSet)
            if s.code not in (overlay.code, overlay.base, below.code)
        )
        held = {m for s in others for m in s.members}
        done = resolve(overlay, below, records, choices, successors, held)
        if done.open:
            raise OpenConflictError(done.open)
        if not done.records:
            return None
        edition = f" {below.edition} 版" if below.edition else ""
        title = f"合并上级：{overlay.name} ← {below.name}{edition}"
        return self._put(list(done.records), title, versions, actor)

    def _left_as_known(self, overlay: IndicatorSet) -> dict[str, Indicator]:
        """Indicators that an overlay leaves out, as they stood when it took up its base.

        No copy of them is kept: a base that was loaded anew in place has their texts of then in its history only.
        """
        codes = [record.code for record in self.left_out(overlay)]
        since = next(
            version.batch
            for version, kind, body in reversed(self._reader.revisions(overlay.code))
            if body and _base_of(record_from(kind, body)) == _base_of(overlay)
        )
        found = self._reader.as_of(codes, since) if codes and since else {}
        return {code: r for code, r in found.items() if isinstance(r, Indicator)}

    def _seen(self, name: str) -> tuple[IndicatorSet, dict[str, int]]:
        """An overlay with the version that must still stand when it is written."""
        code = self.overlay(name).code
        versions = self._reader.versions_of([code])
        return self.overlay(code), versions

    def _shared(self, overlay: IndicatorSet, codes: Collection[str]) -> list[Indicator]:
        """The named ones among the indicators that an overlay shares with the set below."""
        below = set(overlay.base_members)
        wanted = [c for c in overlay.members if c in set(codes) and c in below]
        if other := "、".join(sorted(set(codes) - set(wanted))[:5]):
            raise InputError(f"{other} 不是“{overlay.name}”里沿用上级的指标。")
        if not wanted:
            raise InputError("请先选择指标。")
        return list(self._indicators(wanted).values())

    def _records(
        self, overlay: IndicatorSet, below: IndicatorSet, more: Collection[str] = ()
    ) -> dict[str, Indicator]:
        found = self._indicators({*overlay.members, *overlay.base_members, *below.members, *more})
        heirs = {r.successor for r in found.values() if r.successor} - found.keys()
        return found | self._indicators(heirs)

    def _indicators(self, codes: Collection[str]) -> dict[str, Indicator]:
        return {c: r for c, r in self._reader.many(codes).items() if isinstance(r, Indicator)}

    def _put(
        self, records: Sequence[Indicator | IndicatorSet], name: str, expected: dict[str, int], actor: str
    ) -> int:
        batch = self._store.put(records, name=name[:200], actor=actor, reason="", expected=expected)
        self._apply()
        return batch.number


def _base_of(record: Record) -> tuple[str, str, tuple[str, ...]] | None:
    """The base of an overlay as it was taken up."""
    if not isinstance(record, IndicatorSet):
        return None
    return record.base, record.base_edition, record.base_members


def _mark(overlay: IndicatorSet, base: IndicatorSet, records: Mapping[str, Indicator]) -> str:
    digest = hashlib.sha256()
    for record in (overlay, base, *(records[c] for c in sorted(records))):
        digest.update(body_of(record).encode() + b"\n")
    return digest.hexdigest()[:32]
