"""Adapters and checkpoints on disk: PEFT's layout and transformers', safetensors only."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel

from unrelate.errors import UserError
from unrelate.models.checkpoint import Checkpoint

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def read_adapter(model: PreTrainedModel, path: Path, trainable: bool) -> PeftModel:
    """Put the adapter saved in ``path`` on ``model``, in place.

    Raises:
        UserError: files are missing, damaged or pickled, or the adapter is of another model.
    """
    for name in (CONFIG, WEIGHTS):
        if not (path / name).is_file():
            pickled = (path / "adapter_model.bin").is_file()
            raise UserError(
                f"adapter folder '{path}' without {name}",
                f"a folder with {CONFIG} and {WEIGHTS}",
                "save the adapter again with safe_serialization" if pickled else "check the path",
            )
    try:
        with safe_open(path / WEIGHTS, framework="pt") as file:
            saved = set(file.keys())
        peft = PeftModel.from_pretrained(model, str(path), is_trainable=trainable)
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"adapter '{path}', which cannot be put on this model ({reason})",
            "an adapter trained on this very model",
            "load the model that the adapter was trained on",
        ) from error
    expected = set(get_peft_model_state_dict(peft))
    if saved != expected:
        odd = sorted(saved ^ expected)[0]
        raise UserError(
            f"adapter '{path}' of another model ('{odd}' is on one side alone)",
            "an adapter trained on this very model",
            "load the model that the adapter was trained on",
        )
    return peft


def write_adapter(peft: PeftModel, path: Path) -> None:
    """Write ``adapter_config.json`` and ``adapter_model.safetensors``."""
    path.mkdir(parents=True, exist_ok=True)
    peft.save_pretrained(str(path), safe_serialization=True)
    (path / "README.md").unlink(missing_ok=True)  # peft's empty model card


def adapter_state(peft: PeftModel) -> dict[str, torch.Tensor]:
    """A copy of the adapter's weights, on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in get_peft_model_state_dict(peft).items()}


def restore_adapter(peft: PeftModel, state: dict[str, torch.Tensor]) -> None:
    """Set the adapter's weights.

    Raises:
        UserError: ``state`` is of another adapter.
    """
    if set(state) != set(get_peft_model_state_dict(peft)):
        raise UserError(
            "weights of another adapter", "weights of this adapter", "resume with the same settings"
        )
    set_peft_model_state_dict(peft, state)


def merged(model: PreTrainedModel, peft: PeftModel | None) -> PreTrainedModel:
    """A copy of ``model`` with the adapter worked into its weights. Needs room for both."""
    if peft is None:
        return copy.deepcopy(model)
    return copy.deepcopy(peft).merge_and_unload(safe_merge=True)


def write_checkpoint(model: PreTrainedModel, checkpoint: Checkpoint, path: Path) -> None:
    """Write a plain transformers checkpoint: weights, config, tokenizer, image processor."""
    path.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(path), safe_serialization=True)
    checkpoint.tokenizer.save_pretrained(str(path))
    checkpoint.image_processor.save_pretrained(str(path))
