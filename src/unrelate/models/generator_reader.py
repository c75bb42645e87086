"""Asks and answers to padded tensors: prompts as the processor reads them, answers behind, padding in front.

Padding stands on the left, in training as in generation, so that every answer ends in the last column
and the logits that are wanted are the last ones. A row is first read by itself, so that nothing in it can
depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from unrelate.errors import UserError
from unrelate.models.chat import Ask, Template
from unrelate.models.generator_batch import SEQUENCES, AnswerBatch, Row, stacked
from unrelate.models.kept import Kept

# Bytes of processed pictures that are kept.
_MOST_SEEN = 256 * 2**20


@dataclass(frozen=True)
class _Seen:
    """A picture that has been processed: its tensors, and what stands in the tokens in place of its mark."""

    pixels: Mapping[str, Tensor]
    mark: int
    tokens: Mapping[str, list[int]]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(tensor.nbytes for tensor in self.pixels.values())


class Reader:
    """Reads asks and answers for one checkpoint.

    template: see `Template`.
    end_ids: the tokens that end an answer, as the template writes it.
    """

    def __init__(self, template: Template, tokenizer: PreTrainedTokenizerBase, stops: Sequence[int]) -> None:
        self.template = template
        self._processor = cast(Callable[..., Mapping[str, Any]], template.processor)
        self._tokenizer = tokenizer
        self._seen: Kept[_Seen] = Kept(_MOST_SEEN, lambda seen: seen.size)
        self.end_ids = self._end(stops)
        pad = tokenizer.pad_token_id
        self.pad_id = int(cast(int, pad)) if pad is not None else self.end_ids[-1]
        marks = tokenizer.convert_tokens_to_ids(list(template.image_marks))
        self.never = tuple(int(mark) for mark in cast(list[int | None], marks) if mark is not None)

    def read(self, asks: Sequence[Ask], answers: Sequence[str] | None = None) -> list[Row]:
        """One row an ask, not yet padded. A picture that was read lately is not processed again.

        Raises:
            UserError: nothing is asked, or answers do not match asks in number.
        """
        if not asks:
            raise UserError("no asks", "at least one ask", "pass some asks")
        if answers is not None and len(answers) != len(asks):
            raise UserError(
                f"{len(answers)} answers to {len(asks)} asks", "one answer an ask", "pass as many of each"
            )
        prompts = [self._prompt(ask) for ask in asks]
        if answers is None:
            return [row for _, row in prompts]
        return [
            self._answered(ask, text, row, answer)
            for ask, (text, row), answer in zip(asks, prompts, answers, strict=True)
        ]

    def batch(self, rows: Sequence[Row]) -> AnswerBatch:
        """Rows padded in front; position ids are still to be put in."""
        width = max(len(row) for row in rows)
        inputs: dict[str, Tensor] = {}
        for name in rows[0].tokens:
            padding = self.pad_id if name == "input_ids" else 0
            padded = [[padding] * (width - len(row)) + list(row.tokens[name]) for row in rows]
            inputs[name] = torch.tensor(padded)
        columns = torch.arange(width)
        starts = torch.tensor([width - row.answer for row in rows])
        inputs["attention_mask"] = (
            columns >= torch.tensor([width - len(row) for row in rows])[:, None]
        ).long()
        for name in dict.fromkeys(name for row in rows for name in row.pixels):
            inputs[name] = stacked(name, [row.pixels[name] for row in rows if name in row.pixels])
        return AnswerBatch(inputs, columns >= starts[:, None], starts - 1, tuple(rows))

    def decode(self, ids: Tensor) -> list[str]:
        """What rows of ids [B, T] say, without special tokens."""
        return self._tokenizer.batch_decode(ids, skip_special_tokens=True)

    def _prompt(self, ask: Ask) -> tuple[str, Row]:
        text = self.template.prompt(ask)
        if ask.image is None:
            return text, _row(self._processed(text, None))
        key = _key(ask.image)
        known = self._seen.get(key)
        if known is None:
            found = self._processed(text, ask.image)
            pixels = {name: found[name] for name in found if name not in SEQUENCES}
            row = Row({name: found[name][0].tolist() for name in SEQUENCES if name in found}, pixels, 0)
            row = replace(row, prompt=len(row.tokens["input_ids"]))
            seen = _taken_apart(self._ids(text), row, self.never)
            if seen is not None:
                self._seen.put(key, seen)
            return text, row
        ids = self._ids(text)
        at = ids.index(known.mark)
        tokens = {name: _around(name, ids, at, inside) for name, inside in known.tokens.items()}
        return text, Row(tokens, known.pixels, len(tokens["input_ids"]))

    def _answered(self, ask: Ask, text: str, row: Row, answer: str) -> Row:
        said = self.template.continuation(ask, answer)
        before, whole = self._ids(text), self._ids(text + said)
        # Where the words before the answer keep their tokens, the answer is cut as it is in running text.
        if whole[: len(before)] == before:
            ids = whole[len(before) :]
        else:
            ids = list(self._tokenizer(said, add_special_tokens=False)["input_ids"])
        ids = [*ids, *self.end_ids]
        tokens = {
            name: [*numbers, *(ids if name == "input_ids" else [_plain(name)] * len(ids))]
            for name, numbers in row.tokens.items()
        }
        return replace(row, tokens=tokens, answer=len(ids))

    def _processed(self, text: str, image: Image.Image | None) -> Mapping[str, Any]:
        if image is None:
            return self._processor(text=[text], add_special_tokens=self._adds(text), return_tensors="pt")
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        return self._processor(
            text=[text], images=[[rgb]], add_special_tokens=self._adds(text), return_tensors="pt"
        )

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=self._adds(text))["input_ids"])

    def _adds(self, text: str) -> bool:
        """Whether the tokenizer is to put its own start token: not where the template has written it."""
        start = self._tokenizer.bos_token
        return not (isinstance(start, str) and text.startswith(start))

    def _end(self, stops: Sequence[int]) -> tuple[int, ...]:
        """What ends an answer: the template's tokens up to the first that stops; else the end token."""
        after = list(self._tokenizer(self.template.tail, add_special_tokens=False)["input_ids"])
        for place, token in enumerate(after):
            if token in stops:
                return tuple(after[: place + 1])
        if not stops:
            raise UserError(
                f"model '{self.template.name}', of which nobody says what ends an answer",
                "an end token in the tokenizer or in generation_config.json",
                "set eos_token in the tokenizer, and save it again",
            )
        return (stops[0],)


