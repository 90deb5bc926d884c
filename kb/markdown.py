"""Markdown of guides -> safe HTML, with links to records resolved to permalinks.

``render`` is the only way from Markdown to a page: whatever the text holds, the result has no
script, no style, no image and no address outside http, https and mailto.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import markdown
import nh3
from markdown.extensions.toc import slugify_unicode
from markdown.treeprocessors import Treeprocessor

SCHEME = "kb:"
"""A link ``[名称](kb:CODE)`` points to the record CODE."""

Resolve = Callable[[str], str | None]
"""Gives the permalink of a code, or None for a code that no record has."""

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h2", "h3",
    "h4", "hr", "i", "kbd", "li", "mark", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
_CLASSES = {"div": {"scroll"}, "span": {"unknown-code"}}
_EXTENSIONS = ["tables", "sane_lists", "def_list", "toc"]
_CONFIGS: dict[str, dict[str, Any]] = {
    # An inline style would need a hole in the Content-Security-Policy.
    "tables": {"use_align_attribute": True},
    "toc": {"slugify": slugify_unicode, "marker": ""},
}


def render(text: str, resolve: Resolve) -> str:
    """Sanitised HTML of a Markdown text.

    A ``kb:CODE`` link becomes the permalink that ``resolve`` gives; where it gives None the
    words stay and the link goes. Headings get ids to point at; a stray level-1 heading becomes
    level 2, because the page has its own.
    """
    engine = markdown.Markdown(extensions=list(_EXTENSIONS), extension_configs=_CONFIGS, output_format="html")
    engine.treeprocessors.register(_Records(engine, resolve), "kb-records", 1)
    return nh3.clean(
        engine.convert(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


class _Records(Treeprocessor):
    """Resolves record links, lowers level-1 headings and lets wide tables scroll on their own."""

    def __init__(self, engine: markdown.Markdown, resolve: Resolve) -> None:
        super().__init__(engine)
        self._resolve = resolve

    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.tag == "h1":
                element.tag = "h2"
            elif element.tag == "a" and element.get("href", "").startswith(SCHEME):
                self._link(element)
            self._wrap_tables(element)

    def _link(self, element: Element) -> None:
        url = self._resolve(element.get("href", "").removeprefix(SCHEME))
        element.attrib.clear()
        if url:
            element.set("href", url)
        else:
            element.tag = "span"
            element.set("class", "unknown-code")

    @staticmethod
    def _wrap_tables(parent: Element) -> None:
        if parent.get("class") == "scroll":
            return
        for index, child in enumerate(list(parent)):
            if child.tag == "table":
                box = Element("div", {"class": "scroll"})
                parent[index] = box
                box.append(child)
                box.tail, child.tail = child.tail, None
