"""Models that write text when asked: a local causal language model, or a chat service.

They write prompts for a red team (`unrelate.attacks.text.generator`); nothing that they say is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BatchEncoding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from unrelate.errors import UserError
from unrelate.models.endpoint import ChatEndpoint
from unrelate.models.hashing import weights_hash
from unrelate.models.quiet import without_bars

_ALLOWED = "a hub id, a folder in the transformers layout, or URL#MODEL of a chat service"


class TextModel(Protocol):
    """Something that writes."""

    @property
    def name(self) -> str:
        """What records call it."""
        ...

    def __call__(self, request: str, seed: int) -> str:
        """What it writes when asked; the seed decides what, where the model allows it."""
        ...

    def weights_hash(self) -> str:
        """SHA-256 of its weights, or "" where nobody can know them."""
        ...


@dataclass(frozen=True)
class LocalTextModel:
    """A causal language model of transformers, sampled. Weights are read from safetensors alone.

    Args:
        name: where it came from.
        model: in evaluation mode.
        tokenizer: its own; where it has a chat template, requests are put through it.
        tokens: the most new tokens a reply.
        temperature: above 0; higher writes more variously, and more nonsense.
    """

    name: str
    model: PreTrainedModel = field(repr=False)
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    tokens: int = 400
    temperature: float = 0.9

    @staticmethod
    def load(name: str | Path, *, device: str = "cpu") -> LocalTextModel:
        """A hub id or a folder. No remote code is run.

        Raises:
            UserError: there is none, it is no causal language model, or it has no whole safetensors.
        """
        try:
            with without_bars():
                tokenizer = AutoTokenizer.from_pretrained(str(name), trust_remote_code=False)
                model, report = AutoModelForCausalLM.from_pretrained(  # pyright: ignore[reportGeneralTypeIssues]
                    str(name), use_safetensors=True, trust_remote_code=False, output_loading_info=True
                )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
            lines = str(error).strip().splitlines()
            reason = lines[0] if lines else type(error).__name__
            raise UserError(
                f"text model '{name}', which cannot be loaded ({reason})", _ALLOWED, "check the name"
            ) from error
        missing = sorted(report["missing_keys"])
        if missing:
            raise UserError(
                f"text model '{name}', whose weights lack {len(missing)} tensors, '{missing[0]}' the first",
                "a causal language model with all its weights",
                "fetch or save it again",
            )
        return LocalTextModel(str(name), model.to(device).eval(), tokenizer)

    @torch.no_grad()
    def __call__(self, request: str, seed: int) -> str:
        """A reply, without the request. The same seed gives the same; the global generator stays."""
        inputs = self._inputs(request).to(self.model.device)
        ids = cast(torch.Tensor, inputs["input_ids"])
        devices = [self.model.device] if self.model.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            written = self.model.generate(  # pyright: ignore[reportCallIssue]
                **inputs,
                do_sample=True,
                temperature=self.temperature,
                top_p=0.95,
                max_new_tokens=self._room(ids.shape[1]),
                pad_token_id=self._pad(),
            )
        return str(self.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True))

    def weights_hash(self) -> str:
        return weights_hash(self.model)

    def _inputs(self, request: str) -> BatchEncoding:
        if self.tokenizer.chat_template is None:
            return self.tokenizer(request, return_tensors="pt")
        text = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": request}], tokenize=False, add_generation_prompt=True
        )
        return self.tokenizer(str(text), add_special_tokens=False, return_tensors="pt")

    def _room(self, asked: int) -> int:
        """How many tokens may follow."""
        limit = getattr(self.model.config, "max_position_embeddings", None)  # not every model has one
        room = self.tokens if limit is None else min(self.tokens, int(limit) - asked)
        if room < 1:
            raise UserError(
                f"text model '{self.name}' of {limit} positions, for a request of {asked} tokens",
                "a model that can read the request and answer",
                "choose a model with more positions",
            )
        return room

    def _pad(self) -> int:
        pad = self.tokenizer.pad_token_id
        return int(pad if isinstance(pad, int) else cast(int, self.tokenizer.eos_token_id or 0))


def open_text_model(name: str, *, device: str = "cpu") -> TextModel:
    """``https://host/v1#model`` for a chat service; anything else is a hub id or a folder.

    Raises:
        UserError: it cannot be used; for a service this shows when it is first asked.
    """
    if "://" not in name:
        return LocalTextModel.load(name, device=device)
    url, _, model = name.partition("#")
    return ChatEndpoint(url, model)
