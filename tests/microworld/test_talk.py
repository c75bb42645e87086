"""What is said of a scene is true of it, and `truth` knows what else it is true of."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import cache

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unrelate.microworld import sampler
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.talk import as_bits, bit_count, describe, facts, slot_ranges, triple_of, truth
from unrelate.microworld.world import ALL_STYLES, USUAL_STYLES, vocabulary
from unrelate.policy.triple import Triple

SLOTS = ("actors", "relations", "objects")
seeds = st.integers(0, 2**32)


def scene_of(rng: random.Random) -> Scene:
    return rng.choice(sampler.scenes(rng, 4))


@cache
def phrases(kind: str) -> tuple[dict[str, frozenset[str]], re.Pattern[str]]:
    """Every phrase of a kind with what it may mean, and a pattern that finds the longest of them."""
    words = vocabulary()
    said = {
        phrase: frozenset({name} if name in words.concrete(kind) else words.concrete_under(kind, name))
        for name in words.concepts(kind)
        for phrase in (*words.phrases(kind, name), *words.reserved_phrases(kind, name))
    }
    longest_first = "|".join(re.escape(phrase) for phrase in sorted(said, key=len, reverse=True))
    return said, re.compile(rf"(?<![\w-])(?:{longest_first})(?![\w-])")


def meanings(kind: str, text: str) -> list[frozenset[str]]:
    """What the words of one kind in a text may mean, in order of mention."""
    said, pattern = phrases(kind)
    return [said[found] for found in pattern.findall(text)]


@given(seeds)
def test_a_caption_is_true_of_its_own_scene(seed: int) -> None:
    rng = random.Random(seed)
    scene = scene_of(rng)
    for _ in range(5):
        saying = describe(scene, rng)
        assert truth([facts(scene)], [saying.allows])[0, 0], saying.text


@given(seeds)
def test_what_a_caption_is_true_of_is_what_its_words_say(seed: int) -> None:
    """Of all scenes that differ in one thing, it is true of those that agree with its words alone."""
    rng, words = random.Random(seed), vocabulary()
    scene = replace(scene_of(rng), figures=(rng.choice(scene_of(rng).figures),))
    (figure,) = scene.figures
    saying = describe(scene, rng)
    figures = [replace(figure, **{k[:-1]: name}) for k in SLOTS for name in words.concrete(k)]
    figures += [replace(figure, colour=colour) for colour in words.contexts["colour"] if figure.actor]
    others = [replace(scene, figures=(other,)) for other in figures]
    others += [replace(scene, place=p, time=t) for p in words.contexts["place"] for t in ("day", "night")]
    for other, true in zip(others, truth([facts(o) for o in others], [saying.allows])[:, 0], strict=True):
        assert true == agrees(saying.text, other), (saying.text, other)


def agrees(text: str, scene: Scene) -> bool:
    """Whether one figure's caption holds of a scene of one figure, by its words alone."""
    words, (figure,) = vocabulary(), scene.figures
    held = {"actors": figure.actor, "relations": figure.relation, "objects": figure.object}
    for kind in SLOTS:
        said = meanings(kind, text)
        if not (held[kind] in said[0] if said else held[kind] is None):
            return False
    for place, value in words.contexts["place"].items():
        if str(value.says) in text and scene.place != place:
            return False
    night = "night" in text or "after sunset" in text
    if (night and scene.time != "night") or ("by day" in text and scene.time != "day"):
        return False
    colours = [colour for colour in words.contexts["colour"] if f" in {colour}" in text]
    visible = figure.colour if scene.style != "colour_shifted" else None
    # A colour that does not show is no ground for calling a caption false.
    return not colours or visible in (None, *colours)


@given(seeds)
def test_two_figures_may_be_named_in_either_order_but_not_mixed_up(seed: int) -> None:
    rng = random.Random(seed)
    one, two = rng.sample(sampler.tuples(), 2)
    left, right = (Figure(t.actor, t.relation, t.object, "red") for t in (one, two))
    scene, mirrored = Scene((left, right), "park"), Scene((right, left), "park")
    swapped = Scene((replace(left, actor=two.actor), replace(right, actor=one.actor)), "park")
    saying = next(s for s in (describe(scene, rng) for _ in range(1000)) if names_no_hypernym(s.text))
    found = truth([facts(s) for s in (scene, mirrored, swapped)], [saying.allows])[:, 0].tolist()
    mixed_up = one.actor != two.actor and one.slots()[1:] != two.slots()[1:]
    assert found == [True, True, not mixed_up]


