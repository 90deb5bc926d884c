"""Checks of catalogue content: what a record may not lack, and what makes a set of records bad.

``check_content`` is pure: records in, ``ContentFault`` out, sorted. Faults of level ``error``
fail the test run; ``hint`` ones are work for editors and appear on the health page.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from indicators.choices import Status
from indicators.model import (
    Clause,
    Framework,
    FrameworkNode,
    Guide,
    Indicator,
    Issue,
    Kind,
    ProblemType,
    Project,
    Record,
    Source,
    SourceRef,
    Standards,
)
from indicators.taxonomy import CATALOGUE_LEVELS, LEVEL2_LETTERS

VALUE_METHODS = ("直接证明法", "情况统计法", "情况说明法", "问卷调查法", "趋势判断法")
"""Ways of obtaining the completed value (完成值取值方式), after 财预〔2021〕101号."""

_RATE = re.compile(r"(率|比例|占比|比重|覆盖面)$")
_LINK = re.compile(r"\]\(kb:([^)\s]+)\)")
_SENTENCE = re.compile(r"[^。；;\n]+")
_NEED_SOURCES = (Indicator, Framework, Project, Issue, ProblemType)
_LOCAL = "BD-"
"""Codes made here begin so; those of the shipped catalogue tell sector and level 2."""
_LONG_NAME = 24
_LONG_SENTENCE = 10


@dataclass(frozen=True, slots=True, order=True)
class ContentFault:
    """One fault: level (error or hint), record code, what is wrong and what to do."""

    level: str
    code: str
    message: str


def check_content(records: Iterable[Record]) -> list[ContentFault]:
    """All faults of a set of records, errors first, then by code.

    Looks at each record by itself, at links between records, at duplicate codes, at names that
    are not unique within their place (sector and level 2), and at sentences that repeat.
    """
    everything = list(records)
    known = {r.code: r for r in everything}
    faults = [*_duplicates(everything), *_same_names(everything), *_repeated_sentences(everything)]
    for record in everything:
        for check in _CHECKS:
            faults.extend(check(record, known))
    return sorted(set(faults))


def references(record: Record) -> Iterator[tuple[str, str]]:
    """Every (field, code) by which a record points to another one."""
    for ref in getattr(record, "sources", ()):
        yield "sources", ref.source
    for field in ("sector", "successor", "framework", "document", "base", "overlays"):
        if code := getattr(record, field, ""):
            yield field, code
    for field in ("pairs", "members", "same_as", "related", "indicators", "problems", "projects"):
        for code in getattr(record, field, ()):
            yield field, code
    if isinstance(record, Indicator):
        yield from (("pitfalls", p.problem) for p in record.pitfalls)
    if isinstance(record, Project):
        yield from (("targets", t.indicator) for t in record.targets if t.indicator)
    if isinstance(record, Guide):
        yield from (("text", code) for code in _LINK.findall(record.text))


def repeated_share(records: Iterable[Record]) -> tuple[float, list[tuple[str, int]]]:
    """Share of explanation sentences that stand in more than one indicator, and the worst of them."""
    counts = _sentence_counts(r for r in records if isinstance(r, Indicator))
    total = sum(len(codes) for codes in counts.values())
    worst = [(s, len(codes)) for s, codes in counts.items() if len(codes) > 1]
    repeated = sum(n for _, n in worst)
    return (repeated / total if total else 0.0), sorted(worst, key=lambda x: -x[1])


def _duplicates(records: Sequence[Record]) -> Iterator[ContentFault]:
    for code, n in Counter(r.code for r in records).items():
        if n > 1:
            yield ContentFault("error", code, f"代码重复 {n} 次，请改用未用过的代码")


def _same_names(records: Sequence[Record]) -> Iterator[ContentFault]:
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for r in records:
        if isinstance(r, Indicator) and r.status is Status.ACTIVE:
            places[("指标", r.sector, r.level2, r.name)].append(r.code)
        elif isinstance(r, FrameworkNode):
            places[("框架", r.framework, r.level2, r.name)].append(r.code)
    for place, codes in places.items():
        for code in codes[1:]:
            yield ContentFault("error", code, f"与 {codes[0]} 在同一位置重名：{place[-1]}")


def _sentence_counts(indicators: Iterable[Indicator]) -> dict[str, set[str]]:
    counts: dict[str, set[str]] = defaultdict(set)
    for r in indicators:
        for sentence in _SENTENCE.findall(r.explanation):
            if len(sentence.strip()) >= _LONG_SENTENCE:
                counts[sentence.strip()].add(r.code)
    return counts


def _repeated_sentences(records: Sequence[Record]) -> Iterator[ContentFault]:
    for sentence, codes in _sentence_counts(r for r in records if isinstance(r, Indicator)).items():
        for code in sorted(codes)[1:]:
            yield ContentFault("hint", code, f"解释里的句子与 {min(codes)} 相同：{sentence}")


def _check_source(record: Record, known: dict[str, Record]) -> Iterator[ContentFault]:
    sources: tuple[SourceRef, ...] = getattr(record, "sources", ())
    if isinstance(record, _NEED_SOURCES) and not sources:
        yield ContentFault("error", record.code, "没有来源，请补 sources（自编的写 zibian）")
    if isinstance(record, Clause) and not record.document:
        yield ContentFault("error", record.code, "条款没有所属文件")
    if not record.name.strip():
        yield ContentFault("error", record.code, "没有名称")
    for field in sorted({ref.field for ref in sources if ref.field} - fields_with_source(type(record))):
        yield ContentFault("error", record.code, f"出处写给了不存在的栏 {field}")


def fields_with_source(type_: type[Record]) -> frozenset[str]:
    """Fields of a kind whose source may be told by itself: all but the code and the sources."""
    own = set(type_.__struct_fields__) - {"code", "sources"}
    if "standards" in own:
        own |= {f"standards.{part}" for part in Standards.__struct_fields__}
    return frozenset(own)


def _check_links(record: Record, known: dict[str, Record]) -> Iterator[ContentFault]:
    for field, code in references(record):
        if code not in known:
            yield ContentFault("error", record.code, f"{field} 指向不存在的 {code}")
        elif field == "sources" and not isinstance(known[code], Source):
            yield ContentFault("error", record.code, f"来源 {code} 不是来源文件")
        elif code == record.code:
            yield ContentFault("error", record.code, f"{field} 指向自己")


def _check_indicator(record: Record, known: dict[str, Record]) -> Iterator[ContentFault]:
    if not isinstance(record, Indicator):
        return
    if record.level2 not in CATALOGUE_LEVELS.get(record.level1, ()):
        yield ContentFault("error", record.code, f"一、二级指标搭配不成立：{record.level1}／{record.level2}")
    expected = f"{record.sector}-{LEVEL2_LETTERS.get(record.level2, '')}-"
    if not record.code.startswith((expected, _LOCAL)):
        yield ContentFault("error", record.code, f"代码应以 {expected} 开头")
    if record.value_method and not record.value_method.startswith(VALUE_METHODS):
        yield ContentFault("error", record.code, f"完成值取值方式应为：{'、'.join(VALUE_METHODS)}")
    if record.status is Status.RETIRED and not record.successor:
        yield ContentFault("hint", record.code, "已停用，但没有指明替代指标")
    if (
        record.weight_min is not None
        and record.weight_max is not None
        and record.weight_min > record.weight_max
    ):
        yield ContentFault("error", record.code, "权重下限大于上限")
    yield from _check_wording(record)


def _check_wording(record: Indicator) -> Iterator[ContentFault]:
    if len(record.name) > _LONG_NAME:
        yield ContentFault("hint", record.code, f"名称 {len(record.name)} 个字，过长：{record.name}")
    if _RATE.search(record.name) and not (record.numerator and record.denominator):
        yield ContentFault("error", record.code, "率类指标没有写分子、分母")
    if not record.explanation:
        yield ContentFault("hint", record.code, "没有解释")
    for pitfall in record.pitfalls:
        if not re.fullmatch(r"P\d\d|BD-.+", pitfall.problem):
            yield ContentFault("error", record.code, f"常见毛病的问题代码不对：{pitfall.problem}")


def _check_kind_of_links(record: Record, known: dict[str, Record]) -> Iterator[ContentFault]:
    wanted = {"pairs": Kind.INDICATOR, "members": Kind.INDICATOR, "indicators": Kind.INDICATOR,
              "targets": Kind.INDICATOR, "problems": Kind.PROBLEM, "projects": Kind.PROJECT,
              "sector": Kind.SECTOR, "framework": Kind.FRAMEWORK, "document": Kind.SOURCE,
              "base": Kind.SET, "overlays": Kind.INDICATOR}  # fmt: skip
    for field, code in references(record):
        target = known.get(code)
        if target is not None and field in wanted and target.kind is not wanted[field]:
            yield ContentFault("error", record.code, f"{field} 的 {code} 种类不对，应为 {wanted[field]}")


def _check_problem(record: Record, known: dict[str, Record]) -> Iterator[ContentFault]:
    if isinstance(record, ProblemType) and not record.description:
        yield ContentFault("error", record.code, "问题类型没有说明")
    if isinstance(record, Issue) and not record.what:
        yield ContentFault("error", record.code, "评价问题没有写明问题本身")


_CHECKS: tuple[Callable[[Record, dict[str, Record]], Iterator[ContentFault]], ...] = (
    _check_source, _check_links, _check_kind_of_links, _check_indicator, _check_problem,
)  # fmt: skip
