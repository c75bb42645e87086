"""How stage 2 is run: what `reinforce` takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from unrelate.edit.holding import Hold
from unrelate.edit.reinforce.reward import RewardWeights
from unrelate.errors import UserError
from unrelate.models.spec import GeneratorAdapterSpec


@dataclass(frozen=True)
class ReinforceSettings:
    """The knobs of stage 2. Defaults are for LoRA on the embedded model (7 million parameters).

    For a whole model of 4 billion parameters ASRU takes ``learning_rate=1e-6``; for LoRA on one of 2 to
    8 billion begin with 1e-5, ``rollout_batch`` 8 and ``checkpointing``.

    Args:
        steps: updates of the weights (ASRU: about 100). Must be a multiple of ``updates``.
        updates: how often the answers of one round are learnt from, clipped, before new ones are
            sampled (GRPO's mu). 1 is on-policy: twice the sampling for as many updates.
        forget, retain: how many questions are drawn; more rounds than they fill begin again, in the
            questions' other wordings.
        boundary: share of ``retain`` taken from ASRU's boundary set, the retained that is next to the
            forbidden (role ``SAFE_EDGE``).
        unknown: share of ``retain`` whose natural answer is that it is not known, or not told.
        prompts: questions a round, half to forget, half to retain; even.
        rollouts: answers sampled for each question; what GRPO compares.
        temperature, top_p: of sampling. The temperature is part of the policy that is learnt.
        max_new_tokens: an answer still unfinished there gets no fluency.
        learning_rate: of AdamW, falling linearly to 0.
        beta: weight of the KL to the reference; larger stays nearer to it.
        reference: ``start`` is the adapter as stage 2 found it, kept as a second adapter; ``base`` is
            the model with its adapter off, which still tells what is to be forgotten.
        clip: an update counts no further than 1 +- this ratio of the probabilities.
        max_grad_norm: gradients are scaled down to it.
        window: how many refusals back one template is noticed.
        rollout_batch: answers per forward and backward pass, a divisor of ``prompts * rollouts``; 0:
            a whole round at once. Smaller takes less memory and gives the same update.
        save_every: updates between checkpoints, rounded up to whole rounds.
        checkpointing: recompute activations in the backward pass: less memory, a third more time.
        weights: of the reward's parts.
        hold: how firmly the states of what stays are held, at every update; not at all, as published, here.
        adapter: what is put on a generator that wears none.

    Raises:
        UserError: a value outside its range.
    """

    steps: int = 100
    updates: int = 2
    forget: int = 200
    retain: int = 200
    boundary: float = 0.27
    unknown: float = 0.1
    prompts: int = 8
    rollouts: int = 8
    temperature: float = 1.5
    top_p: float = 0.95
    max_new_tokens: int = 32
    learning_rate: float = 5e-4
    beta: float = 0.1
    reference: Literal["start", "base"] = "start"
    clip: float = 0.2
    max_grad_norm: float = 1.0
    window: int = 64
    rollout_batch: int = 0
    save_every: int = 20
    checkpointing: bool = False
    weights: RewardWeights = field(default_factory=RewardWeights)
    hold: Hold = field(default_factory=Hold)
    adapter: GeneratorAdapterSpec = field(default_factory=GeneratorAdapterSpec)

    def __post_init__(self) -> None:
        whole = ("steps", "updates", "forget", "retain", "prompts", "max_new_tokens", "save_every", "window")
        for name in whole:
            _least(name, getattr(self, name), 1)
        _least("rollouts", self.rollouts, 2)  # of one answer nothing is better than another
        for name in ("temperature", "learning_rate", "max_grad_norm", "clip"):
            _above(name, getattr(self, name))
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p = {self.top_p}", "above 0, at most 1", "change top_p")
        if self.beta < 0:
            raise UserError(f"beta = {self.beta}", "0 or more", "change beta")
        if min(self.boundary, self.unknown) < 0 or self.boundary + self.unknown > 1:
            said = f"boundary = {self.boundary} and unknown = {self.unknown}"
            raise UserError(said, "shares of the retained questions, together at most 1", "lower one of them")
        if self.reference not in ("start", "base"):
            raise UserError(f"reference = '{self.reference}'", "start or base", "change reference")
        if self.prompts % 2:
            raise UserError(f"prompts = {self.prompts}", "an even number", "half of them are to be forgotten")
        if self.steps % self.updates:
            said = f"steps = {self.steps} with updates = {self.updates}"
            raise UserError(said, "steps that are a multiple of updates", "change either")
        if self.rollout_batch < 0 or (self.rollout_batch and self.round_size % self.rollout_batch):
            raise UserError(
                f"rollout_batch = {self.rollout_batch}",
                f"0, or a divisor of prompts * rollouts = {self.round_size}",
                "change rollout_batch",
            )

    @property
    def round_size(self) -> int:
        """Answers sampled at a time."""
        return self.prompts * self.rollouts

    @property
    def per_pass(self) -> int:
        """Answers per forward and backward pass."""
        return self.rollout_batch or self.round_size

    @property
    def rounds(self) -> int:
        return self.steps // self.updates

    @property
    def save_steps(self) -> int:
        """Updates between checkpoints: whole rounds, so that no answers need to be kept."""
        return math.ceil(self.save_every / self.updates) * self.updates


def _least(name: str, value: int, least: int) -> None:
    if value < least:
        raise UserError(f"{name} = {value}", f"a whole number of at least {least}", f"change {name}")


def _above(name: str, value: float) -> None:
    if not value > 0 or not math.isfinite(value):
        raise UserError(f"{name} = {value}", "a number above 0", f"change {name}")
