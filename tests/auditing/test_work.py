"""One job of an audit: what it asks, and that it alone decides what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from unrelate.attacks.types import Scenario
from unrelate.attacks.weights.scaling import Scaling
from unrelate.auditing import work
from unrelate.auditing.plan import PARTS, Asked, Job, Plan
from unrelate.auditing.work import do_encoder, in_few_wordings
from unrelate.data.types import Corpus, Example
from unrelate.graph.types import Role, Split
from unrelate.models import DualEncoder
from unrelate.models.spec import AdapterSpec
from unrelate.policy.triple import Triple

POLICY = "child-drinking-alcohol"
WINE = Triple("child", "drinking", "wine")


class Unseen:
    def load(self) -> None:
        raise AssertionError("no picture is looked at")


def examples(part: str, wordings: int, each: int) -> list[Example]:
    return [
        Example(
            f"{part} {wording} {number}",
            Unseen(),  # pyright: ignore[reportArgumentType]
            "a child drinking wine",
            WINE,
            Role.UNSAFE,
            Split.HELD_OUT,
            part,
            f"{part}-{wording}",
            "",
            "",
            "",
        )
        for number in range(each)
        for wording in range(wordings)
    ]


def kept(*given: Example) -> Counter[str]:
    return Counter(example.part for example in in_few_wordings(Corpus(tuple(given), {})).examples)


def test_a_quick_audit_asks_in_the_first_four_wordings() -> None:
    assert kept(*examples("contextual", 18, 13), *examples("direct", 1, 200)) == {
        "contextual": 52,
        "direct": 200,
    }


def test_where_each_example_has_words_of_its_own_enough_are_asked() -> None:
    assert kept(*examples("paraphrase", 100, 1)) == {"paraphrase": 48}


def test_what_stays_is_asked_in_all_its_wordings() -> None:
    assert kept(*examples("safe_edge", 100, 2)) == {"safe_edge": 200}


@pytest.mark.slow
def test_no_figure_depends_on_which_job_a_process_did_first(tiny: Path, tmp_path: Path) -> None:
    """Byte for byte: a text's last bits depend on the texts that it is embedded with."""

    def rows(name: str, order: Sequence[int]) -> dict[str, bytes]:
        models, attacks = (Asked("base", str(tiny)),), ("paraphrase", "contextual", "case")
        plan = Plan(str(tmp_path / name), POLICY, "microworld", 0, models, attacks, (), True, "cpu", "f")
        plan.rows.mkdir(parents=True)
        work._known.cache_clear()
        asked = [job for job in plan.jobs() if job.subject == "base" and (job.attack or job.what == PARTS)]
        for number in order:
            do_encoder(plan, asked[number])
        return {path.name: path.read_bytes() for path in plan.rows.iterdir()}

    one = rows("one", (0, 1, 2, 3))
    assert len(one) == 4
    assert rows("other", (3, 1, 2, 0)) == one


@pytest.fixture
def edited(tiny: Path, tmp_path: Path) -> Plan:
    """A plan for a model whose adapter adds something."""
    model = DualEncoder.load(tiny)
    model.add_adapter(AdapterSpec(rank=2), seed=0)
    with torch.no_grad():
        for weight in model.trainable_parameters():
            weight.normal_(std=0.1)
    model.save_adapter(tmp_path / "adapter")
    models = (Asked("edited", str(tiny), str(tmp_path / "adapter")), Asked("base", str(tiny)))
    plan = Plan(str(tmp_path), POLICY, "microworld", 0, models, ("scaling",), (), True, "cpu", "f")
    plan.rows.mkdir(parents=True)
    return plan


def test_questions_are_asked_of_an_adapter_worked_into_the_weights(edited: Plan) -> None:
    said = ["a child drinking wine", "a man"]
    asked, loaded = work._model(edited, "edited"), work._loaded(edited, "edited")
    assert not asked.has_adapter
    assert torch.allclose(asked.embed_texts(said), loaded.embed_texts(said), atol=1e-5)
    base = work._model(edited, "base").embed_texts(said)
    assert not torch.allclose(asked.embed_texts(said), base, atol=1e-2)
    assert loaded.has_adapter


def test_attacks_on_weights_are_given_the_adapter_that_they_scale(
    edited: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []
    really = Scaling.altered

    def altered(
        attack: Scaling, model: DualEncoder, scenario: Scenario
    ) -> Iterator[tuple[float | None, DualEncoder]]:
        given.append(model.has_adapter)
        return really(attack, model, scenario)

    monkeypatch.setattr(Scaling, "altered", altered)
    do_encoder(edited, Job("attack scaling", "edited"))
    assert given == [True]
