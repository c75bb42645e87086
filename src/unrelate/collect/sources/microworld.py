"""The embedded world, which knows what it draws: nobody need review it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from unrelate.microworld.examples import single
from unrelate.microworld.source import MicroworldSource
from unrelate.microworld.world import USUAL_STYLES, picture
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple


@dataclass(frozen=True)
class MicroworldDrawer:
    """Draws any tuple of the embedded world, in the styles that an edit may see."""

    name: str = "microworld"
    model: str = ""
    licence: str = "CC0-1.0"
    paid: bool = False

    @classmethod
    def for_policy(cls, policy: Policy) -> MicroworldDrawer:
        """Raises:
        UserError: the policy's concepts are not those that can be drawn.
        """
        MicroworldSource.for_policy(policy)
        return cls()

    def draw(
        self, triple: Triple, prompt: str, *, seed: int, spend: Callable[[], None] = lambda: None
    ) -> bytes:
        """A PNG. The prompt says no more than the tuple, so the tuple is what is drawn."""
        rng = random.Random(seed)
        encoded = BytesIO()
        picture(single(rng, triple, rng.choice(USUAL_STYLES))).save(encoded, "PNG")
        return encoded.getvalue()
