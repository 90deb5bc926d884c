"""Words around a number in a target cell: comparators, verbs, placeholders and vague verdicts.

Gathered from published target tables and from the comparator codes of 财政 systems; every
table is data for ``indicators.value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def alternatives(words: Iterable[str]) -> str:
    """A regular expression of all words, longer ones first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_OPERATORS = {
    "≥": "≥ ≧ ⩾ >= => ≥= >== ≧= 》 》= 大于等于 大于或等于 不低于 不少于 不小于 不短于 至少 最少 最低 达到 达 应达到 要达到 "
         "不得低于 不得少于 应不低于 应不少于 需不少于 不能低于 高于或等于 高于等于",
    "≤": "≤ ≦ ⩽ <= =< ≤= 《 《= 小于等于 小于或等于 不高于 不超过 不大于 不多于 不超 至多 最多 最高 控制在 不得超过 "
         "不得高于 应不超过 不能超过 低于或等于 低于等于 不晚于 不迟于 不长于",
    "=": "= == 等于 为",
    ">": "> 大于 高于 超过 多于 超",
    "<": "< 小于 低于 少于 不足 不到",
    "": "保持在 维持在 稳定在",
}  # fmt: skip
COMPARATORS: dict[str, str] = {word: sign for sign, words in _OPERATORS.items() for word in words.split()}
"""Signs and words before a number. 》 stands for ≥ where a keyboard has no ≥; 达到 is read as ≥."""

SUFFIXES: dict[str, str] = dict.fromkeys(["以上", "之上", "起步"], "≥") | dict.fromkeys(
    ["以下", "以内", "之内", "之下", "内"], "≤"
)
"""Words after a unit that compare."""

EACH = (
    r"每(?:个?(?:工作日|季度|学期|学年|年度|小时|年|月|周|日|天|季)|人次|平方米|公里|千克|公斤|户|人|名|亩|村|吨|米|次|头|株)"
    r"(?=[^/])"
)
APPROXIMATE = r"大约|约为|约|大概|将近|接近|近|≈"
VERBS = (
    r"(?:已|共|共计|累计|合计|全年|年度|本年|当年|预计|计划|拟|各|均|都|总计|实际|年内)+"
    r"|(?:已|计划|预计)?(?:完成|新建|改建|扩建|续建|新增|建设|建成|培训|发放|购置|采购|购买|举办|开展|组织|召开|印发|印制|"
    r"安装|维修|维护|更换|改造|修建|修缮|硬化|种植|栽植|补助|补贴|资助|救助|慰问|受益|覆盖|惠及|服务|检查|检测|监测|治理|"
    r"拨付|支付|投入|到位|实施|创建|提供|出动|制作|编制|管护|养护|保障|达标|聘用|招聘|聘请|配备)"
    r"|(?:提高|提升|增加|上升|增长|降低|下降|减少|缩短|压减|压缩)(?:到|至|为)"
)
CHANGES = (
    r"(?:(?:较|比|同)(?:上年度?同期|上一?年度?|去年同期|去年|上年|往年|同期|基期|计划|预算|期)?)?"
    r"(?:年均|平均|同比|环比)?(?:增长|增加|提高|提升|上升|增幅|下降|降低|减少|缩短|压减|压缩|节约|节省|降幅|减幅)"
)
AFTER = r"全覆盖|全面覆盖|覆盖率?|按时完成|全部完成|及时完成|完成|达标|合格|到位|到账"

PLACEHOLDERS = frozenset(
    ["", "无", "空", "/", "//", "-", "--", "---", "----", "*", "**", "***", "_", "__", "xx", "x", "xxx", "×", "××", "×××",
     "待定", "暂无", "未定", "不涉及", "不适用", "未填", "略", "n/a", "na", "null", "none", "nan", "0000", "…", "……", "...",
     "?", "??", "、", ".", ",", "。", "○", "〇〇", "xx%", "x%"]
)  # fmt: skip
"""Whole cells (half width, lower case) that say that nothing was filled in."""

FULL = re.compile(
    r"^(?!.*[不未非无])(?=.)(?:.*(?:全覆盖|全面覆盖|全部覆盖)|.*应.{1,2}尽.{1,2}$|全部(?:完成|到位|达标|合格|发放|落实)?$)"
)
"""全覆盖, 应保尽保, 全部: everything is meant, and no number is written."""

NOT_TAILS = re.compile(
    r"热线|联动|行动|方案|条例|规范|平台|项目|工程|计划|征收|配套|建设|后$|^号|好|^星|性|率$|度$|完成|覆盖|[的了与和及或并为在对将把按]"
)
"""Marks of a phrase: what follows the number is then not a unit."""

_VAGUE = (
    "明显 显著 有效 大幅 大幅度 进一步 不断 持续 稳步 逐步 较好 基本 充分 切实 全面 大力 一定程度 一定 长期 有所 日益 更加 非常 十分 "
    "比较 较 很 更 程度 效果 影响 影响程度 情况 得到 达到 达成 实现 保持 确保 持续性 "
    "提高 提升 改善 增强 加强 促进 推动 推进 保障 维护 完善 优化 巩固 缓解 减少 降低 增加 带动 发挥 减轻 扩大 发展 形成示范 "
    "良好 优良 优秀 优 良 中 差 好 坏 高 中等 低 强 弱 大 小 一般 达标 合格 不合格 合规 合法 合理 及时 按时 按期 完成 完工 已完成 "
    "未完成 按时限 已 是 否 有 无 有无 好坏 高低 可控 健全 稳定 正常 规范 准确 真实 完整 科学 严格 执行 落实 到位 通过 满意 较高 "
    "较大 较低 较强 较差 较快 明确 明晰 顺畅 畅通 安全 有序 可持续 可行 高效 预期 预期指标 预期目标 预期效果 目标 要求 需要 需求 满足 符合 相关 "
    "规定 有关 政策 标准 文件 按 按照 按规定 按实际 按要求 按计划 计划 控制在预算内 控制在预算中 控制在预算范围内 不超预算 不超过预算 预算内 "
    "不断提高 有所提高 有效保障 长期有效 专款专用 好中差 优良中差 优良中低差 高中低 与 和 且 并 的 、 , ; 。 /"
)


class _Vague:
    """Vague words as one expression: whole cells made of them, and units that contain them."""

    def __init__(self, words: list[str]) -> None:
        self.words = frozenset(words)
        self._whole = re.compile(rf"(?:{alternatives(words)})+")
        self._long = re.compile(alternatives(w for w in words if len(w) > 1))

    def whole(self, text: str) -> bool:
        """Whether a short text consists of vague words only."""
        return len(text) <= 20 and self._whole.fullmatch(text) is not None

    def contains(self, text: str) -> bool:
        """Whether a vague word of two or more characters stands in the text, or is it."""
        return text in self.words or self._long.search(text) is not None


VAGUE = _Vague(_VAGUE.split())
"""空泛: verdicts such as 明显改善, grades and yes/no."""
