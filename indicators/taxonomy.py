"""Classifications of indicators by edition, and the way from one to another.

The catalogue places an indicator by 财预〔2021〕101号 (four level-1 classes, 成本 on its own),
plus 可持续影响指标, which that guide no longer lists but most local forms still have. The
older scheme of 财预〔2015〕88号 puts 成本 under 产出 and keeps 可持续影响 under 效益.
"""

from __future__ import annotations

from enum import StrEnum

from indicators.model import Indicator


class Edition(StrEnum):
    """Classification schemes in use; the value is the year of the document."""

    E2015 = "2015"
    E2021 = "2021"


COST, OUTPUT, BENEFIT, SATISFACTION = "成本指标", "产出指标", "效益指标", "满意度指标"
SUSTAINED = "可持续影响指标"

LEVELS: dict[Edition, dict[str, tuple[str, ...]]] = {
    Edition.E2015: {
        OUTPUT: ("数量指标", "质量指标", "时效指标", "成本指标"),
        BENEFIT: ("经济效益指标", "社会效益指标", "生态效益指标", SUSTAINED),
        SATISFACTION: ("服务对象满意度指标",),
    },
    Edition.E2021: {
        COST: ("经济成本指标", "社会成本指标", "生态环境成本指标"),
        OUTPUT: ("数量指标", "质量指标", "时效指标"),
        BENEFIT: ("经济效益指标", "社会效益指标", "生态效益指标"),
        SATISFACTION: ("服务对象满意度指标",),
    },
}
"""Legal pairs of level 1 and level 2. Source: 财预〔2015〕88号 forms, 财预〔2021〕101号 附件1."""

CATALOGUE_LEVELS: dict[str, tuple[str, ...]] = {
    **LEVELS[Edition.E2021],
    BENEFIT: (*LEVELS[Edition.E2021][BENEFIT], SUSTAINED),
}
"""Pairs that a catalogue indicator may have: 101号 plus 可持续影响指标."""

LEVEL2_LETTERS: dict[str, str] = {
    "数量指标": "SL", "质量指标": "ZL", "时效指标": "SX",
    "经济成本指标": "CB", "社会成本指标": "SC", "生态环境成本指标": "EC",
    "经济效益指标": "JJ", "社会效益指标": "SH", "生态效益指标": "ST", SUSTAINED: "KC",
    "服务对象满意度指标": "MY",
}  # fmt: skip
"""Letters of level 2 in an indicator's code (``JT-SL-01``)."""

_LEVEL1_ALIASES = {
    "成本": COST, "投入": "投入", "过程": "过程", "决策": "决策",
    "产出": OUTPUT, "项目产出": OUTPUT, "预期产出": OUTPUT, "项目完成": OUTPUT, "完成": OUTPUT,
    "效益": BENEFIT, "效果": BENEFIT, "项目效益": BENEFIT, "项目效果": BENEFIT,
    "满意度": SATISFACTION,
}  # fmt: skip

_LEVEL2_KEYS = (
    ("满意", "服务对象满意度指标"), ("可持续", SUSTAINED),
    ("社会成本", "社会成本指标"), ("生态环境成本", "生态环境成本指标"), ("环境成本", "生态环境成本指标"),
    ("成本", "经济成本指标"), ("数量", "数量指标"), ("质量", "质量指标"), ("时效", "时效指标"),
    ("经济", "经济效益指标"), ("社会", "社会效益指标"), ("生态", "生态效益指标"), ("环境效益", "生态效益指标"),
)  # fmt: skip


def read_level1(text: str) -> str:
    """Standard level-1 name of what a form writes (产出, 预期产出指标, 效果指标 …), else "".

    Forms differ in 一级指标/一级绩效指标 and in the suffix, which is dropped before comparing.
    """
    bare = text.strip().removesuffix("值").removesuffix("指标").removesuffix("绩效").strip()
    if bare in _LEVEL1_ALIASES:
        return _LEVEL1_ALIASES[bare]
    return next((name for key, name in _LEVEL1_ALIASES.items() if key in bare), "")


def read_level2(text: str) -> str:
    """Standard catalogue level-2 name of what a form writes, else "".

    A bare 成本指标 (old scheme) is read as 经济成本指标; a text that names several classes
    (社会、经济、生态效益指标) is read as none of them.
    """
    named = [name for key, name in _LEVEL2_KEYS if key in text]
    if not named:
        return ""
    benefits = {n for n in named if n.endswith("效益指标")}
    return "" if len(benefits) > 1 else named[0]


def level1_of(level2: str) -> str:
    """Level 1 that a catalogue level 2 stands under, or "" for an unknown name."""
    return next((l1 for l1, names in CATALOGUE_LEVELS.items() if level2 in names), "")


def place(indicator: Indicator, edition: Edition) -> tuple[str, str]:
    """Level 1 and level 2 of an indicator in an edition's classification.

    A placement written on the record wins; otherwise 成本 goes under 产出 in the 2015 scheme
    and 可持续影响 is counted as 社会效益 in the 2021 one. Blank levels stay blank.
    """
    for written in indicator.placements:
        if written.edition == edition:
            return written.level1, written.level2
    if edition is Edition.E2015 and indicator.level1 == COST:
        return OUTPUT, "成本指标"
    if edition is Edition.E2021 and indicator.level2 == SUSTAINED:
        return BENEFIT, "社会效益指标"
    return indicator.level1, indicator.level2
