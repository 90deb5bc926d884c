"""Official forms out of a draft: what there is, and one way to write each. docs/forms.md tells the layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from indicators.draft import Draft
from indicators.taxonomy import Edition
from loaders.errors import UnknownFormError
from loaders.forms.application import one_column, two_halves
from loaders.forms.core import core_table
from loaders.forms.department import whole_department
from loaders.forms.document import to_docx
from loaders.forms.evaluation import self_evaluation
from loaders.forms.integrated import import_sheet
from loaders.forms.layout import Sheet
from loaders.forms.monitoring import monitoring
from loaders.forms.workbook import to_xlsx

Kind = Literal["xlsx", "docx"]
Draw = Callable[[Draft, Edition, Mapping[str, str]], list[Sheet]]


@dataclass(frozen=True, slots=True)
class Form:
    """An official form. ``note`` says, for the user, how far its layout is verified."""

    code: str
    name: str
    kinds: tuple[Kind, ...]
    note: str
    draw: Draw


_BOTH: tuple[Kind, ...] = ("xlsx", "docx")
_PARTLY = "列名与公开的县级表样一致，未与财政部原表逐格核对。"
_UNSEEN = "按通行表样编制，未与官方原表逐格核对，交表前请对照本地表样。"

FORMS: dict[str, Form] = {
    form.code: form
    for form in (
        Form("application-2015", "项目支出绩效目标申报表（中期、年度两栏）", _BOTH, _PARTLY, two_halves),
        Form("application-county", "项目支出绩效目标申报表（单栏）", _BOTH, _PARTLY, one_column),
        Form("department", "部门整体支出绩效目标申报表", _BOTH, _UNSEEN, whole_department),
        Form("core", "核心绩效指标表", _BOTH, "列名按《指引》正文拟定，未与附件2原表核对；列名可改。", core_table),
        Form("self-evaluation", "项目支出绩效自评表", _BOTH, _PARTLY, self_evaluation),
        Form("monitoring", "项目支出绩效监控表", _BOTH, _UNSEEN, monitoring),
        Form("import", "一体化系统导入表", ("xlsx",), "列名取自公开系统，各省模板不同，导入前请对照本省模板；列名可改。", import_sheet),
    )
}  # fmt: skip
"""Forms by code, in the order in which a page offers them."""


def write_form(
    draft: Draft, form: str, kind: Kind, *, edition: Edition, names: Mapping[str, str] | None = None
) -> bytes:
    """A form filled from a draft, its rows in the edition's classes and order.

    ``names`` gives other titles for columns of the core and the import form, by standard title.
    Raises UnknownFormError.
    """
    found = FORMS.get(form)
    if found is None or kind not in found.kinds:
        raise UnknownFormError(form, kind, {f.name: f.kinds for f in FORMS.values()})
    sheets = found.draw(draft, edition, names or {})
    return to_xlsx(sheets) if kind == "xlsx" else to_docx(sheets)
