"""Reading what a drafter asks for from a form, JSON or a command line: bounded, in Chinese where wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from indicators.choices import ProjectType
from kb.describing import MOST_TEXT, Corrections
from kb.draft_records import DraftProposal
from kb.drafting import Drafter
from kb.errors import KnowledgeError
from kb.timing import DRAFT, timed

MOST_AMOUNT = Decimal(10) ** 9


class AskingError(KnowledgeError):
    """What was asked for cannot be understood; the sentence says what and how to write it."""


def propose(drafter: Drafter, values: Mapping[str, Any]) -> DraftProposal:
    """Proposals for JSON or form values: text, sector, subsector, amount, types, months, people, exclude."""
    text, given = text_of(values.get("text")), given_of(drafter, values)
    with timed(DRAFT):
        return drafter.propose(text, given=given, exclude=_words(values.get("exclude")))


def text_of(value: object) -> str:
    """The description; blank or not a text raises AskingError, pages are cut where reading stops."""
    if value is not None and not isinstance(value, str):
        raise AskingError("text 应是一段文字。")
    text = (value or "").replace("\x00", "").strip()
    if not text:
        raise AskingError("请用一两句话写明项目要做什么，例如“修5公里村道，投资300万元，6个月完工”。")
    return text[:MOST_TEXT]


def given_of(drafter: Drafter, values: Mapping[str, Any]) -> Corrections:
    """What the user says himself instead of what the text tells."""
    return Corrections(
        sector=_sector(drafter, values.get("sector")),
        subsector=_text(values.get("subsector"))[:60],
        types=tuple(_type(word) for word in _words(values.get("types"))),
        amount=amount_of(values.get("amount")),
        months=_months(values.get("months")),
        beneficiaries=tuple(word[:30] for word in _words(values.get("people"))[:12]),
    )


def amount_of(value: object) -> Decimal | None:
    """An amount in 万元, None where blank."""
    written = _text(value).replace(",", "").replace("，", "").removesuffix("万元").removesuffix("万").strip()
    if not written:
        return None
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise AskingError(f"金额“{written[:20]}”不是数字。请只写数字，单位是万元，例如 300。") from None
    if not amount.is_finite() or not 0 <= amount <= MOST_AMOUNT:
        raise AskingError("金额应在 0 到 1,000,000,000 万元之间。")
    return amount


def _months(value: object) -> int | None:
    written = _text(value).removesuffix("个月").strip()
    if not written:
        return None
    if not (written.isascii() and written.isdigit()) or not 0 < int(written[:6]) <= 240:
        raise AskingError(f"工期“{written[:20]}”应是 1 到 240 的整数，单位是月。")
    return int(written)


def _sector(drafter: Drafter, value: object) -> str:
    name = _text(value)
    if not name:
        return ""
    code = drafter.sector_code(name)
    if not code:
        names = "、".join(s.name for s in drafter.sectors)
        raise AskingError(f"没有名为“{name[:20]}”的行业。可选：{names}。")
    return code


def _type(word: str) -> ProjectType:
    try:
        return ProjectType(word)
    except ValueError:
        known = "、".join(t.value for t in ProjectType)
        raise AskingError(f"没有名为“{word[:20]}”的项目类型。可选：{known}。") from None


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | None):
        raise AskingError("每个字段应是文字或数字。")
    return "" if value is None else str(value).strip()


def _words(value: object) -> list[str]:
    """A list given as a list or as words with commas between."""
    if value is None:
        return []
    if isinstance(value, str):
        for sign in "，、；;":
            value = value.replace(sign, ",")
        return [word.strip() for word in value.split(",") if word.strip()]
    if not isinstance(value, Iterable):
        raise AskingError("列表字段应是一组文字。")
    return [word for item in value if (word := _text(item))]
