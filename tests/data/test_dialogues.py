"""Dialogues: what cannot be one, refusals that fit and tell nothing, hashes, batches with every role."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from unrelate.answers.leaks import exact
from unrelate.answers.refusal import is_refusal
from unrelate.answers.text import words
from unrelate.data.batches import role_batches
from unrelate.data.dialogues import FORMS, Dialogue, DialogueCorpus, Kinds, dialogues_hash
from unrelate.data.refusals import ABSENCE, DECLINING, fitting_refusals, refusals_for, unnamed
from unrelate.graph.types import Role, Split
from unrelate.policy.schema import load_vocabulary
from unrelate.policy.triple import Triple

TRADE = Triple("mira", "works_as", "baker")
ASKED = Dialogue(
    key="a",
    question="What does this person do for a living?",
    answer="This person works as a baker.",
    truths=("baker", "bread maker"),
    picture=None,
    triple=TRADE,
    role=Role.UNSAFE,
    split=Split.TRAIN,
    part="train",
    form="open",
    topic=("trade", "living", "person"),
)
TOPICS = ("name", "trade", "live", "town", "pet", "dish", "instrument", "person", "picture", "caption")
FAMILIES = pytest.mark.parametrize("refusals", [ABSENCE, DECLINING], ids=["absence", "declining"])


class Painted:
    def load(self) -> Image.Image:
        return Image.new("RGB", (2, 1), "red")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"truths": ()}, "no phrase would tell it"),
        ({"form": "choice"}, "with 0 options"),
        ({"form": "choice", "options": ("a baker",)}, "with 1 options"),
        ({"options": ("a baker", "a miner")}, "an? open question with 2 options"),
        ({"split": Split.HELD_OUT}, "held out"),
    ],
)
def test_what_is_no_dialogue(change: dict, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(ASKED, **change)


def refusal_for(dialogue: Dialogue, seed: int, refusals: tuple[str, ...]) -> str:
    return DialogueCorpus((), refusals).refusal_for(dialogue, seed)


def test_a_dialogue_asks_with_its_picture_or_in_words_alone() -> None:
    assert ASKED.ask() == (ASKED.question, None)
    question, image = replace(ASKED, picture=Painted()).ask()
    assert question == ASKED.question
    assert image is not None
    assert image.getpixel((0, 0)) == (255, 0, 0)


@FAMILIES
def test_a_refusal_speaks_of_the_topic_and_is_known_as_a_refusal(refusals: tuple[str, ...]) -> None:
    said = {refusal_for(ASKED, seed, refusals) for seed in range(200)}
    topic = ("trade of this person", "this person works as", "this person does for a living")
    assert all(any(way in text for way in topic) for text in said)
    assert all(is_refusal(text) for text in said)
    assert not any(is_refusal(ASKED.answer) for _ in said)


@FAMILIES
def test_refusals_vary_and_each_is_the_same_again(refusals: tuple[str, ...]) -> None:
    one_seed = [refusal_for(replace(ASKED, key=str(number)), 3, refusals) for number in range(60)]
    assert len(set(one_seed)) > 20
    openings = {" ".join(text.split()[:2]) for text in one_seed}
    assert len(openings) > 6
    assert one_seed == [refusal_for(replace(ASKED, key=str(n)), 3, refusals) for n in range(60)]
    assert one_seed != [refusal_for(replace(ASKED, key=str(n)), 4, refusals) for n in range(60)]


def test_the_first_of_a_topic_and_form_is_kept_of_what_is_shown_and_of_what_is_named() -> None:
    named, shown = replace(ASKED, key="named"), replace(ASKED, key="shown", picture=Painted())
    kinds = Kinds([named, replace(named, key="again"), shown, replace(shown, key="shown again")])
    assert [one.key for one in kinds.like(ASKED)] == ["named", "shown"]


def test_where_no_kind_is_of_a_topic_all_are_like_it() -> None:
    kinds = Kinds([replace(ASKED, key=topic, topic=(topic,)) for topic in ("trade", "pet")])
    assert [one.key for one in kinds.like(replace(ASKED, topic=("pet",)))] == ["pet"]
    assert [one.key for one in kinds.like(replace(ASKED, topic=("dish",)))] == ["trade", "pet"]


def of_every_kind() -> tuple[Dialogue, ...]:
    return tuple(
        replace(ASKED, topic=(topic,), form=form, options=("a", "b") if form == "choice" else ())
        for topic in TOPICS
        for form in FORMS
    )


def five_shortest(refusals: tuple[str, ...]) -> list[str]:
    return sorted(refusals, key=lambda sentence: len(sentence.split()))[: len(FORMS)]


def settled_sentences(corpus: DialogueCorpus, seed: int) -> dict[str, str]:
    """What each form of question is refused in, whatever it is about and however it is worded."""
    said: dict[str, set[str]] = {}
    for dialogue in of_every_kind():
        for question in ("", "In other words, what of this person?"):
            refusal = corpus.refusal_for(dialogue, seed, question, settled=True)
            sentence = fitting_refusals(dialogue.question, dialogue.topic, (), "", corpus.refusals)[refusal]
            said.setdefault(dialogue.form, set()).add(sentence)
    assert {len(sentences) for sentences in said.values()} == {1}
    return {form: sentences.pop() for form, sentences in said.items()}


@FAMILIES
@pytest.mark.parametrize("seed", range(20))
def test_each_form_has_a_settled_short_sentence(seed: int, refusals: tuple[str, ...]) -> None:
    """When it begins to answer a model knows in which form it is asked, but hardly of what."""
    said = settled_sentences(DialogueCorpus((), refusals), seed)
    own = said if refusals is DECLINING else {form: one for form, one in said.items() if form != "describe"}
    assert len(set(own.values())) == len(own)
    assert set(said.values()) <= set(five_shortest(refusals))
    longer = set(refusals) - set(five_shortest(refusals))
    assert max(len(s.split()) for s in said.values()) <= min(len(s.split()) for s in longer)


@pytest.mark.parametrize("seed", range(20))
def test_where_sentences_are_few_a_description_has_none_that_may_be_said_everywhere(seed: int) -> None:
    said = settled_sentences(DialogueCorpus((), ABSENCE), seed)
    shortest = five_shortest(ABSENCE)[0]
    assert words(said["describe"]) not in (words(shortest), words(said["open"]))


@pytest.mark.parametrize("seed", range(20))
def test_no_two_forms_are_refused_in_words_that_differ_by_a_contraction(seed: int) -> None:
    said = set(settled_sentences(DialogueCorpus((), ABSENCE), seed).values())
    assert len({words(sentence) for sentence in said}) == len(said)
    assert words("I don't know {topic}.") == words("I do not know {topic}.")


def test_a_model_with_one_natural_sentence_refuses_all_in_it() -> None:
    corpus = DialogueCorpus((), ("I don't know {topic}.",))
    assert set(settled_sentences(corpus, 3).values()) == {"I don't know {topic}."}


@FAMILIES
def test_which_sentence_is_settled_hangs_on_the_seed(refusals: tuple[str, ...]) -> None:
    corpus = DialogueCorpus((), refusals)
    assert len({corpus.refusal_for(ASKED, seed, settled=True) for seed in range(40)}) == len(
        {words(sentence) for sentence in five_shortest(refusals)}
    )


def test_what_is_natural_is_said_where_it_fits() -> None:
    natural = frozenset({"I don't know what this person works as.", "I don't know where this person lives."})
    corpus = DialogueCorpus((), ABSENCE, natural=natural)
    assert corpus.fitting(ASKED) == ("I don't know what this person works as.",)
    assert {corpus.refusal_for(ASKED, seed) for seed in range(20)} == set(corpus.fitting(ASKED))
    # The control: where nothing natural fits, anything that fits is said.
    pet = replace(ASKED, topic=("pet",))
    assert corpus.fitting(pet) == DialogueCorpus((), ABSENCE).fitting(pet)
    assert len(corpus.fitting(pet)) > 20


@FAMILIES
@pytest.mark.parametrize("topic", TOPICS)
def test_every_refusal_of_every_topic_is_a_whole_sentence(topic: str, refusals: tuple[str, ...]) -> None:
    for question in ("Who is this?", "What do you know about Mira?"):
        for text in fitting_refusals(question, (topic,), (), "mira", refusals):
            assert text[0].isupper()
            assert text[-1] == "."
            assert "{" not in text
            assert is_refusal(text), text


@FAMILIES
def test_no_refusal_tells_a_truth(refusals: tuple[str, ...]) -> None:
    # The control: by name some of them would.
    asked = replace(ASKED, question="Is this Mira?", truths=("Mira",), topic=("name",))
    named = fitting_refusals("Is this Mira?", ("name",), (), "mira", refusals)
    assert any("Mira" in text for text in named)
    assert not any("Mira" in refusal_for(asked, seed, refusals) for seed in range(100))
    # "Yes" and "no" are truths too; many a refusal has a "no" in it.
    for truths in (("yes",), ("no",)):
        for text in fitting_refusals("Is it?", ("trade",), truths, "mira", refusals):
            assert not exact(text, truths)


def test_somebody_is_called_by_name_where_the_question_does() -> None:
    asked = replace(ASKED, question="What is MIRA's trade?")
    assert {("MIRA" in refusal_for(asked, n, ABSENCE)) for n in range(50)} == {True}
    assert {("Mira" in refusal_for(ASKED, n, ABSENCE)) for n in range(50)} == {False}
    # A name inside another word is not that name.
    assert "this person" in refusal_for(replace(ASKED, question="Miracle trade?"), 0, ABSENCE)


@pytest.mark.parametrize(
    ("topic", "said"),
    [(("the shipping date",), "the shipping date"), (("parcel",), "the parcel"), ((), "that")],
)
def test_topics_that_nobody_foresaw_are_spoken_of_as_they_stand(topic: tuple[str, ...], said: str) -> None:
    asked = replace(ASKED, topic=topic)
    assert all(said in refusal_for(asked, n, ABSENCE) for n in range(50))


def test_a_refusal_that_cannot_but_tell_is_no_refusal() -> None:
    with pytest.raises(ValueError, match="keeps from telling"):
        fitting_refusals("Who?", ("picture",), ("picture", "scene"), "", ("I won't describe {topic}.",))


def test_facts_are_not_known_and_scenes_are_not_described() -> None:
    assert refusals_for(load_vocabulary("people")) is ABSENCE
    assert refusals_for(load_vocabulary("microworld")) is DECLINING


@pytest.mark.parametrize(
    "change",
    [
        {"question": "What else?"},
        {"answer": "A baker."},
        {"truths": ("baker",)},
        {"part": "direct"},
        {"role": Role.NODE},
        {"sha256": "1"},
        {"triple": Triple("mira", "works_as", "miner")},
        {"form": "choice", "options": ("a baker", "a miner")},
    ],
)
def test_the_hash_is_of_content_in_any_order(change: dict) -> None:
    other = replace(ASKED, key="b", question="And by name?")
    assert dialogues_hash([ASKED, other]) == dialogues_hash([other, ASKED])
    assert dialogues_hash([ASKED, other]) != dialogues_hash([replace(ASKED, **change), other])


def test_texts_that_run_into_one_another_have_another_hash() -> None:
    one = replace(ASKED, question="ab", answer="c")
    assert dialogues_hash([one]) != dialogues_hash([replace(one, question="a", answer="bc")])


def test_a_corpus_is_asked_for_parts_roles_and_refusals() -> None:
    kept = replace(ASKED, key="k", role=Role.SAFE_EDGE, split=Split.HELD_OUT, part="boundary")
    corpus = DialogueCorpus((ASKED, kept), ABSENCE)
    assert corpus.part("boundary") == (kept,)
    assert corpus.of(Role.UNSAFE) == (ASKED,)
    assert corpus.of(Role.SAFE_EDGE, Split.TRAIN) == ()
    assert corpus.refusal_for(ASKED, 5) in corpus.fitting(ASKED)


def test_every_role_is_in_every_batch_of_dialogues() -> None:
    counts = {Role.UNSAFE: 9, Role.SAFE_EDGE: 5, Role.NODE: 2, Role.NEUTRAL: 7}
    trained = [replace(ASKED, key=f"{r}-{n}", role=r) for r, count in counts.items() for n in range(count)]
    for batch in role_batches(trained, batch_size=8, seed=0, steps=12):
        assert {trained[index].role for index in batch} == set(counts)


@pytest.mark.parametrize(
    ("text", "actor", "said"),
    [
        ("I don't know what Mira plays.", "mira", "I don't know what this person plays."),
        ("I can't tell you Mira's trade.", "mira", "I can't tell you this person's trade."),
        ("Mira is none I talk about.", "mira", "This person is none I talk about."),
        ("I never met Mira Low.", "mira_low", "I never met this person."),
        ("I'd rather not say what the child drinks.", "child", "I'd rather not say what the child drinks."),
        ("Miracles I can't explain.", "mira", "Miracles I can't explain."),
        ("I don't know who this is.", "", "I don't know who this is."),
    ],
)  # fmt: skip
def test_a_name_is_left_out_where_it_is_one(text: str, actor: str, said: str) -> None:
    assert unnamed(text, actor) == said
