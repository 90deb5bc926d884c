"""How full the catalogue is: per sector, per field, and which records need mending.

All counts are over active indicators. The same figures stand on the health page and in
``kb check --content``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indicators.choices import Status
from indicators.model import Indicator, Kind, Project, Record, Sector, Standards
from indicators.taxonomy import CATALOGUE_LEVELS

FIELDS = (
    "aliases", "keywords", "explanation", "formula", "unit", "direction", "wording", "bad_wording", "fits",
    "unfit", "standards", "value_method", "data_source", "evidence", "scoring", "weight_min", "frequency",
    "pitfalls", "pairs", "sources",
)  # fmt: skip
"""Fields of an indicator whose completeness is counted."""

CORE_CLASSES = ("数量", "质量", "时效", "成本", "效益", "满意度")
"""What a sector's core list has to cover."""

LEVEL2 = tuple(level2 for names in CATALOGUE_LEVELS.values() for level2 in names)

_NEAR = 0.65


@dataclass(frozen=True, slots=True)
class SectorCoverage:
    """One sector's row of the coverage table."""

    sector: Sector
    by_level2: dict[str, int]
    core: tuple[Indicator, ...]
    core_missing: tuple[str, ...]
    bare_subsectors: tuple[str, ...]
    projects: int

    @property
    def total(self) -> int:
        """Active indicators of the sector."""
        return sum(self.by_level2.values())


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole table: sectors, field completeness (filled of all), and lists of records to mend."""

    sectors: tuple[SectorCoverage, ...]
    indicators: int
    core: int
    fields: dict[str, int]
    to_mend: dict[str, tuple[Indicator, ...]]
    near: tuple[tuple[Indicator, Indicator, float], ...]


def coverage(records: Iterable[Record]) -> Coverage:
    """Coverage of a set of records."""
    everything = list(records)
    indicators = [r for r in everything if isinstance(r, Indicator) and r.status is Status.ACTIVE]
    sectors = sorted((r for r in everything if isinstance(r, Sector)), key=lambda s: s.order)
    projects = [r for r in everything if isinstance(r, Project)]
    by_sector: dict[str, list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        by_sector[indicator.sector].append(indicator)
    per_sector = Counter(p.sector for p in projects)
    return Coverage(
        sectors=tuple(_sector(s, by_sector[s.code], per_sector[s.code]) for s in sectors),
        indicators=len(indicators),
        core=sum(i.core for i in indicators),
        fields={name: sum(_filled(i, name) for i in indicators) for name in FIELDS},
        to_mend=_to_mend(indicators, everything, projects),
        near=tuple(near_duplicates(indicators)),
    )


def class_of(indicator: Indicator) -> str:
    """One of ``CORE_CLASSES`` that an indicator belongs to."""
    place = indicator.level1 + indicator.level2
    return next((name for name in ("成本", "数量", "质量", "时效", "满意度", "效益") if name in place), "")


def near_duplicates(
    indicators: Sequence[Indicator], least: float = _NEAR
) -> list[tuple[Indicator, Indicator, float]]:
    """Pairs of one sector and level 2 whose names share most character pairs (Dice), closest first."""
    groups: dict[tuple[str, str], list[tuple[Indicator, set[str]]]] = defaultdict(list)
    for indicator in indicators:
        groups[indicator.sector, indicator.level2].append((indicator, _pairs(indicator.name)))
    found = []
    for members in groups.values():
        for n, (a, pairs_a) in enumerate(members):
            for b, pairs_b in members[n + 1 :]:
                likeness = 2 * len(pairs_a & pairs_b) / max(1, len(pairs_a) + len(pairs_b))
                if likeness >= least:
                    found.append((a, b, likeness))
    return sorted(found, key=lambda f: (-f[2], f[0].code))


def _pairs(name: str) -> set[str]:
    return {name[i : i + 2] for i in range(len(name) - 1)} or {name}


def _sector(sector: Sector, indicators: list[Indicator], projects: int) -> SectorCoverage:
    core = tuple(i for i in indicators if i.core)
    covered = {class_of(i) for i in core}
    used = {i.subsector for i in indicators}
    return SectorCoverage(
        sector=sector,
        by_level2={name: n for name in LEVEL2 if (n := sum(i.level2 == name for i in indicators))},
        core=core,
        core_missing=tuple(c for c in CORE_CLASSES if c not in covered),
        bare_subsectors=tuple(s.name for s in sector.subsectors if s.name not in used),
        projects=projects,
    )


def _filled(indicator: Indicator, field: str) -> bool:
    value = getattr(indicator, field)
    return value != Standards() if field == "standards" else value not in ("", None, ())


def _to_mend(
    indicators: list[Indicator], everything: list[Record], projects: list[Project]
) -> dict[str, tuple[Indicator, ...]]:
    used = {t.indicator for p in projects for t in p.targets if t.indicator}
    pointed = _pointed_at(everything)
    return {
        "没有公式": tuple(i for i in indicators if not i.formula),
        "没有来源": tuple(i for i in indicators if not i.sources),
        "没有配对，也没有别的记录指向它": tuple(
            i for i in indicators if not i.pairs and i.code not in pointed
        ),
        "没有项目用过": tuple(i for i in indicators if i.code not in used),
    }


def _pointed_at(everything: list[Record]) -> set[str]:
    fields = ("pairs", "members", "indicators")
    direct = {code for r in everything for field in fields for code in getattr(r, field, ())}
    return direct | {
        t.indicator for r in everything if r.kind is Kind.PROJECT for t in getattr(r, "targets", ())
    }
