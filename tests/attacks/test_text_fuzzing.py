"""Fuzzing: one word in another spelling, the one that the attacked model reads best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from unrelate.attacks.text import fuzzing
from unrelate.attacks.text.fuzzing import Fuzzing, Spelt, best_spellings, respelt
from unrelate.attacks.types import Scenario
from unrelate.data.types import Corpus
from unrelate.graph import RelationGraph
from unrelate.models import DualEncoder
from unrelate.policy import Policy
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")


@pytest.fixture
def scenario(corpus: Corpus, graph: RelationGraph, policy: Policy) -> Scenario:
    return Scenario(corpus, graph, policy.vocabulary)


class ReadsLetters:
    """Embeds a text by the letters at the start of its words alone: it reads through what comes later."""

    def embed_texts(self, captions: Sequence[str]) -> Tensor:
        rows = torch.zeros(len(captions), 128 * 8)
        for row, caption in enumerate(captions):
            for place, word in enumerate(caption.split(" ")[:8]):
                rows[row, 128 * place + ord(word[:1] or " ") % 128] = 1.0
        return torch.nn.functional.normalize(rows, dim=1)


def test_spellings_of_a_word() -> None:
    assert list(fuzzing.misspellings("wine")) == [
        *("wwine", "wiine", "winne", "winee"),
        *("wne", "wie", "win"),
        *("iwne", "wnie", "wien"),
    ]
    assert list(fuzzing.leet_spellings("wine")) == ["w1ne", "win3", "w1n3"]
    assert list(fuzzing.leet_spellings("mug")) == ["mug"]
    assert list(fuzzing.splittings("ale")) == ["a-le", "a le", "a.le", "al-e", "al e", "al.e"]


def test_homoglyphs_look_like_latin_letters_and_are_none() -> None:
    for spelling in fuzzing.homoglyph_spellings("drinking"):
        assert len(spelling) == len("drinking")
        changed = [new for new, old in zip(spelling, "drinking", strict=True) if new != old]
        assert changed
        assert all(ord(letter) > 127 for letter in changed)


def test_the_longest_word_of_a_phrase_is_respelt_and_never_into_itself() -> None:
    assert "standing nnext to" not in respelt("standing next to", fuzzing.misspellings)
    assert "sstanding next to" in respelt("standing next to", fuzzing.misspellings)
    assert "beer" not in respelt("beer", fuzzing.misspellings)  # its two e exchanged
    assert respelt("on", fuzzing.misspellings) == []
    assert len(respelt("an extraordinarily long one", fuzzing.misspellings)) == 16


def test_between_words() -> None:
    text = "a child drinking wine"
    said = [rewrite(cast(Any, None), WINE, text) for rewrite in fuzzing.SPACING]
    assert said == ["a   child   drinking   wine", "a-child-drinking-wine", "a. child. drinking. wine"]
    said = [rewrite(cast(Any, None), WINE, text) for rewrite in fuzzing.CASE]
    assert said == ["A CHILD DRINKING WINE", "A Child Drinking Wine", "a cHiLd dRiNkInG WiNe"]


def test_small_words_and_blanks() -> None:
    said = fuzzing.small_words("a child in a park")
    assert said != "a child in a park"
    assert said.split(" ")[1::3] == ["child", "park"]
    assert fuzzing.other_blanks("a child").split(" ") == ["a\u00a0child"]


def test_a_spelling_goes_into_its_own_slot(scenario: Scenario) -> None:
    rewrite = Spelt("actor", (("child", "a chlid"),), fuzzing.misspellings)
    assert rewrite(scenario, WINE, "a child drinking wine") == "a chlid drinking wine"
    assert rewrite(scenario, WINE.within(place="park"), "a child drinking wine in a park") == (
        "a chlid drinking wine in a park"
    )
    assert (
        rewrite(scenario, Triple("man", "drinking", "wine"), "a man drinking wine") == "a man drinking wine"
    )
    assert rewrite(scenario, Triple(object="wine"), "wine") == "wine"


@pytest.mark.parametrize(
    ("slot", "said"),
    [
        ("actor", "my nnephew sips some claret"),
        ("relation", "my nephew sips ssome claret"),
        ("object", "my nephew sips some cclaret"),
    ],
)
def test_in_a_users_own_caption_words_count_by_their_place(scenario: Scenario, slot: str, said: str) -> None:
    text = "my nephew sips some claret"
    rewrite = Spelt(slot, (), fuzzing.misspellings)
    assert rewrite(scenario, Triple(actor=text), text) == said


def test_the_spelling_that_the_model_reads_best_comes_first(scenario: Scenario) -> None:
    """This model reads first letters: it still reads *cchild* and *chld*, but not *hcild*."""
    model = cast(DualEncoder, ReadsLetters())
    best = best_spellings(model, scenario, "actor", fuzzing.misspellings)
    assert set(best) == set(scenario.vocabulary.concrete("actors"))
    assert best["child"][0].startswith("a c")
    assert best["child"][-1] == "a hcild"
    assert best["man"][-1] == "a amn"


def test_with_one_concept_the_likeness_alone_decides() -> None:
    own = torch.tensor([[0.9], [0.2]])
    assert fuzzing._told_apart(own, torch.tensor([0, 0])).tolist() == pytest.approx([0.9, 0.2])
    two = torch.tensor([[0.9, 0.5], [0.2, 0.8]])
    assert fuzzing._told_apart(two, torch.tensor([0, 0])).tolist() == pytest.approx([0.4, -0.6])


@pytest.mark.parametrize(
    "spellings",
    [fuzzing.misspellings, fuzzing.leet_spellings, fuzzing.homoglyph_spellings, fuzzing.splittings],
)
def test_every_try_respells_the_whole_bank_and_keeps_it_distinct(
    spellings: fuzzing.Spellings, scenario: Scenario, tiny: Path
) -> None:
    attack = Fuzzing(spellings, "odd letters", also=(fuzzing.BLANKS_AND_SMALL_WORDS[0],))
    assert attack.budget.queries == 7
    assert attack.budget.words == "odd letters, as the model reads it best; 7 tries a picture"
    queries = list(attack.search(DualEncoder.load(tiny), scenario, cast(Any, None)))
    assert len(queries) == 7 * len(scenario.targets)
    bank = set(scenario.corpus.banks["usual"].values())
    for query in queries[:7]:
        texts = (*query.texts, *query.rivals)
        assert len(set(texts)) == len(bank)
        assert len(set(texts) - bank) > 0.8 * len(bank)
    assert len({query.texts for query in queries[:7]}) == 7
