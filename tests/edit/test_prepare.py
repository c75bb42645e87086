"""What is computed once, and the batches an edit sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch

from unrelate.edit.level import unrelated_level
from unrelate.edit.loop import _split, steps_of
from unrelate.edit.prepare import Prepared, Step
from unrelate.edit.recipes import Recipe
from unrelate.graph.types import RelationGraph, Role
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple

Ready = Callable[[Recipe], tuple[DualEncoder, Prepared]]


def test_every_step_holds_every_role_and_variants_of_the_unsafe_alone(
    ready: Ready, calibrated: Recipe
) -> None:
    _, prepared = ready(calibrated)
    for step in steps_of(prepared, calibrated, seed=0):
        examples = [prepared.examples[row] for row in step.rows]
        assert {e.role for e in examples} == {Role.UNSAFE, Role.SAFE_EDGE, Role.NODE, Role.NEUTRAL}
        assert [prepared.texts[text] for text in step.texts[:16]] == [e.caption for e in examples]
        unsafe = [row for row, e in enumerate(examples) if e.role is Role.UNSAFE]
        assert sorted(step.variant_of) == sorted(unsafe * calibrated.variants)
        assert len(step.texts) == 16 + len(step.variant_of)
        for text, row in zip(step.texts[16:], step.variant_of, strict=True):
            assert prepared.texts[text] in examples[row].variants


def test_steps_are_the_same_for_the_same_seed(ready: Ready, calibrated: Recipe) -> None:
    _, prepared = ready(calibrated)
    assert steps_of(prepared, calibrated, 3) == steps_of(prepared, calibrated, 3)
    assert steps_of(prepared, calibrated, 3) != steps_of(prepared, calibrated, 4)


def test_epochs_are_passes_over_the_training_pairs(ready: Ready, paper: Recipe) -> None:
    """90 pairs in batches of 16 are 6 batches; three passes are 18 steps."""
    _, prepared = ready(paper)
    assert len(prepared.examples) == 24 + 30 + 16 + 20
    assert len(steps_of(prepared, replace(paper, steps=None, epochs=3), 0)) == 18


def test_variants_take_turns(ready: Ready, paper: Recipe) -> None:
    _, prepared = ready(paper)
    met = [text for step in steps_of(prepared, replace(paper, steps=2400), 0) for text in step.texts[16:]]
    all_there_are = {variant for e in prepared.examples for variant in e.variants}
    assert len(set(met)) > 0.95 * len(all_there_are)


def test_what_a_batch_calls_forbidden(ready: Ready, calibrated: Recipe) -> None:
    """Every pair of an unsafe picture and a text that states any unsafe tuple, own or not."""
    _, prepared = ready(calibrated)
    step = steps_of(prepared, calibrated, 0)[0]
    reference, batch = prepared.batch(step)
    unsafe = [prepared.examples[row].role is Role.UNSAFE for row in step.rows]
    states = [*unsafe, *(True for _ in step.variant_of)]
    assert batch.unsafe.tolist() == unsafe
    assert batch.unsafe_text.tolist() == states
    assert batch.forbidden.tolist() == [[u and s for s in states] for u in unsafe]
    roles = torch.stack([batch.unsafe, batch.safe_edge, batch.node, batch.neutral])
    assert roles.sum(0).tolist() == [1] * 16
    assert reference.image.shape == (16, 16)
    assert reference.text.shape == (len(states), 16)


def test_an_untrained_adapter_changes_no_feature(ready: Ready, calibrated: Recipe) -> None:
    _, prepared = ready(calibrated)
    step = steps_of(prepared, calibrated, 0)[0]
    live, (reference, _) = prepared.live(step), prepared.batch(step)
    torch.testing.assert_close(live.image, reference.image)
    torch.testing.assert_close(live.text, reference.text)


@pytest.mark.slow
@pytest.mark.parametrize("change", ["as it is", "all layers", "last layer"])
def test_what_is_known_is_not_computed_again(
    ready: Ready, calibrated: Recipe, graph: RelationGraph, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Other texts about the same pictures: as if prepared from nothing, at the price of what is new."""
    last = {"as it is": calibrated.adapter.last_layers, "all layers": None, "last layer": 1}[change]
    recipe = replace(calibrated, adapter=replace(calibrated.adapter, last_layers=last))
    encoder, bare = ready(recipe)
    anchors = {"a dog at last": Triple("dog")}
    prepared = Prepared(encoder, bare.examples, graph, anchors=anchors)
    told = [replace(e, variants=(*e.variants, f"{e.caption} again")) for e in prepared.examples]
    anew = Prepared(encoder, told, graph, anchors=anchors)
    read: list[str] = []
    plain = DualEncoder.prepare_texts

    def counted(model: DualEncoder, captions: Sequence[str]) -> torch.Tensor:
        read.extend(captions)
        return plain(model, captions)

    monkeypatch.setattr(DualEncoder, "prepare_texts", counted)
    monkeypatch.setattr(DualEncoder, "prepare_images", None)  # no picture is looked at again
    more = prepared.retold(told)
    assert set(read) == {f"{e.caption} again" for e in told}
    assert more.texts == anew.texts
    assert more.anchors == ("a dog at last",)
    assert more.level == pytest.approx(anew.level)
    torch.testing.assert_close(more.reference, anew.reference)
    monkeypatch.undo()
    step = steps_of(more, recipe, seed=0)[0]
    torch.testing.assert_close(more.live(step), anew.live(step))


def test_the_unrelated_level_by_hand() -> None:
    """Of the four pairs two share no concept: child-eating-cake with man-holding-ball, cosine 0.6, and
    with the ball alone, cosine -0.2. Their mean is 0.2. Contexts are no concepts."""
    images = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    texts = torch.tensor([[0.6, 0.8], [-0.2, 0.98]])
    shown = [Triple("child", "eating", "cake"), Triple("man", "kicking", "ball").within(place="park")]
    stated = [Triple("man", "holding", "ball").within(place="park"), Triple(object="ball")]
    assert unrelated_level(images, texts, shown, stated) == pytest.approx(0.2)


def test_the_level_of_nothing_unrelated_is_0() -> None:
    vector = torch.tensor([[1.0, 0.0]])
    assert unrelated_level(vector, vector, [Triple("child")], [Triple("child", "eating", "cake")]) == 0


def test_micro_batches_deal_the_rows_out_in_turn() -> None:
    """Rows 10 to 14, with variants of the first (twice), the second and the fourth."""
    step = Step((10, 11, 12, 13, 14), (0, 1, 2, 3, 4, 5, 6, 7, 8), (0, 0, 1, 3))
    assert _split(step, 1) == [step]
    assert _split(step, 2) == [
        Step((10, 12, 14), (0, 2, 4, 5, 6), (0, 0)),
        Step((11, 13), (1, 3, 7, 8), (0, 1)),
    ]
