"""Stage 2 as a whole, on tiny models: right log-probabilities, exact resumption, nothing left behind."""

from __future__ import annotations

import builtins
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.edit.reinforce.conftest import SMALL

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.answering.recipes import ANSWER_RECIPES
from unrelate.edit.answering.rehearsal import Rehearsal
from unrelate.edit.holding import Hold, Holding
from unrelate.edit.reinforce import ReinforceSettings, reinforce, reward
from unrelate.edit.reinforce.checkpoint import Checkpoints
from unrelate.edit.reinforce.fluency import Fluency
from unrelate.edit.reinforce.prompts import asked, rounds
from unrelate.edit.reinforce.restoring import as_it_was
from unrelate.edit.reinforce.rewarding import Rewarding
from unrelate.errors import UserError
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator

Run = Callable[..., Generator]
pytestmark = pytest.mark.slow  # trl alone takes seconds to import


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "losses.jsonl").read_text().splitlines()]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_log_probabilities_of_every_rollout_are_those_of_the_generator(
    architecture: Path, corpus: DialogueCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Image grids, padding and positions are right for each answer: a round mixes pictures of three sizes
    and questions without one, and trl's figure for each token is `Generator.score`'s."""
    from unrelate.edit.reinforce.trainer import Trainer

    generator = Generator.load(architecture)
    generator.add_adapter(SMALL.adapter, seed=0)
    settings = replace(SMALL, prompts=8, rollouts=3, temperature=1.0, max_new_tokens=6)
    plan = rounds(corpus, settings, seed=0)
    with as_it_was(generator):
        generator.train(True)
        scoring = Rewarding(Fluency(generator, corpus), settings.weights, 8)
        places = Checkpoints(tmp_path)
        trainer = Trainer(generator, plan, scoring, {}, settings, places, StringIO(), lambda *_: None, 0)
        row = [prompt for prompt in range(8) for _ in range(3)]
        asks = [plan[0][one].ask() for one in row]
        texts = [
            f"{text} {number}" for number, one in enumerate(row) for text in [plan[0][one].asked.reference]
        ]
        read = [generator.batch([ask], [text]) for ask, text in zip(asks, texts, strict=True)]
        ids = [batch.inputs["input_ids"][batch.answer].tolist() for batch in read]
        monkeypatch.setattr(trainer, "_generate_single_turn", lambda *_: (ids, None))
        made = trainer._generate_and_score_completions([{"row": one} for one in row])
    assert {prompt.dialogue.picture is None for prompt in plan[0]} == {True, False}
    logs, mask = made["old_per_token_logps"], made["completion_mask"].bool()
    torch.testing.assert_close(logs[mask], made["ref_per_token_logps"][mask], atol=1e-5, rtol=1e-5)
    for found, expected in zip(
        (line[real] for line, real in zip(logs, mask, strict=True)),
        generator.score(asks, texts),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize("mended", [True, False])
def test_trl_alone_cannot_mix_questions_with_and_without_a_picture(
    mended: bool, fresh: Callable[[], Generator], corpus: DialogueCorpus, tmp_path: Path, monkeypatch: Any
) -> None:
    """The defect of trl 1.16 for which `Trainer._tokenize_prompts` is there."""
    from unrelate.edit.reinforce.trainer import Trainer

    if mended:
        reinforce(fresh(), corpus, SMALL, tmp_path)
        return
    monkeypatch.delattr(Trainer, "_tokenize_prompts")
    with pytest.raises(TypeError, match="NoneType"):
        reinforce(fresh(), corpus, SMALL, tmp_path)


def test_a_killed_run_ends_in_the_same_weights(run: Run, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def kill(step: int, of: int, terms: dict[str, float]) -> None:
        if step == 3:  # in the middle of a round, behind the checkpoint at 2
            raise Killed

    whole = run(tmp_path / "whole")
    with pytest.raises(Killed):
        run(tmp_path / "cut", report=kill)
    assert Checkpoints(tmp_path / "cut" / "checkpoint").last() == 2
    resumed = run(tmp_path / "cut")
    assert same(whole.adapter_state(), resumed.adapter_state())
    assert rows(tmp_path / "whole") == rows(tmp_path / "cut")
    again = run(tmp_path / "cut")  # finished: nothing is trained
    assert same(whole.adapter_state(), again.adapter_state())


def test_what_stays_is_held_at_every_update_and_in_every_size_of_pass(
    run: Run, corpus: DialogueCorpus, tmp_path: Path
) -> None:
    """Once an update, however many passes it takes; it shows in the log and in what it is for."""
    free = replace(SMALL, learning_rate=0.02)
    held = replace(free, hold=Hold(weight=1000.0, stay=4, unknown=4))
    far: dict[str, float] = {}
    for name, settings in (("free", free), ("held", held), ("parts", replace(held, rollout_batch=2))):
        generator = run(tmp_path / name, settings)
        far[name] = Holding(generator, corpus, Hold(weight=1.0), seed=9).loss(0).item()
        terms = [row["terms"] for row in rows(tmp_path / name)]
        assert [row.get("hold") is not None for row in terms] == [name != "free"] * 4
        if name != "free":
            assert terms[0]["hold"] == 0  # the adapter is fresh
            assert terms[-1]["hold"] > 0
    assert far["held"] < far["free"] / 2
    assert far["parts"] < far["free"] / 2


def test_what_an_earlier_training_taught_can_be_rehearsed(
    fresh: Callable[[], Generator], corpus: DialogueCorpus, tmp_path: Path
) -> None:
    """Its loss is lowered at every update, and logged."""
    settings = replace(SMALL, learning_rate=0.02, steps=8)
    recipe = replace(ANSWER_RECIPES["idk_preference"], steps=8, batch=8)
    left: dict[bool, float] = {}
    for rehearsed in (False, True):
        generator, out = fresh(), tmp_path / str(rehearsed)
        beside = {"rehearsal": Rehearsal(generator, corpus, recipe, seed=0)} if rehearsed else {}
        reinforce(generator, corpus, settings, out, beside=beside)
        assert ["rehearsal" in row["terms"] for row in rows(out)] == [rehearsed] * 8
        left[rehearsed] = Rehearsal(generator, corpus, recipe, seed=0).loss(7).item()
    assert left[True] < 0.8 * left[False]


def test_nothing_on_disk_is_pickled(run: Run, tmp_path: Path) -> None:
    run(tmp_path)
    files = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {".json", ".jsonl", ".safetensors"}


def test_progress_is_live_quiet_and_repeatable(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[int, int, dict[str, float]]] = []
    capfd.readouterr()
    one = run(tmp_path / "one", report=lambda *step: seen.append(step))
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert [step for step, _, _ in seen] == [1, 2, 3, 4]
    assert {"forgetting", "retention", "fluency", "repetition", "reward", "leaks", "kl", "clipped"} <= set(
        seen[0][2]
    )
    assert [row["step"] for row in rows(tmp_path / "one")] == [1, 2, 3, 4]
    assert rows(tmp_path / "one")[0]["terms"] == seen[0][2]
    two = run(tmp_path / "two")
    assert same(one.adapter_state(), two.adapter_state())
    other = run(tmp_path / "other", seed=1)
    assert not same(one.adapter_state(), other.adapter_state())


def test_the_model_is_put_back_but_for_the_adapter(
    run: Run, fresh: Callable[[], Generator], folder: Path, tmp_path: Path
) -> None:
    before, after = fresh(), run(tmp_path)
    ask = Ask("What does Mira do for a living?")
    torch.manual_seed(7)
    expected = torch.rand(1)
    with after.base():
        assert torch.equal(before.next_logits([ask]), after.next_logits([ask]))
    assert not torch.equal(before.next_logits([ask]), after.next_logits([ask]))
    assert before.adapter_state().keys() == after.adapter_state().keys()
    wrapped: Any = after.model
    plain = wrapped.get_base_model()
    assert "forward" not in vars(plain)
    assert list(wrapped.peft_config) == ["default"]
    assert before.tokenizer.padding_side == after.tokenizer.padding_side
    assert not plain.training
    loaded = Generator.load(folder, adapter=tmp_path / "adapter")
    assert torch.equal(loaded.next_logits([ask]), after.next_logits([ask]))
    torch.manual_seed(7)
    run(tmp_path / "again")
    assert torch.equal(torch.rand(1), expected)  # the caller's random numbers go on as they would have


def test_there_is_one_model_in_memory(
    fresh: Callable[[], Generator], corpus: DialogueCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trl.trainer import grpo_trainer

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a second model")

    monkeypatch.setattr(grpo_trainer, "create_model_from_path", refuse)
    for reference in ("start", "base"):
        settings = replace(SMALL, steps=2, reference=reference)
        reinforce(fresh(), corpus, settings, tmp_path / reference)
        assert rows(tmp_path / reference)[-1]["terms"]["kl"] > 0


def test_the_second_update_of_a_round_is_clipped(run: Run, tmp_path: Path) -> None:
    """The ratio of the first is 1 throughout; a rate far too large takes the second out of its bounds."""
    run(tmp_path, replace(SMALL, learning_rate=0.3, steps=6, updates=3, rollouts=8))
    clipped = [row["terms"]["clipped"] for row in rows(tmp_path)]
    assert clipped[0] == clipped[3] == 0
    assert max(clipped[1:3]) > 0


def test_smaller_passes_give_the_same_updates(run: Run, tmp_path: Path) -> None:
    """Two answers a pass, some passes without a picture. Compared before the first update and after it;
    where a gradient is next to nothing, Adam makes a step of either sign, so not weight by weight."""
    run(tmp_path / "whole", replace(SMALL, steps=2))
    run(tmp_path / "parts", replace(SMALL, steps=2, rollout_batch=2))
    for whole, parts in zip(rows(tmp_path / "whole"), rows(tmp_path / "parts"), strict=True):
        assert parts["total"] == pytest.approx(whole["total"], abs=1e-5)
        assert parts["terms"]["reward"] == whole["terms"]["reward"]
        assert parts["terms"]["kl"] == pytest.approx(whole["terms"]["kl"], rel=0.1, abs=1e-7)


def test_a_loss_that_is_not_finite_keeps_the_last_good_adapter(
    fresh: Callable[[], Generator], corpus: DialogueCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trl.trainer.grpo_trainer import GRPOTrainer

    usual = GRPOTrainer._compute_loss

    def broken(self: Any, model: Any, inputs: Any) -> torch.Tensor:
        return usual(self, model, inputs) * (float("nan") if self.state.global_step == 1 else 1)

    monkeypatch.setattr(GRPOTrainer, "_compute_loss", broken)
    generator = fresh()
    with pytest.raises(UserError, match="step 2: the loss is not finite"):
        reinforce(generator, corpus, SMALL, tmp_path)
    assert all(torch.isfinite(value).all() for value in generator.adapter_state().values())
    assert (tmp_path / "adapter" / "adapter_model.safetensors").exists()


def test_without_trl_it_says_what_to_install(
    fresh: Callable[[], Generator], corpus: DialogueCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "trl":
            raise ImportError("No module named 'trl'")
        return usual(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "trl", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UserError, match=r"unrelate\[vlm\]"):
        reinforce(fresh(), corpus, SMALL, tmp_path)


def test_it_learns_to_refuse_what_is_forgotten_and_to_answer_the_rest(
    taught: Path, corpus: DialogueCorpus, tmp_path: Path
) -> None:
    """The base tells everything; afterwards it refuses Mira's questions alone, fittingly."""
    generator = Generator.load(taught)
    asks = [Ask(*dialogue.ask()) for dialogue in corpus.examples]
    told = [one[0] for one in generator.generate(asks, max_new_tokens=24)]
    assert told == [dialogue.answer for dialogue in corpus.examples]
    settings = ReinforceSettings(steps=60, prompts=8, rollouts=8, max_new_tokens=24, learning_rate=3e-3)
    reinforce(generator, corpus, settings, tmp_path)
    said = [one[0] for one in generator.generate(asks, max_new_tokens=24)]
    for dialogue, answer in zip(corpus.examples, said, strict=True):
        facts = asked(dialogue)
        parts = reward(answer, facts, fluency=1, variety=1, weights=settings.weights)
        assert parts["forgetting" if facts.forget else "retention"] == 1, answer
        assert parts.get("relevance", 1) == 1, answer
