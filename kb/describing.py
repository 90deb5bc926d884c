"""Understanding a project from a sentence or pages: sector, sub-sector, type, quantities, money, months.

Everything recognised is shown and correctable; nothing here is needed to be right, only to save typing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec

from indicators.choices import ProjectType
from indicators.draft import Draft
from indicators.model import Sector
from indicators.numbers import plain_number
from indicators.numerals import parse_numeral
from indicators.units import known_unit, normalise_unit
from kb.guessing import SectorGuesser
from kb.matching import guess_types

MOST_TEXT = 20_000
"""Characters of a description that are read; a proposal of many pages says what it is before that."""


class Quantity(msgspec.Struct, frozen=True, kw_only=True):
    """A number that the text states, with its unit, what it counts, and the words around it."""

    value: Decimal
    unit: str
    subject: str
    context: str


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What was understood of a project. ``sectors`` are codes, likeliest first; amount in 万元.

    ``sure`` is the share of belief (0..1) in the first sector; 1 where the user chose it.
    """

    text: str
    name: str
    sectors: tuple[str, ...]
    subsectors: tuple[str, ...]
    types: tuple[ProjectType, ...]
    quantities: tuple[Quantity, ...]
    amount: Decimal | None
    months: int | None
    beneficiaries: tuple[str, ...]
    sure: float = 0.0


