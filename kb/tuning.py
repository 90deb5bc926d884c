"""What admins teach the search: synonym groups, answers chosen by hand, dictionary words; each with undo.

Every change is a batch with revisions. Synonyms and chosen answers work from the next search on, in
every process; dictionary words from the next building of the index on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from indicators.choices import Strength
from indicators.model import SynonymGroup
from kb.db.reader import Reader
from kb.db.rows import record_from
from kb.db.store import Store
from kb.errors import InputError
from kb.indexing import DICTIONARY, dictionary
from kb.learning import LONGEST, normal_query
from kb.links import PUBLIC_KINDS
from kb.search.answer import SearchAnswer
from kb.search.text import fold
from kb.views import Ref, Version

_ANSWER = "answer:"
_IGNORED = "ignored-queries"
_LOCAL = "TYB-"
"""Codes of groups made here; shipped ones begin with TY- and a digit, so that the two never meet."""

LONGEST_WORD = 30
MOST_WORDS = 40
MOST_PAIRS = 20
MOST_PINNED = 5
MOST_DICTIONARY = 2000


@dataclass(frozen=True, slots=True)
class GroupVersion:
    """A synonym group as it stood at one revision; ``group`` is None where it had been taken out."""

    version: Version
    group: SynonymGroup | None


@dataclass(frozen=True, slots=True)
class ChosenAnswer:
    """Records that stand first for a query; ``gone`` are codes that no longer have a record."""

    query: str
    records: tuple[Ref, ...]
    gone: tuple[str, ...]
    batch: int | None


class Tuning:
    """Synonyms, chosen answers and dictionary words of a knowledge base."""

    def __init__(self, reader: Reader, store: Store, apply: Callable[[], None]) -> None:
        self._reader, self._store, self._apply = reader, store, apply

    # Synonyms

    def synonyms(self, text: str = "") -> tuple[SynonymGroup, ...]:
        """All groups by name, or those with a word that holds ``text``."""
        wanted = fold(text).strip()
        groups = sorted(self._reader.of_type(SynonymGroup), key=lambda g: (g.name, g.code))
        return tuple(g for g in groups if not wanted or any(wanted in fold(w) for w in _all_words(g)))

    def group(self, code: str) -> tuple[SynonymGroup, int] | None:
        """A group with its version number; None where there is none."""
        found = self._reader.get(code)
        if not isinstance(found, SynonymGroup):
            return None
        return found, self._reader.versions(code)[0].number

    def group_history(self, code: str) -> tuple[GroupVersion, ...]:
        """All versions of a group, newest first."""
        return tuple(
            GroupVersion(version, _group(body) if body else None)
            for version, _, body in self._reader.revisions(code)
        )

    def removed_groups(self) -> tuple[tuple[SynonymGroup, Version], ...]:
        """Groups that were taken out, as they were, with the revision that did so."""
        return tuple(self._reader.removed(SynonymGroup))

    def save_group(
        self,
        code: str,
        name: str,
        words: Sequence[str],
        strength: str,
        not_same: Sequence[tuple[str, str]],
        *,
        seen: int,
        actor: str,
        reason: str = "",
    ) -> str:
        """Store a group (``code`` "" makes a new one) and put it in force; gives its code.

        ``seen`` is the version that the editor saw, 0 for a new group. Raises InputError or
        ChangedMeanwhileError.
        """
        group = SynonymGroup(
            code=code or self._next_code(),
            name=_word(name, "标准词"),
            words=tuple(dict.fromkeys(_word(w, "同义词") for w in words if w.strip())),
            strength=_strength(strength),
            not_same=_pairs(not_same),
        )
        check_group(group)
        self._store.put(
            [group],
            name=f"同义词：{group.name}",
            actor=actor,
            reason=_reason(reason),
            expected={group.code: seen},
        )
        self._apply()
        return group.code

    def remove_group(self, code: str, *, seen: int, actor: str, reason: str = "") -> None:
        """Take a group out of use; undo brings it back. Raises ChangedMeanwhileError."""
        found = self.group(code)
        name = found[0].name if found else code
        self._store.remove(
            [code], name=f"停用同义词：{name}", actor=actor, reason=_reason(reason), expected={code: seen}
        )
        self._apply()

    def _next_code(self) -> str:
        known = {g.code for g in self._reader.of_type(SynonymGroup)}
        known |= {group.code for group, _ in self._reader.removed(SynonymGroup)}
        mine = [int(c[len(_LOCAL) :]) for c in known if c.startswith(_LOCAL) and c[len(_LOCAL) :].isdigit()]
        return f"{_LOCAL}{max(mine, default=0) + 1:03d}"

    # Chosen answers

    def answers(self) -> tuple[ChosenAnswer, ...]:
        """All chosen answers, by query."""
        found = pins(self._reader.settings())
        refs = self._reader.refs([code for codes in found.values() for code in codes])
        return tuple(
            ChosenAnswer(
                query,
                tuple(refs[code] for code in codes if code in refs),
                tuple(code for code in codes if code not in refs),
                self._newest_batch(_ANSWER + query),
            )
            for query, codes in sorted(found.items())
        )

    def pin(self, query: str, codes: Iterable[str], *, actor: str, reason: str = "") -> str:
        """Let records stand first for a query; gives the query as it is stored. Raises InputError."""
        normal = normal_query(query)
        if not normal:
            raise InputError("请填写搜索词。")
        wanted = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
        if not 1 <= len(wanted) <= MOST_PINNED:
            raise InputError(f"请填写 1 到 {MOST_PINNED} 个记录代码，用空格或换行隔开。")
        found = {code: self._findable(code[:80]) for code in wanted}
        unknown = [code for code, ref in found.items() if ref is None]
        if unknown:
            raise InputError(f"没有可搜索的记录：{'、'.join(unknown)[:200]}。请从记录页抄代码，如 JT-SL-01。")
        value = json.dumps([ref.code for ref in found.values() if ref], ensure_ascii=False)
        self._tune(_ANSWER + normal, value, f"精选答案：{normal}", actor, reason)
        return normal

    def unpin(self, query: str, *, actor: str, reason: str = "") -> None:
        """Take a chosen answer back."""
        self._tune(_ANSWER + normal_query(query), None, f"取消精选答案：{query[:LONGEST]}", actor, reason)

    def _findable(self, code: str) -> Ref | None:
        refs = [self._reader.refs([code]).get(code)]
        refs += self._reader.refs(self._reader.codes_folded(code)).values()
        return next((ref for ref in refs if ref and ref.kind in PUBLIC_KINDS), None)

    # Dictionary words

    def words(self) -> tuple[str, ...]:
        """Words that admins added to the dictionary, oldest first."""
        return dictionary(self._reader.settings())

    def add_word(self, word: str, *, actor: str) -> None:
        """Add a word of two to eight characters to the dictionary. Raises InputError."""
        folded = fold(word).strip()
        if not 2 <= len(folded) <= 8 or " " in folded or not folded.isalnum():
            raise InputError("词典里的词要 2 到 8 个字，只用汉字、字母和数字。更长的说法请用同义词。")
        words = self.words()
        if folded in words:
            raise InputError(f"“{folded}”已经在词典里。")
        if len(words) >= MOST_DICTIONARY:
            raise InputError(f"词典已有 {MOST_DICTIONARY} 个词，请先删去不用的。")
        self._tune_words([*words, folded], f"词典加词：{folded}", actor)

    def remove_word(self, word: str, *, actor: str) -> None:
        """Take a word that admins added out of the dictionary."""
        self._tune_words([w for w in self.words() if w != word], f"词典删词：{word[:20]}", actor)

    def words_history(self) -> tuple[Version, ...]:
        """Changes of the dictionary, newest first."""
        return self._reader.versions("setting:" + DICTIONARY)

    def _tune_words(self, words: Sequence[str], name: str, actor: str) -> None:
        self._tune(DICTIONARY, json.dumps(list(words), ensure_ascii=False), name, actor, "")

    # The work list

    def ignored(self) -> tuple[str, ...]:
        """Queries that admins took off the work list."""
        return tuple(json.loads(self._reader.settings().get(_IGNORED, "[]")))

    def ignore(self, query: str, *, actor: str) -> None:
        """Take a query off the work list."""
        normal = normal_query(query)
        kept = [q for q in self.ignored() if q != normal][-999:]
        value = json.dumps([*kept, normal], ensure_ascii=False)
        self._tune(_IGNORED, value, f"不再列出：{normal}", actor, "")

    def _tune(self, key: str, value: str | None, name: str, actor: str, reason: str) -> None:
        self._store.tune({key: value}, name=name, actor=actor, reason=_reason(reason))
        self._apply()

    def _newest_batch(self, key: str) -> int | None:
        versions = self._reader.versions("setting:" + key)
        return versions[0].batch if versions else None


def pins(settings: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Chosen answers as they are stored: query -> codes."""
    return {
        key[len(_ANSWER) :]: tuple(json.loads(value))
        for key, value in settings.items()
        if key.startswith(_ANSWER)
    }


