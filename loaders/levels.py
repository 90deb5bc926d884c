"""Level names that stand where no level column is: in a row of their own, or two in one cell. Pure."""

from __future__ import annotations

import re

_LEVEL1 = frozenset(("产出", "效益", "效果", "成本", "满意度", "项目产出", "项目效益", "预期产出"))
_LEVEL2 = frozenset((
    "数量", "质量", "时效", "成本", "经济成本", "社会成本", "生态环境成本", "经济效益", "社会效益", "生态效益", "环境效益", "可持续影响",
    "服务对象满意度", "满意度", "社会公众或服务对象满意度", "社会公众满意度", "群众满意度",
))  # fmt: skip
_NUMBERED = re.compile(r"^([(（]?[一二三四五六七八九十\d]{1,3}[)）、.．]\s*)")
_POINTS = re.compile(r"[(（]\s*\d+(\.\d+)?\s*[分%％]\s*[)）]$")
_BETWEEN = re.compile(r"\s*[-—–/／·>＞→:：\n(（]+\s*")


def _bare(text: str) -> str:
    bare = _POINTS.sub("", _NUMBERED.sub("", text.strip())).strip()
    return re.sub(r"\s", "", bare).removesuffix("指标").removesuffix("绩效")


def _lone_level(text: str) -> tuple[str, str]:
    """(level 1, level 2) of a row that holds a level's very name and nothing else; one of them is ""."""
    bare, written = _bare(text), _NUMBERED.sub("", text.strip())
    if bare in _LEVEL1:
        return written, ""
    return ("", written) if bare in _LEVEL2 else ("", "")


def carry_level(text: str, carried: dict[str, str]) -> bool:
    """Whether a row holds a level's very name, which ``carried`` then keeps for the rows below."""
    level1, level2 = _lone_level(text)
    if level1:
        carried |= {"level1": level1, "level2": ""}
    elif level2:
        carried["level2"] = level2
    return bool(level1 or level2)


def split_levels(text: str) -> tuple[str, str]:
    """(level 1, level 2) of a cell that holds both (产出指标-数量指标); ("", text) for any other."""
    parts = [p for p in _BETWEEN.split(text.strip().rstrip(")）"), maxsplit=1) if p]
    if len(parts) == 2 and _bare(parts[0]) in _LEVEL1 and _bare(parts[1]) in _LEVEL2:
        return parts[0], parts[1]
    return "", text