class Corrections(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the user says himself instead of what the text would tell; blanks leave it to the text."""

    sector: str = ""
    subsector: str = ""
    types: tuple[ProjectType, ...] = ()
    amount: Decimal | None = None
    months: int | None = None
    beneficiaries: tuple[str, ...] = ()


_AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(亿元|万元|元)(?!\s*([/／每]|一[台套个所人户辆间座亩]))")
_RATE_NEAR = re.compile(
    r"(每(?!年)[^\d，,。；;、\n]{0,12}|[人户亩车校村]均[^\d，,。；;、\n]{0,6}|单价[^\d，,。；;、\n]{0,4})$"
)
"""Before a sum that is paid for one thing or person (每所8万元): not what the project costs."""

_MONEY_NEAR = re.compile(r"(总投资|投资|资金|预算|金额|经费|安排|补助|合计|共|约|计)[^\d]{0,6}$")
_QUANTITY = re.compile(
    r"(\d[\d,]*(?:\.\d+)?|[一二两三四五六七八九十百千]+)\s*(万)?(个百分点|平方公里|平方米|立方米|公里|千米|延米|人次|名|人|户|个|所|座|处|栋|间|台|套|"
    r"辆|盏|亩|吨|公斤|株|场|次|期|项|条|件|批|米|张|班|头|只|盒|份|篇|册|天|公顷)(?!月|百分点)([\u4e00-\u9fff]{0,10})"
)
_MONTHS = re.compile(r"(\d{1,2}|[一二两三四五六七八九十]+)个月")
_PEOPLE = (
    "脱贫户", "监测对象", "残疾儿童", "残疾人", "老年人", "老人", "儿童", "学生", "家长", "教师", "村民", "群众", "居民", "农户", "企业",
    "患者", "妇女", "退役军人", "优抚对象", "低保对象", "特困人员", "市民", "游客", "职工", "驾驶人", "乘客", "学员", "商户", "种粮大户",
    "读者", "用户", "干警", "业主", "师生", "消费者",
)  # fmt: skip
_BUILDING = re.compile(
    r"(修|建|铺|架|挖|打|砌|硬化|拓宽|新增|铺设|修建).{0,10}(路|道|桥|渠|塘|井|池|管|学校|幼儿园|卫生室|厂房|车间|大棚|广场|公园|厕|站|坝|堤)"
    r"|硬化|拓宽|扩建|新建|开工|竣工|工程$|基础设施建设"
)
_BUYING = re.compile(r"购买(?![^，,。；;]{0,8}(服务|保险))|购置|采购|买.{0,6}\d|更新.{0,4}(设备|车辆)|配备")
_FIXING = re.compile(r"修缮|维修|大修|装修|翻修|漏水|改造")
_DIGITAL = re.compile(
    r"信息化|软件|小程序|APP|数据库|信息系统|(系统|平台)(建设|开发|升级|运维|$)|智慧|数字化"
)
_VERBS = re.compile(
    r".*(购买|购置|采购|配备|新建|修建|改造|维修|更新|安装|发放|开展|举办|完成|建设|培训|资助|给|对|为)"
)
_BREAKS = re.compile(r"购买|购置|更换|安装|发放|做|进行|开展|实施|使用|参加|受益|完成|共|计|约|的")


def describe(
    text: str,
    guesser: SectorGuesser,
    sectors: Sequence[Sector],
    *,
    given: Corrections | None = None,
    without: Iterable[str] = (),
) -> Description:
    """What a project text says; what the user gave himself (``sector`` as a code) wins."""
    text, given = text[:MOST_TEXT], given or Corrections()
    believed = guesser.guess(text[:1000], without)
    likely = [code for code, share in believed if share >= 0.12][:3]
    if not likely and len(believed) > 1 and believed[0][1] >= max(0.05, 1.5 * believed[1][1]):
        likely = [believed[0][0]]
    sure = believed[0][1] if believed else 0.0
    if given.sector:
        likely, sure = [given.sector, *(c for c in likely if c != given.sector)], 1.0
    known = {s.code for s in sectors}
    likely = [code for code in likely if code in known]
    own = guesser.subsectors(text[:1000], likely[0]) if likely else ()
    return Description(
        text=text,
        name=_name(text),
        sectors=tuple(likely),
        subsectors=(given.subsector,) if given.subsector else own,
        types=given.types or types_of(text[:400]),
        quantities=tuple(_quantities(text[:4000])),
        amount=given.amount if given.amount is not None else _amount(text),
        months=given.months if given.months is not None else _months(text),
        beneficiaries=given.beneficiaries or _named(text),
        sure=sure,
    )


def types_of(text: str) -> tuple[ProjectType, ...]:
    """Types of project that a text speaks of; building and buying are told by their verbs too."""
    known = list(guess_types(Draft(project=text)))
    for kind, pattern in (
        (ProjectType.PURCHASE, _BUYING),
        (ProjectType.REPAIR, _FIXING),
        (ProjectType.CONSTRUCTION, _BUILDING),
    ):
        if kind not in known and pattern.search(text):
            known.insert(0, kind)
    if ProjectType.CONSTRUCTION in known and _DIGITAL.search(text):
        known.remove(ProjectType.CONSTRUCTION)
    return tuple(known)


def _name(text: str) -> str:
    """A project's name: the first clause, at most forty characters."""
    first = re.split(r"[。；;\n！!]", text.strip(), maxsplit=1)[0].strip()
    clause = re.split(r"[，,]", first, maxsplit=1)[0].strip()
    return (clause if len(clause) >= 4 else first)[:40]


def _amount(text: str) -> Decimal | None:
    found = [(m, _wan(m)) for m in _AMOUNT.finditer(text) if not _RATE_NEAR.search(text[: m.start()])]
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
        if number is None or not (known_unit(unit) or unit in ("班", "册")):
            continue
        before = re.search(r"[\u4e00-\u9fff]*$", text[: match.start()])
        value = Decimal(plain_number(Decimal(number) * (10_000 if match[2] else 1)))
        around = text[max(0, match.start() - 12) : match.end() + 12]
        yield Quantity(
            value=value,
            unit=unit,
            subject=_subject(match[4], before[0] if before else "") or _people(unit, text[: match.start()]),
            context=around.strip(),
        )


def _people(unit: str, before: str) -> str:
    """Who is meant by a bare number of people (…老人…，共1500人): those named last before it."""
    if unit not in ("人", "名", "户"):
        return ""
    return max(_named(before), key=lambda word: (before.rfind(word) + len(word), len(word)), default="")


def _named(text: str) -> tuple[str, ...]:
    return tuple(word for word in _PEOPLE if word in text)


def _subject(after: str, before: str) -> str:
    """What is counted: the words behind the number (200名残疾儿童), else those before it (电脑50台)."""
    counted = _BREAKS.split(after, maxsplit=1)[0]
    if counted:
        return counted
    told = _VERBS.sub("", before)
    return (told or before)[-8:] if len(before) >= 2 else counted
