"""trl's GRPOTrainer around a `Generator`: our questions, our reward, our checkpoints, and no noise.

What trl does is left as it is: sampling, log-probabilities, advantages, clipping, the KL. What is
overridden is where it would pickle, print, call home, or lose its place:

- its checkpoints are ours (`checkpoint`), on whole rounds, since a round's answers are not kept;
- each round is seeded by its number, so that a resumed run samples what it would have sampled;
- progress goes to the caller's ``report`` and to ``losses.jsonl``, not to the terminal;
- usage statistics are not sent;
- a loss that is not finite ends the run before it reaches the weights.

Imported only where stage 2 runs: trl is an extra.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO, cast

import torch
from accelerate.utils import set_seed
from datasets import Dataset
from safetensors.torch import load_file
from trl.trainer.grpo_trainer import GRPOTrainer

from unrelate.edit.loop import Report
from unrelate.edit.optimizer_state import load_optimizer, save_optimizer
from unrelate.edit.reinforce.arguments import arguments
from unrelate.edit.reinforce.checkpoint import Checkpoints, save_adapter
from unrelate.edit.reinforce.passes import in_passes
from unrelate.edit.reinforce.prompts import Prompt
from unrelate.edit.reinforce.rewarding import Rewarding
from unrelate.edit.reinforce.settings import ReinforceSettings
from unrelate.errors import UserError
from unrelate.files import read_json, write_json
from unrelate.models.generator import Generator

# trl's name of a measure -> ours, in the rows of losses.jsonl.
MEASURES = {
    "kl": "kl",
    "entropy": "entropy",
    "clip_ratio/region_mean": "clipped",  # share of tokens whose ratio was outside 1 +- clip
    "frac_reward_zero_std": "undecided",  # share of questions whose answers were all worth the same
}

REFERENCE = "ref"  # trl's name for the copy of the adapter that it holds the policy near to


class Beside(Protocol):
    """A loss that every update lowers beside the reward's; ``loss`` of a step, from 0, is weighted."""

    weight: float

    def loss(self, step: int) -> torch.Tensor: ...


