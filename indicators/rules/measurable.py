"""可衡量, P01-P16 and P59: checks that need more than a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from indicators.finding import Finding, Severity
from indicators.rules.base import Checking, row_check, table_check
from indicators.rules.facts import RowFacts, TableFacts, Tail
from indicators.rules.lexicon import pattern
from indicators.units import clean, comparable, known_unit, normalise_unit
from indicators.value import ValueKind

_YEARS = (1990, 2100)
"""Bare numbers that are years where the name asks for a time."""


@row_check("P03")
def missing_unit(row: RowFacts, checking: Checking) -> Finding | None:
    """A number with a unit neither in its cell, nor beside it, nor in the name.

    A table without a unit column whose rows all write bare numbers is its form's fault, not the
    row's: then it is a hint.
    """
    if row.number is None or row.unit or row.name_unit or row.column_unit:
        return None
    if row.tail in {Tail.INDEX, Tail.SCORE} or row.value.full:
        return None
    if row.tail is Tail.TIME and _YEARS[0] <= row.number <= _YEARS[1]:
        return None
    clear = row.tail is Tail.TIMES or row.number == 0
    own = Severity.HINT if clear or not _states_units(checking.table) else None
    unit = {Tail.RATE: "%", Tail.DEGREE: "%", Tail.PEOPLE: "人"}.get(row.tail, "")
    return checking.row(row, severity=own, evidence=row.target, fields={"unit": unit} if unit else None)


def _states_units(table: TableFacts) -> bool:
    return table.has("unit") or table.has("unit_of_value") or any(r.unit for r in table.rows)


_WANTED: dict[Tail, tuple[frozenset[str], str]] = {
    Tail.RATE: (frozenset({"比例"}), "%"),
    Tail.DEGREE: (frozenset({"比例", "分值"}), "%或分"),
    Tail.PEOPLE: (frozenset({"人", "件"}), "人、人次或户"),
    Tail.MONEY: (frozenset({"金额"}), "元、万元或单价"),
    Tail.TIME: (frozenset({"时间"}), "日期或天数"),
    Tail.AREA: (frozenset({"面积"}), "平方米、亩等面积单位"),
    Tail.LENGTH: (frozenset({"长度"}), "米、公里"),
}
_SWAPPED: dict[Tail, frozenset[str]] = {
    Tail.COUNT: frozenset({"比例", "时间"}), Tail.TIMES: frozenset({"比例", "金额", "面积", "长度"}),
}  # fmt: skip
"""What a count cannot be measured in; anything else may be counted."""

_QUESTION = re.compile(r"是|否|是/否")
_ANY_RATE = "成本(?:控制|节约|降低)|预算|占|标准"
_LOOSE_MONEY = "(?:补助|补贴|资金|投资|收入|支出|经费|税收)$"
"""Names that may as well mean whom the money reached: 发放高龄补贴 200人."""


@row_check("P04")
def wrong_unit(row: RowFacts, checking: Checking) -> Finding | None:
    """A unit of another family than the name's last word asks for, or two units that disagree."""
    if row.tail is Tail.DEGREE and _QUESTION.fullmatch(row.target) and "是否" not in row.name:
        return checking.row(
            row, "“{name}”要有百分比或分数，值却写“{target}”。", wanted="%或分", evidence=row.target
        )
    if row.number is None:
        return None
    if row.column_unit[:1].isdigit():
        return checking.row(
            row, "“{name}”的单位栏写“{column_unit}”，不是单位。", wanted="单位", evidence=row.column_unit
        )
    if _disagree(row):
        message = "“{name}”的值里写“{target}”，单位栏写“{column_unit}”，两处单位不同。"
        return checking.row(row, message, wanted="一个单位", evidence=row.shown())
    if not row.family:
        return None
    if row.tail in _WANTED:
        families, wanted = _WANTED[row.tail]
        if row.family in families or _allowed(row):
            return None
        return checking.row(row, wanted=wanted, severity=_doubt(row), evidence=row.shown())
    if row.family in _SWAPPED.get(row.tail, ()):
        return checking.row(row, wanted="数件数的单位", severity=_doubt(row), evidence=row.shown())
    return _named_otherwise(row, checking)


