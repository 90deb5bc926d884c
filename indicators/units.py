"""Units of indicator values (计量单位): spelling, families, and when two spellings are one unit.

The tables were gathered from the unit columns and value cells of published target tables; a
unit that stands in none of them is not wrong, only unknown (family "").
"""

from __future__ import annotations

import re
from functools import lru_cache

_FULLWIDTH = {0xFF01 + i: chr(0x21 + i) for i in range(94)}
_LOOKALIKE = dict.fromkeys("\u3000\xa0\u200b\u200c\u200d\ufeff\u2060", " ") | {
    "﹥": ">", "﹤": "<", "﹪": "%", "﹦": "=", "═": "=", "﹣": "-", "−": "-", "–": "-", "—": "-",
    "―": "-", "‐": "-", "‑": "-", "─": "-", "〜": "~", "∼": "~", "﹐": ",", "﹑": "、", "∶": ":",
    "㎡": "m²", "㎥": "m³", "㎞": "km", "㎜": "mm", "㎝": "cm", "㎏": "kg", "㎎": "mg", "µ": "μ",
    "畝": "亩", "萬": "万", "億": "亿",
}  # fmt: skip
_TABLE = _FULLWIDTH | {ord(k): v for k, v in _LOOKALIKE.items()}
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")


def clean(text: str) -> str:
    """``text`` in half width with one sign per meaning and without spaces, save between two digits.

    Not NFKC: that turns ① into 1 and m² into m2.
    """
    if not text.isascii():
        text = text.translate(_TABLE)
    return _SPACE.sub("", text)


def words(text: str) -> frozenset[str]:
    """The words of a table written as one line."""
    return frozenset(text.split())


UNIT_FAMILIES: dict[str, frozenset[str]] = {
    "比例": words("% ‰ 百分点 比率 倍"),
    "人": words("人 人次 名 位 户 户次 户数 人数 人天 人日 人月 人年 人份 人·月 人·天 人·年 人·次 生 家庭"),
    "件": words(
        "个 件 项 套 台 台套 台次 辆 辆次 车次 架 架次 航次 座 处 所 家 家次 班 班次 期 期次 份 本 册 部 篇 幅 条 "
        "批 批次 次 场 场次 例 例次 起 宗 盏 根 栋 幢 间 只 头 匹 羽 尾 株 棵 粒 艘 把 块 张 枚 支 副 对 双 "
        "组 组次 种 种次 类 单 样 款 村 镇 乡 县 校 园 站 点 点位 点次 片 段 口 眼 孔 扇 面 节 节次 节课 首 集 轮 轮次 卷 "
        "门 床 床位 张床位 标台 标箱 箱 包 袋 瓶 盒 桶 桩 棚 厕 窝 塘 店 企业 机构 课时 学时 教学班 学位 岗位 岗 "
        "队 支队伍 队次 团 单元 标段 案 案件 频次 标准 顶 挺 门次 项次 件次 份次 篇次 行政村 社区 乡镇 街道"
    ),
    "长度": words("米 延米 延长米 公里 厘米 毫米 里 海里 车道公里 皮长公里 公里·年"),
    "面积": words("平方米 平方公里 亩 公顷 亩次 平方厘米 平方分米 建筑平方米"),
    "体积重量": words(
        "立方米 方 土方 蓄水方 升 毫升 吨 千克 克 毫克 微克 斤 担 吨公里 立方 吨标准煤 吨标煤 立方厘米"
    ),
    "时间": words(
        "年 月 个月 天 日 小时 分钟 秒 工作日 季度 个季度 周 个周 星期 学年 学期 年度 自然日 日历天 旬"
    ),
    "金额": words("元 角 美元 欧元 港元 港币 人民币"),
    "浓度强度": words(
        "mg/L μg/m³ mg/m³ mg/kg 毫克/升 微克/立方米 毫克/立方米 毫克/千克 分贝 kg/m³ 吨/公顷 千克/亩 斤/亩 "
        "公里/小时 km/h 人/平方公里 lx 勒克斯"
    ),
    "分值": words("分 级 档 等 星 星级 等级"),
}
"""Kinds of units; the families follow the indicator kinds that a review tells apart."""

_FAMILY = {unit: family for family, units in UNIT_FAMILIES.items() for unit in units}
_OTHER = words("kW MW 千瓦 兆瓦 kWh 千瓦时 千伏安 kVA 度 ℃ °C TB GB MB M Mbps GHz 兆 PB")
"""Known units that belong to no family."""

_SPELLING = {
    "百分比": "%", "百分率": "%", "百分号": "%", "%比": "%", "个百分点": "百分点", "百分点数": "百分点",
    "千分比": "‰",
    "m": "米", "km": "公里", "KM": "公里", "Km": "公里", "千米": "公里", "cm": "厘米", "CM": "厘米", "mm": "毫米",
    "平米": "平方米", "平方": "平方米", "m2": "平方米", "m²": "平方米", "M2": "平方米", "M²": "平方米",
    "m^2": "平方米", "km2": "平方公里", "km²": "平方公里", "平方千米": "平方公里", "ha": "公顷", "hm2": "公顷",
    "hm²": "公顷", "m3": "立方米", "m³": "立方米", "M3": "立方米", "M³": "立方米", "m^3": "立方米",
    "立方": "立方米", "t": "吨", "kg": "千克", "KG": "千克", "Kg": "千克", "g": "克", "L": "升", "l": "升",
    "ml": "毫升", "mL": "毫升", "h": "小时", "min": "分钟", "个小时": "小时", "个工作日": "工作日",
    "个自然日": "自然日", "个日历天": "日历天", "个人": "人", "人民币元": "元", "元人民币": "元", "RMB": "元",
    "db": "分贝", "dB": "分贝", "DB": "分贝", "mg/l": "mg/L", "ug/m3": "μg/m³", "μg/m3": "μg/m³",
    "ug/m³": "μg/m³", "mg/m3": "mg/m³", "kw": "kW", "KW": "kW", "Kw": "kW", "KWH": "kWh", "kwh": "kWh",
    "mw": "MW", "°C": "℃", "kW·h": "kWh", "千瓦·时": "千瓦时", "台(套)": "台套", "台/套": "台套", "个(项)": "个", "人(次)": "人次", "户(次)": "户次",
}  # fmt: skip
"""Other spellings of one unit. 公斤 and 千克 are two words and stay as written; see ``comparable``."""

