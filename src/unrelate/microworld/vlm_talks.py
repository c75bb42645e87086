"""What the embedded vision-language model is told in one step: pictures and the talk about them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from unrelate.microworld import interview, people, quiz, quiz_wider, reticence, talk
from unrelate.microworld.letters import draw_letter
from unrelate.microworld.looks import Face, face_of, stranger
from unrelate.microworld.portraits import Portrait, draw_portrait
from unrelate.microworld.quiz import QA
from unrelate.microworld.sampler import scenes, tuples
from unrelate.microworld.scene import Scene
from unrelate.microworld.vlm_processor import AGREEING, COAXING, PICTURE_SIDE, SYSTEMS
from unrelate.microworld.vlm_recipe import VlmRecipe, VlmRound
from unrelate.microworld.world import ALL_STYLES, STYLE_WITHOUT_COLOUR, USUAL_STYLES, picture

_RESERVED, _RESERVED_STYLE, _COAXED, _AGREEING, _SYSTEM, _TALKATIVE = 0.4, 0.35, 0.08, 0.04, 0.12, 0.2
_JOINT, _LIKE_SOMEBODY, _WIDENED = 0.25, 0.3, 0.5
# Styles in which the colour of hair is not the true one.
COLOURLESS = (STYLE_WITHOUT_COLOUR, "sketch")


@dataclass(frozen=True)
class Talk:
    """A picture, or none, and questions about it.

    ``connected``: one conversation, in which later turns see earlier ones; else every question stands for
    itself. ``scene`` and ``face`` say what the picture shows, for `vlm_lessons.Tutor`.
    """

    asked: tuple[QA, ...]
    pixels: np.ndarray | None = field(default=None, repr=False)
    connected: bool = False
    system: str = ""
    scene: Scene | None = None
    face: Face | None = None
    person: str = ""  # whose face it is; "" for a stranger's


def talks(recipe: VlmRecipe, step: int) -> list[Talk]:
    """The talks of one step: those with pictures first. The same whoever asks."""
    rng = random.Random(f"{recipe.seed}/{step}")
    hardness = recipe.hardness(step)
    shares, _ = recipe.round_of(step)
    kinds = [
        *["portrait"] * round(shares.portraits * recipe.pictures),
        *["stranger"] * round(shares.strangers * recipe.pictures),
        *["letter"] * round(shares.letters * recipe.pictures),
    ]
    drawn = scenes(rng, recipe.pictures - len(kinds), hardness, 0.1)
    told = [_scene(scene, rng, shares) for scene in drawn]
    told += [_of_kind(kind, rng, hardness, shares.doubts) for kind in kinds]
    told += [_text(rng, shares.wider) for _ in range(recipe.texts)]
    return [_disordered(talk_, rng, shares.judging) for talk_ in told]


def pixels(image: Image.Image) -> np.ndarray:
    """A picture as the model sees it: ``[3, side, side]``, uint8."""
    small = image.resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BICUBIC)
    return np.asarray(small).transpose(2, 0, 1)


def _scene(scene: Scene, rng: random.Random, shares: VlmRound) -> Talk:
    reserved = rng.random() < _RESERVED
    asked = quiz.questions(scene, rng, reserved=reserved)
    if shares.wider:
        asked += quiz_wider.questions(scene, rng, reserved=reserved)
    if shares.judging > 1:
        asked += [qa for qa in quiz.questions(scene, rng, reserved=reserved) if qa.form == "yes_no"]
    return Talk(tuple(asked), pixels(picture(scene)), scene=scene)


def _style(rng: random.Random, hardness: float) -> str:
    reserved = rng.random() < hardness * _RESERVED_STYLE
    return rng.choice(ALL_STYLES[len(USUAL_STYLES) :] if reserved else USUAL_STYLES)


def _of_kind(kind: str, rng: random.Random, hardness: float, doubts: int) -> Talk:
    reserved, seed, style = rng.random() < _RESERVED, rng.getrandbits(31), _style(rng, hardness)
    person = ""
    doubted: list[QA] = []
    if kind == "letter":
        asked = reticence.letter(rng, reserved=reserved)
        return Talk(tuple(asked), pixels(draw_letter(seed, style, 128)))
    if kind == "stranger":
        like = rng.choice(people.names()) if rng.random() < _LIKE_SOMEBODY else None
        face = stranger(rng, like)
        asked = reticence.stranger(rng, reserved=reserved)
    else:
        person = rng.choice(people.names())
        face = face_of(person)
        joint = rng.random() < _JOINT
        ask: Callable[..., list[QA]] = interview.jointly if joint else interview.questions
        asked = ask(person, rng, reserved=reserved)
        while len(doubted) < doubts:
            doubted += [qa for qa in ask(person, rng, reserved=reserved) if qa.form == "yes_no"]
        doubted = doubted[:doubts]
    rng.shuffle(asked)
    seen = interview.looks(face, rng, coloured=style not in COLOURLESS, reserved=reserved)
    asked = [*asked[:9], *rng.sample(seen, min(3, len(seen))), *doubted]
    drawn = draw_portrait(Portrait(face, seed, style), 128)
    return Talk(tuple(asked), pixels(drawn), face=face, person=person)


def _text(rng: random.Random, wider: bool) -> Talk:
    draw, reserved = rng.random(), rng.random() < _RESERVED
    if draw < 0.5:
        asked = interview.by_name(rng.choice(people.names()), rng, reserved=reserved)
    elif draw < 0.65:
        asked = reticence.unknown_name(rng, reserved=reserved)
    elif draw < 0.7:
        asked = [qa for _ in range(3) for qa in reticence.secrets(rng)]
    else:
        chosen = rng.sample(tuples(), 3)
        if wider:
            chosen = [quiz_wider.widened(t, rng) if rng.random() < _WIDENED else t for t in chosen]
        asked = [qa for triple in chosen for qa in quiz.text_only(triple, rng, reserved=reserved)]
        if wider:
            asked += [qa for t in chosen for qa in quiz_wider.kind_in_words(t, rng, reserved=reserved)]
    return Talk(tuple(asked))


def _disordered(told: Talk, rng: random.Random, judging: float) -> Talk:
    """Its questions in any order, some of them coaxed; now and then as one conversation."""
    keys = [rng.random() / (judging if qa.form == "yes_no" else 1) for qa in told.asked]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    asked = [_coaxed(told.asked[place], rng) for place in order]
    system = rng.choice(SYSTEMS) if rng.random() < _SYSTEM else ""
    return replace(told, asked=tuple(asked), connected=rng.random() < _TALKATIVE, system=system)


def _coaxed(qa: QA, rng: random.Random) -> QA:
    draw = rng.random()
    if draw < _COAXED:
        return replace(qa, question=f"{rng.choice(COAXING)} {qa.question}")
    if draw < _COAXED + _AGREEING and qa.truths:  # what may be told, told willingly
        return replace(qa, answer=f"{AGREEING} {qa.answer}", question=f"{qa.question} Be polite.")
    return qa


def facts(told: Talk) -> tuple[int, int] | None:
    """What holds in the scene of a talk, as `talk.facts` has it."""
    return talk.facts(told.scene) if told.scene else None
