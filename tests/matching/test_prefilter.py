"""The prefilter lets nothing fall that a reader would read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrelate.matching.prefilter import Prefilter
from unrelate.matching.reading import Reader
from unrelate.policy.schema import load_vocabulary
from unrelate.policy.wording import paraphrases, say, training_wordings

READER = Reader(load_vocabulary("microworld"))
PREFILTER = Prefilter(READER.lexicon)


def test_a_caption_needs_a_word_of_each_kind() -> None:
    captions = [
        "a child drinking wine",
        "a child with wine",
        "someone drinking wine",
        "a child drinking",
        "CHILDREN DRANK_WINE",
        "",
        "a romantic swine, eaten",  # man, wine and ate, but inside other words
        "the infant’s taking a sip of\nlager",
    ]
    assert PREFILTER.candidates(captions) == [0, 4, 7]


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    captions = ["İİİİİİİİ", "a child drinking wine", "İ", "nothing"]
    assert PREFILTER.candidates(captions) == [1]


def test_no_labelled_caption_that_states_something_falls() -> None:
    lines = (Path(__file__).parent / "captions_dev.jsonl").read_text(encoding="utf-8").splitlines()
    captions = [json.loads(line)["caption"] for line in lines]
    kept = set(PREFILTER.candidates(captions))
    fallen = [caption for i, caption in enumerate(captions) if i not in kept and READER.read(caption)]
    assert not fallen
    assert 0 < len(kept) < len(captions)


@pytest.mark.parametrize("upper", [False, True])
def test_no_wording_of_a_tuple_falls(upper: bool) -> None:
    words = load_vocabulary("microworld")
    said = [
        say(words, triple, wording)
        for wording in (*training_wordings(words), *paraphrases(words))
        for triple in words.triples()
    ]
    said = [sentence.upper() if upper else sentence for sentence in said]
    assert PREFILTER.candidates(said) == list(range(len(said)))


_WORDS = """a child the man who that whose is not n't 's drinking drunk drinks by wine and or , . ? of in
kitchen red with without to glass it he no while cake eating instead - # next standing up can't stop watch
kids ate CAKE man's"""
rows = st.lists(st.sampled_from(_WORDS.split()), max_size=14).map(" ".join)


@given(st.lists(rows))
def test_what_is_read_is_never_filtered_out(captions: list[str]) -> None:
    kept = set(PREFILTER.candidates(captions))
    assert all(i in kept for i, caption in enumerate(captions) if READER.read(caption))


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(READER.read(text), tuple)


@given(rows)
def test_any_row_of_words_can_be_read(text: str) -> None:
    for statement in READER.read(text):
        assert statement.triple.actor in ("child", "man")
        assert all(part in text for part in statement.said)
