"""From document numbers to hits: snippet, marks, and why each was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kb.search.answer import Hit
from kb.search.arrays import Field
from kb.search.corpus import Corpus, Loaded
from kb.search.highlight import marks, snippet
from kb.search.plan import Plan, Want
from kb.search.synonyms import Synonyms
from kb.search.text import fold

_REASONS = 4
_RELATED = 6


class Shown:
    """How the hits of one answer are explained."""

    def __init__(
        self, corpus: Corpus, plan: Plan, synonyms: Synonyms, asked: str, step: str, meant: str | None
    ) -> None:
        self.corpus, self.plan = corpus, plan
        self._synonyms = synonyms
        self._read_as = (f"{step}：{asked}→{meant}",) if meant and step else ()
        self._words = plan.words()
        self._whole = [s for s in plan.stems if len(s) > 1]

    def words_in(self, loaded: Loaded) -> list[str]:
        """The words that explain a hit, longest first, none inside another."""
        text = loaded.text
        present = sorted((w for w in (*self._whole, *self._words) if w in text), key=len, reverse=True)
        kept: list[str] = []
        for word in present:
            if not any(word in longer for longer in kept):
                kept.append(word)
        return kept

    def telling(self, loaded: Loaded, words: Sequence[str]) -> list[str]:
        """Those of a hit's words that nothing before its further texts answers: the snippet should show them.

        Name, aliases, keywords and explanation say what a record is; a remark further down is
        shown only for a word that stands nowhere else.
        """
        head = "\n".join(loaded.text.split("\n")[: Field.BODY])
        answered = {a.word for want in self.plan.wants if _any_in(want, head) for a in want.alternatives}
        return [word for word in words if word not in answered and word not in head]

    def why(self, loaded: Loaded) -> tuple[str, ...]:
        """Reasons beyond the query's own words: synonyms that stood in, sector, level."""
        reasons = list(self._read_as)
        text = loaded.text
        for want in self.plan.wants:
            if want.unit.text not in text:
                found = (a.why for a in want.alternatives[1:] if a.word in text)
                reasons.extend(reason for reason in list(found)[:1])
        document, intent = loaded.document, self.plan.intent
        reasons.extend(self._labels(loaded))
        if document.sector in intent.sectors:
            reasons.append(f"行业：{document.sector}")
        level = next((n for n in (document.level2, document.level1) if n in intent.levels), "")
        if level:
            reasons.append(f"分类：{level}")
        return tuple(dict.fromkeys(reasons))[:_REASONS]

    def _labels(self, loaded: Loaded) -> Iterator[str]:
        """The alias or keyword by which a word of the query was found, where the name does not hold it."""
        document, name = loaded.document, loaded.name.text
        for want in self.plan.wants:
            word = want.unit.text
            if len(word) < 2 or word in name:
                continue
            for label, texts in (("又名", document.aliases), ("检索词", document.keywords)):
                held = next((text for text in texts if word in fold(text)), "")
                if held:
                    yield f"{label}：{held}"
                    break

    def related(self, hits: Sequence[Hit]) -> tuple[str, ...]:
        """Other searches worth trying: wider words for the query's, then keywords of the first hits."""
        asked = self.plan.query.text
        found = [e.word for u in self.plan.intent.units for e in self._synonyms.expand(u.text)]
        for hit in hits[:5]:
            found.extend(self.corpus.loaded(self.corpus.place[hit.id]).document.keywords[:3])
        return tuple(w for w in dict.fromkeys(found) if w not in asked and 1 < len(w) <= 12)[:_RELATED]


def show_hits(shown: Shown, found: Sequence[tuple[int, float]], offset: int) -> tuple[Hit, ...]:
    """Hits of a page, given as (document, score), ranked from ``offset`` + 1 on."""
    return tuple(_hit(shown, number, score, offset + n) for n, (number, score) in enumerate(found, 1))


def _hit(shown: Shown, number: int, score: float, rank: int) -> Hit:
    loaded = shown.corpus.loaded(number)
    document = loaded.document
    words = shown.words_in(loaded)
    text, found = snippet(loaded.bodies, words, shown.telling(loaded, words))
    return Hit(
        rank=rank,
        id=document.id,
        kind=document.public_kind,
        record_kind=document.kind,
        code=document.code,
        name=document.name,
        level1=document.level1,
        level2=document.level2,
        sector=document.sector,
        set=document.set,
        snippet=text,
        marks=found,
        name_marks=marks(loaded.name, words),
        why=shown.why(loaded),
        score=round(score, 4),
        url=document.url,
        core=document.core,
        used=document.used,
        status=document.status,
    )


def _any_in(want: Want, text: str) -> bool:
    return any(alternative.word in text for alternative in want.alternatives)
