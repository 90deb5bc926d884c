"""Release notes of a set drafted from what changed, as Chinese Markdown for a person to go over. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from indicators.choices import Status
from indicators.differences import Told, told_between
from indicators.model import Indicator, IndicatorSet, Kind, Record, Source

_PLACE = frozenset(("level1", "level2", "placements"))
_VALUES = frozenset(
    ("wording", "bad_wording", "standards", "weight_min", "weight_max", "unit", "direction", "formula")
)
_IDLE = frozenset(("sources", "status", "successor"))
"""Fields that a note says elsewhere or nowhere."""
_LONGEST_TOLD = 60
_MOST_LISTED = 100
"""Indicators that a note names in one place; a note that names ten thousand is read by nobody."""
_KINDS = {
    Kind.PROJECT: "项目", Kind.ISSUE: "评价问题", Kind.FRAMEWORK: "共性框架", Kind.NODE: "框架指标", Kind.PROBLEM: "问题类型",
    Kind.CLAUSE: "政策条款", Kind.GUIDE: "指南", Kind.SECTOR: "行业", Kind.SYNONYMS: "同义词",
}  # fmt: skip

Pair = tuple[Record | None, Record | None]
"""A record before and after; None where there was or is none."""


@dataclass(slots=True)
class _Sorted:
    """Changes of indicators, each where a note tells it."""

    added: list[Indicator] = field(default_factory=list)
    retired: list[Indicator] = field(default_factory=list)
    revived: list[Indicator] = field(default_factory=list)
    removed: list[Indicator] = field(default_factory=list)
    moved: list[tuple[Indicator, Indicator]] = field(default_factory=list)
    corrected: list[tuple[Indicator, list[Told]]] = field(default_factory=list)
    reworded: list[tuple[Indicator, list[Told]]] = field(default_factory=list)


def draft_notes(title: str, pairs: Iterable[Pair], names: Mapping[str, str] | None = None) -> str:
    """A draft of what a new edition changes: added, retired with successors, moved, corrected, reworded.

    ``names`` are those of codes: sectors and successors are told by them.
    """
    names, changes = names or {}, list(pairs)
    sorted_ = _sort(changes, names)
    sections = [
        *_added(sorted_.added, names),
        *_retired(sorted_.retired, names),
        *_listed("恢复使用", [_named(i) for i in sorted_.revived]),
        *_listed("移出", [_named(i) for i in sorted_.removed]),
        *_listed("调整归类", [f"{_named(b)}：{_place(a)} → {_place(b)}" for a, b in sorted_.moved]),
        *_listed("更正写法和取值", _lines(sorted_.corrected)),
        *_listed("修改说明", _lines(sorted_.reworded)),
        *_others(changes),
    ]
    lines = [f"# {title}", "", _summary(changes, sorted_), *sections]
    return "\n".join(lines).rstrip() + "\n"


def pairs_between(old: Iterable[Record], new: Iterable[Record]) -> list[Pair]:
    """Records of two editions by code, those that differ: for notes from one edition to the next."""
    before, after = {r.code: r for r in old}, {r.code: r for r in new}
    codes = dict.fromkeys((*before, *after))
    return [(before.get(c), after.get(c)) for c in codes if before.get(c) != after.get(c)]


def _sort(changes: Sequence[Pair], names: Mapping[str, str]) -> _Sorted:
    found = _Sorted()
    for before, after in changes:
        if isinstance(after, Indicator) and before is None:
            found.added.append(after)
        elif isinstance(before, Indicator) and after is None:
            found.removed.append(before)
        elif isinstance(before, Indicator) and isinstance(after, Indicator):
            _sort_changed(found, before, after, names)
    return found


def _sort_changed(found: _Sorted, before: Indicator, after: Indicator, names: Mapping[str, str]) -> None:
    if before.status is not after.status:
        (found.retired if after.status is Status.RETIRED else found.revived).append(after)
    if (before.level1, before.level2) != (after.level1, after.level2):
        found.moved.append((before, after))
    told: dict[bool, list[Told]] = {True: [], False: []}
    for name in before.__struct_fields__:
        if name in _PLACE | _IDLE or getattr(before, name) == getattr(after, name):
            continue
        told[name in _VALUES] += told_between(_only(before, name), _only(after, name), names)
    if told[True]:
        found.corrected.append((after, told[True]))
    if told[False]:
        found.reworded.append((after, told[False]))


def _only(record: Indicator, name: str) -> Indicator:
    """An indicator of which only one field is told."""
    return Indicator(**{"code": "", "name": "", name: getattr(record, name)})


def _summary(changes: Sequence[Pair], s: _Sorted) -> str:
    touched = {i.code for i, _ in (*s.corrected, *s.reworded)} | {b.code for _, b in s.moved}
    parts = (
        ("新增", len(s.added)), ("停用", len(s.retired)), ("恢复使用", len(s.revived)), ("移出", len(s.removed)),
        ("修改", len(touched - {i.code for i in s.retired})),
    )  # fmt: skip
    told = "，".join(f"{word} {n} 条" for word, n in parts if n)
    sets = [after.name for _, after in changes if isinstance(after, IndicatorSet)]
    where = f"“{'”“'.join(sets)}”" if sets else "本次"
    return f"{where}指标：{told}。" if told else "没有指标变化。"


def _added(added: Sequence[Indicator], names: Mapping[str, str]) -> Iterator[str]:
    if not added:
        return
    yield from ("", f"## 新增（{len(added)} 条）")
    places: dict[tuple[str, str], list[Indicator]] = defaultdict(list)
    for i in added:
        places[names.get(i.sector, i.sector) or "不分行业", _place(i)].append(i)
    for sector in dict.fromkeys(s for s, _ in places):
        yield from ("", f"### {sector}", "")
        for (where, place), group in places.items():
            if where == sector:
                named = [_named(i) + ("，核心" if i.core else "") for i in group[:_MOST_LISTED]]
                more = f"；等 {len(group)} 条" if len(group) > _MOST_LISTED else ""
                yield f"- {place}：{'；'.join(named)}{more}"


def _retired(retired: Sequence[Indicator], names: Mapping[str, str]) -> list[str]:
    lines = []
    for i in retired:
        if i.successor:
            name = names.get(i.successor, "")
            lines.append(
                f"{_named(i)}：改用 {name}（{i.successor}）" if name else f"{_named(i)}：改用 {i.successor}"
            )
        else:
            lines.append(f"{_named(i)}：没有替代指标，已填报的表仍可凭代码查到")
    return _listed("停用", lines)


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"- 等 {len(lines)} 条"] if len(lines) > _MOST_LISTED else []
    return ["", f"## {title}（{len(lines)} 条）", "", *(f"- {line}" for line in lines[:_MOST_LISTED]), *more]


def _lines(changed: Sequence[tuple[Indicator, list[Told]]]) -> list[str]:
    return [f"{_named(i)}：{'；'.join(_told(t) for t in told)}" for i, told in changed]


def _told(told: Told) -> str:
    if told.is_list:
        return str(told).replace("\n", " ")
    if len(told.before) + len(told.after) > _LONGEST_TOLD:
        word = "补充" if not told.before else "删去" if not told.after else "修改"
        return f"{word}了{told.title}"
    if not told.before:
        return f"{told.title}定为“{told.after}”"
    return (
        f"{told.title}由“{told.before}”改为“{told.after}”"
        if told.after
        else f"删去{told.title}“{told.before}”"
    )


def _others(changes: Sequence[Pair]) -> list[str]:
    counted: Counter[tuple[Kind, str]] = Counter()
    for before, after in changes:
        record = after or before
        if record is None or isinstance(record, (Indicator, IndicatorSet, Source)):
            continue
        counted[record.kind, "新增" if before is None else "移出" if after is None else "修改"] += 1
    if not counted:
        return []
    return ["", "## 其他", "", *(f"- {_KINDS[kind]}：{what} {n} 条" for (kind, what), n in counted.items())]


def _named(i: Indicator) -> str:
    return f"{i.name}（{i.code}）"


def _place(i: Indicator) -> str:
    return "/".join(p for p in (i.level1, i.level2) if p) or "未归类"
