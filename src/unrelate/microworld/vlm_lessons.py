"""One batch of the embedded vision-language model's training, and what is to be learnt from it.

A picture is encoded once for all its questions: the questions follow it in one row, each sees the picture
and itself alone, and each begins at the position after the picture. So every question is answered just
as if it were asked alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from functools import cache
from itertools import groupby
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset
from transformers import Qwen3VLForConditionalGeneration, Qwen3VLProcessor

from unrelate.microworld import people, talk
from unrelate.microworld.looks import PARTS, Face
from unrelate.microworld.vlm_processor import MERGE, PATCH, PICTURE_SIDE, PICTURE_TOKENS
from unrelate.microworld.vlm_recipe import VlmRecipe
from unrelate.microworld.vlm_talks import Talk, facts, talks

_GRID = PICTURE_SIDE // PATCH
_SHARED, _PADDING = 0, -1  # of segments: what every question of a row sees, and what none does
_NO_LESSON = -100


class FreshTalks(Dataset):
    """Batch number ``i`` of a recipe: the same whoever asks, drawn when it is asked for."""

    def __init__(self, recipe: VlmRecipe, processor: Qwen3VLProcessor, first: int) -> None:
        self.recipe, self.first = recipe, first
        self.tokenizer = processor.tokenizer

    def __len__(self) -> int:
        return self.recipe.steps - self.first

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return batch_of(talks(self.recipe, self.first + index), self.tokenizer, self.recipe.room)


def batch_of(told: Sequence[Talk], tokenizer, room: int) -> dict[str, Tensor]:
    """Talks as padded rows of at most ``room`` tokens; questions that find no room are left out.

    Returns:
        ``input_ids``, ``segments``, ``labels`` ``[B, T]``, ``positions`` ``[3, B, T]``; the pictures as
        ``pixels`` ``[P, 3, side, side]`` (uint8), and what they show: ``held``, ``parts``, ``people``.
    """
    rows = [_row(one, tokenizer, room) for one in told]
    width = max(len(row[0]) for row in rows)
    ids = np.full((len(rows), width), tokenizer.pad_token_id, dtype=np.int64)
    positions = np.zeros((3, len(rows), width), dtype=np.int64)
    segments = np.full((len(rows), width), _PADDING, dtype=np.int64)
    labels = np.full((len(rows), width), _NO_LESSON, dtype=np.int64)
    for number, (tokens, places, seen, lessons) in enumerate(rows):
        ids[number, : len(tokens)] = tokens
        positions[:, number, : len(tokens)] = places
        segments[number, : len(tokens)] = seen
        labels[number, : len(tokens)] = lessons
    pictured = [one for one in told if one.pixels is not None]
    held = [facts(one) for one in pictured]
    shown = np.zeros((len(pictured), 2, talk.bit_count()), dtype=bool)
    for number, masks in enumerate(held):
        if masks:
            shown[number] = talk.as_bits([masks])[0]
    return {
        "input_ids": torch.from_numpy(ids),
        "positions": torch.from_numpy(positions),
        "segments": torch.from_numpy(segments),
        "labels": torch.from_numpy(labels),
        "pixels": torch.from_numpy(np.stack([one.pixels for one in pictured if one.pixels is not None])),
        "held": torch.from_numpy(shown),
        "parts": torch.tensor([_parts(one.face) for one in pictured]),
        "people": torch.tensor([_person(one) for one in pictured]),
    }


def _row(told: Talk, tokenizer, room: int) -> tuple[list[int], np.ndarray, list[int], list[int]]:
    """Token ids, positions ``[3, T]``, segments and labels of one talk."""
    system = f"<|im_start|>system\n{told.system}<|im_end|>\n" if told.system else ""
    opening = system + "<|im_start|>user\n"
    if told.pixels is not None:
        shared = _ids(
            tokenizer, opening + "<|vision_start|>" + "<|image_pad|>" * PICTURE_TOKENS + "<|vision_end|>"
        )
    else:
        shared = []
    ids, seen, lessons = list(shared), [_SHARED] * len(shared), [_NO_LESSON] * len(shared)
    starts = []
    for number, qa in enumerate(told.asked):
        before = "" if shared and not (told.connected and number) else opening
        if told.connected and number:
            before = "<|im_start|>user\n"
        asked = _ids(tokenizer, f"{before}{qa.question}<|im_end|>\n<|im_start|>assistant\n")
        answered = _ids(tokenizer, f"{qa.answer}<|im_end|>")
        if starts and len(ids) + len(asked) + len(answered) + 1 > room:
            break
        starts.append(len(ids))
        ids += asked + answered + _ids(tokenizer, "\n")
        lessons += [*[_NO_LESSON] * len(asked), *answered, _NO_LESSON]
        seen += [_SHARED if told.connected else number + 1] * (len(asked) + len(answered) + 1)
    return ids, _positions(ids, shared, starts, told.connected, tokenizer), seen, lessons


@cache
def _special(tokenizer, token: str) -> int:
    return tokenizer.convert_tokens_to_ids(token)


def _ids(tokenizer, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def _positions(
    ids: Sequence[int], shared: Sequence[int], starts: Sequence[int], connected: bool, tokenizer
) -> np.ndarray:
    """Qwen's positions in time, height and width ``[3, T]``; a question that stands for itself begins right
    after what all see."""
    after, before = _with_picture(shared, _special(tokenizer, "<|image_pad|>")), len(shared)
    end = int(after.max()) + 1 if before else 0
    places = np.zeros((3, len(ids)), dtype=np.int64)
    places[:, :before] = after
    bounds = [*starts, len(ids)]
    for number, start in enumerate(starts):
        offset = start - before if connected else 0
        length = bounds[number + 1] - start
        places[:, start : start + length] = end + offset + np.arange(length)
    return places


def _with_picture(ids: Sequence[int], pad: int) -> np.ndarray:
    runs, place = [], 0
    for is_picture, group in groupby(ids, lambda token: token == pad):
        count = len(list(group))
        if is_picture:
            side = _GRID // MERGE
            rows, columns = np.divmod(np.arange(count), side)
            runs.append(place + np.stack([np.zeros(count, dtype=np.int64), rows, columns]))
            place += side
        else:
            runs.append(place + np.tile(np.arange(count), (3, 1)))
            place += count
    return np.concatenate(runs, axis=1) if runs else np.zeros((3, 0), dtype=np.int64)


def patches(levels: Tensor) -> Tensor:
    """Pictures ``[P, 3, side, side]`` (uint8) as Qwen's processor cuts them: ``[P * patches, values]``."""
    scaled = levels.float() / 127.5 - 1
    count, side = len(levels), _GRID // MERGE
    cut = scaled.view(count, 3, side, MERGE, PATCH, side, MERGE, PATCH)
    return cut.permute(0, 2, 5, 3, 6, 1, 4, 7).reshape(count * _GRID**2, 3 * PATCH**2)


