"""Our settings of stage 2 as trl's. Imported only where stage 2 runs: trl is an extra."""

from __future__ import annotations

import warnings
from pathlib import Path

from trl.trainer.grpo_config import GRPOConfig

from unrelate.edit.reinforce.settings import ReinforceSettings


def arguments(settings: ReinforceSettings, folder: Path, seed: int, on_cpu: bool) -> GRPOConfig:
    """trl's settings for ours: nothing is reported anywhere, and nothing saved but by us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # trl's default for a renamed argument
        return GRPOConfig(
            output_dir=str(folder),
            seed=seed,
            use_cpu=on_cpu,
            bf16=False,  # the model keeps the precision it was loaded in
            max_steps=settings.steps,
            num_iterations=settings.updates,
            num_generations=settings.rollouts,
            per_device_train_batch_size=settings.per_pass,
            gradient_accumulation_steps=settings.round_size // settings.per_pass,
            temperature=settings.temperature,
            top_p=settings.top_p,
            top_k=0,
            max_completion_length=settings.max_new_tokens,
            learning_rate=settings.learning_rate,
            lr_scheduler_type="linear",
            beta=settings.beta,
            epsilon=settings.clip,
            max_grad_norm=settings.max_grad_norm,
            gradient_checkpointing=settings.checkpointing,
            shuffle_dataset=False,  # the order is `rounds`'
            save_strategy="steps",
            save_steps=settings.save_steps,
            logging_strategy="steps",
            logging_steps=1,
            logging_nan_inf_filter=False,
            disable_tqdm=True,
            report_to="none",
            dataloader_pin_memory=False,
        )
