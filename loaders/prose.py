"""Evaluation reports in prose: the points of their problem sections, and scores told in a sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from loaders.furniture import is_page_number
from loaders.lines import Line

_NUMERALS = "一二三四五六七八九十"
_MARKS = (
    re.compile(rf"^[{_NUMERALS}]{{1,3}}[、．.]"),
    re.compile(rf"^[（(][{_NUMERALS}]{{1,3}}[)）]"),
    re.compile(r"^\d{1,2}\s*[.．、](?!\d)"),
    re.compile(r"^[（(]\d{1,2}[)）]"),
    re.compile(rf"^问题\s*[{_NUMERALS}\d]{{1,3}}\s*[:：、.．]"),
)
_PROBLEMS = re.compile(
    r"(存在|发现|反映|主要)的?.{0,8}(问题|不足)|问题(及|和|与)(原因|建议|不足|对策)|^(问题|不足)(之处|分析|与不足)?$|^.{0,8}(问题|不足)(之处)?$"
)
_NOT_PROBLEMS = re.compile(r"整改(情况|落实)|解决(的)?(主要)?问题|需要说明")
_NEXT = re.compile(r"^(下一步|改进措施|有关建议|意见建议|相关建议|建议|整改|工作打算|附件|附表|其他需要说明)")
_FOLLOWING = re.compile(
    r"(存在|发现|反映出?|还?有)[^，。；]{0,8}(以下|如下|下列)[^，。；]{0,8}(问题|不足)(之处)?[：:]"
)
_ORDERS = (
    tuple(f"{n}是" for n in (*_NUMERALS, "十一", "十二", "十三")),
    tuple(f"第{n}" for n in _NUMERALS),
    tuple(f"其{n}" for n in _NUMERALS),
    tuple(f"（{n}）" for n in range(1, 16)),
    tuple(f"({n})" for n in range(1, 16)),
    tuple("①②③④⑤⑥⑦⑧⑨⑩"),
    tuple(f"{n}." for n in range(1, 16)),
    tuple(f"{n}、" for n in range(1, 16)),
)
_LONGEST_HEADING, _LONGEST_TITLE = 40, 40
_SCORED = re.compile(
    r"([^；;。：:]{4,70}?(?:项目|资金|经费|支出|工程|补助|服务费)[^；;。：:，,]{0,16}?)(?:评价)?得分(?:为)?\s*(\d{2,3}(?:\.\d+)?)\s*分?"
)


@dataclass(frozen=True, slots=True)
class Point:
    """One problem as a report tells it: the heading over it, a short title, the text, cause and fix if told."""

    heading: str
    title: str
    what: str
    line: int
    page: int = 0
    cause: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A project and its score as a sentence tells them."""

    project: str
    score: str
    line: int
    page: int = 0


def bare(text: str) -> str:
    """A line without Markdown's signs and without bookmarks of word processors."""
    return re.sub(r"^#+\s*|\*\*|\[bookmark:[^\]]*\]|^[-*]\s+(?=\S)", "", text.strip()).strip()


def level_of(text: str) -> int:
    """1 for 一、 2 for （一） 3 for 1. 4 for （1） 5 for 问题1：; 0 for a line without a number."""
    return next((n for n, mark in enumerate(_MARKS, 1) if mark.match(text)), 0)


def find_points(lines: Sequence[Line]) -> list[Point]:
    """Every point of every problem section, in order."""
    cleaned = [
        Line(text, line.number, line.page)
        for line in lines
        if (text := bare(line.text)) and not is_page_number(line.text)
    ]
    found: list[Point] = []
    n = 0
    while n < len(cleaned):
        level, rest = _problem_heading(cleaned[n].text)
        n += 1
        if not level:
            if match := _FOLLOWING.search(cleaned[n - 1].text):
                end = _listed_below(cleaned, n)
                here = replace(cleaned[n - 1], text=cleaned[n - 1].text[match.end() :])
                found += _cut_points([here, *cleaned[n:end]], "")
                n = end
            continue
        body = [Line(rest, cleaned[n - 1].number, cleaned[n - 1].page)] if rest else []
        while n < len(cleaned) and not _closes(cleaned[n].text, level):
            body.append(cleaned[n])
            n += 1
        found += _points(_joined(body), "")
    return found


def _listed_below(lines: Sequence[Line], start: int) -> int:
    """First line under "存在以下问题：" that is not one of the list: another mark than that of its first line."""
    end = start
    while (
        end < len(lines)
        and level_of(lines[end].text) > 2
        and level_of(lines[end].text) == level_of(lines[start].text)
    ):
        end += 1
    return end


def _problem_heading(text: str) -> tuple[int, str]:
    """(level, text after the heading) of a heading over problems; (0, "") for any other line."""
    level = level_of(text)
    unmarked = _MARKS[level - 1].sub("", text).strip() if level else text
    head, stop, rest = unmarked.partition("。")
    if not stop and "：" in unmarked:
        head, _, rest = unmarked.partition("：")
    limit = _LONGEST_HEADING if level else 20
    if len(head) > limit or "，" in head or not _PROBLEMS.search(head) or _NOT_PROBLEMS.search(head):
        return 0, ""
    if not level and stop:
        return 0, ""
    return level or 1, rest.strip()


