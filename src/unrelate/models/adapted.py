"""`Adapted`: what every kind of model shares, weights that stay and an adapter that is on or off."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from unrelate.models import storage, surgery
from unrelate.models.adapter_slot import AdapterSlot
from unrelate.models.hashing import weights_hash

# One factor of each product that an adapter adds, in the names of its tensors: the sum is proportional to it.
_PROPORTIONAL = "lora_B"


class Adapted(ABC):
    """A transformers model whose weights are frozen; those of an adapter are trainable.

    The base model is the same weights with the adapter off (`base`); there is no second copy. The model
    starts in evaluation mode (see `train`).

    Args:
        name: a hub id, a folder, or ``embedded:NAME``.
        model: is moved to ``device``, unless ``placed`` says that it stays where it is.
    """

    def __init__(
        self, name: str, model: PreTrainedModel, device: str | torch.device, *, placed: bool = False
    ) -> None:
        self.name = name
        self.device = torch.device(device)
        self._model = model
        if not placed:
            nn.Module.to(model, self.device)
        model.requires_grad_(False).eval()
        self._slot = AdapterSlot(model, self.device)
        self._hash: str | None = None

    # ---- the adapter --------------------------------------------------------------------------

    @property
    def has_adapter(self) -> bool:
        return self._slot.peft is not None

    def load_adapter(self, path: Path, *, trainable: bool = False) -> None:
        """Put on a saved adapter, to use it, or to train it further.

        Raises:
            UserError: there is one already, or ``path`` holds none that fits this model.
        """
        self._slot.read(Path(path), trainable)

    def save_adapter(self, path: Path) -> None:
        """Write the adapter in PEFT's layout: ``peft.PeftModel.from_pretrained`` reads it."""
        storage.write_adapter(self._slot.worn, Path(path))

    def scale_adapter(self, strength: float) -> None:
        """Have the adapter add so many times as much to the weights as it does; of DoRA, which also sets
        their lengths, to the directions alone."""
        state = self.adapter_state()
        self.restore_adapter({n: t * strength if _PROPORTIONAL in n else t for n, t in state.items()})

    def adapter_state(self) -> dict[str, Tensor]:
        """A copy of the adapter's weights by name, on the CPU."""
        return self._slot.state()

    def restore_adapter(self, state: dict[str, Tensor]) -> None:
        """Set the adapter's weights to what `adapter_state` gave."""
        storage.restore_adapter(self._slot.worn, state)

    @contextmanager
    def base(self) -> Iterator[None]:
        """Within it this is the base model: adapter off, back in any event. May be nested."""
        with self._slot.base():
            yield

    def trainable_parameters(self) -> list[nn.Parameter]:
        """The adapter's trainable weights, in the model's order; empty without an adapter."""
        return [p for p in self._model.parameters() if p.requires_grad]

    def train(self, mode: bool = True) -> None:
        """Training mode: turns the adapter's dropout and gradient checkpointing on."""
        self._model.train(mode)

    def enable_gradient_checkpointing(self) -> None:
        """Recompute activations in the backward pass: less memory, more time."""
        self._model.gradient_checkpointing_enable({"use_reentrant": False})

    # ---- what is kept -------------------------------------------------------------------------

    def weights_hash(self) -> str:
        """SHA-256 of the base weights as they were loaded; no adapter changes it."""
        if self._hash is None:
            self._hash = weights_hash(self._model)
        return self._hash

    def merged(self) -> PreTrainedModel:
        """A plain transformers model with the adapter worked into its weights; this one stays.

        Raises:
            UserError: the weights are not those that were loaded: rounded, or held in 4 bits.
        """
        self._refuse_rounded()
        return storage.merged(self._model, self._slot.peft)

    def export(self, path: Path, *, merged: bool) -> None:
        """Write a plain transformers checkpoint with the adapter merged in, or the adapter alone."""
        if merged:
            self._write_checkpoint(self.merged(), Path(path))
        else:
            self.save_adapter(path)

    def linear_weights(self) -> tuple[tuple[nn.Module, str], ...]:
        """Every weight matrix [outputs, inputs] of the model, as (module, name of its parameter)."""
        return surgery.linear_weights(self._model)

    def thaw(self) -> None:
        """Make every weight trainable, not an adapter's alone, in float32.

        Raises:
            UserError: the weights are held in 4 bits.
        """
        surgery.thaw(self._model)

    def _copied(self, strength: float) -> PreTrainedModel:
        """The model as it behaves now, with so much of what the adapter adds worked in."""
        self._refuse_rounded()
        return surgery.copied(self._model, self._slot.peft, 0.0 if self._slot.off else strength)

    @abstractmethod
    def _refuse_rounded(self) -> None:
        """Raises:
        UserError: the weights are not those that were loaded.
        """

    @abstractmethod
    def _write_checkpoint(self, model: PreTrainedModel, path: Path) -> None:
        """Write a plain model with what belongs to it."""
