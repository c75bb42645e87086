"""What an adapter is to be: a value, free of torch, so that settings can be read and checked quickly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from unrelate.errors import UserError, nearest

Method = Literal["lora", "dora"]
Towers = Literal["both", "text", "image"]
LayerKind = Literal["attention", "mlp", "projection"]
GeneratorTowers = Literal["language", "image", "both"]


@dataclass(frozen=True)
class AdapterSpec:
    """What to adapt and how.

    method: ``lora`` or ``dora`` (LoRA with a learnt length per output; slower).
    rank: rows of the low-rank update, at least 1. Weights and adapter size grow with it.
    alpha: the update is scaled by ``alpha / rank``, greater than 0.
    dropout: share of inputs to the update zeroed in training, in [0, 1).
    image_dropout: the same for the image tower, where it differs; None as ``dropout``. Captions repeat
        each other far more than pictures do, so the text tower bears, and wants, more of it.
    towers: ``both``, ``text`` or ``image``. One tower leaves the other's outputs exactly as they were.
    layers: any of ``attention``, ``mlp``, ``projection``. ``projection`` alone trains many times
        faster, since everything below it is computed once.
    last_layers: adapt only the last so many blocks of each tower, all of a tower that has no more; None
        adapts all of both.

    Raises:
        UserError: for a value outside these ranges.
    """

    method: Method = "lora"
    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0
    image_dropout: float | None = None
    towers: Towers = "both"
    layers: tuple[LayerKind, ...] = ("attention", "projection")
    last_layers: int | None = None

    def __post_init__(self) -> None:
        _one_of("method", self.method, get_args(Method))
        _one_of("towers", self.towers, get_args(Towers))
        for kind in self.layers:
            _one_of("layers", kind, get_args(LayerKind))
        checks = (
            (bool(self.layers), "layers", self.layers, "at least one of attention, mlp, projection"),
            (self.rank >= 1, "rank", self.rank, "a whole number of at least 1"),
            (self.alpha > 0, "alpha", self.alpha, "a number greater than 0"),
            (0 <= self.dropout < 1, "dropout", self.dropout, "a number in [0, 1)"),
            (
                self.image_dropout is None or 0 <= self.image_dropout < 1,
                "image_dropout",
                self.image_dropout,
                "a number in [0, 1), or nothing for the same dropout in both towers",
            ),
            (
                self.last_layers is None or self.last_layers >= 1,
                "last_layers",
                self.last_layers,
                "a whole number of at least 1, or nothing for all layers",
            ),
        )
        for holds, name, value, allowed in checks:
            if not holds:
                raise UserError(f"adapter {name} = {value!r}", allowed, f"change {name}")

    def tower_names(self) -> tuple[str, ...]:
        """``("text", "image")`` or the one that is adapted."""
        return ("text", "image") if self.towers == "both" else (self.towers,)


@dataclass(frozen=True)
class GeneratorAdapterSpec:
    """What to adapt of a generator, and how.

    rank, alpha, dropout, method: as of `AdapterSpec`.
    layers: any of ``attention``, ``mlp``, ``projection``; the last is what leads from the image tower's
        width to the language model's, and is adapted with the image tower alone.
    last_layers: adapt only the last so many layers of each tower; None adapts all.
    depth: adapt only this share of each tower's layers, in (0, 1], from the first on and one at least; of
        these ``last_layers`` counts the last. What it spares and costs: docs/steering.md.
    towers: ``language``, ``image`` or ``both``.

    Raises:
        UserError: for a value outside these ranges.
    """

    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0
    method: Method = "lora"
    layers: tuple[LayerKind, ...] = ("attention", "mlp")
    last_layers: int | None = None
    depth: float = 1.0
    towers: GeneratorTowers = "language"

    def __post_init__(self) -> None:
        _one_of("towers", self.towers, get_args(GeneratorTowers))
        AdapterSpec(
            method=self.method,
            rank=self.rank,
            alpha=self.alpha,
            dropout=self.dropout,
            layers=self.layers,
            last_layers=self.last_layers,
        )
        if not 0 < self.depth <= 1:
            raise UserError(f"adapter depth = {self.depth!r}", "a share in (0, 1]", "change depth")
        if "projection" in self.layers and self.towers == "language":
            raise UserError(
                "adapter layers 'projection' of the language model, which has none",
                "projection with towers image or both",
                "change towers, or leave projection out",
            )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UserError(
            f"adapter {name} '{value}'", ", ".join(allowed), nearest(str(value), allowed) or f"change {name}"
        )