def _disagree(row: RowFacts) -> bool:
    unit = row.value.unit
    known = known_unit(row.column_unit) and known_unit(unit)
    return bool(row.column_unit) and bool(unit) and known and not comparable(unit, row.column_unit)


def _allowed(row: RowFacts) -> bool:
    """Readings under which the pair makes sense: a rate per head, money as a share, a period in money's name."""
    if row.tail is Tail.RATE:
        return bool(row.value.per) or "倍" in row.unit or row.family == "浓度强度"
    if row.tail is Tail.MONEY:
        return row.family == "比例" or pattern(_ANY_RATE).search(row.name) is not None
    return row.tail is Tail.TIME and row.family == "件"


def _doubt(row: RowFacts) -> Severity | None:
    """Cases that reviewers argue about."""
    if row.tail is Tail.MONEY and pattern(_LOOSE_MONEY).search(row.name):
        return Severity.HINT
    return Severity.WARNING if row.tail in {Tail.COUNT, Tail.TIMES, Tail.TIME} else None


def _named_otherwise(row: RowFacts, checking: Checking) -> Finding | None:
    """A thing that is made or held, counted in years: 制作宣传横幅、公益宣传牌等 1年."""
    made = re.match(r"制作|购置|采购|印制|安装|新建|发放", row.name)
    if made and row.tail is Tail.NONE and row.family == "时间":
        return checking.row(
            row, "“{name}”应当数件数，值却写“{shown}”。", wanted="件数的单位", evidence=row.shown()
        )
    return None


@row_check("P05")
def nothing_filled(row: RowFacts, checking: Checking) -> Finding | None:
    """A blank or placeholder value, or a name that is one; a weight of nought makes it a hint."""
    own = Severity.HINT if row.row.weight is not None and row.row.weight == 0 else None
    if not row.name and row.target:
        return checking.row(row, "这一行有指标值“{target}”，却没有指标名称。", severity=own, field="name")
    if row.value.kind is not ValueKind.PLACEHOLDER or not row.name:
        return None
    if row.target.strip() in {"0", "无"} and pattern("{反向词}|次数|发生|事件|污染|破坏|损害|违").search(
        row.name
    ):
        message = "“{name}”写“{target}”，要求不发生的应写数字0。"
        return checking.row(row, message, severity=Severity.HINT, evidence=row.target)
    if row.target:
        return checking.row(
            row, "“{name}”的指标值“{target}”是占位或不涉及。", severity=own, evidence=row.target
        )
    if not any(r.target for r in checking.table.rows):
        return None
    return checking.row(row, severity=own, evidence=row.name)


