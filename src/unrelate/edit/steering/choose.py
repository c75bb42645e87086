"""Layer and strength by what they do to answers on a validation half, by one stated rule.

For each layer and strength: the greedy answers to held-out forget questions (told: the answer states the
fact; refused: it declines), and to held-out retain questions (kept: the answer is the base model's own,
word for word). Among the candidates that keep at least ``kept_floor`` of what stays, the one that

1. tells least; of those (within half a question) the one that
2. refuses most; of those the one that
3. keeps most; of those the one of least strength; of those the layer that separates best.

Where none keeps the floor, the floor is lowered to the most that any keeps, and `Choice.floor_met` is
False. The same inputs give the same choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from unrelate.answers.leaks import exact
from unrelate.answers.refusal import is_refusal
from unrelate.edit.steering.directions import Directions
from unrelate.edit.steering.gated import Inseparable
from unrelate.edit.steering.kept import Gate, Steering, WeightDelta
from unrelate.edit.steering.lessons import Lessons
from unrelate.edit.steering.redirect import Form, redirect
from unrelate.errors import Unattainable, UserError
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator

STRENGTHS = (0.5, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Question:
    """Something to ask of a steered model. ``truths``: phrases that would tell what is forgotten; empty
    for what is to be kept."""

    ask: Ask
    truths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """What one layer and strength did, as shares in [0, 1]; none of them where no gate separates."""

    layer: int
    strength: float
    told: float | None
    refused: float | None
    kept: float | None


@dataclass(frozen=True)
class Choice:
    """The chosen trial, all trials in the order they were made, and whether the floor was met."""

    chosen: Trial
    trials: tuple[Trial, ...]
    kept_floor: float
    floor_met: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def choose(
    generator: Generator,
    directions: Directions,
    lessons: Lessons,
    forget: Sequence[Question],
    retain: Sequence[Question],
    form: Form | str = "ridge",
    *,
    layers: Sequence[int] | None = None,
    strengths: Sequence[float] = STRENGTHS,
    kept_floor: float = 0.98,
    max_new_tokens: int = 32,
    batch_size: int = 32,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Steering, Choice]:
    """Fit ``form`` on ``lessons`` at every layer, and try it at every strength.

    Args:
        forget, retain: the validation half; no question of it should be in ``lessons``.
        layers: to try; None for the three that separate best.
        strengths: to try, all above 0. A weight change is fitted once a layer and scaled: what is asked
            for is linear in the strength. For the trained form that is its fit at the first strength.
        kept_floor: in [0, 1]; see the rule.
        progress: told (trials made, of how many).

    Returns:
        The steering as fitted on ``lessons``, and the figures. Fit again on all lessons with the chosen
        layer and strength for the last of it.

    Raises:
        UserError: nothing to ask or to try.
        Unattainable: no gate separates at any layer.
    """
    tried = directions.ranked()[:3] if layers is None else tuple(layers)
    if not (forget and retain and tried and strengths and min(strengths) > 0 and 0 <= kept_floor <= 1):
        raise UserError(
            f"{len(forget)} forget and {len(retain)} retain questions, layers {tried}, strengths "
            f"{tuple(strengths)}, kept_floor {kept_floor}",
            "one question and more of either, one layer, strengths above 0, kept_floor in [0, 1]",
            "change them",
        )
    with generator.base():
        kept_asks = [question.ask for question in retain]
        own = _answers(generator, kept_asks, max_new_tokens, batch_size)
        steerings: list[Steering | None] = []
        trials: list[Trial] = []
        whole = len(tried) * len(strengths)
        for layer in tried:
            fitted = _fitted(generator, directions, lessons, form, layer, strengths[0])
            for strength in strengths:
                steering = None if fitted is None else fitted.at(strength)
                steerings.append(steering)
                if steering is None:
                    trials.append(Trial(layer, strength, None, None, None))
                else:
                    with steering.applied(generator):
                        asked = [question.ask for question in forget]
                        said = _answers(generator, asked, max_new_tokens, batch_size)
                        still = _answers(generator, kept_asks, max_new_tokens, batch_size)
                    told = sum(exact(a, q.truths) for a, q in zip(said, forget, strict=True))
                    same = sum(a == b for a, b in zip(own, still, strict=True))
                    refused = sum(is_refusal(answer) for answer in said)
                    shares = (told / len(said), refused / len(said), same / len(still))
                    trials.append(Trial(layer, strength, *shares))
                if progress is not None:
                    progress(len(trials), whole)
    choice = rule(trials, tried, kept_floor, len(forget))
    steering = steerings[trials.index(choice.chosen)]
    assert steering is not None  # the rule passes over those that are not
    return steering, choice


def rule(trials: Sequence[Trial], layers: Sequence[int], kept_floor: float, questions: int) -> Choice:
    """The rule above, as a pure function.

    Args:
        layers: the best separating first.
        questions: of the forget half, for what "within half a question" is.

    Raises:
        Unattainable: no trial has figures.
    """
    made = [t for t in trials if t.told is not None and t.refused is not None and t.kept is not None]
    if not made:
        raise Unattainable(
            "no layer at which a gate tells forget from retain tokens",
            "one at least",
            "try more layers, or the ridge or trained form",
        )
    floor = min(kept_floor, max(t.kept or 0.0 for t in made))
    fit = [t for t in made if (t.kept or 0.0) >= floor]
    least = min(t.told or 0.0 for t in fit)
    fit = [t for t in fit if (t.told or 0.0) <= least + 0.5 / questions]
    chosen = max(
        fit, key=lambda t: (t.refused or 0.0, t.kept or 0.0, -t.strength, -list(layers).index(t.layer))
    )
    return Choice(chosen, tuple(trials), kept_floor, floor == kept_floor)


def _fitted(
    generator: Generator,
    directions: Directions,
    lessons: Lessons,
    form: Form | str,
    layer: int,
    strength: float,
) -> WeightDelta | Gate | None:
    try:
        return redirect(generator, directions, lessons, form, layer=layer, strength=strength)
    except Inseparable:  # recorded as a trial without figures
        return None


def _answers(generator: Generator, asks: Sequence[Ask], tokens: int, batch_size: int) -> list[str]:
    said = generator.generate(asks, max_new_tokens=tokens, batch_size=batch_size)
    return [samples[0] for samples in said]