def names_no_hypernym(text: str) -> bool:
    return all(len(meaning) == 1 for kind in SLOTS for meaning in meanings(kind, text))


def test_one_figure_is_no_saying_about_two_and_two_none_about_one() -> None:
    rng = random.Random(0)
    one = Scene((Figure("child", "eating", "cake"),), "park")
    two = replace(one, figures=(*one.figures, Figure("man", "eating", "apple")))
    assert not truth([facts(two)], [describe(one, rng).allows])[0, 0]
    assert not truth([facts(one)], [describe(two, rng).allows])[0, 0]


@given(seeds)
def test_bits_are_the_masks(seed: int) -> None:
    """Every figure has one value in each slot; a colour is missing where none shows."""
    rng = random.Random(seed)
    scene = scene_of(rng)
    bits = as_bits([facts(scene), describe(scene, rng).allows])
    assert bits.shape == (2, 2, bit_count())
    held, allowed = bits
    assert slot_ranges()[0][0] == 0
    assert slot_ranges()[-1][1] == bit_count()
    for figure in range(len(scene.figures)):
        counts = [held[figure, start:stop].sum() for start, stop in slot_ranges()]
        assert [counts[slot] for slot in (0, 1, 2, 4, 5)] == [1] * 5
        assert counts[3] <= 1
        assert all(allowed[figure, start:stop].any() for start, stop in slot_ranges())
    if len(scene.figures) == 1:
        assert not held[1].any()


def test_every_phrase_and_every_frame_is_met() -> None:
    """The embedded model learns the reserved words too: they attack what it knows."""
    rng, words = random.Random(1), vocabulary()
    text = "\n".join(describe(scene, rng).text for scene in sampler.scenes(rng, 12_000))
    for kind in SLOTS:
        for name in words.concepts(kind):
            for phrase in (*words.phrases(kind, name), *words.reserved_phrases(kind, name)):
                assert phrase in text, phrase
    for frame in (*words.phrasings, *words.reserved_phrasings, *words.settings):
        assert frame.split("{")[0] in text


def test_nobody_is_said_to_wear_what_a_shifted_picture_does_not_show() -> None:
    rng = random.Random(2)
    scene = Scene((Figure("man", "eating", "cake", "red"),), "park", style="colour_shifted")
    assert not any(" in red" in describe(scene, rng).text for _ in range(200))
    assert any(" in red" in describe(replace(scene, style="flat"), rng).text for _ in range(200))


def test_the_tuple_of_a_figure() -> None:
    assert triple_of(Figure("man", "eating", "cake"), place="park") == Triple("man", "eating", "cake").within(
        place="park"
    )
    assert triple_of(Figure(None, None, "cake")) == Triple(object="cake")


def test_scenes_are_the_same_for_the_same_seed() -> None:
    assert sampler.scenes(random.Random(3), 50) == sampler.scenes(random.Random(3), 50)
    assert sampler.scenes(random.Random(3), 50) != sampler.scenes(random.Random(4), 50)


@given(seeds)
def test_a_near_miss_differs_in_one_slot_at_most(seed: int) -> None:
    rng = random.Random(seed)
    triple = rng.choice(sampler.tuples())
    other = sampler.near_miss(rng, triple)
    assert other in sampler.tuples()
    assert sum(a != b for a, b in zip(triple.slots(), other.slots(), strict=True)) <= 1


def test_easy_scenes_are_single_figures_by_day_in_usual_styles() -> None:
    scenes = sampler.scenes(random.Random(5), 300, hardness=0.0)
    assert len(scenes) == 300
    assert all(len(s.figures) == 1 and s.time == "day" and s.style in USUAL_STYLES for s in scenes)


def test_hard_scenes_hold_everything() -> None:
    scenes = sampler.scenes(random.Random(6), 2000)
    for share in (
        np.mean([len(s.figures) == 2 for s in scenes]),
        np.mean([s.time == "night" for s in scenes]),
        np.mean([s.style not in USUAL_STYLES for s in scenes]),
    ):
        assert 0.15 < share < 0.5
    assert {s.style for s in scenes} == set(ALL_STYLES)
    assert {s.place for s in scenes} == set(vocabulary().contexts["place"])
    shown = {triple_of(figure) for s in scenes for figure in s.figures}
    assert shown <= {*sampler.tuples(), *vocabulary().nodes()}
