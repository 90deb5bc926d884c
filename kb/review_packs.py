"""Rule packs by edition and region: which classification is expected, which sums of weights are accepted."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from indicators.rules.base import RulePack
from indicators.rules.check import default_pack
from indicators.taxonomy import Edition
from kb.errors import KnowledgeError

PACKS: dict[str, tuple[str, Edition | None, tuple[int, ...]]] = {
    "通用": ("通用：按每张表自己的分类识别版本，权重合计 90、100、80 都认", None, ()),
    "2021": ("2021 版（财预〔2021〕101号）：成本单列，权重 20/40/20/10，合计 90 或 100", Edition.E2021, (90, 100)),
    "2021-100": ("2021 版，权重合计必须是 100（含预算执行率 10）", Edition.E2021, (100,)),
    "2021-90": ("2021 版，权重合计必须是 90（预算执行率另算）", Edition.E2021, (90,)),
    "2015": ("2015 版（财预〔2015〕88号）：成本在产出下，权重 50/30/10，合计 90 或 100", Edition.E2015, (90, 100)),
    "80": ("部分省系统：权重合计 80", None, (80,)),
}  # fmt: skip
"""Name of a pack -> what it is, the edition it expects (None: recognised), the sums it accepts."""

USUAL = "通用"


class UnknownPackError(KnowledgeError):
    """There is no rule pack of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"没有名为“{name}”的规则包。可选：{'、'.join(PACKS)}。")


def pack_named(name: str = "") -> RulePack:
    """The pack of a name as shipped, "" for the usual one. Raises UnknownPackError."""
    name = name or USUAL
    if name not in PACKS:
        raise UnknownPackError(name)
    _, edition, totals = PACKS[name]
    base = default_pack()
    sums = tuple(Decimal(total) for total in totals) or base.totals
    return msgspec.structs.replace(base, name=name, edition=edition, totals=sums)
