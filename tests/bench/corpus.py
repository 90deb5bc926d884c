"""Catalogues of any size, varied from the real one, and queries for them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from indicators.model import SynonymGroup
from indicators.shipped import read_catalogue
from kb.search.answer import SearchDocument
from kb.search.documents import Names, catalogue_names, documents
from kb.search.vocabulary import Vocabulary

_PLACES = [
    "城东",
    "城西",
    "南山",
    "北坡",
    "河口",
    "高坡",
    "黔陶",
    "青岩",
    "麦坪",
    "石板",
    "溪畔",
    "孟关",
    "久安",
    "湖潮",
    "党武",
    "马铃",
    "燕楼",
    "桐木",
    "清溪",
    "兴隆",
]
_LEVELS = ["县级", "镇级", "市级", "区级", "村级", "片区", "流域", "园区", "试点", "示范"]

EVERYDAY = [
    "修路",
    "村里修路",
    "农村公路养护",
    "满意度",
    "服务對象滿意度",
    "资金到位率",
    "娃娃上幼儿园",
    "村里垃圾没人收",
    "打疫苗",
    "低保",
    "三公经费",
    "没有量化",
    "教育质量指标",
    "污水处理成本",
    "12月底前完工",
    "新增灌溉面积",
    "老房子快塌了要重建",
    "高血压管理率",
    "水库除险加固工程",
    "办公设备购置",
    "培训人数",
    "垃圾清运",
    "公厕",
    "出水水质达标率",
    "家庭医生签约服务",
    "医保参保率",
    "动物防疫",
    "验收合格率",
    "及时率",
    "补贴发放及时率",
    "学生营养餐",
    "残疾人",
    "危房改造",
    "河道治理",
    "路灯",
    "绿化养护",
    "信息系统运维",
    "绩效目标审核看什么",
    "成本写控制在预算内",
    "产出和效益不对应",
]


def real() -> tuple[list[SearchDocument], Vocabulary]:
    """Documents and vocabulary of the shipped catalogue."""
    records = read_catalogue()
    groups = [record for record in records if isinstance(record, SynonymGroup)]
    return list(documents(records, Names.of(records))), Vocabulary.load(groups, catalogue_names(records))


def varied(base: Sequence[SearchDocument], size: int, seed: int = 7) -> list[SearchDocument]:
    """``size`` documents: the real ones first, then mixtures of two of one sector with a place added.

    Texts keep the length and the word statistics of the real catalogue; names stay unique.
    """
    chance = random.Random(seed)
    found = list(base[:size])
    by_sector: dict[str, list[SearchDocument]] = defaultdict(list)
    for document in base:
        by_sector[document.sector].append(document)
    while len(found) < size:
        one = chance.choice(base)
        other = chance.choice(by_sector[one.sector])
        texts = [chance.choice(pair) for pair in zip(one.body, other.body, strict=False)]
        number = len(found)
        found.append(
            replace(
                one,
                id=f"{one.code}-{number}",
                code=f"{one.code}-{number}",
                name=f"{chance.choice(_PLACES)}{chance.choice(_LEVELS)}{one.name}",
                aliases=one.aliases[: chance.randint(0, 3)] + other.aliases[:1],
                keywords=one.keywords[: chance.randint(1, 5)],
                body=(*texts, *one.body[len(texts) :]),
                core=False,
                used=0,
            )
        )
    return found


def queries(base: Sequence[SearchDocument], count: int, seed: int = 11) -> list[str]:
    """Queries as staff type them: everyday words, whole names, halves of names, words out of bodies."""
    chance = random.Random(seed)
    found = list(EVERYDAY)
    while len(found) < count:
        document = chance.choice(base)
        name = document.name
        start = chance.randint(0, max(0, len(name) - 4))
        made = chance.choice(
            [name, name[start : start + chance.randint(2, 6)], " ".join((document.sector, name[-4:])).strip()]
        )
        if document.keywords and chance.random() < 0.3:
            made = chance.choice(document.keywords)
        found.append(made)
    return found[:count]