def _closes(text: str, level: int) -> bool:
    own = level_of(text)
    return (0 < own <= level) or (
        own == 0 and len(text) <= 20 and bool(_NEXT.match(text)) and "。" not in text
    )


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Paragraphs that a page break cut in two are put together again."""
    joined: list[Line] = []
    for line in lines:
        if (
            joined
            and not level_of(line.text)
            and not _ordered(line.text)
            and joined[-1].text[-1] not in "。！？：；."
        ):
            before = joined.pop()
            joined.append(Line(before.text + line.text, before.number, before.page))
        else:
            joined.append(line)
    return joined


def _ordered(text: str) -> bool:
    return any(text.startswith(mark) for order in _ORDERS for mark in order)


def _points(lines: Sequence[Line], heading: str) -> Iterator[Point]:
    marked = [level_of(line.text) for line in lines if level_of(line.text)]
    if not marked:
        yield from _points_inside(lines, heading)
        return
    top = marked[0]
    groups: list[list[Line]] = []
    for line in lines:
        if level_of(line.text) == top:
            groups.append([Line(_MARKS[top - 1].sub("", line.text).strip(), line.number, line.page)])
        elif groups:
            groups[-1].append(line)
    for group in groups:
        title = _title(group[0].text)
        if any(level_of(line.text) > top for line in group[1:]):
            yield from _points(group[1:], title)
            continue
        yield from list(_cut_points(group, title)) or [_whole(group, heading)]


def _points_inside(lines: Sequence[Line], heading: str) -> Iterator[Point]:
    """Points told by 一是 … 二是 … within text, else one point a paragraph."""
    yield from list(_cut_points(lines, heading)) or [_whole([line], heading) for line in lines]


def _cut_points(lines: Sequence[Line], heading: str) -> Iterator[Point]:
    """Points told by marks in their order within text; none where there are fewer than two marks."""
    text, starts = "", []
    for line in lines:
        starts.append((len(text), line))
        text += line.text
    cuts = max((_cuts(text, order) for order in _ORDERS), key=len)
    if len(cuts) < 2:
        return
    for (start, skip), (end, _) in zip(cuts, [*cuts[1:], (len(text), 0)], strict=True):
        line = next(found for at, found in reversed(starts) if at <= start)
        yield _whole([Line(text[start + skip : end], line.number, line.page)], heading)


def _cuts(text: str, order: Sequence[str]) -> list[tuple[int, int]]:
    """Places and lengths of a run of marks in their order, each at the start of a clause."""
    cuts: list[tuple[int, int]] = []
    at = 0
    for mark in order:
        match = re.compile(rf"(?:^|(?<=[，。；;：:、！\s]))({re.escape(mark)})").search(text, at)
        if not match:
            break
        cuts.append((match.start(1), len(mark)))
        at = match.end()
    return cuts


def listed(text: str) -> list[str]:
    """The items of a cell that lists at least two under numbers from its beginning; [] for any other."""
    cuts = max((_cuts(text, order) for order in _ORDERS), key=len)
    if len(cuts) < 2 or text[: cuts[0][0]].strip():
        return []
    ends = [at for at, _ in cuts[1:]] + [len(text)]
    return [
        text[at + skip : end].strip().lstrip("，、：: ").rstrip("；;，, \n")
        for (at, skip), end in zip(cuts, ends, strict=True)
    ]


def _whole(lines: Sequence[Line], heading: str) -> Point:
    text = "".join(line.text for line in lines).strip().lstrip("，、：: ").rstrip("；;，, ")
    cause = re.search(r"(?:主要)?原因(?:是|为|在于|：|:)(.+?)(?:。|$)", text)
    fix = re.search(r"(?:^|。|；)\s*(?:改进)?建议(?:：|:|是)?(.+)$", text)
    return Point(
        heading, _title(text), text, lines[0].number, lines[0].page,
        cause[1].strip() if cause else "", fix[1].strip() if fix else "",
    )  # fmt: skip


def _title(text: str) -> str:
    return re.split(r"[，。；;：:！]", text.strip(), maxsplit=1)[0][:_LONGEST_TITLE]


def find_scores(lines: Sequence[Line]) -> list[Score]:
    """Projects with their scores where one sentence lists at least three of them."""
    text, starts = "", []
    for line in lines:
        starts.append((len(text), line))
        text += bare(line.text)
    found: list[Score] = []
    for sentence in re.finditer(r"[^。]+", text.replace("．", ".")):
        scored = list(_SCORED.finditer(sentence[0]))
        if len(scored) < 3:
            continue
        for match in scored:
            at = sentence.start() + match.start()
            line = next(found for start, found in reversed(starts) if start <= at)
            found.append(Score(match[1].strip(" ，,；"), match[2], line.number, line.page))
    return found
