"""Drafts to write into forms, and what comes back of them."""

from __future__ import annotations

from decimal import Decimal

from indicators.draft import Draft, DraftRow
from indicators.taxonomy import Edition
from loaders.drafts import read_drafts
from loaders.forms import FORMS, Kind, write_form
from loaders.forms.rows import value_text
from loaders.grid import clean

EACH = [(form.code, kind) for form in FORMS.values() for kind in form.kinds]
ROWS = (
    ("效益指标", "社会效益指标", "受益村民人数", "≥", "3200", "人"),
    ("产出指标", "数量指标", "硬化村道里程", "≥", "5", "公里"),
    ("产出", "时效指标", "完工时间", "", "2026年12月底前", ""),
    ("成本指标", "经济成本指标", "每公里造价", "≤", "60", "万元/公里"),
    ("满意度指标", "服务对象满意度指标", "群众满意度", "≥", "90", "%"),
    ("效益指标", "可持续影响指标", "管护机制健全性", "定性", "健全", ""),
    ("产出指标", "数量指标", "错车道", "", "12处", ""),
)


def draft(count: int = 7, **changes: object) -> Draft:
    made = tuple(
        DraftRow(
            number=n + 1, level1=a, level2=b, name=f"{name}{n // 7 or ''}", comparator=c, target=t, unit=u,
            weight=Decimal(10),
        )
        for n in range(count)
        for a, b, name, c, t, u in [ROWS[n % 7]]
    )  # fmt: skip
    values: dict[str, object] = {
        "project": "某某镇村道硬化工程", "department": "县交通运输局（028）", "unit": "某某镇人民政府", "year": 2026,
        "amount": Decimal("300.5"), "period": "1年", "attribute": "新增项目", "goal": "硬化村道5公里，改善3个村出行条件。",
        "midterm_goal": "三年修完全部村道", "rows": made,
    }  # fmt: skip
    return Draft(**{**values, **changes})  # type: ignore[arg-type]


def read_back(given_draft: Draft, form: str, kind: Kind, edition: Edition = Edition.E2021) -> Draft:
    data = write_form(given_draft, form, kind, edition=edition)
    (read,) = read_drafts(f"{form}.{kind}", data).drafts
    return read


def seen(rows: tuple[DraftRow, ...] | list[DraftRow]) -> list[tuple[str, ...]]:
    """What a form keeps of rows; breaks and blanks of other kinds count as plain ones."""
    return [tuple(clean(t) for t in (r.level1, r.level2, r.name, value_text(r))) for r in rows]
