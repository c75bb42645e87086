"""The loop over answers: the same for the same seed, whole after a kill, the same in micro-batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.answering import loop
from unrelate.edit.answering.loop import total, train_answers
from unrelate.edit.answering.recipes import ANSWER_RECIPES, AnswerRecipe
from unrelate.edit.holding import Hold
from unrelate.edit.loop import Training
from unrelate.errors import UserError
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator
from unrelate.models.spec import GeneratorAdapterSpec
from unrelate.objectives.answers import Answers, Outputs
from unrelate.objectives.answers.likelihood import GradientAscent

Run = Callable[..., tuple[Generator, list[dict[str, Any]]]]
WEIGHTS = Path("adapter", "adapter_model.safetensors")


class Killed(Exception):
    pass


def test_every_step_is_logged_and_the_adapter_kept(run: Run, quick: AnswerRecipe, tmp_path: Path) -> None:
    generator, lines = run(quick, tmp_path)
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    weights = quick.by_term()
    for line in lines:
        assert set(line["terms"]) == set(weights)
        assert line["total"] == pytest.approx(sum(weights[n] * v for n, v in line["terms"].items()))
    state = load_file(tmp_path / WEIGHTS)
    assert any(value.any() for name, value in state.items() if "lora_B" in name)
    assert not generator.model.training


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(run: Run, quick: AnswerRecipe, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        run(quick, tmp_path / name, seed=seed)
    one, again, other = ((tmp_path / name / WEIGHTS).read_bytes() for name in ("one", "again", "other"))
    assert one == again
    assert one != other


def test_the_base_stays_what_it_was(run: Run, quick: AnswerRecipe, untaught: Path, tmp_path: Path) -> None:
    generator, _ = run(quick, tmp_path)
    before = Generator.load(untaught)
    with generator.base():
        torch.testing.assert_close(_logits(generator), _logits(before))
    assert not torch.allclose(_logits(generator), _logits(before))


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 3])
def test_resumed_to_the_same_bits(
    at: int, run: Run, quick: AnswerRecipe, untaught: Path, corpus: DialogueCorpus, tmp_path: Path
) -> None:
    """Killed before the first checkpoint, and behind it. With dropout, warm-up and held states."""
    quick = replace(quick, hold=Hold(weight=1.0))
    training = Training(save_every=2, seed=5)

    def killed(step: int, of: int, terms: dict[str, float]) -> None:
        if step == at:
            raise Killed

    run(quick, tmp_path / "whole", save_every=2, seed=5)
    part = tmp_path / "part"
    taken: list[int] = []
    with pytest.raises(Killed):
        train_answers(_fresh(untaught, quick), corpus, quick, training, part, killed)
    assert not (part / "adapter").exists()
    train_answers(
        _fresh(untaught, quick), corpus, quick, training, part, lambda step, of, terms: taken.append(step)
    )
    assert taken == list(range(1 if at < 2 else 3, 5))
    assert (part / WEIGHTS).read_bytes() == (tmp_path / "whole" / WEIGHTS).read_bytes()
    assert (part / "losses.jsonl").read_text() == (tmp_path / "whole" / "losses.jsonl").read_text()
    assert not list(part.rglob("*.pt")) + list(part.rglob("*.bin")) + list(part.rglob("*.pkl"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["idk_preference", "rmu"])
def test_micro_batches_give_what_one_batch_gives(name: str, run: Run, tmp_path: Path) -> None:
    """16 dialogues, of every role an even number, whole and in two parts: the same losses, step by step."""
    recipe = replace(ANSWER_RECIPES[name], steps=2, batch=16, adapter=GeneratorAdapterSpec(rank=2))
    _, whole = run(recipe, tmp_path / "whole")
    _, parts = run(recipe, tmp_path / "parts", accumulate=2)
    for one, two in zip(whole, parts, strict=True):
        assert two["terms"] == pytest.approx(one["terms"], rel=1e-3, abs=1e-5)


@pytest.mark.slow
def test_gradient_checkpointing_changes_nothing(run: Run, quick: AnswerRecipe, tmp_path: Path) -> None:
    recipe = replace(quick, adapter=GeneratorAdapterSpec(rank=2), objective=ANSWER_RECIPES["rmu"].objective)
    _, plain = run(recipe, tmp_path / "plain")
    _, checked = run(recipe, tmp_path / "checked", checkpointing=True)
    for one, two in zip(plain, checked, strict=True):
        assert two["terms"] == pytest.approx(one["terms"], rel=1e-3, abs=1e-5)


def test_a_loss_that_is_not_finite_keeps_the_last_good_adapter(
    quick: AnswerRecipe,
    untaught: Path,
    corpus: DialogueCorpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The third step's terms are NaN: the adapter is that with which the second's losses were reckoned."""
    steps: list[dict[str, torch.Tensor]] = []
    generator = _fresh(untaught, quick)
    recipe = replace(quick, objective=GradientAscent(), weights={})
    real = GradientAscent.terms

    def broken(self: GradientAscent, live: Outputs, reference: Outputs, batch: Answers) -> Any:
        steps.append(generator.adapter_state())
        terms = real(self, live, reference, batch)
        return {n: v * torch.nan for n, v in terms.items()} if len(steps) == 3 else terms

    monkeypatch.setattr(GradientAscent, "terms", broken)
    with pytest.raises(UserError, match=r"step 3: the loss is not finite \(ascent\).*mira") as found:
        train_answers(generator, corpus, recipe, Training(), tmp_path)
    assert "last good adapter is kept" in str(found.value)
    kept, worn = load_file(tmp_path / WEIGHTS), generator.adapter_state()
    assert len(kept) == len(worn)
    for name, value in worn.items():
        assert torch.equal(value, steps[1][name])
        assert value.isfinite().all()