def with_pins(answer: SearchAnswer, chosen: Sequence[SearchAnswer], limit: int, offset: int) -> SearchAnswer:
    """``answer``, which begins at its first hit, as a page with the chosen records before all others."""
    first = [replace(found.hits[0], why=("精选答案",)) for found in chosen if found.hits]
    if not first:
        return answer
    codes = {hit.code for hit in first}
    rest = [hit for hit in answer.hits if hit.code not in codes]
    added = len(first) + len(rest) - len(answer.hits)
    hits = [replace(hit, rank=n) for n, hit in enumerate([*first, *rest], 1)]
    return replace(answer, total=answer.total + added, hits=tuple(hits[offset : offset + limit]), relaxed="")


def _group(body: str) -> SynonymGroup:
    return cast(SynonymGroup, record_from(SynonymGroup.kind.value, body))


def _all_words(group: SynonymGroup) -> Iterable[str]:
    return (group.name, *group.words, *(word for word, _ in group.not_same))


def _word(text: str, what: str) -> str:
    word = " ".join(text.split())
    if not word:
        raise InputError(f"请填写{what}。")
    if len(word) > LONGEST_WORD or not word.isprintable():
        raise InputError(f"{what}“{word[:20]}…”太长或含有不能显示的字符，最多 {LONGEST_WORD} 个字。")
    return word


def _strength(text: str) -> Strength:
    try:
        return Strength(text)
    except ValueError:
        raise InputError("请选择强度：同义、近义或相关。") from None


def _pairs(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    found = [
        (_word(word, "不能合并的词"), " ".join(why.split())[:200]) for word, why in pairs if word.strip()
    ]
    if len(found) > MOST_PAIRS:
        raise InputError(f"不能合并的词最多 {MOST_PAIRS} 个。")
    return tuple(dict(found).items())


def check_group(group: SynonymGroup) -> None:
    """Refuse a group that search could not use. Raises InputError."""
    if not group.words and not group.not_same:
        raise InputError("请至少填写一个同义词，或一个不能合并的词。")
    if len(group.words) > MOST_WORDS:
        raise InputError(f"一组最多 {MOST_WORDS} 个词，请分成几组。")
    if fold(group.name) in {fold(w) for w in group.words}:
        raise InputError("同义词里不要重复标准词。")
    barred = {fold(w) for w, _ in group.not_same} & {fold(w) for w in (group.name, *group.words)}
    if barred:
        raise InputError(f"“{min(barred)}”既列为同义又列为不能合并，请去掉一边。")


def _reason(text: str) -> str:
    return " ".join(text.split())[:200]