def _key(image: Image.Image) -> bytes:
    about = repr((image.mode, image.size, image.getpalette())).encode()
    return blake2b(about + image.tobytes(), digest_size=16).digest()


def _row(found: Mapping[str, Any]) -> Row:
    tokens = {name: found[name][0].tolist() for name in SEQUENCES if name in found}
    return Row(tokens, {}, len(tokens["input_ids"]))


def _taken_apart(plain: list[int], row: Row, marks: Sequence[int]) -> _Seen | None:
    """What a processor put in place of a picture's mark, for the same picture in other words.

    ``plain`` are the tokens with the mark itself. None where the processor did more than to put tokens
    in its place: then every ask goes through it.
    """
    places = [place for place, token in enumerate(plain) if token in marks]
    if len(places) != 1:
        return None
    ids, at = row.tokens["input_ids"], places[0]
    end = len(ids) - (len(plain) - at - 1)
    outside = {name: numbers[:at] + numbers[end:] for name, numbers in row.tokens.items()}
    if outside.pop("input_ids") != plain[:at] + plain[at + 1 :]:
        return None
    if any(set(numbers) != {_plain(name)} for name, numbers in outside.items()):
        return None
    return _Seen(row.pixels, plain[at], {name: numbers[at:end] for name, numbers in row.tokens.items()})


def _around(name: str, ids: list[int], at: int, inside: list[int]) -> list[int]:
    """A sequence with ``inside`` in place of the one token ``at`` of ids."""
    if name == "input_ids":
        return ids[:at] + inside + ids[at + 1 :]
    return [_plain(name)] * at + inside + [_plain(name)] * (len(ids) - at - 1)


def _plain(name: str) -> int:
    """What stands at a token of words in a sequence other than the ids: seen, and of no other kind."""
    return int(name == "attention_mask")
