"""Groups of three strengths; look-alikes stay apart."""

from __future__ import annotations

from indicators.choices import Strength
from indicators.model import SynonymGroup
from kb.search.synonyms import Synonyms
from kb.search.vocabulary import Vocabulary

GROUPS = (
    SynonymGroup(code="TY-001", name="最低生活保障", words=("低保",), not_same=(("特困供养", "标准不同"),)),
    SynonymGroup(code="TY-002", name="特困人员救助供养", words=("特困供养", "五保")),
    SynonymGroup(code="TY-003", name="社会救助", words=("低保", "五保"), strength=Strength.RELATED),
    SynonymGroup(code="TY-004", name="农村", words=("村里",), strength=Strength.NEAR),
)


def test_expansions_come_strongest_first_and_say_why() -> None:
    found = Synonyms(GROUPS).expand("低保")
    assert [(e.word, e.strength) for e in found] == [
        ("最低生活保障", Strength.SAME),
        ("社会救助", Strength.RELATED),
    ]
    assert found[0].why == "同义：低保→最低生活保障"
    assert Synonyms(GROUPS).expand("村里")[0].why == "近义：村里→农村"


def test_look_alikes_are_never_merged_even_through_a_third_word() -> None:
    synonyms = Synonyms(GROUPS)
    apart = ({"低保", "最低生活保障"}, {"特困供养", "五保", "特困人员救助供养"})
    for one, other in (apart, apart[::-1]):
        for word in one:
            assert not other & {e.word for e in synonyms.expand(word)}


def test_no_shipped_group_merges_a_pair_that_another_forbids(vocabulary: Vocabulary) -> None:
    synonyms = Synonyms(vocabulary.groups)
    pairs = [(group.name, word) for group in vocabulary.groups for word, _ in group.not_same]
    assert len(pairs) >= 15
    for one, other in pairs:
        assert other not in {e.word for e in synonyms.expand(one)}, (one, other)
        assert one not in {e.word for e in synonyms.expand(other)}, (other, one)


def test_shipped_codes_are_unique_and_every_group_says_something(vocabulary: Vocabulary) -> None:
    codes = [group.code for group in vocabulary.groups]
    assert len(codes) == len(set(codes))
    assert all(group.words and group.name not in group.words for group in vocabulary.groups)