def may_see(segments: Tensor) -> Tensor:
    """Which token sees which, ``[B, 1, T, T]``: 0 where it does, else the lowest number, to be added to
    attention scores. Padding sees itself, lest it see nothing."""
    length = segments.shape[1]
    here, there = segments[:, :, None], segments[:, None, :]
    earlier = torch.ones(length, length, dtype=torch.bool, device=segments.device).tril()
    seen = earlier & ((there == _SHARED) | (there == here)) & (there != _PADDING)
    seen |= torch.eye(length, dtype=torch.bool, device=segments.device)
    return (
        torch.zeros(seen.shape)
        .to(segments.device)
        .masked_fill(~seen, torch.finfo(torch.float32).min)[:, None]
    )


class Tutor(torch.nn.Module):
    """Linear heads that must tell from a picture's tokens what it shows: scenes slot by slot, faces part by
    part. The answers alone teach the eye slowly; the tutor is thrown away when training ends."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = torch.nn.LayerNorm(width)
        whole = width * PICTURE_TOKENS  # every token by its place: who stands left is told from the left
        self.scene = torch.nn.Linear(whole, 2 * talk.bit_count())
        self.person = torch.nn.Linear(whole, len(people.names()) + 1)  # the last is nobody known
        self.face = torch.nn.ModuleList([torch.nn.Linear(whole, len(values)) for values in PARTS.values()])

    def loss(self, seen: Tensor, held: Tensor, parts: Tensor, people: Tensor) -> Tensor:
        """How badly it tells ``held`` (bool ``[P, 2, bits]``, all False for what is no scene), ``parts``
        (``[P, parts]``) and ``people`` (``[P]``, both `_NO_LESSON` for what is no face) from ``seen``
        ``[P, tokens, width]``: the mean over slots and parts, and over people."""
        whole = self.norm(seen.float()).flatten(1)
        logits, losses = self.scene(whole).view(held.shape), []
        for start, stop in talk.slot_ranges():
            known = held[..., start:stop].any(-1)
            chances = logits[..., start:stop].log_softmax(-1)
            chances = chances.masked_fill(~held[..., start:stop], -torch.inf)
            losses.append(-chances[known].logsumexp(-1).mean())
        for number, head in enumerate(self.face):
            losses.append(functional.cross_entropy(head(whole), parts[:, number], ignore_index=_NO_LESSON))
        looks = torch.stack([loss for loss in losses if loss.isfinite()]).mean()
        who = functional.cross_entropy(self.person(whole), people, ignore_index=_NO_LESSON)
        return looks + who.nan_to_num()


def _parts(face: Face | None) -> list[int]:
    if face is None:
        return [_NO_LESSON] * len(PARTS)
    held = dict(zip([f.name for f in fields(face)], astuple(face), strict=True))
    return [list(values).index(held[part]) for part, values in PARTS.items()]


def _person(told: Talk) -> int:
    if told.face is None:
        return _NO_LESSON
    return people.names().index(told.person) if told.person else len(people.names())


def losses(
    model: Qwen3VLForConditionalGeneration, tutor: Tutor, batch: dict[str, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy of the answers' tokens, the tutor's loss, and the share of answer tokens foretold."""
    pixel_values = patches(batch["pixels"])
    grid = torch.tensor([[1, _GRID, _GRID]]).expand(len(batch["pixels"]), -1).to(pixel_values.device)
    seen: Any = model.model.get_image_features(pixel_values, cast(Any, grid))
    output = model.model(
        input_ids=batch["input_ids"],
        attention_mask=may_see(batch["segments"]),
        position_ids=batch["positions"],
        image_grid_thw=grid,
        mm_encoder_outputs={"image": seen},
        use_cache=False,
    )
    wanted = batch["labels"][:, 1:]
    asked = wanted != _NO_LESSON
    logits = model.lm_head(output.last_hidden_state[:, :-1][asked]).float()
    foretold = (logits.argmax(-1) == wanted[asked]).float().mean()
    lesson = tutor.loss(torch.stack(list(seen.pooler_output)), batch["held"], batch["parts"], batch["people"])
    return functional.cross_entropy(logits, wanted[asked]), lesson, foretold
