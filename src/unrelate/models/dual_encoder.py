"""`DualEncoder`: images and captions to unit vectors in one space, with an adapter on or off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel

from unrelate.errors import UserError
from unrelate.models import pixels, storage, tokens
from unrelate.models.adapted import Adapted
from unrelate.models.adapters import attach, hold_frozen_in
from unrelate.models.captions import CaptionReader
from unrelate.models.checkpoint import Checkpoint, load_checkpoint
from unrelate.models.prefix import Prefix, first_adapted, run_from, run_to, states
from unrelate.models.spec import AdapterSpec, Towers
from unrelate.models.towers import FAMILIES, Tower


class DualEncoder(Adapted):
    """A CLIP or SigLIP model with its preprocessing. Final.

    ``B`` rows, ``D`` embedding dimension.
    """

    def __init__(self, checkpoint: Checkpoint, device: str | torch.device = "cpu") -> None:
        super().__init__(checkpoint.name, checkpoint.model, device)
        self.checkpoint = checkpoint
        self._family = FAMILIES[checkpoint.model.config.model_type]
        self._model.set_attn_implementation("sdpa")  # the towers are run without explicit masks
        self._half: torch.dtype | None = None  # see `compute_in`
        self._pixel_scale: pixels.PixelScale | None = None
        text = self._model.config.text_config
        self._read = CaptionReader(
            checkpoint.tokenizer,
            limit=text.max_position_embeddings,
            vocab_size=text.vocab_size,
            trim=self._family.causal,
            end_id=text.eos_token_id if self._family.causal else None,
        )
        self._towers: dict[str, Tower] = {}
        self._stages: dict[str, int] = {}
        self._take_apart()

    @classmethod
    def load(
        cls,
        name: str | Path,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        adapter: Path | None = None,
    ) -> DualEncoder:
        """Load a hub id or a folder in the transformers layout, and an adapter if one is given.

        Raises:
            UserError: see `load_checkpoint` and `load_adapter`.
        """
        encoder = cls(load_checkpoint(str(name), dtype), device)
        if adapter is not None:
            encoder.load_adapter(adapter)
        return encoder

    # ---- what goes in -------------------------------------------------------------------------

    def prepare_images(self, images: Sequence[Image.Image]) -> Tensor:
        """Pictures to pixel values [B, 3, H, W], float32, on the CPU."""
        if not images:
            raise UserError("no images", "at least one image", "pass some images")
        rgb = [image if image.mode == "RGB" else image.convert("RGB") for image in images]
        return self.checkpoint.image_processor(images=rgb, return_tensors="pt")["pixel_values"].float()

    def seen_picture(self, image: Image.Image) -> Image.Image:
        """A picture as the model takes it in: RGB, of the model's own size, 8 bits a channel.

        Resized and cropped, not yet normalised; `prepare_images` gives for it what it gives for ``image``.

        Raises:
            UserError: the image processor crops to less than it resizes to.
        """
        return pixels.seen(self.checkpoint.image_processor, image)

    def prepare_texts(self, captions: Sequence[str]) -> Tensor:
        """Captions to ids [B, T] on the CPU: CLIP's as long as the longest, SigLIP's of full length."""
        return self._read(captions)

    def texts_of(self, ids: Tensor) -> list[str]:
        """What rows of ids [B, T] say, without start, end and padding. `prepare_texts` need not make
        the same ids of it: compare, where that matters."""
        return self.checkpoint.tokenizer.batch_decode(ids, skip_special_tokens=True)

    # ---- what comes out -----------------------------------------------------------------------

    @property
    def embedding_dim(self) -> int:
        """D."""
        config = self._model.config
        if self._family.causal:
            return int(config.projection_dim)
        return int(config.vision_config.hidden_size)

    def image_features(self, pixel_values: Tensor) -> Tensor:
        """[B, 3, H, W] -> unit vectors [B, D], float32, with gradients to pixels and adapter."""
        return self._whole("image", pixel_values)

    def pixel_features(self, levels: Tensor) -> Tensor:
        """Pixels [B, 3, H, W] in [0, 1], as of `seen_picture`, -> unit vectors [B, D], with gradients."""
        if self._pixel_scale is None:
            self._pixel_scale = pixels.PixelScale.of(self.checkpoint.image_processor)
        return self.image_features(self._pixel_scale(levels.to(self.device)))

    def text_features(self, ids: Tensor) -> Tensor:
        """[B, T] -> unit vectors [B, D], float32, with gradients to the adapter."""
        return self._whole("text", ids)

    def token_gradients(self, ids: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
        """How ``score`` would change, to first order, were each token of ids [B, T] another: [B, T, V],
        on the CPU. ``score`` takes unit vectors [B, D] and gives one number a row, [B]."""
        return tokens.token_gradients(
            self._model, self._family.prefixes["text"], self.text_features, ids, score
        )

    @torch.no_grad()
    def embed_images(self, images: Sequence[Image.Image], batch_size: int = 64) -> Tensor:
        """Unit vectors [len(images), D] on the CPU, without gradients, a batch at a time."""
        parts = [
            self.image_features(self.prepare_images(images[start : start + batch_size])).cpu()
            for start in range(0, len(images), batch_size)
        ]
        return torch.cat(parts) if parts else torch.empty(0, self.embedding_dim)

    @torch.no_grad()
    def embed_texts(self, captions: Sequence[str], batch_size: int = 64) -> Tensor:
        """Unit vectors [len(captions), D] on the CPU, without gradients.

        A caption given twice is computed once; those of like length share a batch. The usual one stays in a
        core's cache, which is worth a third of the time.
        """
        unique = sorted(set(captions), key=lambda caption: (len(caption), caption))
        if not unique:
            return torch.empty(0, self.embedding_dim)
        parts = [
            self.text_features(self.prepare_texts(unique[start : start + batch_size])).cpu()
            for start in range(0, len(unique), batch_size)
        ]
        place = {caption: index for index, caption in enumerate(unique)}
        return torch.cat(parts)[[place[caption] for caption in captions]]

    @torch.no_grad()
    def hidden_states(self, tower: Literal["text", "image"], inputs: Tensor) -> list[Tensor]:
        """What a tower holds after each of its stages, float32 on the CPU, without gradients.

        One tensor a stage: the token embeddings, every block but the last, the last block with its
        final norm, each [B, W], W the tower's width; at last the embeddings [B, D] of unit length.
        Below the last block CLIP's captions are read at the end token and its pictures at the first;
        SigLIP's are the mean over tokens.

        Args:
            inputs: what `prepare_texts` or `prepare_images` gives.
        """
        with self._precision():
            found = states(self._towers[tower], inputs.to(self.device))
        return [state.float().cpu() for state in found]

    # ---- the frozen part and the rest ---------------------------------------------------------

    def frozen_share(self, tower: Towers) -> float:
        """The share of a tower's stages below its first adapter, in [0, 1]: worth computing once."""
        if tower == "both":
            return min(self.frozen_share("text"), self.frozen_share("image"))
        return self._stages[tower] / (len(self._towers[tower].blocks) + 1)

    @torch.no_grad()
    def image_prefix(self, pixel_values: Tensor) -> Prefix:
        """The states entering the vision tower's first adapted stage; no gradient is lost by it."""
        return self._below("image", pixel_values)

    def image_suffix(self, prefix: Prefix) -> Tensor:
        """The rest of the vision tower: unit vectors [B, D], the same as from `image_features`."""
        return self._above("image", prefix)

    @torch.no_grad()
    def text_prefix(self, ids: Tensor) -> Prefix:
        """The states entering the text tower's first adapted stage; no gradient is lost by it."""
        return self._below("text", ids)

    def text_suffix(self, prefix: Prefix) -> Tensor:
        """The rest of the text tower: unit vectors [B, D], the same as from `text_features`."""
        return self._above("text", prefix)

    # ---- the adapter --------------------------------------------------------------------------

    def add_adapter(self, spec: AdapterSpec, seed: int = 0) -> None:
        """Put on a fresh adapter; outputs stay as they were until it is trained.

        Raises:
            UserError: there is one already, or ``spec`` does not fit the model.
        """
        self._slot.put(lambda: attach(self._model, self._family, spec, seed, self.name))
        self._take_apart()

    def load_adapter(self, path: Path, *, trainable: bool = False) -> None:
        super().load_adapter(path, trainable=trainable)
        self._take_apart()

    def compute_in(self, dtype: torch.dtype) -> None:
        """Compute in half precision from here on: ``torch.bfloat16``, or ``torch.float16`` on a GPU.

        The towers run under autocast, with the frozen linear weights held in ``dtype``: the numbers
        are autocast's own, without casting every weight again at every call. Adapter weights,
        norms and outputs stay in float32. ``torch.float32`` changes nothing. There is no way back.
        """
        if dtype == torch.float32:
            return
        self.weights_hash()  # of what was loaded
        self._half = dtype
        hold_frozen_in(self._model, dtype)

    # ---- a copy whose weights may be changed --------------------------------------------------

    def standalone(self, strength: float = 1.0) -> DualEncoder:
        """An encoder of its own that behaves as this one does now: the adapter worked in if it is on.

        Its weights may be changed (`linear_weights`, `thaw`) without touching this one. Needs room for
        both.

        Args:
            strength: how much of what the adapter adds to the weights is worked in: 0 is the base
                model, 1 the merged one. Without an adapter, or within `base`, it is no matter.

        Raises:
            UserError: after `compute_in`, which has rounded the weights.
        """
        return DualEncoder(replace(self.checkpoint, model=self._copied(strength)), self.device)

    @property
    def pairwise(self) -> bool:
        """Whether it was trained to judge every pair for itself (SigLIP: a sigmoid of each of its
        `logits`) rather than to rank the pairs of a batch (CLIP: a softmax over them)."""
        return not self._family.causal

    def logits(self, image: Tensor, text: Tensor) -> Tensor:
        """Unit vectors [B, D] and [T, D] -> the model's own scores [B, T]: cosines times its learnt
        scale, for SigLIP plus its learnt bias; with gradients to both of these."""
        scores = image @ text.T * self._model.get_parameter("logit_scale").exp()
        return scores + self._model.get_parameter("logit_bias") if self.pairwise else scores

    def _whole(self, tower: str, inputs: Tensor) -> Tensor:
        with self._precision():
            return run_from(self._towers[tower], run_to(self._towers[tower], inputs.to(self.device), 0), 0)

    def _below(self, tower: str, inputs: Tensor) -> Prefix:
        with self._precision():
            return run_to(self._towers[tower], inputs.to(self.device), self._stages[tower])

    def _above(self, tower: str, prefix: Prefix) -> Tensor:
        with self._precision():
            return run_from(self._towers[tower], prefix.to(self.device), self._stages[tower])

    def _precision(self) -> AbstractContextManager[object]:
        # Where none was asked for, an autocast around us (accelerate's, say) is left to work.
        return nullcontext() if self._half is None else torch.autocast(self.device.type, self._half)

    def _refuse_rounded(self) -> None:
        if self._half is not None:
            raise UserError(
                f"a model whose weights were rounded to {self._half}",
                "a model as it was loaded",
                "load the model and the adapter anew, and merge those",
            )

    def _write_checkpoint(self, model: PreTrainedModel, path: Path) -> None:
        storage.write_checkpoint(model, self.checkpoint, path)

    def _take_apart(self) -> None:
        self._towers = {name: build(self._model) for name, build in self._family.towers.items()}
        self._stages = {
            name: first_adapted(self._model, tower, self._family.projections[name])
            for name, tower in self._towers.items()
        }
