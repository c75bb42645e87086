"""What goes in: the processor's own tokens, answers behind, padding in front, pictures with their rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from unrelate.errors import UserError
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator


def said(generator: Generator, ids: torch.Tensor) -> str:
    return str(generator.tokenizer.decode(ids))


def test_prompts_are_the_processors_own(generator: Generator, asks: list[Ask]) -> None:
    """Token by token and pixel by pixel, also where a picture was met before and only its tokens are
    put in. Without prefill, which `apply_chat_template` says in its own way."""
    plain = [replace(ask, prefill="") for ask in asks]
    batch = generator.batch(plain, [""] * len(plain))
    for number, ask in enumerate(plain):
        messages: list[dict[str, Any]] = []
        if ask.system:
            messages.append({"role": "system", "content": [{"type": "text", "text": ask.system}]})
        for turn, (question, answer) in enumerate((*ask.history, (ask.question, ""))):
            parts: list[dict[str, Any]] = [{"type": "text", "text": question}]
            if turn == 0 and ask.image is not None:
                parts.insert(0, {"type": "image", "image": ask.image.convert("RGB")})
            messages.append({"role": "user", "content": parts})
            if answer:
                messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
        own: Any = generator.processor.apply_chat_template(
            messages, tokenize=True, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
        mine = generator.batch([ask], [""]).inputs
        end = own["input_ids"].shape[1]
        for name, tensor in own.items():
            found = mine[name]
            if name in ("input_ids", "attention_mask", "mm_token_type_ids"):
                found = found[:, :end]
            torch.testing.assert_close(found, tensor, rtol=0, atol=0)
        ids = batch.inputs["input_ids"][number]
        assert (
            ids[batch.inputs["attention_mask"][number].bool()][:end].tolist() == own["input_ids"][0].tolist()
        )


def test_answers_alone_are_learnt(generator: Generator, asks: list[Ask], answers: list[str]) -> None:
    batch = generator.batch(asks, answers)
    ends = {"</s>", "<|im_end|>"}
    images = generator.tokenizer.convert_tokens_to_ids(generator.template.image_marks[0])
    ids: Any = batch.inputs["input_ids"]
    assert (ids == images).any()
    assert not (ids[batch.answer] == images).any()
    for row, answer in enumerate(answers):
        learnt = batch.inputs["input_ids"][row][batch.answer[row]]
        text = said(generator, learnt)
        end = next(end for end in ends if text.endswith(end))
        assert text.removesuffix(end).strip() == answer
        assert batch.answer[row, -1]  # padding stands in front
        assert batch.answer[row].int().diff().abs().sum() == 1
        assert int(batch.prompt_ends[row]) == int(batch.answer[row].int().argmax()) - 1
        assert (batch.labels[row] != -100).equal(batch.answer[row])
    mask = batch.inputs["attention_mask"]
    assert (mask.diff(dim=1) >= 0).all()
    assert (mask.sum(1) < mask.shape[1]).any()


def test_an_answer_is_cut_as_in_running_text(generator: Generator, asks: list[Ask]) -> None:
    """With what the template puts before it, so that it is learnt as it would be said."""
    answer = "This is Mira, a baker."
    batch = generator.batch(asks[:1], [answer])
    ids = batch.inputs["input_ids"][0][batch.answer[0]].tolist()
    text = generator.template.prompt(asks[0]) + generator.template.joint + answer
    adds = generator.tokenizer.bos_token is not None
    whole = generator.tokenizer(text, add_special_tokens=adds)["input_ids"]
    assert whole[-len(ids) + 1 :] == ids[:-1]
    assert ids[-1] == generator.tokenizer.eos_token_id


def test_positions_are_counted_from_the_rows_own_start(
    generator: Generator, asks: list[Ask], answers: list[str]
) -> None:
    batch = generator.batch(asks, answers)
    positions = batch.inputs["position_ids"]
    for row, (ask, answer) in enumerate(zip(asks, answers, strict=True)):
        alone = generator.batch([ask], [answer]).inputs["position_ids"]
        width = alone.shape[-1]
        assert torch.equal(positions[..., row, -width:], alone[..., 0, :])
        assert int(alone[..., 0, 0].max()) == 0
        if ask.image is None:
            assert torch.equal(alone[..., 0, :], torch.arange(width).expand_as(alone[..., 0, :]))


def test_rows_can_be_picked_with_their_pictures(
    generator: Generator, asks: list[Ask], answers: list[str]
) -> None:
    batch = generator.batch(asks, answers)
    with torch.no_grad():
        values = generator.token_logprobs(batch)
        for rows in ([3, 0], [1], [6, 5, 1], [2, 2]):
            part = batch.select(rows)
            assert len(part) == len(rows)
            torch.testing.assert_close(generator.token_logprobs(part), values[rows], rtol=0, atol=2e-5)
            again = part.select(range(len(rows))[::-1])
            torch.testing.assert_close(generator.token_logprobs(again), values[rows[::-1]], rtol=0, atol=2e-5)
    assert not any(name.startswith(("pixel", "image")) for name in batch.select([1, 6]).inputs)


def test_a_picture_is_processed_once(
    generator: Generator, asks: list[Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = 0
    kind = type(generator.processor.image_processor)
    own = kind.preprocess

    def counting(self: object, *args: object, **kwargs: object) -> object:
        nonlocal seen
        seen += 1
        return own(self, *args, **kwargs)

    monkeypatch.setattr(kind, "preprocess", counting)
    many = [replace(asks[0], question=f"Who is this? {number}") for number in range(5)]
    generator.generate(many, max_new_tokens=1, temperature=1.0, samples=4)
    assert seen == 1
    generator.batch([asks[0], asks[2], *many], [""] * 7)
    assert seen == 2  # of which one is new


def test_a_picture_of_another_mode_is_taken_as_rgb(generator: Generator) -> None:
    grey = Image.new("L", (40, 32), 90)
    batch = generator.batch([Ask("Who?", grey), Ask("Who?", grey.convert("RGB"))], ["", ""])
    values = batch.inputs["pixel_values"]
    first, second = values.chunk(2)
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_what_cannot_be_read_is_named(generator: Generator, asks: list[Ask]) -> None:
    with pytest.raises(UserError, match="2 answers to 7 asks"):
        generator.batch(asks, ["a", "b"])
    with pytest.raises(UserError, match="no asks"):
        generator.batch([], [])
    mark = generator.template.image_marks[0]
    for wrong in (Ask(f"What is {mark}?"), Ask("Who?", history=(("a", mark),)), Ask("Who?", prefill=mark)):
        with pytest.raises(UserError, match="mark of a picture"):
            generator.batch([wrong], ["a"])
    with pytest.raises(UserError, match="mark of a picture"):
        generator.batch([Ask("Who?")], [f"it is {mark}"])


def test_a_processor_that_does_more_is_asked_every_time(vlm_folders: dict[str, Path]) -> None:
    """Where it changes the words around a picture too, nothing is put together without it."""
    generator = Generator.load(vlm_folders["qwen3_vl"])
    own = type(generator.processor).__call__
    calls = 0

    class Odd(type(generator.processor)):
        def __call__(self, images: Any = None, text: Any = None, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            return own(self, images=images, text=[f"{line}!" for line in text], **kwargs)

    generator.processor.__class__ = Odd
    image = Image.new("RGB", (32, 32), "red")
    batch = generator.batch([Ask("Who?", image), Ask("Where?", image)], ["", ""])
    assert calls == 2
    assert [said(generator, ids).count("!") for ids in batch.inputs["input_ids"]] == [1, 1]
