"""Captions to token ids, as the model was trained to read them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from unrelate.errors import UserError


class CaptionReader:
    """Turns captions into ids [B, T], T at most the model's limit.

    Args:
        tokenizer: the checkpoint's own.
        limit: tokens that the text tower has positions for.
        vocab_size: rows of its embedding table.
        trim: pad to the longest caption of a batch (a causal tower gives the same outputs) rather
            than to ``limit``.
        end_id: the token the tower pools at, or None if it pools by position. 2 stands for the
            highest id in the caption, as transformers reads old CLIP checkpoints.

    Raises:
        UserError: the tokenizer does not belong to the model.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, limit: int, vocab_size: int, trim: bool, end_id: int | None
    ) -> None:
        self.tokenizer, self.limit = tokenizer, limit
        pad = tokenizer.pad_token_id
        self._pad = int(pad) if isinstance(pad, int) else 0
        self._left = tokenizer.padding_side == "left" and not trim
        self._warned = False
        probe: list[int] = list(tokenizer("a", verbose=False)["input_ids"])
        highest = max(*probe, self._pad)
        if highest >= vocab_size:
            raise UserError(
                f"tokenizer that writes id {highest}",
                f"ids below {vocab_size}, the text tower's vocabulary",
                "use the tokenizer that was saved with the model",
            )
        if end_id is not None and end_id != 2 and end_id not in probe:
            raise UserError(
                f"text tower that pools at token {end_id}, which its tokenizer does not write",
                f"one of {sorted(set(probe))}, the ids around a caption",
                "set eos_token_id in the checkpoint's text_config",
            )
        # Where the highest id is pooled and padding is higher still, the padding itself is pooled,
        # and how much of it there is matters: such a checkpoint gets its full length.
        self._trim = trim and not (end_id == 2 and self._pad > max(probe))

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """Ids [B, T], int64. A caption beyond the limit is cut, and said so once."""
        if not captions:
            raise UserError("no captions", "at least one caption", "pass some captions")
        rows = self._ids(list(captions))
        if any(len(row) > self.limit for row in rows):
            if not self._warned:
                self._warned = True
                longest = max(rows, key=len)
                warnings.warn(
                    f"captions of up to {len(longest)} tokens are cut at {self.limit}, the model's limit",
                    stacklevel=3,
                )
            rows = self._ids(list(captions), cut=True)
        width = max(len(row) for row in rows) if self._trim else self.limit
        ids = torch.full((len(rows), width), self._pad, dtype=torch.long)
        for index, row in enumerate(rows):
            start = width - len(row) if self._left else 0
            ids[index, start : start + len(row)] = torch.tensor(row)
        return ids

    def _ids(self, captions: list[str], cut: bool = False) -> list[list[int]]:
        limit = self.limit if cut else None
        return self.tokenizer(captions, truncation=cut, max_length=limit, verbose=False)["input_ids"]