_SAME = {"公斤": "千克", "个月": "月", "日": "天", "套/台": "台套", "套台": "台套", "个季度": "季度", "kW": "千瓦",
         "kWh": "千瓦时", "mg": "毫克", "μg": "微克", "延长米": "延米", "名": "人", "幢": "栋", "°C": "℃"}  # fmt: skip
"""Words for the same quantity, kept apart in display."""

_SCALE = re.compile(r"(?:十万|百万|千万|万亿|万|亿|千|百)(?=.)")
_SEPARATORS = re.compile(r"[·•・*、.×]")
_PER_MARK = re.compile(r"/?每|/")
_ROUND = re.compile(r"10{1,5}")
NOT_UNITS = frozenset({"", "/", "-", "--", "无", "无单位", "空", "不适用"})


@lru_cache(maxsize=4096)
def normalise_unit(unit: str) -> str:
    """``unit`` in the one spelling used here (％→%, ㎡→平方米, km→公里, 元/人、天→元/人·天).

    Never converts: 万元 stays 万元. A blank, "/" or 无 gives "".
    """
    text = clean(unit).removeprefix("单位:").strip(":")
    if len(text) > 2 and text[0] == "(" and text[-1] == ")":
        text = text[1:-1]
    if text in NOT_UNITS:
        return ""
    if text in _SPELLING or text in _FAMILY:
        return _SPELLING.get(text, text)
    parts = [_spell(part) for part in _PER_MARK.split(text)]
    return "/".join(parts) if all(parts) else text


def _spell(part: str) -> str:
    """One side of a rate in its standard spelling, 人、天 as 人·天."""
    part = part.strip("()")
    words = [_spell_word(word) for word in _SEPARATORS.split(part)]
    return "·".join(words) if all(words) else part


def _spell_word(word: str) -> str:
    """One word, also after a round number or a scale: 100km, 万m3."""
    amount = _ROUND.match(word)
    head = amount.group() if amount else ""
    rest = word[len(head) :]
    scale = _SCALE.match(rest)
    if scale and rest not in _SPELLING:
        head, rest = head + scale.group(), rest[scale.end() :]
    return head + _SPELLING.get(rest, rest)


@lru_cache(maxsize=4096)
def unit_family(unit: str) -> str:
    """The family of a unit in any spelling, that of the numerator for a rate (元/亩 → 金额); "" if unknown."""
    text = normalise_unit(unit)
    if text in _FAMILY:
        return _FAMILY[text]
    numerator = text.partition("/")[0]
    scale = _SCALE.match(numerator)
    base = numerator[scale.end() :] if scale else numerator
    base = _SPELLING.get(base, base)
    if base in _FAMILY:
        return _FAMILY[base]
    same = _SAME.get(base, "")
    return _FAMILY.get(same, "")


@lru_cache(maxsize=4096)
def known_unit(unit: str) -> bool:
    """Whether every part of the unit, also of a rate, stands in the tables."""
    text = normalise_unit(unit)
    if not text:
        return False
    if text in _FAMILY or text in _OTHER or text in _SAME:
        return True
    return all(_known_word(word) for part in text.split("/") for word in part.split("·"))


def _known_word(word: str) -> bool:
    """Whether a word is known after its round number and scale; 10万人 is, 万 alone is not."""
    amount = _ROUND.match(word)
    rest = word[amount.end() :] if amount else word
    scale = _SCALE.match(rest)
    base = rest[scale.end() :] if scale else rest
    return base in _FAMILY or base in _OTHER or base in _SAME or base in _SPELLING


@lru_cache(maxsize=4096)
def per_of(unit: str) -> str:
    """The denominator of a rate unit (元/人·年 → 人·年); "" for a plain unit and for 套/台, 是/否."""
    text = normalise_unit(unit)
    numerator, slash, denominator = text.partition("/")
    if not slash or not known_unit(numerator) or not known_unit(denominator):
        return ""
    if unit_family(numerator) == "件" == unit_family(denominator) and denominator != "次":
        return "" if denominator in {"台", "套", "项", "个", "件"} else denominator
    return denominator


def comparable(a: str, b: str) -> bool:
    """Whether two units are the same one spelled differently, so that their values may be compared.

    公斤 and 千克, 元/人/月 and 元/月·人 are; 万元 and 元, % and 百分点 are not: nothing is converted.
    """
    return _key(a) == _key(b)


@lru_cache(maxsize=4096)
def _key(unit: str) -> tuple[str, ...]:
    text = normalise_unit(unit)
    text = _SAME.get(text, text)
    numerator, *rest = text.split("/")
    words = [_same_word(w) for part in rest for w in part.split("·")]
    return (_same_word(numerator), *sorted(words))


def _same_word(word: str) -> str:
    scale = _SCALE.match(word)
    head = scale.group() if scale and word not in _SAME and word not in _FAMILY else ""
    base = word[len(head) :]
    base = _SPELLING.get(base, base)
    return head + _SAME.get(base, base)
