"""Understanding a project from a sentence or pages: sector, sub-sector, type, quantities, money, months.

Everything recognised is shown and correctable; nothing here is needed to be right, only to save typing.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec

from indicators.draft import Draft
from indicators.model import Indicator, Project, ProjectType, Sector, Status
from indicators.numerals import parse_numeral
from indicators.units import known_unit, normalise_unit
from kb.matching import guess_types
from kb.search.text import fold

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LENGTHS = (2, 3, 4)
_NOISE = re.compile(
    r"\d+年(度)?|第[一二三四五六七八九十]+批|项目|工程|资金|经费|补助|专项|工作|建设|中央|省级|市级|县级|区级|年度"
)
_COMMON = "TX"
_PRIOR = 3.0
_SMOOTH = 0.5


class Quantity(msgspec.Struct, frozen=True, kw_only=True):
    """A number that the text states, with its unit, what it counts, and the words around it."""

    value: Decimal
    unit: str
    subject: str
    context: str


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What was understood of a project. ``sectors`` are codes, likeliest first; amount in 万元."""

    text: str
    name: str
    sectors: tuple[str, ...]
    subsectors: tuple[str, ...]
    types: tuple[ProjectType, ...]
    quantities: tuple[Quantity, ...]
    amount: Decimal | None
    months: int | None
    beneficiaries: tuple[str, ...]


class SectorGuesser:
    """Tells the sector of a project text by the pieces of text that sectors' records are made of.

    A naive Bayes over character pieces of two to four, learned from names, aliases, keywords,
    sub-sectors, uses of funds and the example projects' names. Building it costs about 0.2 s.
    """

    def __init__(
        self, sectors: Sequence[Sector], indicators: Iterable[Indicator], projects: Iterable[Project]
    ) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for sector in sectors:
            for text, weight in _texts_of_sector(sector):
                _count(counts[sector.code], text, weight)
        for indicator in indicators:
            if indicator.status is Status.ACTIVE:
                _count(counts[indicator.sector], indicator.name, 1.0)
                for text in (*indicator.aliases, *indicator.keywords):
                    _count(counts[indicator.sector], text, 1.0)
        self._codes = [s.code for s in sectors]
        self._counts = counts
        self._projects = [(p.code, p.sector, Counter(pieces(p.name))) for p in projects if p.sector]
        self._totals = {code: sum(counts[code].values()) for code in self._codes}

    def guess(self, text: str, without: Iterable[str] = ()) -> list[tuple[str, float]]:
        """(sector code, share of belief) likeliest first; ``without`` names projects to forget."""
        found = set(pieces(text))
        if not found:
            return []
        seen = self._seen(found, set(without))
        scores = {code: sum(self._evidence(code, piece, seen) for piece in found) for code in self._codes}
        best = max(scores.values())
        weights = {code: math.exp(min(0.0, score - best)) for code, score in scores.items()}
        total = sum(weights.values())
        return sorted(((code, w / total) for code, w in weights.items()), key=lambda x: (-x[1], x[0]))

    def _seen(self, wanted: set[str], without: set[str]) -> dict[str, Counter[str]]:
        seen: dict[str, Counter[str]] = defaultdict(Counter)
        for code, sector, found in self._projects:
            if code not in without:
                for piece in wanted & found.keys():
                    seen[piece][sector] += 1
        return seen

    def _evidence(self, code: str, piece: str, seen: dict[str, Counter[str]]) -> float:
        """How much a piece speaks for a sector against the average sector."""
        rates = {
            c: (self._counts[c][piece] + 2 * seen[piece][c]) / (1 + self._totals[c] / 2000)
            for c in self._codes
        }
        whole = sum(rates.values())
        if not whole:
            return 0.0
        share = (rates[code] + _SMOOTH) / (whole + _SMOOTH * len(self._codes))
        return (len(piece) - 1) * math.log(share * len(self._codes)) / _PRIOR


def _texts_of_sector(sector: Sector) -> Iterator[tuple[str, float]]:
    yield sector.name, 4.0
    for text in (*sector.aliases, *sector.units):
        yield text, 3.0
    for subsector in sector.subsectors:
        yield subsector.name, 3.0
        for use in subsector.uses:
            yield use, 2.0


def _count(counter: Counter[str], text: str, weight: float) -> None:
    for piece in pieces(text):
        counter[piece] += weight  # type: ignore[assignment]


def pieces(text: str) -> Iterator[str]:
    """Pieces of two to four Han characters of a text, words that say nothing of a project left out."""
    for run in _HAN.findall(_NOISE.sub(" ", fold(text))):
        for length in _LENGTHS:
            for start in range(len(run) - length + 1):
                yield run[start : start + length]


_AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(亿元|万元|元)")
_MONEY_NEAR = re.compile(r"(总投资|投资|资金|预算|金额|经费|安排|补助|合计|共|约|计)[^\d]{0,6}$")
_QUANTITY = re.compile(
    r"(\d[\d,]*(?:\.\d+)?|[一二两三四五六七八九十百千]+)\s*(万)?(个百分点|平方公里|平方米|立方米|公里|千米|延米|人次|名|人|户|个|所|座|处|栋|间|台|套|"
    r"辆|盏|亩|吨|公斤|株|场|次|期|项|条|件|批|米|张|班|头|只|盒|份|篇|天|公顷)(?!月)([\u4e00-\u9fff]{0,8})"
)
_MONTHS = re.compile(r"(\d{1,2}|[一二两三四五六七八九十]+)个月")
_PEOPLE = (
    "脱贫户", "监测对象", "残疾儿童", "残疾人", "老年人", "老人", "儿童", "学生", "家长", "教师", "村民", "群众", "居民", "农户", "企业",
    "患者", "妇女", "退役军人", "优抚对象", "低保对象", "特困人员", "市民", "游客", "职工", "驾驶人", "乘客", "学员", "商户", "种粮大户",
)  # fmt: skip


def describe(
    text: str,
    guesser: SectorGuesser,
    sectors: Sequence[Sector],
    *,
    sector: str = "",
    amount: Decimal | None = None,
    without: Iterable[str] = (),
) -> Description:
    """What a project text says. ``sector`` (code) and ``amount`` (万元) given by the user win."""
    name = _name(text)
    believed = guesser.guess(text, without)
    likely = [code for code, share in believed if share >= 0.12][:3]
    if sector:
        likely = [sector, *(c for c in likely if c != sector)]
    chosen = next((s for s in sectors if likely and s.code == likely[0]), None)
    return Description(
        text=text,
        name=name,
        sectors=tuple(likely),
        subsectors=_subsectors(text, chosen),
        types=types_of(text),
        quantities=tuple(_quantities(text)),
        amount=amount if amount is not None else _amount(text),
        months=_months(text),
        beneficiaries=tuple(word for word in _PEOPLE if word in text),
    )


def types_of(text: str) -> tuple[ProjectType, ...]:
    """Types of project that a text speaks of; building is told by its verbs too (修5公里村道)."""
    known = guess_types(Draft(project=text))
    if ProjectType.CONSTRUCTION not in known and _BUILDING.search(text):
        known = (ProjectType.CONSTRUCTION, *known)
    return known


_BUILDING = re.compile(
    r"(修|建|铺|架|挖|打|砌|硬化|拓宽|新增|铺设|修建).{0,10}(路|道|桥|渠|塘|井|池|管|学校|幼儿园|卫生室|厂房|大棚|广场|公园|厕|站|坝|堤)"
    r"|硬化|拓宽|扩建|新建|开工|竣工"
)


def _name(text: str) -> str:
    """A project's name: the first sentence or line, at most forty characters."""
    first = re.split(r"[。；;\n！!]", text.strip(), maxsplit=1)[0].strip()
    return first if len(first) <= 40 else first[:40]


def _subsectors(text: str, sector: Sector | None) -> tuple[str, ...]:
    if sector is None:
        return ()
    said = set(pieces(text))
    scored = []
    for subsector in sector.subsectors:
        own = {p for t in (subsector.name, *subsector.uses) for p in pieces(t)}
        score = sum(len(p) - 1 for p in said & own)
        if score:
            scored.append((score, subsector.name))
    scored.sort(key=lambda s: -s[0])
    return tuple(name for score, name in scored if score * 2 >= scored[0][0])[:3]


def _amount(text: str) -> Decimal | None:
    found = [(m, _wan(m)) for m in _AMOUNT.finditer(text)]
    named = [wan for m, wan in found if _MONEY_NEAR.search(text[: m.start()])]
    return named[0] if named else (found[0][1] if len(found) == 1 else None)


def _wan(match: re.Match[str]) -> Decimal:
    number = Decimal(match[1].replace(",", ""))
    return {"亿元": number * 10_000, "万元": number, "元": number / 10_000}[match[2]]


def _months(text: str) -> int | None:
    match = _MONTHS.search(text)
    if not match:
        return None
    number = int(match[1]) if match[1].isdigit() else parse_numeral(match[1])
    return int(number) if number else None


def _quantities(text: str) -> Iterator[Quantity]:
    for match in _QUANTITY.finditer(text):
        written = match[1].replace(",", "")
        number = Decimal(written) if written[0].isdigit() else parse_numeral(written)
        unit = normalise_unit(match[3])
        if number is None or not (known_unit(unit) or unit == "班"):
            continue
        value = Decimal(number) * (10_000 if match[2] else 1)
        around = text[max(0, match.start() - 12) : match.end() + 12]
        yield Quantity(value=value, unit=unit, subject=match[4], context=around.strip())
