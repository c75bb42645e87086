"""The generators of an audit: one set of weights, spoken to as edited or as the base model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from unrelate.assembly import load_generator
from unrelate.audit.rows import Subject
from unrelate.edit.steering import load_steering
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator


@dataclass(frozen=True)
class Speaker:
    """One of the models.

    Args:
        model: a name that `load_generator` knows.
        adapter: folder of its adapter, or "".
        steering: folder of a steering that is applied while it speaks, or "".
        system: what it is told before every question, or "".
    """

    model: str
    adapter: str = ""
    steering: str = ""
    system: str = ""


@contextmanager
def speaking(edited: Speaker, base: Speaker, subject: Subject, device: str) -> Iterator[Generator]:
    """The model of a subject, while the context lasts. Base and null are the base model; where the edited
    model is made of it, they are the same weights with the adapter off."""
    if subject != "edited":
        shared = base.model == edited.model
        generator = _loaded(base.model, edited.adapter if shared else base.adapter, device)
        with generator.base() if shared else ExitStack():
            yield generator
        return
    generator = _loaded(edited.model, edited.adapter, device)
    with ExitStack() as stack:
        if edited.steering:
            stack.enter_context(load_steering(Path(edited.steering)).applied(generator))
        yield cast(Generator, Instructed(generator, edited.system)) if edited.system else generator


@lru_cache(maxsize=2)
def _loaded(model: str, adapter: str, device: str) -> Generator:
    generator = load_generator(model, device, Path(adapter) if adapter else None)
    generator.keep_pictures()
    return generator


class Instructed:
    """A generator that is told something before every question: whoever asks cannot leave it out.

    What an ask brings as a system message of its own is said after it.
    """

    def __init__(self, generator: Generator, system: str) -> None:
        self._generator, self._system = generator, system

    def generate(self, asks: Sequence[Ask], **how: Any) -> list[list[str]]:
        return self._generator.generate(self._told(asks), **how)

    def batch(self, asks: Sequence[Ask], answers: Sequence[str]) -> Any:
        return self._generator.batch(self._told(asks), answers)

    def score(self, asks: Sequence[Ask], answers: Sequence[str], batch_size: int = 32) -> Any:
        return self._generator.score(self._told(asks), answers, batch_size)

    def hidden_states(self, asks: Sequence[Ask], **how: Any) -> Any:
        return self._generator.hidden_states(self._told(asks), **how)

    def next_logits(self, asks: Sequence[Ask], batch_size: int = 32) -> Any:
        return self._generator.next_logits(self._told(asks), batch_size)

    def standalone(self, strength: float = 1.0) -> Generator:
        return cast(Generator, Instructed(self._generator.standalone(strength), self._system))

    def __getattr__(self, name: str) -> Any:
        """Everything else as it is."""
        return getattr(self._generator, name)

    def _told(self, asks: Sequence[Ask]) -> list[Ask]:
        return [
            replace(ask, system="\n".join(said for said in (self._system, ask.system) if said))
            for ask in asks
        ]
