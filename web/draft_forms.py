"""Handing a draft in: which official forms there are, in which edition, under which file name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from indicators.draft import Draft
from indicators.taxonomy import Edition
from loaders.forms import FORMS, Kind, write_form

USUAL = "application-county"
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_UNFIT = re.compile(r'[\\/:*?"<>|\s]+')


@dataclass(frozen=True, slots=True)
class Written:
    """A form as a file."""

    name: str
    mimetype: str
    data: bytes


def write(draft: Draft, form: str, kind: str) -> Written:
    """A draft as an official form. Raises UnknownFormError."""
    data = write_form(draft, form, cast(Kind, kind), edition=edition_of(form))
    title = _UNFIT.sub("_", draft.project).strip("_")[:40] or "绩效目标"
    return Written(f"{title}-{FORMS[form].name}.{kind}", TYPES[kind], data)


def edition_of(form: str) -> Edition:
    """The classification that a form prints: the 2015 layout its own, the others that of 101号."""
    return Edition.E2015 if form.endswith("2015") else Edition.E2021
