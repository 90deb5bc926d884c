"""Loading records into a knowledge base: a plan over what stands now, its commit as one named batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from indicators.candidate import Candidate
from indicators.choices import Status
from indicators.content import references
from indicators.model import Indicator, IndicatorSet, Record, Sector
from kb.db.reader import Reader
from kb.db.store import Store
from kb.errors import InputError, KnowledgeError
from kb.import_codes import set_code_of
from kb.import_plan import Decisions, ImportPlan, Near, SetAbout, Snapshot
from kb.imports import plan
from kb.localising import localised
from kb.matching import MatchIndex

_MAPPING = "mapping:"
_MOST_NEAR = 20_000
"""New indicators up to which existing ones like them are looked for: 0.1 ms a name beside 7,000 names."""


class PlanChangedError(KnowledgeError):
    """What would be written is no longer what was shown."""

    def __init__(self) -> None:
        super().__init__("知识库在预览之后有了改动，没有入库。请重新预览，看过新的差异再确认。")


class Loading:
    """Plans and commits of a knowledge base; corrections of mappings that are remembered."""

    def __init__(self, reader: Reader, store: Store, apply: Callable[[], None]) -> None:
        self._reader, self._store, self._apply = reader, store, apply

    def sectors(self) -> dict[str, str]:
        """Sector codes by code, name and other names."""
        found: dict[str, str] = {}
        for sector in self._reader.of_type(Sector):
            for name in (*sector.aliases, sector.name, sector.code):
                found[name] = sector.code
        return found

    def plan(
        self, candidates: Sequence[Candidate], set_name: str = "", *,
        replace: bool = False, about: SetAbout | None = None, decisions: Decisions | None = None,
    ) -> ImportPlan:  # fmt: skip
        """What these candidates would change; nothing is written. Rows of an overlay never change the set below.

        Raises DecisionError where a decision cannot be followed.
        """
        decided = decisions or Decisions(replace=replace)
        snapshot = self._snapshot(candidates, set_name, decided)
        ours = localised(candidates, snapshot)
        new = sum(isinstance(c.record, Indicator) and c.record.code not in snapshot.records for c in ours)
        near = self._near() if 0 < new <= _MOST_NEAR else None
        return plan(ours, snapshot, set_name, near=near, about=about, decisions=decided)

    def commit(
        self, made: ImportPlan, fingerprint: str, *,
        name: str, actor: str, reason: str, progress: Callable[[int, int], None] | None = None,
    ) -> int | None:  # fmt: skip
        """Write a plan that was shown, as one batch; None where there is nothing to write.

        ``progress`` hears (records written, records in all); what it raises takes everything back.
        Raises PlanChangedError where the fingerprint is another plan's, and ChangedMeanwhileError
        where a record was changed after the plan was made. Nothing is written then.
        """
        if fingerprint != made.fingerprint:
            raise PlanChangedError
        if not made.records:
            return None
        batch = self._store.put(
            made.records, name=name[:200], actor=actor, reason=reason[:500], expected=dict(made.versions), progress=progress
        )  # fmt: skip
        self._apply()
        return batch.number

    def names(self, made: ImportPlan) -> dict[str, str]:
        """Names of the codes that a plan's records are, are to be, and point to, before and after."""
        before = self._reader.many([r.code for r in made.records])
        codes = {code for r in (*made.records, *before.values()) for _, code in references(r)}
        named = {code: ref.name for code, ref in self._reader.refs(sorted(codes)).items()}
        return named | {r.code: r.name for r in made.records}

    def records_of(self, set_name: str = "") -> list[Record]:
        """A set with its indicators and their sources, or everything that is not vocabulary."""
        if not set_name:
            return list(self._reader.everything())
        found = self.require_set(set_name)
        members = self._reader.many(found.members)
        sources = {ref.source for m in members.values() for ref in getattr(m, "sources", ())}
        named = self._reader.many(sorted({*sources, *(r.source for r in found.sources)}))
        return [*named.values(), found, *members.values()]

    def newest_change(self, records: Sequence[Record]) -> datetime:
        """When any of these records was last changed (aware UTC)."""
        return self._reader.newest_change([r.code for r in records])

    def records_with(self, codes: Sequence[str]) -> list[Record]:
        """Records by code in the order given, after the sources that they cite."""
        found = self._reader.many(codes)
        cited = {ref.source for r in found.values() for ref in getattr(r, "sources", ())}
        return [*self._reader.many(sorted(cited - found.keys())).values(), *found.values()]

    def find_set(self, name: str) -> IndicatorSet | None:
        """A set by its name or code."""
        sets = self._reader.of_type(IndicatorSet)
        return next((s for s in sets if name in (s.code, s.name)), None)

    def require_set(self, name: str) -> IndicatorSet:
        """A set by its name or code. Raises InputError, which names those that there are."""
        found = self.find_set(name)
        if found is None:
            names = "、".join(s.name for s in self._reader.of_type(IndicatorSet)[:8])
            raise InputError(
                f"没有名为“{name}”的指标集。" + (f"现有：{names} 等。" if names else "还没有指标集。")
            )
        return found

    def learned(self) -> dict[str, dict[str, str]]:
        """Corrections of headers by the fingerprint of their row."""
        stored = self._reader.settings()
        return {k.removeprefix(_MAPPING): json.loads(v) for k, v in stored.items() if k.startswith(_MAPPING)}

    def learn(self, fingerprint: str, mapping: Mapping[str, str], *, actor: str) -> None:
        """Remember a correction for files with the same header row."""
        text = json.dumps(dict(mapping), ensure_ascii=False, sort_keys=True)
        self._store.tune({_MAPPING + fingerprint: text}, name="记住列名对应", actor=actor, reason="")

    def forget(self, fingerprint: str, *, actor: str) -> None:
        """Forget a correction, so that the header row is guessed again; a batch that can be undone."""
        self._store.tune({_MAPPING + fingerprint: None}, name="忘掉列名对应", actor=actor, reason="")

    def _snapshot(self, candidates: Sequence[Candidate], set_name: str, decided: Decisions) -> Snapshot:
        found = self.find_set(set_name) if set_name else None
        codes = {c.record.code for c in candidates if c.record.code}
        pointed = {code for c in candidates for _, code in references(c.record)}
        pointed |= {code for _, code in references(found)} if found else set()
        members: Collection[str] = found.members if found else ()
        chosen = {*decided.merge.values(), *decided.retire.values()} - {""}
        wanted = sorted({*codes, *members, *chosen})
        own = found.code if found else set_code_of(set_name) if set_name else ""
        taken = (
            self._reader.codes_beginning(own if own.startswith("BD-") else f"BD-{own}")
            if own
            else frozenset()
        )
        records = self._reader.many(wanted)
        if found and found.base:  # a local copy points where the original does
            pointed |= {code for record in records.values() for _, code in references(record)}
        return Snapshot(
            records=records,
            versions=self._reader.versions_of([*wanted, *([found.code] if found else [])]),
            set=found,
            taken=taken,
            known=frozenset(self._reader.refs(sorted({*pointed, *wanted}))),
        )

    def _near(self) -> Near:
        index = MatchIndex(i for i in self._reader.of_type(Indicator) if i.status is Status.ACTIVE)

        def near(name: str) -> list[tuple[str, str, float]]:
            exact = [(index.form(n), 1.0) for n in index.exact(name)]
            found = exact or [(index.form(n), score) for n, score in index.near(name)[:5]]
            best: dict[str, tuple[str, str, float]] = {}
            for form, score in found:
                indicator = index.indicators[form.indicator]
                best.setdefault(indicator.code, (indicator.code, indicator.name, score))
            return list(best.values())

        return near
