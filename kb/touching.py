"""What a plan touches beyond the records it writes: drafts, projects, rules, core lists, other sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from indicators.chinese_time import day
from indicators.choices import Status
from indicators.model import Indicator, Kind, Record, Sector
from indicators.rules.base import RulePack
from kb.db.reader import Reader
from kb.draft_store import DraftStore
from kb.imports import ImportPlan
from kb.review_packs import USUAL
from kb.review_store import ReviewStore

GROUPS = {
    "drafts": "正在起草的草稿", "projects": "公开项目的指标行", "filed": "历年报送的目标表", "rules": "体检规则和问题类型",
    "cores": "行业核心指标", "sets": "其他指标集", "frameworks": "共性框架的行", "issues": "评价问题", "guides": "指南",
    "indicators": "配对、替代的指标",
}  # fmt: skip
"""What can be touched, in the order in which it is told."""
_OF_KIND = {
    Kind.PROJECT: "projects", Kind.PROBLEM: "rules", Kind.SET: "sets", Kind.NODE: "frameworks", Kind.ISSUE: "issues",
    Kind.GUIDE: "guides", Kind.INDICATOR: "indicators",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing that is touched: what it is called, its code where it is a record, and by which codes."""

    group: str
    name: str
    codes: tuple[str, ...]
    kind: Kind | None = None
    code: str = ""
    note: str = ""


class Touching:
    """Looks up what a plan touches. Every look-up is a few queries, whatever the size of the plan."""

    def __init__(self, reader: Reader, drafts: DraftStore, reviews: ReviewStore) -> None:
        self._reader, self._drafts, self._reviews = reader, drafts, reviews

    def of(self, plan: ImportPlan) -> dict[str, list[Touch]]:
        """What a plan touches, by group; groups without anything are left out.

        Only records that stand already are looked at: a new indicator is used by nobody yet.
        """
        touching = {c.code for c in plan.changes if c.kind is not Kind.SET and c.fields}
        written = {r.code: r for r in plan.records}
        before = self._reader.many(sorted(set(written) | touching))
        found = [
            *self._linked(touching, plan.set_code),
            *self._rules(touching),
            *_cores(written, before, {s.code: s.name for s in self._reader.of_type(Sector)}),
            *self._filed(touching),
            *self._in_drafts(touching),
        ]
        grouped: dict[str, list[Touch]] = {}
        for group in GROUPS:
            if touches := [t for t in found if t.group == group]:
                grouped[group] = touches
        return grouped

    def _linked(self, codes: Collection[str], own_set: str) -> Iterator[Touch]:
        sources: dict[str, set[str]] = defaultdict(set)
        for pointer in self._reader.pointers(codes):
            if pointer.source not in codes and pointer.source != own_set:
                sources[pointer.source].add(pointer.target)
        refs = self._reader.refs(sorted(sources))
        for code, ref in refs.items():
            if group := _OF_KIND.get(ref.kind):
                yield Touch(group, ref.name, tuple(sorted(sources[code])), ref.kind, code)

    def _rules(self, codes: Collection[str]) -> Iterator[Touch]:
        pack = self._reviews.pack(USUAL)
        for rule, named in rules_naming(pack, codes):
            title = pack.rules[rule].title
            yield Touch("rules", title, named, Kind.PROBLEM, rule, "规则的例子用到")

    def _filed(self, codes: Collection[str]) -> Iterator[Touch]:
        for code, rows in sorted(self._reader.filed_rows(codes).items()):
            yield Touch("filed", f"{rows} 行对到这个指标", (code,))

    def _in_drafts(self, codes: Collection[str]) -> Iterator[Touch]:
        for use in self._drafts.using(codes):
            note = f"{use.owner or '未登录的人'}，{day(use.touched_at)} 改过"
            yield Touch("drafts", use.project or "（未写项目名称）", use.codes, note=note)


def rules_naming(pack: RulePack, codes: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Rules of a pack whose examples name any of these codes, with the codes that they name."""
    for code, rule in sorted(pack.rules.items()):
        cases = (*rule.must_fire, *rule.must_not_fire)
        named = {c for case in cases for c in (case.match, *case.spreads, *case.costs, *case.cores)}
        if found := named & set(codes):
            yield code, tuple(sorted(found))


def _cores(
    written: Mapping[str, Record], before: Mapping[str, Record], sectors: Mapping[str, str]
) -> Iterable[Touch]:
    """Sectors whose list of core indicators gains, loses or alters a member."""
    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, after in written.items():
        if not isinstance(after, Indicator):
            continue
        old = before.get(code)
        for sector, what in _core_changes(old if isinstance(old, Indicator) else None, after):
            told[sector, what].append(code)
    for (sector, what), codes in sorted(told.items()):
        name = sectors.get(sector, sector or "（没有行业）")
        yield Touch(
            "cores", name, tuple(sorted(codes)), Kind.SECTOR if sector in sectors else None, sector, what
        )


def _core_changes(before: Indicator | None, after: Indicator) -> Sequence[tuple[str, str]]:
    was = before is not None and before.core and before.status is Status.ACTIVE
    now = after.core and after.status is Status.ACTIVE
    old_sector = before.sector if before else ""
    if was and now and old_sector == after.sector:
        return [(after.sector, "有内容修改")]
    found = [(old_sector, "不再是核心指标")] if was else []
    return [*found, *([(after.sector, "新成为核心指标")] if now else [])]
