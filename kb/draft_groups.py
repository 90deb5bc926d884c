"""Which parts of the common list fit a project, and which classes of indicators its type asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from indicators.choices import ProjectType
from indicators.model import Indicator
from kb.describing import Description

GENERAL = "综合通用"
PROCESS = "资金管理"
"""Process measures (预算执行率, 资金到位率 …): no output of any project, never proposed."""

_BY_TYPE: Mapping[ProjectType, str] = {
    ProjectType.CONSTRUCTION: "工程建设通用",
    ProjectType.REPAIR: "修缮维保",
    ProjectType.PURCHASE: "购置",
    ProjectType.RESEARCH: "文字成果",
}

_BY_WORDS: tuple[tuple[str, str], ...] = (
    ("培训", r"培训|轮训|研修|办班|进修"),
    ("会议", r"会议|大会|全会|座谈|两会|换届|论坛"),
    ("活动宣传", r"活动|宣传|比赛|赛事|竞赛|节庆|演出|展览|展会|慰问|科普|宣讲|推广"),
    ("文字成果", r"课题|调研|规划编制|编制.{0,14}规划|立法|年鉴|志书|编纂|研究报告|标准制定"),
    ("信息化建设", r"信息化|软件|小程序|APP|(系统|平台|网络).{0,4}(建设|开发|升级|改造)|(建设|开发|升级).{0,8}(系统|平台|网站)|智慧|数字化"),
    ("信息化运维与网络安全", r"网络安全|等保|机房|云服务|(系统|平台|网络|网站|信息化|软件).{0,6}(运维|维护|运行|保障|租用)|专网"),
    ("物业与购买服务", r"物业|保洁服务|保安|后勤服务|食堂"),
    ("人员与临聘", r"临聘|临时人员|聘用|编外|劳务派遣|合同工|协管员|辅警|人员(经费|工资|报酬)"),
    ("租赁", r"租赁|租用|租金|房租|租房"),
    ("审计评审与前期费", r"审计|评审|前期(费|工作|经费)|可行性研究|可研|勘察|工程设计|绩效评价服务|造价"),
    ("修缮维保", r"维修|维保|维护.{0,4}(设备|设施|电梯|空调)|(设备|设施|电梯|空调).{0,4}(维护|保养)"),
)  # fmt: skip

_PAYING = re.compile(
    r"补贴|救助|资助|助学|津贴|抚恤|优待|生活补助|奖补|奖励|慰问金|报酬|发放|补助(人|对象|标准)|到户|定补"
)
_INTERNAL = re.compile(
    r"人员经费|公用经费|工资|社保缴费|偿债|还本付息|债务|结转|资本金|预备费|前期(费|工作|经费)|可研|勘察|评审费|审计费|评审服务"
)
_COSTED = frozenset({ProjectType.CONSTRUCTION, ProjectType.REPAIR, ProjectType.PURCHASE})


def is_process(indicator: Indicator) -> bool:
    """Whether an indicator measures spending or procedure, which is no output, cost or benefit."""
    return indicator.subsector == PROCESS or any("属过程" in text for text in indicator.unfit)


def misfit(indicator: Indicator, said: Description) -> bool:
    """Whether an indicator is written for other types of project than this one."""
    return bool(said.types and indicator.fits and not set(said.types) & set(indicator.fits))


def groups_for(said: Description) -> tuple[str, ...]:
    """Groups of the common list that fit a project, the likeliest first; 综合通用 comes last."""
    text = said.text[:400]
    found = [name for name, words in _BY_WORDS if re.search(words, text)]
    digital = any(name.startswith("信息化") for name in found)
    found += [
        group
        for kind, group in _BY_TYPE.items()
        if kind in said.types and not (digital and kind is ProjectType.REPAIR)
    ]
    if ProjectType.REPAIR in said.types and not digital:
        found.append("工程建设通用")
    if _PAYING.search(text) or (ProjectType.SUBSIDY in said.types and said.beneficiaries):
        found.append("补贴资金发放")
    return (*dict.fromkeys(found), GENERAL)


def needs_cost(said: Description) -> bool:
    """Whether the type demands a cost indicator (101号: 工程基建、大型修缮购置应设)."""
    return bool(_COSTED & set(said.types))


def has_public(said: Description) -> bool:
    """Whether there are users or a public whose satisfaction can be asked."""
    return bool(said.beneficiaries) or not _INTERNAL.search(said.text[:400])


def is_built(said: Description) -> bool:
    """Whether something is built or mended that must be kept up afterwards."""
    return bool({ProjectType.CONSTRUCTION, ProjectType.REPAIR} & set(said.types))
