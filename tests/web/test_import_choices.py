"""Every near-duplicate and every vanished member has its choice, page by page; none is lost on the way."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indicators.choices import Status
from indicators.model import Indicator
from kb.knowledge import KnowledgeBase
from tests.kb.test_loading import HEAD, ROWS
from tests.loaders.build import workbook
from tests.web.conftest import token_of
from tests.web.importing import confirmed, post, sent, settled

NAMES = ("堤防加固长度", "苗木补植面积", "路灯安装盏数", "渠道清淤土方量", "危房改造户数")


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.import_view.CHOICES", 2)


def rows(*names: str) -> list[list[str]]:
    return [["产出指标", "数量指标", name, "个", ""] for name in names]


def listed(page: TestResponse, name: str) -> list[str]:
    return re.findall(rf'<select name="{name}:([^"]+)"', page.text)


def turned(admin: FlaskClient, page: TestResponse, number: int, at: str, **choices: str) -> TestResponse:
    """Press the button of a page, with choices made on the one before."""
    buttons = re.findall(r'formaction="([^"]+)" aria-label="记下所选，翻到第 (\d+) 页"', page.text)
    (there,) = [html.unescape(to) for to, n in buttons if n == str(number) and f"at={at}" in to]
    answer = admin.post(there, data={"form_token": token_of(page), **choices})
    assert answer.status_code == 303
    assert answer.location.endswith(f"#{at}")
    return settled(admin, answer.location)


@pytest.fixture
def first(admin: FlaskClient, office: KnowledgeBase) -> list[str]:
    """Codes of the members of a set 县库."""
    confirmed(admin, sent(admin, "县库.xlsx", workbook([HEAD, *rows(*NAMES)]), set="县库"))
    return list(office.loading.require_set("县库").members)


def test_choices_over_vanished_members_are_kept_from_page_to_page(
    admin: FlaskClient, office: KnowledgeBase, first: list[str]
) -> None:
    page = sent(admin, "新.xlsx", workbook([HEAD, *rows("全新的指标")]), set="县库")
    assert listed(page, "gone") == first[:2]
    assert "第 1–2 条" in page.text
    page = turned(admin, page, 3, "vanished", **{f"gone:{first[0]}": "retire", f"gone:{first[1]}": ""})
    assert listed(page, "gone") == first[4:]
    page = turned(
        admin, page, 2, "vanished", **{f"gone:{first[4]}": "other", f"successor:{first[4]}": first[2]}
    )
    assert listed(page, "gone") == first[2:4]
    page = turned(admin, page, 1, "vanished", **{f"gone:{first[3]}": "retire"})
    assert '<option value="retire" selected>' in page.text
    assert "停用 3" in page.text
    assert "已入库" in confirmed(admin, page).text
    stands = {code: office.record(code) for code in first}
    retired = {
        c: r.successor for c, r in stands.items() if isinstance(r, Indicator) and r.status is Status.RETIRED
    }
    assert retired == {first[0]: "", first[3]: "", first[4]: first[2]}


def test_every_near_duplicate_has_its_choice(
    admin: FlaskClient, office: KnowledgeBase, first: list[str]
) -> None:
    page = sent(admin, "别.xlsx", workbook([HEAD, *rows(*(f"{name}数" for name in NAMES))]), set="别库")
    seen = listed(page, "like")
    page = turned(admin, page, 2, "duplicates", **{f"like:{seen[0]}": first[0]})
    seen += listed(page, "like")
    page = turned(admin, page, 3, "duplicates")
    seen += listed(page, "like")
    assert len(seen) == len(set(seen)) == 5
    page = turned(admin, page, 1, "duplicates", **{f"like:{seen[4]}": first[4]})
    assert f'<option value="{first[0]}" selected>' in page.text
    done = confirmed(admin, page)
    assert "已入库" in done.text
    members = office.loading.require_set("别库").members
    assert {first[0], first[4]} <= set(members)
    assert len(members) == 5


def test_lists_turn_by_themselves_and_other_links_keep_the_page(admin: FlaskClient, first: list[str]) -> None:
    new = rows(*(f"{name}数" for name in NAMES))
    confirmed(
        admin, sent(admin, "另.xlsx", workbook([HEAD, *rows("甲河段", "乙水库", "丙泵站")]), set="另库")
    )
    page = sent(admin, "另2.xlsx", workbook([HEAD, *new]), set="另库")
    page = turned(admin, page, 2, "vanished")
    page = turned(admin, page, 3, "duplicates")
    assert len(listed(page, "gone")) == 1
    assert len(listed(page, "like")) == 1
    assert 'href="?show=new&amp;like=3&amp;gone=2#changes"' in page.text
    assert admin.get(f"{page.request.path}?like=99&gone=x").status_code == 200


def test_a_choice_that_cannot_be_followed_takes_no_other_with_it(
    admin: FlaskClient, office: KnowledgeBase, first: list[str]
) -> None:
    page = sent(admin, "新.xlsx", workbook([HEAD, *rows("全新的指标")]), set="县库")
    wrong = {f"gone:{first[0]}": "retire", f"gone:{first[1]}": "other", f"successor:{first[1]}": "没有"}
    page = post(admin, page, "choices", **wrong)
    assert "的替代指标 没有 不是在用的指标" in page.text
    assert "其余的取舍照旧" in page.text
    assert "停用 1" in page.text
    assert "已入库" in confirmed(admin, page).text
    assert office.record(first[0]).status is Status.RETIRED  # type: ignore[union-attr]


def test_a_hundred_choices_that_cannot_be_followed_are_dropped(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.import_view.CHOICES", 200)
    many = rows(*(f"第{n}类设施数" for n in range(100)))
    confirmed(admin, sent(admin, "多.xlsx", workbook([HEAD, *many]), set="多库"))
    page = sent(admin, "少.xlsx", workbook([HEAD, *ROWS[:1]]), set="多库")
    gone = listed(page, "gone")
    wrong = {f"gone:{code}": "other" for code in gone} | {f"successor:{code}": "没有" for code in gone}
    page = post(admin, page, "choices", **wrong)
    assert page.text.count("的替代指标 没有 不是在用的指标") == 10
    assert "取舍都没有采用" in page.text
    assert "停用 " not in page.text[page.text.index('id="summary"') : page.text.index("</dl>")]
