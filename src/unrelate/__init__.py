"""Make a multimodal model forget a relation, and nothing else.

``load_policy``, ``edit``, ``audit`` and ``microworld`` are imported when first asked for, so that
``import unrelate`` costs no torch.

``edit`` and ``audit`` name both a function for users and a sub-package. As attributes of
``unrelate`` they are the functions; the sub-packages are reached by importing from them
(``from unrelate.edit.loop import ...``, ``from unrelate.edit import loop``). The one spelling that
does not work is ``import unrelate.edit.loop as loop``, since Python resolves it by attributes.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unrelate import microworld
    from unrelate.api import audit, edit, examine, verify
    from unrelate.policy import load_policy

__version__ = "0.1.0"
__all__ = ["audit", "edit", "examine", "load_policy", "microworld", "verify", "__version__"]

# Public name -> (module, attribute of it; None: the module itself).
_LAZY: dict[str, tuple[str, str | None]] = {
    "audit": ("unrelate.api", "audit"),
    "edit": ("unrelate.api", "edit"),
    "examine": ("unrelate.api", "examine"),
    "load_policy": ("unrelate.policy", "load_policy"),
    "microworld": ("unrelate.microworld", None),
    "verify": ("unrelate.api", "verify"),
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'unrelate' has no attribute '{name}'")
    module, attribute = _LAZY[name]
    loaded = import_module(module)
    value = loaded if attribute is None else getattr(loaded, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package itself, which keeps ``edit`` and ``audit`` functions.

    After importing a sub-package Python binds it in its parent; that binding alone is refused here.
    """

    def __setattr__(self, name: str, value: object) -> None:
        shadows_function = _LAZY.get(name, ("", None))[1] is not None and isinstance(value, ModuleType)
        if not shadows_function:
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
