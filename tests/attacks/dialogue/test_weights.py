"""Attacks on a generator's weights: a copy is changed, the model stays; relearning teaches what it is to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from tests.attacks.dialogue.world import TRADES, dialogue
from tests.models import tiny_vlm

from unrelate.attacks.dialogue.relearning import DialogueRelearning
from unrelate.attacks.dialogue.table import DIALOGUE_ATTACKS
from unrelate.attacks.dialogue.types import DialogueScenario, usual
from unrelate.attacks.dialogue.weights import DialogueWeightAttack
from unrelate.audit.judge import LeakFound
from unrelate.data.dialogues import DialogueCorpus
from unrelate.errors import UserError
from unrelate.models.generator import Generator
from unrelate.models.spec import GeneratorAdapterSpec


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    return Generator.load(tiny_vlm.save(tmp_path_factory.mktemp("qwen3_vl"), "qwen3_vl"))


@pytest.fixture
def few(people: DialogueScenario) -> DialogueScenario:
    """Two people's trades, in words alone, and one that stays."""
    examples = [
        dialogue(person, part, f"What does {person.title()} do?", answer=f"{trade}.", shown=False)
        for person, trade in list(TRADES.items())[:3]
        for part in ("train", "direct")
    ]
    kept = [replace(d, part="neutral") for d in examples if d.triple.actor == "orin" and d.part == "direct"]
    examples = [d for d in examples if d.triple.actor != "orin" or d.part == "train"]
    return DialogueScenario(DialogueCorpus((*examples, *kept), ()), people.graph, people.vocabulary)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["int8", "int4", "nf4", "pruning", "scaling"])
def test_a_copy_is_changed_and_the_model_stays(name: str, tiny: Generator, few: DialogueScenario) -> None:
    attack = DIALOGUE_ATTACKS[name]
    assert isinstance(attack, DialogueWeightAttack)
    before = {key: weight.clone() for key, weight in tiny.model.state_dict().items()}
    points = [at for at, changed in attack.altered(tiny, few) if changed is not tiny]
    assert len(points) == (1 if name in ("int8", "int4", "nf4") else len(attack.change.percents))  # type: ignore[attr-defined]
    assert all(torch.equal(weight, before[key]) for key, weight in tiny.model.state_dict().items())
    outcomes = attack(tiny, few, LeakFound)
    assert [o.at for o in outcomes] == points
    assert all([a.key for a in o.attempts] == [d.key for d in few.targets] for o in outcomes)


def test_rounding_changes_what_is_said_of_the_weights(tiny: Generator, few: DialogueScenario) -> None:
    asks = [usual(d).ask for d in few.targets]
    own = tiny.next_logits(asks)
    errors = {}
    for name in ("int8", "int4"):
        attack = DIALOGUE_ATTACKS[name]
        assert isinstance(attack, DialogueWeightAttack)
        ((_, changed),) = attack.altered(tiny, few)
        errors[name] = float((changed.next_logits(asks) - own).abs().mean())
    assert 0 < errors["int8"] < errors["int4"]


def test_the_adapter_is_taken_off_and_put_on(tiny: Generator, few: DialogueScenario) -> None:
    """Scaled to nothing the base is back, at its full strength it is the edited model."""
    asks = [usual(d).ask for d in few.targets]
    edited = tiny.standalone()
    base = edited.next_logits(asks)
    edited.add_adapter(GeneratorAdapterSpec())
    with torch.no_grad():
        for weight in edited.trainable_parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3)))
    worn = edited.next_logits(asks)
    assert not torch.allclose(base, worn, atol=1e-2)
    attack = DIALOGUE_ATTACKS["scaling"]
    assert isinstance(attack, DialogueWeightAttack)
    seen = {at: changed.next_logits(asks) for at, changed in attack.altered(edited, few)}
    torch.testing.assert_close(seen[100], worn, atol=1e-3, rtol=1e-3)
    assert (seen[25] - base).abs().mean() < (worn - base).abs().mean()


def quick(of: str, points: tuple[int, ...] = (2,)) -> DialogueRelearning:
    return DialogueRelearning(of, points=points, epochs=40, rate=1e-2)  # type: ignore[arg-type]


@pytest.mark.slow
def test_what_is_taught_is_told_and_the_model_itself_knows_nothing_of_it(
    tiny: Generator, few: DialogueScenario
) -> None:
    (outcome,) = quick("forgotten")(tiny, few, LeakFound)
    assert outcome.at == 2
    assert all(a.won for a in outcome.attempts)
    assert not tiny.has_adapter
    assert LeakFound(tiny)([_question(d) for d in few.targets]).max() < 0


@pytest.mark.slow
def test_what_is_not_taught_is_not_told(tiny: Generator, few: DialogueScenario) -> None:
    (outcome,) = quick("unrelated")(tiny, few, LeakFound)
    assert not any(a.won for a in outcome.attempts)


def test_every_point_begins_anew_with_the_first_examples(
    tiny: Generator, few: DialogueScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        DialogueRelearning,
        "_teach",
        lambda self, model, lessons, rng: taught.append(tuple(d.key for d in lessons)),
    )
    copies = [copy for _, copy in quick("forgotten", points=(1, 200)).altered(tiny, few)]
    assert taught[0] == taught[1][:1]
    assert len(taught[1]) == 2
    assert copies[0] is not copies[1]
    assert all(copy.has_adapter for copy in copies)


def test_without_anything_to_learn_from_it_says_so(tiny: Generator, few: DialogueScenario) -> None:
    with pytest.raises(UserError, match="no neighbours training questions"):
        quick("neighbours")(tiny, few, LeakFound)


def test_nothing_to_ask_is_no_outcome(tiny: Generator, people: DialogueScenario) -> None:
    class Never(DialogueWeightAttack):
        budget = None  # pyright: ignore

        def altered(self, model, scenario) -> Iterator[tuple[float | None, Generator]]:
            raise AssertionError("there is nothing to be asked of a changed model")

    nothing = replace(people, corpus=DialogueCorpus((), ()))
    assert Never()(tiny, nothing, LeakFound) == ()


def _question(target):
    from unrelate.attacks.dialogue.types import Question

    return Question(0, usual(target), target.truths)
