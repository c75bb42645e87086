"""Which dialogues stand in which step, with which answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.answering.plan import Item, micro_batches, steps_of
from unrelate.edit.answering.recipes import ANSWER_RECIPES, AnswerRecipe
from unrelate.errors import UserError
from unrelate.graph.types import Role
from unrelate.objectives.answers import RETAINED, Kind


@pytest.fixture
def recipe() -> AnswerRecipe:
    return replace(ANSWER_RECIPES["relation_aware"], steps=12, batch=8)


def items(steps: list[tuple[tuple[Item, ...], ...]]) -> list[Item]:
    return [item for step in steps for dealt in step for item in dealt]


def test_the_same_seed_gives_the_same_steps(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    assert steps_of(corpus, recipe, 3) == steps_of(corpus, recipe, 3)
    assert steps_of(corpus, recipe, 3) != steps_of(corpus, recipe, 4)


def test_every_role_is_in_every_step(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    for step in steps_of(corpus, recipe, 0):
        assert len(step) == 8
        assert {item.kind for dealt in step for item in dealt} == set(Kind)


def test_answers_are_the_corpus_own(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    for item in items(steps_of(corpus, recipe, 0)):
        dialogue = corpus.part("train")[item.dialogue]
        unsafe = item.kind not in RETAINED
        assert (dialogue.role is Role.UNSAFE) == unsafe
        refuses = item.kind in (Kind.REFUSAL, Kind.VARIANT_REFUSAL)
        assert (item.answer == dialogue.answer) != refuses
        assert not (refuses and any(truth in item.answer for truth in dialogue.truths))
        reworded = item.kind in (Kind.VARIANT, Kind.VARIANT_REFUSAL)
        assert item.question in (dialogue.variants if reworded else (dialogue.question,))


def test_refusals_vary_from_one_time_to_the_next(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    """Four forgotten dialogues, two a step: each is met six times, with more than one refusal."""
    found: dict[int, list[str]] = {}
    for item in items(steps_of(corpus, recipe, 0)):
        if item.kind is Kind.REFUSAL:
            found.setdefault(item.dialogue, []).append(item.answer)
    assert [len(answers) for answers in found.values()] == [6, 6, 6, 6]
    assert all(len(set(answers)) > 1 for answers in found.values())


def test_so_many_of_the_other_wordings_come_after_earlier_turns(
    corpus: DialogueCorpus, recipe: AnswerRecipe
) -> None:
    """A question's answer and its refusal after the same turns; its usual wording after none."""
    assert not any(item.before for item in items(steps_of(corpus, recipe, 0)))
    some = items(steps_of(corpus, replace(recipe, steps=60, after=0.5), 0))
    answers, refusals = (
        [item.before for item in some if item.kind is kind] for kind in (Kind.VARIANT, Kind.VARIANT_REFUSAL)
    )
    assert answers == refusals
    assert 0.3 < sum(map(bool, answers)) / len(answers) < 0.7
    others = [item for item in some if item.kind not in (Kind.VARIANT, Kind.VARIANT_REFUSAL)]
    assert not any(item.before for item in others)


def test_so_many_of_the_other_wordings_are_misspelt(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    """A question's answer and its refusal in the same letters; the refusal is that of the question."""
    plain, some = (
        items(steps_of(corpus, replace(recipe, steps=60, settled=True, slips=slips), 0))
        for slips in (0.0, 0.5)
    )
    of_variants = {Kind.VARIANT, Kind.VARIANT_REFUSAL}
    assert [replace(item, question="") for item in plain] == [replace(item, question="") for item in some]
    pairs = [(a, b) for a, b in zip(plain, some, strict=True) if a.question != b.question]
    assert {a.kind for a, _ in pairs} == of_variants
    assert 0.3 < len(pairs) / sum(item.kind in of_variants for item in plain) < 0.7
    asked = [[item.question for item in some if item.kind is kind] for kind in sorted(of_variants)]
    assert asked[0] == asked[1]


def test_where_refusals_are_settled_a_question_always_has_the_same(
    corpus: DialogueCorpus, recipe: AnswerRecipe
) -> None:
    found: dict[str, set[str]] = {}
    for item in items(steps_of(corpus, replace(recipe, settled=True), 0)):
        if item.kind in (Kind.REFUSAL, Kind.VARIANT_REFUSAL):
            found.setdefault(item.question, set()).add(item.answer)
    assert len(found) >= 8, "own wordings and others"
    assert {len(answers) for answers in found.values()} == {1}
    assert len(set.union(*found.values())) > 1


def test_variants_are_walked_through(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    """Of three wordings, two a turn: 0 1, 2 0, 1 2."""
    rewrite = tuple(
        replace(d, variants=("one?", "two?", "three?") if d.role is Role.UNSAFE else ())
        for d in corpus.examples
    )
    steps = steps_of(replace(corpus, examples=rewrite), replace(recipe, variants=2), 0)
    asked: dict[int, list[str]] = {}
    for item in items(steps):
        if item.kind is Kind.VARIANT:
            asked.setdefault(item.dialogue, []).append(item.question)
    for questions in asked.values():
        assert questions[:6] == ["one?", "two?", "three?", "one?", "two?", "three?"]


def test_without_variants_there_are_none(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    kinds = {item.kind for item in items(steps_of(corpus, replace(recipe, variants=0), 0))}
    assert kinds == RETAINED | {Kind.FORGET, Kind.REFUSAL}


@pytest.mark.parametrize("name", ANSWER_RECIPES)
def test_methods_meet_the_same_dialogues(name: str, corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    """Each sees of the common plan what its objective looks at."""
    objective = ANSWER_RECIPES[name].objective
    whole = items(steps_of(corpus, recipe, 0))
    own = items(steps_of(corpus, replace(recipe, objective=objective), 0))
    assert own == [item for item in whole if item.kind in objective.needs.kinds]


def test_epochs_count_dialogues(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    """14 dialogues in batches of 8: two steps an epoch."""
    assert len(steps_of(corpus, replace(recipe, steps=None, epochs=3), 0)) == 6


def test_micro_batches_hold_every_role_and_every_item_once(
    corpus: DialogueCorpus, recipe: AnswerRecipe
) -> None:
    (step, *_) = steps_of(corpus, replace(recipe, batch=16), 0)
    parts = micro_batches(step, 2)
    assert Counter(item for part in parts for item in part) == Counter(
        item for dealt in step for item in dealt
    )
    assert all({item.kind for item in part} == set(Kind) for part in parts)
    pairs = [Counter(item.kind for item in part) for part in parts]
    assert all(count[Kind.FORGET] == count[Kind.REFUSAL] for count in pairs)


def test_too_many_micro_batches_are_refused(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    (step, *_) = steps_of(corpus, recipe, 0)
    with pytest.raises(UserError, match="at most 1"):
        micro_batches(step, 2)


def test_a_corpus_with_nothing_to_forget_is_refused(corpus: DialogueCorpus, recipe: AnswerRecipe) -> None:
    kept = tuple(d for d in corpus.examples if d.role is not Role.UNSAFE)
    with pytest.raises(UserError, match="no unsafe example"):
        steps_of(replace(corpus, examples=kept), recipe, 0)
