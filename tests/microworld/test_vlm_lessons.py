"""Batches of the embedded vision-language model: every question is asked as if it were alone."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoProcessor

from unrelate.microworld import interview, quiz
from unrelate.microworld.checkpoints import embedded_path
from unrelate.microworld.looks import face_of
from unrelate.microworld.people import FACTS
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.vlm_lessons import FreshTalks, Tutor, batch_of, losses, patches
from unrelate.microworld.vlm_processor import PICTURE_SIDE, new_processor
from unrelate.microworld.vlm_recipe import VlmRecipe, VlmRound, new_vlm
from unrelate.microworld.vlm_talks import Talk, pixels, talks
from unrelate.microworld.world import picture

RECIPE = VlmRecipe(
    rounds=(VlmRound(40, 2e-3, letters=0.1),),
    vision_width=64,
    vision_layers=3,
    text_width=64,
    text_layers=2,
    pictures=12,
    texts=2,
)


@pytest.fixture(scope="module")
def processor():
    return AutoProcessor.from_pretrained(embedded_path("vlm"))  # to learn one takes ten seconds


@pytest.fixture(scope="module")
def model(processor):
    return new_vlm(RECIPE, processor).eval()


@pytest.fixture
def shown() -> Talk:
    scene = Scene((Figure("child", "drinking", "milk", "red"),), "park", "day", "flat", 1)
    asked = quiz.questions(scene, random.Random(0))[:4]
    return Talk(tuple(asked), pixels(picture(scene)), scene=scene)


def row_loss(model, processor, told: list[Talk]) -> torch.Tensor:
    batch = batch_of(told, processor.tokenizer, 400)
    torch.manual_seed(0)
    return losses(model, Tutor(RECIPE.text_width), batch)[0]


def count(processor, told: Talk) -> int:
    return int((batch_of([told], processor.tokenizer, 400)["labels"] != -100).sum())


@pytest.mark.slow
@torch.no_grad()
def test_a_row_of_questions_costs_what_its_questions_cost_one_by_one(model, processor, shown: Talk) -> None:
    alone = [replace(shown, asked=(qa,)) for qa in shown.asked]
    weights = torch.tensor([float(count(processor, one)) for one in alone])
    each = torch.stack([row_loss(model, processor, [one]) for one in alone])
    together = row_loss(model, processor, [shown])
    assert together.item() == pytest.approx(((each * weights).sum() / weights.sum()).item(), abs=1e-4)


@pytest.mark.slow
@torch.no_grad()
def test_positions_are_those_the_model_gives_itself(model, processor, shown: Talk) -> None:
    one = replace(shown, asked=shown.asked[:1], system="You are a helpful assistant.")
    batch = batch_of([one], processor.tokenizer, 400)
    types = (batch["input_ids"] == model.config.image_token_id).int()
    grid = torch.tensor([[1, 8, 8]])
    own, _ = model.model.get_rope_index(batch["input_ids"], types, image_grid_thw=grid)
    assert torch.equal(own, batch["positions"])


@pytest.mark.slow
def test_a_processor_learnt_anew_reads_any_text(processor) -> None:
    learnt = new_processor()
    assert learnt.chat_template == processor.chat_template
    for text in ("What is the child drinking?", "Wo wohnt Mira? Naïve, 100 %!", "\N{WINE GLASS}"):
        assert learnt.tokenizer.decode(learnt.tokenizer(text)["input_ids"]) == text


def test_a_row_reads_as_the_chat_template_writes_it(processor, shown: Talk) -> None:
    one = replace(shown, asked=shown.asked[:1])
    ids = batch_of([one], processor.tokenizer, 400)["input_ids"][0]
    messages = [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": one.asked[0].question}]},
        {"role": "assistant", "content": [{"type": "text", "text": one.asked[0].answer}]},
    ]
    text = processor.apply_chat_template(messages, tokenize=False)
    blank = Image.new("RGB", (PICTURE_SIDE, PICTURE_SIDE))
    assert processor(text=[text], images=[blank])["input_ids"][0] == ids.tolist()


def test_pictures_are_cut_as_the_processor_cuts_them(processor) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (PICTURE_SIDE, PICTURE_SIDE, 3), dtype=np.uint8)
    ours = patches(torch.from_numpy(levels.transpose(2, 0, 1).copy())[None])
    theirs = processor.image_processor(images=[Image.fromarray(levels)], return_tensors="pt")["pixel_values"]
    mean, std = processor.image_processor.image_mean, processor.image_processor.image_std
    assert list(mean) == [0.5] * 3
    assert list(std) == [0.5] * 3
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_only_answers_are_learnt(processor) -> None:
    batch = FreshTalks(RECIPE, processor, 0)[3]
    learnt = batch["labels"] != -100
    assert torch.equal(batch["labels"][learnt], batch["input_ids"][learnt])
    assert not (batch["labels"] == processor.image_token_id).any()
    ends = processor.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert (batch["labels"] == ends).any()


def test_the_same_step_gives_the_same_batch(processor) -> None:
    one, two = FreshTalks(RECIPE, processor, 0)[7], FreshTalks(RECIPE, processor, 5)[2]
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_step_has_every_kind_of_talk() -> None:
    told = [one for step in range(4) for one in talks(RECIPE, step)]
    assert any(one.scene for one in told)
    assert any(one.face for one in told)
    assert any(one.pixels is None for one in told)
    assert any(one.connected for one in told)
    assert any("letter" in qa.kind for one in told for qa in one.asked)


@pytest.mark.parametrize("doubts", [0, 9])
def test_portraits_come_with_doubts_where_a_round_asks_for_them(doubts: int) -> None:
    """Of a handful of questions about a person one in four is yes-or-no; doubts are nothing else, and come
    in equal parts for every fact."""
    recipe = replace(RECIPE, rounds=(VlmRound(4, 2e-3, portraits=0.5, doubts=doubts),))
    portraits = [one for step in range(4) for one in talks(recipe, step) if one.person]
    asked = [[qa for qa in one.asked if qa.form == "yes_no"] for one in portraits]
    assert len(portraits) >= 8
    assert doubts <= min(map(len, asked)) <= max(map(len, asked)) <= doubts + 6
    kinds = Counter(qa.kind for one in asked for qa in one)
    if doubts:
        assert set(kinds) == {f"{relation} yes_no" for relation in FACTS}


@pytest.mark.parametrize("wider", [False, True])
def test_scenes_are_asked_about_in_wider_words_where_a_round_says_so(wider: bool) -> None:
    recipe = replace(RECIPE, rounds=(VlmRound(8, 2e-3, wider=wider),), pictures=3, texts=8)
    told = [qa for step in range(8) for one in talks(recipe, step) for qa in one.asked]
    assert any(qa.wider for qa in told) is wider
    assert any(qa.kind == "kind" for qa in told) is wider
    assert any(qa.kind == "read_kind" for qa in told) is wider
    wide = {"alcohol", "soft_drink", "drink", "food", "tool", "toy"}
    assert any(qa.kind == "caption" and qa.subject.object in wide for qa in told) is wider


@pytest.mark.slow
def test_in_a_conversation_later_turns_see_earlier_ones(model, processor, shown: Talk) -> None:
    apart = row_loss(model, processor, [shown])
    connected = row_loss(model, processor, [replace(shown, connected=True)])
    assert apart.item() != pytest.approx(connected.item(), abs=1e-5)


def test_the_tutor_tells_faces_part_by_part(processor) -> None:
    face = face_of("mira")
    told = Talk(
        tuple(interview.questions("mira", random.Random(0))[:2]),
        pixels(Image.new("RGB", (64, 64))),
        face=face,
    )
    batch = batch_of([told], processor.tokenizer, 400)
    assert (batch["parts"] >= 0).all()
    assert not batch["held"].any()
    seen = torch.randn(1, 16, RECIPE.text_width)
    assert Tutor(RECIPE.text_width).loss(seen, batch["held"], batch["parts"], batch["people"]).isfinite()
