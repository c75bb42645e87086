"""The base's view: kept or computed anew it is the same, and levels are what unrelated questions give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.answering import prepare
from unrelate.edit.answering.plan import Item, steps_of
from unrelate.edit.answering.prepare import PreparedAnswers, unrelated_to
from unrelate.edit.answering.recipes import ANSWER_RECIPES, AnswerRecipe
from unrelate.errors import UserError
from unrelate.graph.types import Role
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator
from unrelate.models.spec import GeneratorAdapterSpec
from unrelate.objectives.answers import Kind


def step(corpus: DialogueCorpus, recipe: AnswerRecipe) -> tuple[Item, ...]:
    return tuple(item for dealt in steps_of(corpus, recipe, 0)[0] for item in dealt)


def recipe_of(name: str) -> AnswerRecipe:
    return replace(ANSWER_RECIPES[name], steps=1, batch=8)


def moved(generator: Generator) -> Generator:
    """Its adapter away from the base, as after training."""
    drawn = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in generator.trainable_parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=drawn))
    return generator


@pytest.fixture
def generator(untaught: Path) -> Generator:
    made = Generator.load(untaught)
    made.add_adapter(GeneratorAdapterSpec(rank=2))
    return moved(made)


def test_an_answer_has_another_reference_after_earlier_turns(
    generator: Generator, corpus: DialogueCorpus
) -> None:
    recipe = recipe_of("npo")
    alone = step(corpus, recipe)
    (turn, *_) = ((d.question, d.answer) for d in corpus.part("train") if d.picture is None)
    after = tuple(replace(item, before=(turn,)) for item in alone)
    prepared = PreparedAnswers(generator, corpus, recipe, (*alone, *after))
    compared = [item.kind in recipe.objective.needs.compared for item in alone]
    first, second = (prepared.reference(prepared.ready(items)) for items in (alone, after))
    lengths = prepared.ready(alone).answers.lengths().tolist()
    for one, other, has in zip(
        first.logprobs.split(lengths), second.logprobs.split(lengths), compared, strict=True
    ):
        assert torch.isfinite(one).all() == has
        assert not has or not torch.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("name", ["npo", "kl_minimisation", "rmu", "idk_preference", "relation_aware"])
def test_kept_or_computed_anew_the_reference_is_the_base(
    name: str, generator: Generator, corpus: DialogueCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the adapter is on and far away; NaN exactly where the objective compares nothing."""
    recipe = recipe_of(name)
    items = step(corpus, recipe)
    found = []
    for most in (prepare._MOST_KEPT, 0):
        monkeypatch.setattr(prepare, "_MOST_KEPT", most)
        prepared = PreparedAnswers(generator, corpus, recipe, items)
        assert bool(prepared._kept) == (most > 0)
        ready = prepared.ready(items)
        reference, live = prepared.reference(ready), prepared.live(ready)
        compared = ready.answers.tokens(recipe.objective.needs.compared)
        assert torch.equal(reference.logprobs.isnan(), ~compared)
        assert (live.logprobs - reference.logprobs)[compared].abs().max() > 0.1
        found.append((reference.logprobs, reference.logits, reference.hidden))
    torch.testing.assert_close(found[0], found[1], atol=1e-4, rtol=1e-4, equal_nan=True)
    scored = _scores(
        generator, corpus, [item for item in items if item.kind in recipe.objective.needs.compared]
    )
    torch.testing.assert_close(found[0][0][compared], scored, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def _scores(generator: Generator, corpus: DialogueCorpus, items: list[Item]) -> torch.Tensor:
    asks = [Ask(item.question, corpus.part("train")[item.dialogue].ask()[1]) for item in items]
    with generator.base():
        return torch.cat(generator.score(asks, [item.answer for item in items]))


def test_a_level_is_the_mean_over_unrelated_questions(generator: Generator, corpus: DialogueCorpus) -> None:
    recipe = replace(recipe_of("relation_aware"), unrelated=3)
    items = step(corpus, recipe)
    prepared = PreparedAnswers(generator, corpus, recipe, items)
    answers = prepared.ready(items).answers
    for number, item in enumerate(items):
        level = answers.level[answers.row == number]
        if item.kind not in (Kind.FORGET, Kind.VARIANT):
            assert level.isnan().all()
            continue
        dialogue = corpus.part("train")[item.dialogue]
        others = unrelated_to(dialogue, corpus.part("train"), 3)
        with generator.base():
            scored = generator.score([Ask(*other.ask()) for other in others], [item.answer] * 3)
        torch.testing.assert_close(level, torch.stack(scored).mean(0), atol=1e-4, rtol=1e-4)


def test_the_end_of_each_answer_is_marked(generator: Generator, corpus: DialogueCorpus) -> None:
    items = step(corpus, recipe_of("relation_aware"))
    answers = PreparedAnswers(generator, corpus, recipe_of("npo"), []).ready(items).answers
    assert torch.equal(answers.row[answers.ends], torch.arange(len(items)))
    assert torch.equal(answers.ends.nonzero()[:, 0] + 1, answers.lengths().cumsum(0))


def test_unrelated_questions_share_nothing(corpus: DialogueCorpus) -> None:
    """Mira's trade: neither her, nor anybody's trade. There are four towns of others that are safe."""
    trade = next(d for d in corpus.examples if d.triple.object == "baker")
    chosen = unrelated_to(trade, corpus.examples, 5)
    assert {d.triple.relation for d in chosen} == {"lives_in"}
    assert all(d.role is not Role.UNSAFE for d in chosen)
    assert len({d.key for d in chosen}) == 5
    assert chosen == unrelated_to(trade, corpus.examples, 5)
    assert unrelated_to(trade, corpus.examples, 7)[5:] == chosen[:2]


def test_where_everything_is_related_the_user_is_told(generator: Generator, corpus: DialogueCorpus) -> None:
    trades = tuple(d for d in corpus.examples if d.triple.relation == "works_as")
    few = replace(corpus, examples=trades)
    recipe = recipe_of("relation_aware")
    with pytest.raises(UserError, match="add neutral dialogues"):
        PreparedAnswers(generator, few, recipe, step(few, recipe))
