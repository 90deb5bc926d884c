"""The state of the catalogue: coverage, completeness, records to mend. Open to anyone."""

from __future__ import annotations

from flask import Blueprint, render_template

from indicators.coverage import LEVEL2
from web.context import knowledge
from web.printing import FIELD_LABELS

pages = Blueprint("health", __name__)

SHORT = {
    name: name.removesuffix("指标").removesuffix("效益").removesuffix("影响").removeprefix("服务对象")
    for name in LEVEL2
}
_SHOWN = 60


@pages.get("/health")
def health() -> str:
    """Sectors by level 2, fields by completeness, and what waits to be mended."""
    report = knowledge().inventory()
    return render_template(
        "health.html",
        report=report,
        found=report.coverage,
        levels=[(name, SHORT[name]) for name in LEVEL2],
        labels=FIELD_LABELS,
        shown=_SHOWN,
    )