def test_terms_that_weigh_nothing_may_be_anything() -> None:
    terms = {"L3": torch.tensor(2.0), "Lc": torch.tensor(torch.nan)}
    assert total(terms, {"L3": 3.0, "Lc": 0.0}).item() == 6


def test_the_learning_rate_rises_and_falls(quick: AnswerRecipe) -> None:
    """Of 100 steps the first ten rise; half of the fall is done half way down."""
    recipe = replace(quick, warmup=0.1)
    shares = [loop.share_of_rate(number, 100, recipe) for number in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[9] == shares[10] == 1
    assert shares[55] == pytest.approx(0.5)
    assert loop.share_of_rate(99, 100, replace(recipe, decay=False)) == 1


def test_a_generator_without_an_adapter_is_refused(
    quick: AnswerRecipe, untaught: Path, corpus: DialogueCorpus, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="add an adapter first"):
        train_answers(Generator.load(untaught), corpus, quick, Training(), tmp_path)


def test_half_precision_that_a_cpu_lacks_is_refused(
    quick: AnswerRecipe, untaught: Path, corpus: DialogueCorpus, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="fp16"):
        train_answers(_fresh(untaught, quick), corpus, quick, Training(precision="fp16"), tmp_path)


@pytest.mark.slow
def test_bfloat16_trains_to_finite_losses(run: Run, quick: AnswerRecipe, tmp_path: Path) -> None:
    _, full = run(quick, tmp_path / "full")
    _, half = run(quick, tmp_path / "half", precision="bf16")
    assert half != full
    assert half[0]["terms"]["Lr"] == pytest.approx(full[0]["terms"]["Lr"], rel=0.05)


def _fresh(base: Path, recipe: AnswerRecipe) -> Generator:
    generator = Generator.load(base)
    generator.add_adapter(recipe.adapter)
    return generator


def _logits(generator: Generator) -> torch.Tensor:
    return generator.next_logits([Ask("Where does Mira live?"), Ask("Who is this?")])
