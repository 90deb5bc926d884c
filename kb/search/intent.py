"""What a query is after: its informative words, and the sector, level and kind it hints at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from indicators.units import words
from kb.search.query import Query
from kb.search.segment import LATIN, Lexicon


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing asked for: a word, or a run of characters that no word explains.

    ``weight`` is 1 for an informative word, 0.6 for an action, 0.3 for a generic one. ``sectors``/``levels`` are
    display names that satisfy the unit as well as its word does.
    """

    text: str
    weight: float = 1.0
    known: bool = True
    sectors: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Intent:
    """Informative units of a query and what it hints at beside them.

    ``sectors`` are named anywhere, ``levels`` as a filter; ``level_hint`` follows from a unit of
    measure. ``kind`` is "problem", "question" or "".
    """

    units: tuple[Unit, ...]
    sectors: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    level_hint: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the index knows: its words, everyday words for sectors, and its level names."""

    lexicon: Lexicon
    sectors: Mapping[str, str]
    levels: frozenset[str]
    framework_levels: frozenset[str]


_UNITS = {
    "时效指标": "个工作日 工作日 分钟 小时 个月 天 日 月底 月 年底 年 季度 周",
    "数量指标": "万平方米 平方米 万立方米 立方米 万亩 公顷 亩 公里 千米 米 吨 人次 万人 人 户 次 场次 场 期 台套 台 辆 套 条 座 所 处 件 项 头 株 盏 个班 个学位 个 班 张 名 部 份 本",
    "经济成本指标": "万元 亿元 元",
    "质量指标": "% ‰",
}
_UNIT_LEVEL = {unit: level for level, units in _UNITS.items() for unit in units.split()}
_UNIT = "|".join(sorted(map(re.escape, _UNIT_LEVEL), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?<![a-z0-9.])(?:≥|≤|>|<|=)*\d+(?:[.,]\d+)*(?:[-~至到]\d+(?:\.\d+)?)?(?:({_UNIT})|(?!号|[a-z]|\d))"
    r"(?:之前|以前|前|之内|以内|内|以上|以下|左右|多)?"
)
_LONG_NUMBER = re.compile(r"\d{5,}$")
_SOME = re.compile("(?:一|几|两|某|这|那|每)(?:个|所|条|台|座|些|项|种|样|家|块|点)(?!一)")

_FILLERS = (
    "有什么区别 有何区别 区别是什么 有什么不同 的区别 怎么办 怎么写 怎么填 怎么定 怎么算 怎么取 怎么设 怎么做 "
    "怎么分 怎么看 怎样写 如何写 如何设置 如何填写 看什么 要看 是什么 什么是 叫什么 什么意思 有哪些 哪些 哪几个 哪个 "
    "什么 怎么 怎样 如何 为什么 行不行 可不可以 能不能 好不好 是不是 对不对 可以吗 请问 我想 我们 你们 他们 想要 需要 "
    "应该 可以 或者 以及 因为 所以 但是 一下 一下子 比较 这个 那个 就是 还是 多少 没法 属于 方面"
)
_FILLER = re.compile("|".join(sorted(_FILLERS.split(), key=len, reverse=True)))
_STOP = frozenset(
    "的了吗呢着过把被给在是有和与及或就都很太要去从向对于为以上下里中内外个些这那啊吧呀等之其所又也还再才能会得地到让使由于你我他她它人们年月日号做搞弄类"
)
# Characters that are words by themselves in everyday speech.
_TELLING = frozenset("桥路水火树粮渠堤坝房校医药猪牛羊鸡鱼茶果菜煤电气网草河湖井坟庙狗树厕")
_STOP_WORDS = words(
    """
    没有 不是 进行 相关 有关 关于 其他 开展 实施 做好 工作 一些 这些 那些 时候
    东西 事情 地方 写成 起来 太多 太少 太慢 太旧 太贵 太远 太高 太低 太脏 太差
    很多 不好 不够 怎么办
    """
)
_GENERIC = words(
    """
    项目 工程 经费 资金 专项 补助 建设 指标 绩效 情况 管理 服务 任务 支出 财政
    费用 数量 质量 推进 试点 示范 县 市 区 镇 乡 村 县级 市级 区级 乡镇 年度
    本年 全年 部门 单位 问题 使用 标准 计划 目标 实际 完成 新增 提升 优化 国家
    政府 全县 全市 全区 整县 整县推进 专项资金 工作经费 专项工作 专项经费 达标 改善
    综合 创建 率 数 项目经费
    """
)

_META = re.compile(
    "指标|目标|绩效|分值|权重|自评|评价|满意度|成本|产出|效益|佐证|模板|得分|打分|分数|量化|考核|评分|扣分|完成值|预算编|申报表|填报|监控|结果"
)
_FAULT = re.compile(
    "没|未|不|太|无|虚高|照抄|照搬|套用|雷同|笼统|空泛|空洞|口号|失真|随意|缺|漏|错|弱|偏离|混|模糊|写成|控制在|流于|走过场|问题|难以|过高|过低|偏低|偏高|脱节|重复|抄"
)
_SURE_FAULT = re.compile(
    "照抄|照搬|套用|雷同|口号|虚高|没有量化|未量化|不量化|无法量化|无法考核|空泛|笼统|写控制在"
)
_QUESTION = re.compile(
    "怎么|如何|怎样|什么|哪些|哪几|哪个|区别|不同|框架|共性|\\d+号|审核|权重|分数线|评分标准|等级|取数|取值|"
    "一级指标|二级指标|三级指标|几个方面|六个方面|方面|要点|依据|办法|规定|条款|指引|文件|历史标准|行业标准|计划标准|证明法|统计法|说明法"
)


def understand(query: Query, known: Known) -> Intent:
    """The intent of a query. Pure; an empty query has an empty intent."""
    units: list[Unit] = [Unit(p) for p in query.phrases]
    level_hint = ""
    chunks: list[str] = []
    for term in query.terms:
        rest, hint = _without_numbers(term)
        level_hint = level_hint or hint
        spoken = _SOME.sub(" ", _FILLER.sub(" ", rest)).split()
        chunks.extend(spoken or ([rest.strip()] if rest.strip() else []))
    chunks = chunks or list(query.terms)
    for chunk in chunks:
        soft = _soft(chunk, known, alone=len(chunks) == 1)
        units.extend([soft] if soft else _units(chunk, known))
    units = _merge(units)
    return Intent(
        units=tuple(units),
        sectors=frozenset(known.sectors[u.text] for u in units if u.text in known.sectors),
        levels=frozenset(level for u in units for level in u.levels),
        level_hint=level_hint,
        kind=_kind(query.bare, units, known),
    )


def _without_numbers(term: str) -> tuple[str, str]:
    """A term without figures and their units, and the level 2 that the unit speaks for."""
    if _LONG_NUMBER.match(term) or not any("0" <= c <= "9" for c in term):
        return term, ""
    hint = ""
    for found in _NUMBER.finditer(term):
        hint = hint or _UNIT_LEVEL.get(found[1] or "", "")
    rest = _NUMBER.sub(" ", term)
    return (rest, hint) if rest.strip() else (term, hint)


def _soft(chunk: str, known: Known, alone: bool) -> Unit | None:
    """A chunk that names a level or a sector as a whole."""
    bare = chunk.removesuffix("指标")
    levels = frozenset(n for n in known.levels if n.removesuffix("指标") == bare)
    if bare != chunk or not alone:
        levels |= frozenset(_LEVEL_WORDS.get(bare, "").split())
    if levels and not (alone and bare == chunk):
        return Unit(chunk, levels=levels)
    if chunk in known.sectors and not alone:
        return Unit(chunk, sectors=frozenset({known.sectors[chunk]}))
    return None


# Short and old names of levels beside those the index has: 成本 is level 1, 满意度 stands for level 2.
_LEVEL_WORDS = {
    "成本": "成本指标 经济成本指标", "满意度": "满意度指标 服务对象满意度指标", "效益": "效益指标", "产出": "产出指标",
    "数量": "数量指标", "质量": "质量指标", "时效": "时效指标", "及时性": "时效指标", "可持续": "可持续影响指标",
    "可持续影响": "可持续影响指标", "经济效益": "经济效益指标", "社会效益": "社会效益指标", "社会影响": "社会效益指标",
    "生态效益": "生态效益指标", "环境效益": "生态效益指标", "经济成本": "经济成本指标", "社会成本": "社会成本指标",
    "生态环境成本": "生态环境成本指标", "生态成本": "生态环境成本指标", "进度": "时效指标",
}  # fmt: skip


def _units(chunk: str, known: Known) -> Iterable[Unit]:
    """Units of a run of text: dictionary words, Latin words, and unknown runs between them."""
    if len(chunk) == 1:
        yield Unit(chunk)
        return
    unknown = ""
    for word in _cut(chunk, known.lexicon):
        if len(word) == 1 and not word.isascii():
            if word not in _STOP and word not in _TELLING:
                unknown += word
                continue
            word = word if word in _TELLING else ""
        if unknown:
            yield Unit(unknown, known=False)
            unknown = ""
        if word and word not in _STOP_WORDS:
            yield _word(word, known)
    if unknown:
        yield Unit(unknown, known=False)


def _word(word: str, known: Known) -> Unit:
    if word.endswith("指标") and (soft := _soft(word, known, alone=False)) and soft.levels:
        return soft
    return Unit(
        word, weight=0.3 if word in _GENERIC else 1.0, known=word in known.lexicon or word in _TELLING
    )


def _cut(chunk: str, lexicon: Lexicon) -> Iterable[str]:
    place = 0
    for found in LATIN.finditer(chunk):
        yield from lexicon.cut(chunk[place : found.start()])
        yield found.group()
        place = found.end()
    yield from lexicon.cut(chunk[place:])


def _merge(units: list[Unit]) -> list[Unit]:
    """Each unit once; the fewer there are, the more generic words count."""
    unique = list({u.text: u for u in units}.values())
    least = 1.0 if all(u.weight < 0.5 for u in unique) else 0.6 if len(unique) <= 2 else 0.0
    if least:
        return [replace(u, weight=max(u.weight, least)) for u in unique]
    return unique


def _kind(text: str, units: list[Unit], known: Known) -> str:
    if _SURE_FAULT.search(text):
        return "problem"
    meta = bool(_META.search(text))
    question = bool(_QUESTION.search(text))
    framework_only = known.framework_levels - {"产出", "效益"}
    if any(u.levels & framework_only for u in units):
        return "question"
    if meta and _FAULT.search(text) and not re.search("区别|哪几|框架|什么是", text):
        return "problem"
    return (
        "question"
        if question and (meta or re.search("框架|共性|\\d+号|区别|标准|方面|部门整体", text))
        else ""
    )