@table_check("P05")
def all_blank(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """No row has a value: said once, about the table."""
    if table.rows and table.has("target") and not any(r.target for r in table.rows):
        numbers = [r.row.number for r in table.rows]
        yield checking.whole(
            "整张表的指标值都是空的。",
            fix="逐行补上指标值；如果值写在别的栏里，请检查表头。",
            others=numbers,
            field="target",
        )


_NUMBER_IN_NAME = re.compile(
    r"(\d+(?:\.\d+)?)\s*(亿元|万元|元|人次|人|个|户|项|公里|千米|米|亩|次|%|台|套|所|座|年|处|家|场|吨|辆|平方米)"
)


@row_check("P06")
def number_in_name(row: RowFacts, checking: Checking) -> Finding | None:
    """The name repeats the value's number with a unit (村组干部230人 ≥230)."""
    value = row.number
    for found in _NUMBER_IN_NAME.finditer(row.name):
        if value is None or Decimal(found[1]) != value:
            continue
        plain = row.name.replace(found.group(), "").strip() or row.level2.removesuffix("指标")
        own = Severity.HINT if found.group() == row.name else None
        return checking.row(row, word=found.group(), plain=plain, evidence=row.name, severity=own)
    return None


@table_check("P07")
def no_comparator(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Numbers without a comparator: said once where it is the table's habit, else row by row."""
    numbers = [r for r in table.rows if r.number is not None]
    bare = [r for r in numbers if not r.value.comparator and not r.value.change]
    if not bare:
        return
    if len(bare) > 2 and len(bare) / len(numbers) > checking["share"]:
        yield checking.whole(
            "{n}行数值没有比较符（≥、≤或=），看不出是最低要求还是最高限额。", n=len(bare),
            evidence=bare[0].shown(), fix="逐行补上比较符：成本、投诉类用≤，产出效益多用≥，批复的固定数用=。",
            others=[r.row.number for r in bare],
        )  # fmt: skip
        return
    for row in bare:
        yield checking.row(row, evidence=row.shown())


@row_check("P08")
def wrong_direction(row: RowFacts, checking: Checking) -> Finding | None:
    """A comparator that rewards what should be little, or punishes what should be much."""
    sign = row.value.comparator
    if sign in {"≥", ">"} and row.number is not None and _less_is_better(row):
        own = Severity.HINT if row.tail is Tail.MONEY and "标准" in row.name else None
        return checking.row(
            row, severity=own, better="少", sign="≤", field="comparator", fields={"comparator": "≤"}
        )
    if sign in {"≤", "<"} and row.family == "比例" and _more_is_better(row):
        return checking.row(row, better="多", sign="≥", field="comparator", fields={"comparator": "≥"})
    return None


def _less_is_better(row: RowFacts) -> bool:
    if row.is_cost and row.family == "金额":
        return pattern("节约|节省|降低|减少|压减|挽回").search(row.name) is None
    if pattern("{转正词}").search(row.name):
        return False
    return pattern("{反向词}").search(row.name) is not None


def _more_is_better(row: RowFacts) -> bool:
    if pattern("不合格|不满意|不达标|未|差错|投诉|{反向词}").search(row.name):
        return False
    return pattern("{受益词}").search(row.name) is not None


@row_check("P09")
def beyond_hundred(row: RowFacts, checking: Checking) -> Finding | None:
    """A share written as ≥100 %, or as more than all of it."""
    if row.number is None or row.unit != "%" or row.value.change:
        return None
    most = Decimal(str(checking["most"]))
    above = row.number > most
    if not above and not (row.number == most and row.value.comparator in {"≥", ">"}):
        return None
    if pattern("增长|增幅|增加|提高率|提升幅度|上升|增值|保值|超额|变动|比上年|利用率|达产|负荷|周转").search(
        row.name
    ):
        return None
    if above and row.tail not in {Tail.RATE, Tail.DEGREE}:
        return checking.row(row, severity=Severity.HINT, evidence=row.shown())
    # =100 % is no repair where nobody can reach it: satisfaction is left to P41 and the reviewer.
    settled = above or "满意" in row.name
    fields = None if settled else {"comparator": "=", "target": "100", "unit": "%"}
    return checking.row(row, evidence=row.shown(), fields=fields)


_SEPARATORS = re.compile(r"[、/／，,；;]|以及|及其|\s+(?=[^\d\s])|(?<=[一-鿿]{2})[和及与](?=[一-鿿]{2})")
_WITHIN = re.compile(
    r"“[^”]*”|《[^》]*》|\([^)]*\)|（[^）]*）|\d+[、~-]\d+|[一-鿿]、(?:[一-鿿]、)+(?=[一-鿿])"
    r"|及以[上下]|[参普涉顾温][与及]|协和|郑和|和谐|平和|与[^、]{1,8}相关|达到或|国家/国际|及[时格早]|与[会否]"
)
"""Signs that join nothing: quotations, brackets, lists of single characters (核、生、化), 及时, 省级及以上."""


@row_check("P13")
def several_in_one(row: RowFacts, checking: Checking) -> Finding | None:
    """Several things in one row: two questions, two rates, or a list of objects with one value."""
    name = _WITHIN.sub("", row.name)
    if name.count("是否") > 1 or len(re.findall(r"率(?![先领直])", name)) > 1:
        return checking.row(row, count=2, word=row.name, evidence=row.name)
    parts = [p for p in _SEPARATORS.split(name) if len(p.strip()) > 1]
    strong = [p for p in re.split(r"[、/／，,；;]|以及", name) if len(p.strip()) > 1]
    if len(parts) < 2:
        return None
    listed = (
        re.search(r"^[^；;]*、[^、；;]+等[^、；;]{0,6}$", name) is not None
    )  # an open list stands for one class of things
    enough = len(parts) >= checking["parts"] and len(strong) > 1 and not listed
    verbs = len(strong) > 1 and all(pattern("^(?:{口号副词})*{口号动词}").search(p) for p in strong)
    own = None if enough or verbs else Severity.HINT
    return checking.row(row, severity=own, count=len(parts), word=row.name, evidence=row.name)


_SIGNS = re.compile(r"[“”‘’《》【】()（）\s、，,。；;：:★\"'·—-]")


@row_check("P15")
def long_name(row: RowFacts, checking: Checking) -> Finding | None:
    """A name of so many characters (signs not counted), or with a full stop inside."""
    length = len(_SIGNS.sub("", row.name))
    if length < checking["hint"] and not re.search(r"[。；;].", row.name):
        return None
    own = None if length >= checking["warn"] else Severity.HINT
    return checking.row(row, severity=own, length=length, evidence=row.name)


_TODAY_SERIAL = (Decimal(36526), Decimal(54789))  # 2000-01-01 and 2049-12-31 as spreadsheet serials


@row_check("P16")
def garbled_number(row: RowFacts, checking: Checking) -> Finding | None:
    """A date that the spreadsheet turned into a number, or a name and a unit cell of other scale."""
    number = row.number
    if number is None:
        return None
    low, high = _TODAY_SERIAL
    if row.tail is Tail.TIME and low <= number <= high and row.family != "时间":
        message = "“{name}”的值“{target}”像是日期被表格软件变成了数字。"
        return checking.row(row, message, fix="把“{name}”改回日期，例如2024年11月底前。", evidence=row.target)
    if row.name_unit and row.column_unit and _other_scale(row.name_unit, row.column_unit):
        message = f"名称里的单位是“{row.name_unit}”，单位栏是“{{column_unit}}”，相差一个量级。"
        return checking.row(row, message, evidence=row.column_unit)
    if number == 0 and row.is_cost and row.family == "金额":
        message = "“{name}”的成本写“{shown}”，像是四舍五入成了0。"
        return checking.row(row, message, severity=Severity.HINT, evidence=row.shown())
    return None


def _other_scale(a: str, b: str) -> bool:
    one, two = normalise_unit(a), normalise_unit(b)
    return one != two and one.lstrip("万亿千百") == two.lstrip("万亿千百")


_ODD = re.compile(
    r"[》≧≦＞＜﹥﹤═﹦]|>=|<=|＝|大于等于|小于等于|百分比|百分号|㎡|\([%％]\)|（[%％]）|[０-９]|(?<![a-zA-Z])[kK][mM](?![a-zA-Z])|平方(?![米公厘分毫])|人/次|(?<=[人天])、(?=[天月年日])"
)
_TRAILING_ZERO = re.compile(r"\d\.0+(?=\s*(?:$|[%％(（]))")


@row_check("P59")
def odd_writing(row: RowFacts, checking: Checking) -> Finding | None:
    """A sign, full-width digit or unit spelling that systems do not take as it stands."""
    for text, field in (
        (row.row.comparator, "comparator"),
        (row.row.target, "target"),
        (row.row.unit, "unit"),
    ):
        found = _ODD.search(text) or (_TRAILING_ZERO.search(text) if field == "target" else None)
        if found:
            normal = row.value.text() if row.value.value is not None else clean(text)
            return checking.row(row, word=found.group(), normal=normal, field=field, evidence=found.group())
    return None
