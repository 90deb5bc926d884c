"""From records to what the index sees of them. Pure; sectors, sets, sources and synonyms are no hits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from indicators.model import (
    Clause,
    Framework,
    FrameworkNode,
    Guide,
    Indicator,
    IndicatorSet,
    Issue,
    Kind,
    ProblemType,
    Project,
    Record,
    Sector,
)
from kb.links import PUBLIC_KINDS, url_of
from kb.search.answer import SearchDocument


@dataclass(frozen=True, slots=True)
class Names:
    """What other records say about a record: names behind codes, and uses.

    ``sectors`` and ``frameworks`` map code -> name, ``sets`` an indicator's code -> its set's
    name, ``used`` an indicator's code -> number of projects with a row linked to it.
    """

    sectors: Mapping[str, str] = field(default_factory=dict)
    frameworks: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Names:
        """Names taken from the records themselves; an indicator in several sets keeps the first."""
        sectors: dict[str, str] = {}
        frameworks: dict[str, str] = {}
        sets: dict[str, str] = {}
        used: Counter[str] = Counter()
        for record in records:
            if isinstance(record, Sector):
                sectors[record.code] = record.name
            elif isinstance(record, Framework):
                frameworks[record.code] = record.name
            elif isinstance(record, IndicatorSet):
                for member in record.members:
                    sets.setdefault(member, record.name)
            elif isinstance(record, Project):
                used.update({t.indicator for t in record.targets if t.indicator})
        return cls(sectors, frameworks, sets, dict(used))


def documents(records: Iterable[Record], names: Names) -> Iterator[SearchDocument]:
    """A document per indicator, framework, framework row, project, issue, problem type, guide and clause.

    The document's id is the record's code, which is unique over all kinds.
    """
    for record in records:
        describe = _DESCRIBE.get(record.kind)
        if describe:
            yield SearchDocument(
                id=record.code,
                kind=record.kind,
                public_kind=PUBLIC_KINDS[record.kind],
                code=record.code,
                name=record.name,
                url=url_of(record.kind, record.code),
                **describe(record, names),
            )


def catalogue_names(records: Iterable[Record]) -> Iterator[str]:
    """Names, aliases and keywords of all records, for ``Vocabulary.load``."""
    for record in records:
        if record.kind in _DESCRIBE:
            yield record.name
            for attribute in ("aliases", "keywords", "phrases"):
                yield from getattr(record, attribute, ())


def _indicator(record: Indicator, names: Names) -> dict[str, Any]:
    standards = record.standards
    body = (
        record.explanation,
        record.formula,
        record.wording,
        *(p.text for p in record.pitfalls),
        record.evidence,
        record.data_source,
        record.scoring,
        *(standards.plan, standards.history, standards.industry, standards.budget, standards.other),
        record.unit,
        record.frequency,
    )
    return {
        "level1": record.level1,
        "level2": record.level2,
        "sector": names.sectors.get(record.sector, ""),
        "set": names.sets.get(record.code, ""),
        "status": record.status.value,
        "aliases": record.aliases,
        "keywords": _filled(*record.keywords, record.subsector),
        "body": _filled(*body),
        "aside": (*(f"不适用：{text}" for text in record.unfit), *_filled(_returned(record))),
        "pairs": record.pairs,
        "core": record.core,
        "used": names.used.get(record.code, 0),
    }


def _returned(record: Indicator) -> str:
    return f"会被退回的写法：{record.bad_wording}" if record.bad_wording else ""


def _framework(record: Framework, names: Names) -> dict[str, Any]:
    return {
        "set": record.name,
        "keywords": _filled(record.edition, record.scope),
        "body": _filled(record.summary, record.note),
    }


def _node(record: FrameworkNode, names: Names) -> dict[str, Any]:
    body = (record.explanation, "；".join(record.points), record.formula, record.crosswalk_note, record.note)
    return {
        "level1": record.level1,
        "level2": record.level2,
        "set": names.frameworks.get(record.framework, ""),
        "keywords": _filled(names.frameworks.get(record.framework, "")),
        "body": _filled(*body),
    }


def _project(record: Project, names: Names) -> dict[str, Any]:
    rows = (" ".join(_filled(t.name, t.target, t.unit)) for t in record.targets)
    amount = f"预算{record.amount}万元" if record.amount is not None else ""
    about = "，".join(_filled(record.region, record.unit, f"{record.year}年" if record.year else "", amount))
    return {
        "sector": names.sectors.get(record.sector, ""),
        "aliases": _filled(*(line.name for line in record.lines if line.name != record.name)),
        "keywords": _filled(record.region, record.unit, *(t.value for t in record.types)),
        "body": _filled(record.summary or about, *rows, record.note, record.evaluator),
    }


def _issue(record: Issue, names: Names) -> dict[str, Any]:
    return {
        "sector": names.sectors.get(record.sector, ""),
        "keywords": _filled(record.region),
        "body": _filled(record.what, record.cause, record.fix),
    }


def _problem(record: ProblemType, names: Names) -> dict[str, Any]:
    rows = (
        " ".join(_filled(r.name, f"{r.comparator}{r.value}{r.unit}")) for r in (*record.bad, *record.good)
    )
    body = (record.description, record.objection, record.fix, record.caution, record.review_item, *rows)
    return {"aliases": record.phrases, "keywords": _filled(record.group), "body": _filled(*body)}


def _clause(record: Clause, names: Names) -> dict[str, Any]:
    return {"aliases": record.aliases, "body": _filled(record.text, record.note)}


def _guide(record: Guide, names: Names) -> dict[str, Any]:
    paragraphs = (_plain(p) for p in record.text.split("\n\n"))
    return {"aliases": record.aliases, "body": _filled(record.summary, *paragraphs)}


_DESCRIBE: dict[Kind, Any] = {
    Kind.INDICATOR: _indicator,
    Kind.FRAMEWORK: _framework,
    Kind.NODE: _node,
    Kind.PROJECT: _project,
    Kind.ISSUE: _issue,
    Kind.PROBLEM: _problem,
    Kind.CLAUSE: _clause,
    Kind.GUIDE: _guide,
}

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKUP = re.compile(r"(?m)^\s*(?:#{1,6}|[-*+]|\d+\.|>)\s+|[*_`]{1,3}|^\s*\|?[\s:|-]{3,}\|?\s*$")


def _plain(markdown: str) -> str:
    """Text of a Markdown paragraph without its signs; table cells keep a bar between them."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", markdown)).split())


def _filled(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)