class Trainer(GRPOTrainer):
    """Runs the rounds.

    Args:
        generator: wearing the adapter that is trained.
        rounds: the questions of each round.
        rewarding: scores a round's answers.
        beside: further losses by name, each taken once an update.
        settings: of stage 2.
        checkpoints: where to write them.
        log: losses.jsonl, open for appending.
        report: called after each update with (step, of, terms).
        seed: of sampling.
    """

    def __init__(
        self,
        generator: Generator,
        rounds: Sequence[tuple[Prompt, ...]],
        rewarding: Rewarding,
        beside: Mapping[str, Beside],
        settings: ReinforceSettings,
        checkpoints: Checkpoints,
        log: TextIO,
        report: Report,
        seed: int,
    ) -> None:
        self._generator, self._rewarding, self._checkpoints = generator, rewarding, checkpoints
        self._beside, self._last = beside, -1
        self._prompts = [prompt for one in rounds for prompt in one]
        self._settings, self._log_file, self._report, self._seed = settings, log, report, seed
        self._terms: dict[str, float] = {}
        super().__init__(
            model=generator.model,
            reward_funcs=cast(Any, self._rewards),
            args=arguments(settings, checkpoints.folder, seed, generator.device.type == "cpu"),
            train_dataset=Dataset.from_dict({"row": list(range(len(self._prompts)))}),
            processing_class=generator.processor,
        )
        adapted: Any = self.model
        if settings.reference == "base" and REFERENCE in adapted.peft_config:
            adapted.delete_adapter(REFERENCE)  # trl then takes the model with its adapter off

    def _send_telemetry(self) -> None:
        """Nothing: trl would send usage statistics."""

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        set_seed(self._seed * 1_000_003 + self.state.global_step)
        asked: dict[int, list[dict[str, Any]]] = {}
        for row in dict.fromkeys(one["row"] for one in inputs):
            ask = self._prompts[row].ask()
            shown = [] if ask.image is None else [{"type": "image", "image": ask.image}]
            asked[row] = [{"role": "user", "content": [*shown, {"type": "text", "text": ask.question}]}]
        return super()._generate_and_score_completions(
            [{"row": one["row"], "prompt": asked[one["row"]]} for one in inputs]
        )

    def _tokenize_prompts(
        self, prompts: list[Any]
    ) -> tuple[list[list[int]], list[Any] | None, dict[str, Any]]:
        """As trl does it, but that a question without a picture among others has no pictures, not None:
        processors refuse that (trl 1.16)."""
        ids, images, fields = super()._tokenize_prompts(prompts)
        return ids, images if images is None else [shown or [] for shown in images], fields

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        compute_aux_loss: bool = False,
        **pictures: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """As trl does it, but for passes without a picture in a round with some; see `in_passes`."""
        how = {"compute_entropy": compute_entropy, "compute_aux_loss": compute_aux_loss}
        usual = super()._get_per_token_logps_and_entropies
        if pictures.get("num_images") is None:
            return usual(model, input_ids, attention_mask, logits_to_keep, batch_size, **how, **pictures)
        parts = in_passes(input_ids, attention_mask, pictures, batch_size or len(input_ids))
        done = [usual(model, ids, mask, logits_to_keep, None, **how, **own) for ids, mask, own in parts]
        logs, entropies, losses = zip(*done, strict=True)
        return (
            torch.cat(logs),
            torch.cat(entropies) if compute_entropy else None,
            torch.stack(losses).mean() if compute_aux_loss else None,
        )

    def _rewards(self, completion_ids: list[list[int]], row: list[int], **_: Any) -> list[float]:
        said = self._generator.tokenizer.batch_decode(completion_ids, skip_special_tokens=True)
        finished = [bool(ids) and ids[-1] in self.eos_token_ids for ids in completion_ids]
        return self._rewarding([self._prompts[one] for one in row], [s.strip() for s in said], finished)

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        loss = super().training_step(*args, **kwargs) + self._also()
        if not torch.isfinite(loss):
            raise UserError(
                f"step {self.state.global_step + 1}: the loss is not finite",
                "finite losses",
                "lower the learning rate; the adapter as it was before this step is kept",
            )
        return loss

    def _also(self) -> torch.Tensor | float:
        """The backward passes of the losses beside, once an update, however many passes that takes; their
        sum."""
        step, whole = self.state.global_step, 0.0
        if self._last == step:
            return whole
        self._last = step
        for name, one in self._beside.items():
            loss = one.loss(step)
            loss.backward()
            self._terms[name] = loss.item() / one.weight
            whole = whole + loss.detach()
        return whole

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """One row of losses.jsonl and one report per update; nothing to the terminal."""
        if "loss" not in logs:
            return
        measured = self._metrics["train"]
        for name, ours in MEASURES.items():
            values = [value for value in measured.get(name, ()) if not math.isnan(value)]
            if values:
                self._terms[ours] = sum(values) / len(values)
        measured.clear()
        terms = self._rewarding.seen | self._terms
        step = self.state.global_step
        line = {"step": step, "total": logs["loss"], "lr": logs["learning_rate"], "terms": terms}
        self._log_file.write(json.dumps(line) + "\n")
        self._log_file.flush()
        self._report(step, self._settings.steps, terms)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = self.state.global_step
        place = self._checkpoints.place(step)
        save_adapter(self._generator.adapter_state(), place / "adapter.safetensors")
        optimizer, scheduler = self._learning()
        save_optimizer(optimizer, place / "optimizer.safetensors")
        self.state.save_to_json(str(place / "trainer_state.json"))
        write_json(place / "scheduler.json", scheduler.state_dict())
        write_json(
            place / "rewarding.json", {"window": self._rewarding.state(), "seen": self._rewarding.seen}
        )
        self._checkpoints.close(step)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        place = Path(resume_from_checkpoint)
        self._generator.restore_adapter(load_file(place / "adapter.safetensors"))
        remembered = read_json(place / "rewarding.json")
        self._rewarding.restore(remembered["window"])
        self._rewarding.seen = remembered["seen"]

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        place = Path(checkpoint)
        optimizer, scheduler = self._learning()
        load_optimizer(optimizer, place / "optimizer.safetensors")
        scheduler.load_state_dict(read_json(place / "scheduler.json"))
        for group, rate in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
            group["lr"] = rate

    def _learning(self) -> tuple[Any, Any]:
        """Optimizer and schedule, which are there once training has begun."""
        return self.optimizer, self.lr_scheduler

    def _load_rng_state(self, checkpoint: str | None) -> None:
        """Nothing: every round is seeded by its number."""
