"""Guides: whatever the Markdown holds, the HTML is harmless and its links resolve."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.markdown import render


def resolve(code: str) -> str | None:
    return f"/i/{code}" if code.startswith("JT") else None


def test_record_links_become_permalinks() -> None:
    assert '<a href="/i/JT-SL-01" rel="noopener noreferrer">里程</a>' in render(
        "看[里程](kb:JT-SL-01)。", resolve
    )


def test_unknown_code_keeps_its_words() -> None:
    assert render("看[里程](kb:XX-1)。", resolve) == '<p>看<span class="unknown-code">里程</span>。</p>'


def test_tables_scroll_and_align_without_style() -> None:
    html = render("| 甲 | 乙 |\n|---|--:|\n| 1 | 2 |", resolve)
    assert '<div class="scroll"><table>' in html
    assert '<td align="right">2</td>' in html
    assert "style" not in html


def test_headings_can_be_pointed_at() -> None:
    assert render("# 头\n\n## 怎么写", resolve) == '<h2 id="头">头</h2>\n<h2 id="怎么写">怎么写</h2>'


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html;base64,xx)",
        "[a](JaVaScRiPt:alert(1))",
        '<a href="kb:JT-SL-01" onclick="x()">a</a>',
        "<style>*{}</style>",
        "<iframe src=//evil></iframe>",
        "<svg><script>x</script></svg>",
        "![图](https://example.com/a.png)",
        '<p style="position:fixed">x</p>',
    ],
)
def test_nothing_harmful_passes(evil: str) -> None:
    html = render(evil, resolve)
    assert not re.search(
        r"<(script|img|iframe|style|svg|object)|\son\w+=|style=|javascript:|data:", html, re.IGNORECASE
    )


@given(st.text(alphabet="<>\"'=/ abonclikscrpt()[]:!#|-\n&;", max_size=80))
def test_any_text_is_harmless(text: str) -> None:
    html = render(text, resolve)
    assert not re.search(r"<(script|img|iframe|style|svg|object)\b|<[^>]*\son\w+=", html, re.IGNORECASE)
