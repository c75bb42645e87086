"""`Generator`: pictures and questions to answers, with an adapter on or off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from unrelate.errors import UserError
from unrelate.models import generator_layers
from unrelate.models.adapted import Adapted
from unrelate.models.adapters import attach_to
from unrelate.models.chat import Ask, Template
from unrelate.models.generator_batch import AnswerBatch, Row
from unrelate.models.generator_checkpoint import GeneratorCheckpoint, Quantise, load_generator_checkpoint
from unrelate.models.generator_layers import Layout
from unrelate.models.generator_pictures import keep_pictures
from unrelate.models.generator_positions import position_ids
from unrelate.models.generator_reader import Reader
from unrelate.models.generator_reading import logprobs, states, states_at
from unrelate.models.generator_writing import Sampling, stops_of, write
from unrelate.models.spec import GeneratorAdapterSpec

Progress = Callable[[int, int], None]


class Generator(Adapted):
    """A vision-language model with its processor. Final.

    ``B`` rows, ``T`` tokens, ``L`` decoder layers, ``W`` their width, ``V`` tokens known.
    """

    def __init__(self, checkpoint: GeneratorCheckpoint, device: str | torch.device = "cpu") -> None:
        # Weights in 4 bits are where they were put, and stay.
        super().__init__(checkpoint.name, checkpoint.model, device, placed=checkpoint.quantised)
        self.checkpoint = checkpoint
        self.processor, self.tokenizer = checkpoint.processor, checkpoint.tokenizer
        self._layout = Layout.of(self._model)
        self._stops = stops_of(self._model, self.tokenizer)
        self._reader = Reader(Template.of(self.name, self.processor), self.tokenizer, self._stops)

    @staticmethod
    def load(
        name: str | Path,
        *,
        device: str | torch.device = "cpu",
        adapter: Path | None = None,
        dtype: torch.dtype | None = None,
        quantise: Quantise = "none",
    ) -> Generator:
        """Load a hub id or a folder in the hub's layout, and an adapter if one is given.

        Args:
            dtype: None for float32 on the CPU and bfloat16 elsewhere.
            quantise: ``nf4`` holds the linear weights in 4 bits, for QLoRA; needs a GPU and bitsandbytes.

        Raises:
            UserError: see `load_generator_checkpoint`, `Template.of`, `Layout.of` and `load_adapter`.
        """
        checkpoint = load_generator_checkpoint(str(name), device=device, dtype=dtype, quantise=quantise)
        generator = Generator(checkpoint, device)
        if adapter is not None:
            generator.load_adapter(adapter)
        return generator

    # ---- what it is ---------------------------------------------------------------------------

    @property
    def model(self) -> PreTrainedModel | PeftModel:
        """The transformers model, wrapped by PEFT where there is an adapter."""
        return self._model if self._slot.peft is None else self._slot.peft

    @property
    def layers(self) -> Sequence[nn.Module]:
        """The language model's decoder layers, in order."""
        return list(self._layout.layers)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Their full names in the plain transformers model."""
        return tuple(f"{self._layout.prefix}.{index}" for index in range(len(self._layout.layers)))

    @property
    def width(self) -> int:
        """W."""
        return self._layout.width

    @property
    def template(self) -> Template:
        """The checkpoint's chat template, and what it can say."""
        return self._reader.template

    # ---- answers ------------------------------------------------------------------------------

    def generate(
        self,
        asks: Sequence[Ask],
        *,
        max_new_tokens: int = 48,
        temperature: float = 0.0,
        top_p: float = 1.0,
        samples: int = 1,
        seed: int = 0,
        batch_size: int = 32,
        progress: Progress | None = None,
    ) -> list[list[str]]:
        """Answers ``[asks][samples]``, without prefill, special tokens and space at their ends.

        Temperature 0 is greedy: all samples are then the same. Else a sample depends on the seed and on
        its ask's place in ``asks``, not on ``batch_size``; the global generator is neither read nor moved.
        What the checkpoint's own generation_config.json asks for (penalties, top-k) is left aside.

        Raises:
            UserError: a setting outside its range, or an ask that the template cannot say.
        """
        how = Sampling(max_new_tokens, temperature, top_p, samples, seed)
        rows = self._reader.read(asks) if asks else []
        return write(self._model, self._reader, rows, self._stops, how, batch_size, progress)

    def batch(self, asks: Sequence[Ask], answers: Sequence[str]) -> AnswerBatch:
        """Asks with answers, each with what ends it, padded in front, on the model's device."""
        return self._padded(self._reader.read(asks, answers))

    def keep_pictures(self) -> None:
        """From now on a picture goes through the image tower once, as long as that is frozen and wears no
        adapter; answers stay what they are. See `generator_pictures`."""
        keep_pictures(self._model)

    def token_logprobs(self, batch: AnswerBatch) -> Tensor:
        """[B, T] float32: the log-probability of each answer token and of the end, given all before it;
        0 elsewhere. With gradients, where they are enabled."""
        return logprobs(self._model, batch.to(self.device))

    @torch.no_grad()
    def score(self, asks: Sequence[Ask], answers: Sequence[str], batch_size: int = 32) -> list[Tensor]:
        """Of each answer the log-probabilities of its tokens, the end the last, [its length], on the CPU."""
        found: dict[int, Tensor] = {}
        for places, batch in self._sorted(self._reader.read(asks, answers), batch_size):
            values = self.token_logprobs(batch).cpu()
            for place, row, mask in zip(places, values, batch.answer.cpu(), strict=True):
                found[place] = row[mask]
        return [found[place] for place in range(len(asks))]

    @torch.no_grad()
    def hidden_states(
        self, asks: Sequence[Ask], *, answers: Sequence[str] | None = None, batch_size: int = 32
    ) -> Tensor:
        """[L + 1, N, W] float32 on the CPU: what enters the first decoder layer, and what leaves each,
        before the final norm, at the last prompt token (that from which the answer's first is told).

        Args:
            answers: where given, at the last token of the answer instead, before its end.
        """
        found: dict[int, Tensor] = {}
        for places, batch in self._sorted(self._reader.read(asks, answers), batch_size):
            last = batch.answer.shape[1] - 1 - (0 if answers is None else len(self._reader.end_ids))
            at = torch.full_like(batch.prompt_ends, last)
            for place, row in zip(places, states_at(self._model, self._layout, batch, at), strict=True):
                found[place] = row
        return torch.stack([found[place] for place in range(len(asks))], dim=1)

    def states(self, batch: AnswerBatch) -> Tensor:
        """[L + 1, N, W] float32: what enters the first decoder layer and what leaves each, at all N tokens of
        a batch that are not padding. With gradients, where they are enabled."""
        real = batch.inputs["attention_mask"].bool()
        return torch.stack(states(self._model, self.layers, batch, lambda one: one[real].float()))

    @torch.no_grad()
    def next_logits(self, asks: Sequence[Ask], batch_size: int = 32) -> Tensor:
        """[N, V] float32 on the CPU: for the first token of the answer, after the prefill."""
        found: dict[int, Tensor] = {}
        for places, batch in self._sorted(self._reader.read(asks), batch_size):
            for place, row in zip(places, self._model(**batch.inputs).logits[:, -1], strict=True):
                found[place] = row.float().cpu()
        return torch.stack([found[place] for place in range(len(asks))])

    def unembed(self, hidden: Tensor) -> Tensor:
        """States [..., W] as of `hidden_states` -> logits [..., V], float32: final norm and head."""
        weight = self._layout.head.weight
        states = hidden.to(weight.device, next(self._layout.norm.parameters()).dtype)  # pyright: ignore
        return self._layout.head(self._layout.norm(states)).float()

    # ---- the adapter --------------------------------------------------------------------------

    def add_adapter(self, spec: GeneratorAdapterSpec, seed: int = 0) -> None:
        """Put on a fresh adapter; outputs stay as they were until it is trained.

        Raises:
            UserError: there is one already, or ``spec`` does not fit the model.
        """
        targets = generator_layers.target_modules(self._model, self._layout, spec)
        self._slot.put(lambda: attach_to(self._model, targets, spec, seed, self.name))

    def standalone(self, strength: float = 1.0) -> Generator:
        """A generator of its own that behaves as this one does now: the adapter worked in if it is on.

        Its weights may be changed without touching this one. Needs room for both.

        Args:
            strength: how much of what the adapter adds is worked in: 0 is the base model, 1 the merged
                one. Without an adapter, or within `base`, it is no matter.

        Raises:
            UserError: the weights are held in 4 bits.
        """
        return Generator(replace(self.checkpoint, model=self._copied(strength)), self.device)

    def thaw(self) -> None:
        self._refuse_rounded()
        super().thaw()

    def _padded(self, rows: Sequence[Row]) -> AnswerBatch:
        batch = self._reader.batch(rows)
        positions = position_ids(self._model, batch.inputs)
        if positions is not None:
            batch.inputs["position_ids"] = positions
        return batch.to(self.device)

    def _sorted(self, rows: Sequence[Row], size: int) -> Iterator[tuple[list[int], AnswerBatch]]:
        """Batches of rows of like length, with their places."""
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
        for start in range(0, len(order), size):
            places = order[start : start + size]
            yield places, self._padded([rows[place] for place in places])

    def _refuse_rounded(self) -> None:
        if self.checkpoint.quantised:
            raise UserError(
                "a model whose weights are held in 4 bits",
                "a model as it was loaded",
                "load it without quantise, put the saved adapter on that, and go on from there",
            )

    def _write_checkpoint(self, model: PreTrainedModel, path: Path) -> None:
        self.checkpoint.write(model, path)
