"""Words: jieba and rjieba are one engine; queries are cut without a dictionary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kb.search.answer import SearchDocument
from kb.search.prepare import field_texts
from kb.search.segment import Lexicon, segmenter
from kb.search.vocabulary import Vocabulary


def test_jieba_and_rjieba_find_the_same_words(shipped: list[SearchDocument], vocabulary: Vocabulary) -> None:
    slow, fast = segmenter(vocabulary.words(), "jieba"), segmenter(vocabulary.words(), "rjieba")
    texts = [text for document in shipped for text in field_texts(document)]
    assert len(texts) > 1000
    for text in texts:
        assert sorted(slow.words(text)) == sorted(fast.words(text)), text


def test_every_dictionary_word_is_found_wherever_it_stands(vocabulary: Vocabulary) -> None:
    cut = segmenter(["农村公路养护", "公路养护"])
    assert {"农村", "公路", "养护", "农村公路养护", "公路养护"} <= set(
        cut.words("县级农村公路养护里程，PM2.5")
    )
    assert all(len(word) > 1 for word in cut.words("县级农村公路养护里程，PM2.5"))


def test_a_query_is_cut_into_known_words_and_single_characters() -> None:
    lexicon = Lexicon({"农村": 50, "公路": 60, "农村公路": 20, "养护": 30, "里程": 9})
    assert lexicon.cut("农村公路养护里程表") == ["农村公路", "养护", "里程", "表"]
    assert lexicon.inside("农村公路") == ["农村", "公路"]
    assert lexicon.inside("里程") == []


@pytest.mark.parametrize("text", ["", "路", "zz", "农" * 300])
def test_the_pieces_of_a_cut_join_to_the_text(text: str) -> None:
    assert "".join(Lexicon({"农村": 5}).cut(text)) == text


def test_asking_loads_neither_jieba_nor_pypinyin(tmp_path: Path) -> None:
    build = (
        "from pathlib import Path; from kb.search.engine import SearchEngine; from kb.search.vocabulary import Vocabulary;"
        "from kb.search.answer import SearchDocument; from indicators.model import Kind;"
        f"engine = SearchEngine(Path({str(tmp_path)!r}), Vocabulary());"
    )
    ask = (
        "import sys; engine.search('村里修路 dibao 资金到为率'); engine.suggest('lu');"
        "assert not {'jieba', 'rjieba', 'pypinyin'} & set(sys.modules)"
    )
    one = "engine.rebuild([SearchDocument('A', Kind.INDICATOR, 'indicator', 'A', '资金到位率', '/i/A')], 1)"
    root = Path(__file__).parents[3]
    for code in (build + one, build + ask):
        subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
