"""What a frozen image tower makes of a picture is computed once.

Training and audits ask many questions about the same pictures, with the adapter on and off, and most adapters
sit in the language model alone. What enters that from a picture is then the same every time.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from types import MethodType
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

from unrelate.models.kept import Kept

# Bytes that are kept of all pictures together; what was not asked for longest goes first.
MOST_KEPT = 512 * 2**20
# The method of transformers' image-text-to-text models that runs the image tower, and what it takes.
_METHOD, _PIXELS, _GRIDS = "get_image_features", "pixel_values", "image_grid_thw"
# What generation leaves out and other passes give: an image tower has no such cache.
_NO_MATTER = ("use_cache",)
# What is read of its result: one entry a picture; and for each layer that it enters again, one a picture.
_EMBEDDED, _DEEP = "pooler_output", "deepstack_features"
# What a module that drops out while it is trained calls its rate: of attention, of paths, `nn.Dropout`.
_RATES = ("attention_dropout", "drop_prob", "p")
# What enters the language model from a picture, ``[tokens, W]`` each: at its tokens, then deeper.
_Picture = tuple[Tensor, ...]


def keep_pictures(model: PreTrainedModel, most: int = MOST_KEPT) -> None:
    """From now on a picture goes through a model's image tower once, as long as nothing there can change.

    A tower that wears an adapter, that is trained, or that drops out is run every time; so is one whose
    result has a form that is not known here. What comes out is what would have come out without, but for
    last bits where these depend on the pictures of a batch. Whoever changes frozen weights does so on a
    copy, which keeps nothing.

    Args:
        most: bytes to keep at most.
    """
    owners = [module for module in model.modules() if hasattr(type(module), _METHOD)]
    if owners and _METHOD not in vars(owners[-1]):
        owner = owners[-1]  # the innermost: those around it pass the call on
        setattr(owner, _METHOD, _Remembering(model, owner, most))


class _Remembering:
    """Stands in for the method of a model, and asks it only for pictures that it does not know."""

    def __init__(self, model: PreTrainedModel, owner: nn.Module, most: int) -> None:
        self._compute: Callable[..., Any] = getattr(owner, _METHOD)
        # Generation looks at the method's arguments to choose what it hands on.
        self.__signature__ = inspect.signature(self._compute)
        self._owner, self._decoder = owner, model.get_decoder()
        self._kept: Kept[_Picture] = Kept(most, _size)
        self._form: type[Any] | None = None
        self._foreign = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = dict(self.__signature__.bind(*args, **kwargs).arguments)
        given |= given.pop("kwargs", {})
        pictures = _apart(given)
        if pictures is None or self._foreign or not self._frozen():
            return self._compute(*args, **kwargs)
        keys = [_key(given, pixels, place) for place, pixels in enumerate(pictures)]
        found = {key: known for key in keys if (known := self._kept.get(key)) is not None}
        new = {key: place for place, key in enumerate(keys) if key not in found}
        computed = self._computed(given, pictures, list(new.values()))
        if computed is None or self._form is None:
            return self._compute(*args, **kwargs)
        found |= zip(new, computed, strict=True)
        for key in new:
            self._kept.put(key, found[key])
        embedded, *deep = zip(*(found[key] for key in keys), strict=True)
        return self._form(**{_EMBEDDED: embedded}, **({_DEEP: deep} if deep else {}))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A copied model has its own method back: its weights may be changed."""
        return MethodType(getattr(type(self._owner), _METHOD), copy.deepcopy(self._owner, memo))

    def _computed(
        self, given: Mapping[str, Any], pictures: Sequence[Tensor], places: Sequence[int]
    ) -> list[_Picture] | None:
        """Those at some places; None where they cannot be told apart in the result."""
        if not places:
            return []
        some = {**given, _PIXELS: torch.cat([pictures[place] for place in places])}
        if given.get(_GRIDS) is not None:
            some[_GRIDS] = given[_GRIDS][list(places)]
        # Kept for passes of any kind: what inference mode makes could not be used with gradients.
        with torch.inference_mode(False), torch.no_grad():
            result = self._compute(**some)
        parts = _parts(result, len(places))
        self._form, self._foreign = type(result), parts is None
        return parts

    def _frozen(self) -> bool:
        """Whether all that a picture passes through gives the same each time."""
        # Asked anew each time: adapters come and go.
        for module in set(self._owner.modules()) - set(self._decoder.modules()) - {self._owner}:
            drops = module.training and any(getattr(module, rate, 0) for rate in _RATES)
            if drops or isinstance(module, BaseTunerLayer):
                return False
            if any(parameter.requires_grad for parameter in module.parameters(recurse=False)):
                return False
        return True


def _apart(given: Mapping[str, Any]) -> list[Tensor] | None:
    """The pixels of each picture; None where they are not of a form known here."""
    pixels, grids = given.get(_PIXELS), given.get(_GRIDS)
    others = [value for name, value in given.items() if name not in (_PIXELS, _GRIDS)]
    if not isinstance(pixels, Tensor) or pixels.requires_grad or any(isinstance(o, Tensor) for o in others):
        return None
    if isinstance(grids, Tensor):  # Qwen: patches of all pictures in a row
        return list(pixels.split(grids.prod(-1).tolist()))
    return list(pixels.split(1)) if pixels.ndim == 4 else None  # LLaVA: [pictures, channels, height, width]


def _key(given: Mapping[str, Any], pixels: Tensor, place: int) -> bytes:
    """What a picture is known by: its pixels, their grid, the precision, and what the method is told."""
    about_pixels = (_PIXELS, _GRIDS, *_NO_MATTER)
    told = sorted(
        (n, repr(value)) for n, value in given.items() if n not in about_pixels and value is not None
    )
    grids, device = given.get(_GRIDS), pixels.device.type
    half = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    about = (pixels.shape, pixels.dtype, half, None if grids is None else grids[place].tolist(), told)
    digest = blake2b(repr(about).encode(), digest_size=16)
    digest.update(pixels.contiguous().cpu().view(torch.uint8).numpy().tobytes())
    return digest.digest()


def _parts(result: Any, count: int) -> list[_Picture] | None:
    """Of each picture what is its own, not a view that holds all others'; None for a form not known here."""
    embedded, deep = getattr(result, _EMBEDDED, None), getattr(result, _DEEP, None) or []
    lists = [embedded, *deep]
    for one in lists:
        if not isinstance(one, list | tuple) or len(one) != count or not all(map(torch.is_tensor, one)):
            return None
    return [tuple(part.clone() for part in parts) for parts in zip(*lists, strict=True)]


def _size(picture: _Picture) -> int:
    return sum(part.nbytes for part in picture)
