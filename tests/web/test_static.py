"""Static files: versioned, cached, self-contained, readable in both schemes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

STATIC = Path(__file__).parents[2] / "web" / "static"
TOKENS = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
FILES = sorted(p for p in STATIC.rglob("*") if p.is_file())


def test_versioned_file_is_kept_for_good(client: FlaskClient) -> None:
    url = re.search(r'href="(/static/css/tokens\.css\?v=[0-9a-f]+)"', client.get("/").text)
    assert url
    assert "immutable" in client.get(url[1]).headers["Cache-Control"]


def test_file_without_version_is_checked_again(client: FlaskClient) -> None:
    first = client.get("/static/css/tokens.css")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/static/css/tokens.css", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.name)
def test_nothing_from_outside(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//cdn|@import|@font-face", text)


def colours(block: str) -> dict[str, tuple[int, int, int]]:
    """Colour tokens of a block of CSS as RGB."""
    found = re.findall(r"--([a-z-]+): #([0-9a-f]{6});", block)
    return {name: (int(h[:2], 16), int(h[2:4], 16), int(h[4:], 16)) for name, h in found}


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance after WCAG 2."""
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: tuple[int, int, int], two: tuple[int, int, int]) -> float:
    """Contrast ratio after WCAG 2."""
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


LIGHT, DARK = TOKENS.split("@media (prefers-color-scheme: dark)")
TEXT = [
    (ink, ground)
    for ink in ("ink", "ink-soft", "accent")
    for ground in ("paper", "sheet", "shade", "accent-soft")
]
TEXT += [(tone, f"{tone}-soft") for tone in ("bad", "warn", "good")]
TEXT += [("accent-ink", "accent"), ("mark-ink", "mark"), ("ink", "warn-soft")]
LINES = [("line-strong", "paper"), ("line-strong", "sheet"), ("focus", "paper"), ("focus", "sheet")]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(scheme: str) -> None:
    c = colours(scheme)
    weak = [(a, b, round(contrast(c[a], c[b]), 2)) for a, b in TEXT if contrast(c[a], c[b]) < 4.5]
    weak += [(a, b, round(contrast(c[a], c[b]), 2)) for a, b in LINES if contrast(c[a], c[b]) < 3]
    assert weak == []


def test_colours_are_chosen_in_tokens_only() -> None:
    for file in set((STATIC / "css").glob("*.css")) - {
        STATIC / "css" / n for n in ("tokens.css", "print.css")
    }:
        text = file.read_text(encoding="utf-8")
        assert not re.search(
            r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|rgba?\(|hsla?\(", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        )


def test_every_class_in_a_template_has_a_style_or_a_script() -> None:
    styles = "".join(p.read_text(encoding="utf-8") for p in (STATIC / "css").glob("*.css"))
    scripts = "".join(p.read_text(encoding="utf-8") for p in (STATIC / "js").glob("*.js"))
    named = set(re.findall(r"\.([a-z][a-z0-9-]*)", styles + scripts))
    named |= set(re.findall(r"[\"'`]([a-z][a-z0-9-]*)[\"'`]", scripts))
    used: set[str] = set()
    for file in (STATIC.parent / "templates").glob("*.html"):
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for value in re.findall(r'class="([^"]*)"', text):
            used |= set(value.split())
    assert used - named == set()
