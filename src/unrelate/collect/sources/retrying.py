"""Asking a service again, where that may help, and saying in the end why there is no picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from unrelate.collect.types import SourceFailed
from unrelate.errors import UserError

# Not the program's generator: what waits must not change what is drawn.
_jitter = Random()


class Passing(Exception):
    """A failure that may pass.

    Args:
        reason: one line, without keys or addresses.
        wait: seconds that the service asked for.
        paid: whether it had answered, and so may charge.
        unreachable: whether nobody was there to ask.
    """

    def __init__(
        self, reason: str, *, wait: float | None = None, paid: bool = False, unreachable: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.wait, self.paid, self.unreachable = reason, wait, paid, unreachable


@dataclass(frozen=True)
class Patience:
    """How often a picture is asked for, and how long is waited in between.

    Args:
        timeout: seconds that one request may keep silent.
        attempts: requests for one picture in all, at least 1. Each that is answered may cost money.
        pause: seconds before the second request; each next wait is twice as long. Of every wait a random
            part of at most half is left out, so that many who were refused at once do not return at once.
        longest: seconds. No wait of our own is longer; a service that asks for a longer one ends it.
        sleep: waits; another in tests.

    Raises:
        UserError: numbers out of range.
    """

    timeout: float = 120.0
    attempts: int = 5
    pause: float = 2.0
    longest: float = 120.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        if self.attempts < 1 or not self.timeout > 0 or not self.pause >= 0 or not self.longest >= 0:
            raise UserError(
                f"attempts = {self.attempts}, timeout = {self.timeout}, "
                f"pause = {self.pause}, longest = {self.longest}",
                "at least 1 attempt, a timeout above 0, no wait below 0",
                "change them",
            )

    def picture(self, ask: Callable[[], bytes], service: str, spend: Callable[[], None]) -> bytes:
        """What ``ask`` returns, once it does; it raises `Passing` for what is worth another attempt.
        ``spend`` is called before each attempt; what it raises ends them.

        Raises:
            SourceFailed: every attempt failed. It is ``paid`` if one of them was answered.
            UserError: ``service`` was never reached, or wants to be left alone for longer than is waited.
        """
        failed: list[Passing] = []
        for number in range(self.attempts):
            if failed:
                self.sleep(self._wait(failed[-1], number, service))
            spend()
            try:
                return ask()
            except Passing as passing:
                failed.append(passing)
        if all(passing.unreachable for passing in failed):
            raise UserError(
                f"no connection to {service} in {self.attempts} attempts ({failed[-1].reason})",
                "a service that can be reached",
                "check the address and the network; what was collected stays",
            )
        times = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        raise SourceFailed(
            f"no picture in {times}; at last: {failed[-1].reason}",
            paid=any(passing.paid for passing in failed),
        )

    def _wait(self, passing: Passing, number: int, service: str) -> float:
        if passing.wait is None:
            return min(self.pause * 2 ** (number - 1), self.longest) * _jitter.uniform(0.5, 1.0)
        if passing.wait > self.longest:
            raise UserError(
                f"{service} wants no request for {passing.wait:.0f} seconds ({passing.reason})",
                f"waits of at most {self.longest:.0f} seconds",
                "collect again later; what was collected stays",
            )
        return passing.wait
