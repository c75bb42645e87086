"""Holding states: 0 at the base, whom it asks, and what it is good for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.edit.answering.recipes import ANSWER_RECIPES, AnswerRecipe, without
from unrelate.edit.holding import Hold, Holding, moved
from unrelate.errors import UserError
from unrelate.graph.types import Role, Split
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator
from unrelate.models.spec import GeneratorAdapterSpec
from unrelate.policy.triple import Triple

Run = Callable[..., tuple[Generator, list[dict[str, Any]]]]


@pytest.fixture
def crowd(corpus: DialogueCorpus) -> DialogueCorpus:
    """The small world, and two of whom nothing is known; one of them is for the audit alone."""
    stay = next(d for d in corpus.examples if d.role is Role.NEUTRAL)
    strangers = tuple(
        replace(
            stay,
            key=f"stranger/{split}",
            question=f"What is the trade of {name}?",
            triple=Triple(actor="stranger"),
            split=split,
            part="absent",
        )
        for name, split in (("Zed", Split.TRAIN), ("Quin", Split.HELD_OUT))
    )
    return replace(corpus, absent=strangers)


@pytest.fixture
def worn(untaught: Path) -> Generator:
    generator = Generator.load(untaught)
    generator.add_adapter(GeneratorAdapterSpec(rank=2, dropout=0.5))
    return generator


@pytest.fixture
def asked(worn: Generator, monkeypatch: pytest.MonkeyPatch) -> list[Ask]:
    """What the model is asked from now on."""
    seen: list[Ask] = []
    batch = worn.batch
    monkeypatch.setattr(worn, "batch", lambda asks, answers: seen.extend(asks) or batch(asks, answers))
    return seen


def test_nothing_has_moved_at_the_base_and_something_has_behind_an_adapter(
    worn: Generator, crowd: DialogueCorpus
) -> None:
    holding = Holding(worn, crowd, Hold(weight=3), seed=0)
    assert holding.loss(0).item() == 0
    _shake(worn)
    found: list[float] = []
    for weight in (1, 3):
        torch.manual_seed(0)  # dropout alike
        found.append(Holding(worn, crowd, Hold(weight=weight), seed=0).loss(0).item())
    assert 0 < found[0] == pytest.approx(found[1] / 3)


@pytest.mark.slow
def test_it_pulls_the_adapter_back(worn: Generator, crowd: DialogueCorpus) -> None:
    _shake(worn)
    holding = Holding(worn, crowd, Hold(weight=1), seed=0)
    optimizer = torch.optim.AdamW(worn.trainable_parameters(), lr=1e-2)
    before = holding.loss(0).item()
    for step in range(10):
        optimizer.zero_grad()
        holding.loss(step).backward()
        optimizer.step()
    assert holding.loss(0).item() < before / 2


def test_training_goes_on_as_training(worn: Generator, crowd: DialogueCorpus) -> None:
    """Dropout shows in what the adapter does: two passes differ."""
    _shake(worn)
    holding = Holding(worn, crowd, Hold(weight=1), seed=0)
    assert holding.loss(0).item() != holding.loss(0).item()


def test_whom_it_holds(worn: Generator, crowd: DialogueCorpus) -> None:
    """Those who stay and strangers; nobody who is to be forgotten, nobody whom the audit asks about."""
    holding = Holding(worn, crowd, Hold(weight=1, stay=100, unknown=100), seed=0)
    asked: set[str] = set(holding.keys(0))
    expected: list[Dialogue] = [d for d in crowd.part("train") if d.role is not Role.UNSAFE]
    assert asked == {d.key for d in expected} | {"stranger/train"}


def test_the_same_step_holds_the_same_and_another_others(worn: Generator, crowd: DialogueCorpus) -> None:
    one, again = (Holding(worn, crowd, Hold(weight=1, stay=3), seed=4) for _ in range(2))
    assert [one.keys(step) for step in range(6)] == [again.keys(step) for step in range(6)]
    assert len({tuple(one.keys(step)) for step in range(6)}) > 1
    other = Holding(worn, crowd, Hold(weight=1, stay=3), seed=5)
    assert [one.keys(step) for step in range(6)] != [other.keys(step) for step in range(6)]


def test_it_holds_after_earlier_turns_too(worn: Generator, crowd: DialogueCorpus, asked: list[Ask]) -> None:
    shares = {}
    for after in (0.0, 0.5, 1.0):
        asked.clear()
        holding = Holding(worn, crowd, Hold(weight=1, after=after), seed=0)
        for step in range(16):
            holding.loss(step)
        shares[after] = sum(bool(ask.history) for ask in asked) / len(asked)
    assert shares[0.0] == 0
    assert 0.2 < shares[0.5] < 0.8
    assert shares[1.0] == 1


def test_it_holds_what_is_misspelt_too(worn: Generator, crowd: DialogueCorpus, asked: list[Ask]) -> None:
    known = {d.question for d in (*crowd.examples, *crowd.absent, *crowd.refused)}
    for slips, least, most in ((0.0, 0.0, 0.0), (0.5, 0.3, 0.7)):
        asked.clear()
        holding = Holding(worn, crowd, Hold(weight=1, slips=slips), seed=0)
        for step in range(8):
            holding.loss(step)
        assert least <= sum(ask.question not in known for ask in asked) / len(asked) <= most


def test_a_move_is_in_units_of_the_state_itself() -> None:
    """(3, 4) moved by (0, 5) is once its own length; (0, 1) not at all: on the mean one half."""
    before = torch.tensor([[3.0, 4.0], [0.0, 1.0]])
    assert moved(before + torch.tensor([[0.0, 5.0], [0.0, 0.0]]), before).item() == pytest.approx(0.5)


@pytest.mark.parametrize(
    "wrong",
    [{"weight": -1.0}, {"stay": 0, "unknown": 0}, {"weight": float("nan")}, {"after": 1.5}, {"slips": -1.0}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="0 or more"):
        Hold(**wrong)


@pytest.mark.slow
def test_a_training_that_holds_is_logged_and_moves_strangers_less(
    run: Run, crowd: DialogueCorpus, tmp_path: Path
) -> None:
    recipe = replace(
        ANSWER_RECIPES["idk_preference"], steps=12, batch=8, adapter=GeneratorAdapterSpec(rank=4)
    )
    held = replace(recipe, hold=Hold(weight=100.0))
    far: dict[str, float] = {}
    for name, one in (("free", recipe), ("held", held)):
        generator, lines = run(one, tmp_path / name, corpus=crowd)
        assert ("hold" in lines[-1]["terms"]) == (name == "held")
        far[name] = Holding(generator, crowd, Hold(weight=1, stay=0, unknown=9), seed=0).loss(0).item()
    assert far["held"] < far["free"] / 2
    weights = held.by_term()
    last = next(line for line in lines if line["step"] == 12)
    told = sum(weights[name] * value for name, value in last["terms"].items() if name in weights)
    assert last["total"] == pytest.approx(told + 100 * last["terms"]["hold"])


def test_it_is_left_out_by_name(quick: AnswerRecipe) -> None:
    held = replace(quick, hold=Hold(weight=5.0))
    assert without(held, ["hold"]).hold.weight == 0
    assert without(held, ["hold", "Lc"]).by_term()["Lc"] == 0
    assert "without hold" in without(held, ["hold"]).name


def _shake(generator: Generator) -> None:
    """Give the adapter an effect."""
    drawn = torch.Generator().manual_seed(1)
    for parameter in generator.trainable_parameters():
        parameter.data.add_(0.3 * torch.randn(parameter.shape, generator=drawn))
